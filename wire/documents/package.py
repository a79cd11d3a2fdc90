"""The exam package: everything a point needs to know before the day, signed by the centre.

A ZIP whose first two members are `package.json` (address, and size and SHA-256 of every other file) and its
detached signature; the rest is plain files that anybody can read with `unzip` and `jq`. It carries certificates,
never keys, and no names of participants.
"""

import datetime as dt
import hashlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from cryptography.x509 import Certificate

from wire import canonical, cms, pki, schema
from wire.cms import SignedBy, Signer
from wire.documents.signed import same_place
from wire.errors import PpeError
from wire.messages import Message
from wire.pki import CertificateRole, TrustStore

FORMAT = "ppe-package/1"
MAX_FILE = 256 * 1024 * 1024
MAX_MEMBERS = 64
_HEAD, _SIGNATURE = "package.json", "package.json.p7s"
_STAMP = (1980, 1, 1, 0, 0, 0)
#: Whatever `zipfile` throws at bad bytes.
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    ArithmeticError,
    RuntimeError,
)


class PackageError(PpeError):
    """The file is not an exam package, or it is not whole."""

    code: ClassVar[str] = "package_broken"


@dataclass(frozen=True)
class PackageDocument:
    """What the centre tells one point about one day."""

    header: dict[str, Any]
    registry: dict[str, Any]
    certificates: Sequence[str]
    crl: bytes
    rcoi: Sequence[str]
    access: Sequence[str]
    forms: Any = None
    deadlines: Any = None
    phone_secret: bytes | None = None
    ca: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def authority(self) -> Certificate:
        """The certificate of the region's authority that the package carries.

        Raises:
            PackageError: the package carries none.
        """
        for text in (self.ca, *self.certificates, *self.rcoi):
            for certificate in _certificates(text):
                if pki.identity_of(certificate).role == CertificateRole.CA:
                    return certificate
        raise _refuse(Message("it carries no certificate of the authority"))

    @property
    def ca_fingerprint(self) -> str:
        """SHA-256 of the authority's certificate, to be compared with the one told by the centre."""
        return pki.fingerprint(self.authority)

    def trust(self) -> TrustStore:
        """A trust store of the package's own authority and revocation list."""
        return TrustStore([self.authority], [self.crl] if self.crl else [])


def _certificates(text: str) -> list[Certificate]:
    return pki.load_pem_certificates(text.encode("ascii", "replace")) if text else []


def _refuse(message: Message) -> PackageError:
    return PackageError(
        Message("The exam package is not accepted: {reason}.", reason=message),
        remedy=Message("Take the EXAM_….zip file from the centre again."),
    )


def _bundle(items: Sequence[str]) -> bytes:
    return "".join(item if item.endswith("\n") else item + "\n" for item in items).encode("ascii")


def _files(package: PackageDocument) -> dict[str, bytes]:
    files = {
        "ca.pem": _bundle([pki.pem(package.authority)]),
        "registry.json": canonical.dumps(package.registry),
        "certificates.pem": _bundle(package.certificates),
        "rcoi.pem": _bundle(package.rcoi),
        "access.pem": _bundle(package.access),
        "crl.der": package.crl,
        "forms.json": canonical.dumps(package.forms),
        "deadlines.json": canonical.dumps(package.deadlines),
    }
    if package.phone_secret is not None:
        files["phone-secret.p7m"] = package.phone_secret
    if package.extra:
        files["extra.json"] = canonical.dumps(dict(package.extra))
    return files


def write(package: PackageDocument, *, signer: Signer) -> bytes:
    """Form the package's file.

    Raises:
        PackageError: no certificate of the authority among the certificates.
        SchemaError: the head or the registry does not agree with its schema.
    """
    files = _files(package)
    schema.validate("registry", package.registry)
    head = {key: package.header[key] for key in ("mode", "region", "point", "date", "version", "made_at")}
    head["format"] = FORMAT
    head["files"] = [
        {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
    ]
    schema.validate("package", head)
    head_bytes = canonical.dumps(head)
    signature = cms.sign(head_bytes, signers=[signer], detached=True)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in ({_HEAD: head_bytes, _SIGNATURE: signature} | files).items():
            info = zipfile.ZipInfo(name, _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return out.getvalue()


def read(data: bytes, *, trust: TrustStore | None, at: dt.datetime | None = None) -> tuple[PackageDocument, SignedBy]:
    """Read a package: signature and path, then the hash of every file, then its shape.

    Args:
        data: the file.
        trust: the node's trust; None on the first run, when the package's own authority is taken and a person
            must compare `package.ca_fingerprint` with the one told by the centre.
        at: the moment to judge the certificate at; None means the moment of signing.

    Raises:
        PackageError: not a package, or a file in it is missing, superfluous or changed.
        PpeError: the signature does not hold.
    """
    members = _unzip(data)
    if not members.keys() >= {_HEAD, _SIGNATURE, "ca.pem", "crl.der"}:
        raise _refuse(Message("it is not an exam package"))
    head_bytes = members.pop(_HEAD)
    if trust is None:
        trust = _own_trust(members)
    verified = cms.verify(members.pop(_SIGNATURE), trust=trust, at=at, content=head_bytes, roles={CertificateRole.RCOI})
    head = canonical.loads(head_bytes)
    schema.validate("package", head)
    signed_by = verified.signers[0]
    same_place(signed_by, region=head["region"])
    _check_files(head, members)
    return _build(head, members), signed_by


def _own_trust(members: Mapping[str, bytes]) -> TrustStore:
    roots = pki.load_pem_certificates(members["ca.pem"])
    if len(roots) != 1:
        raise _refuse(Message("it does not carry exactly one authority"))
    return TrustStore(roots, [members["crl.der"]] if members["crl.der"] else [])


def _unzip(data: bytes) -> dict[str, bytes]:
    if len(data) > MAX_FILE:
        raise _refuse(Message("the file is too big"))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            if len(names) > MAX_MEMBERS or len(set(names)) != len(names):
                raise _refuse(Message("the archive holds too many files or one twice"))
            if sum(info.file_size for info in infos) > MAX_FILE:
                raise _refuse(Message("the archive unpacks too big"))
            return {info.filename: _member(archive, info) for info in infos}
    except _ZIP_ERRORS as error:
        raise _refuse(Message("it is not a ZIP, or it is damaged")) from error


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as member:
        data = member.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise _refuse(Message("the size of {filename} is wrong", filename=info.filename))
    return data


def _check_files(head: Mapping[str, Any], members: Mapping[str, bytes]) -> None:
    listed = {row["name"]: row for row in head["files"]}
    if len(listed) != len(head["files"]) or listed.keys() != members.keys():
        odd = ", ".join(sorted(listed.keys() ^ members.keys())) or "—"
        raise _refuse(Message("files and list differ ({odd})", odd=odd))
    for name, row in listed.items():
        data = members[name]
        if len(data) != row["size"] or hashlib.sha256(data).hexdigest() != row["sha256"]:
            raise _refuse(Message("the file {name} was changed", name=name))


def _split(pem: bytes) -> list[str]:
    return [pki.pem(certificate) for certificate in pki.load_pem_certificates(pem)] if pem.strip() else []


def _build(head: dict[str, Any], members: Mapping[str, bytes]) -> PackageDocument:
    try:
        registry = canonical.loads(members["registry.json"])
        schema.validate("registry", registry)
        header = {key: head[key] for key in ("format", "mode", "region", "point", "date", "version", "made_at")}
        return PackageDocument(
            header=header,
            registry=registry,
            certificates=_split(members["certificates.pem"]),
            crl=members["crl.der"],
            rcoi=_split(members["rcoi.pem"]),
            access=_split(members["access.pem"]),
            forms=canonical.loads(members["forms.json"]),
            deadlines=canonical.loads(members["deadlines.json"]),
            phone_secret=members.get("phone-secret.p7m"),
            ca="".join(_split(members["ca.pem"])),
            extra=canonical.loads(members["extra.json"]) if "extra.json" in members else {},
        )
    except KeyError as error:
        raise _refuse(Message("the file {error} is missing", error=error)) from error
