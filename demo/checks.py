"""Proofs of the played day with public tools alone: unzip, openssl, tar, pdftotext, and a search for private keys."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

MEMBERS = ["content.p7m", "packet.json", "packet.json.p7s"]
TOOLS = ("unzip", "openssl", "tar", "pdftotext")


class CheckFailedError(Exception):
    """A proof does not hold."""


def missing_tools() -> list[str]:
    """Return the public tools that this machine lacks."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a public tool and return what it prints.

    Raises:
        CheckFailedError: It ended with an error.
    """
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, check=False)
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip()
        raise CheckFailedError(f"{' '.join(map(str, command))}: {words[-600:]}")
    return done.stdout.decode(errors="replace")


def members(packet: Path) -> None:
    """`unzip -Z1` shows the three members in order.

    Raises:
        CheckFailedError: Other members, or another order.
    """
    found = run("unzip", "-Z1", packet).split()
    if found != MEMBERS:
        raise CheckFailedError(f"{packet.name}: members {found}")


def verify_attached(signed: Path, ca: Path) -> None:
    """`openssl cms -verify` accepts a document that carries its content.

    Raises:
        CheckFailedError: The signature or its path does not hold.
    """
    run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signed, "-CAfile", ca, "-out", "/dev/null")


def content_of(signed: Path, ca: Path) -> bytes:
    """Return what a signed document says, once `openssl cms -verify` accepts it.

    Raises:
        CheckFailedError: The signature or its path does not hold.
    """
    with tempfile.NamedTemporaryFile(prefix="ppe-check-") as out:
        run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signed, "-CAfile", ca, "-out", out.name)
        return Path(out.name).read_bytes()


@dataclass(frozen=True, slots=True)
class Opened:
    """A packet that was proved and lies open in a folder.

    Attributes:
        header: `packet.json`.
        files: The rows of the manifest; the files themselves lie below `folder`.
        folder: Where the TAR was unpacked.
        signers: The certificates of those who signed, PEM.
        recipients: To how many the content is sealed.
    """

    header: dict[str, Any]
    files: list[dict[str, Any]]
    folder: Path
    signers: bytes
    recipients: int

    @property
    def manifest_begins(self) -> bytes:
        """The beginning of the manifest: bytes of its own that stand nowhere but in the plain content."""
        return (self.folder / "manifest.json").read_bytes()[:600]

    @property
    def counts(self) -> dict[str, int]:
        """What the header says the packet holds; zeros are left out."""
        return {name: number for name, number in self.header["counts"].items() if number}


def packet(path: Path, folder: Path, *, ca: Path, recipient: Path, key: Path) -> Opened:
    """Prove one packet: members, detached signature, decryption, every file of the TAR against the manifest.

    Args:
        path: The packet.
        folder: An empty folder to open it in.
        ca: The region's root certificate.
        recipient: The centre's certificate.
        key: The centre's key.

    Raises:
        CheckFailedError: One of them does not hold.
    """
    members(path)
    run("unzip", "-q", "-o", path, "-d", folder)
    run(
        "openssl",
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        folder / "packet.json.p7s",
        "-content",
        folder / "packet.json",
        "-CAfile",
        ca,
        "-out",
        "/dev/null",
        "-signer",
        folder / "signers.pem",
    )
    header: dict[str, Any] = json.loads((folder / "packet.json").read_bytes())
    sealed = folder / "content.p7m"
    if hashlib.sha256(sealed.read_bytes()).hexdigest() != header["content_sha256"]:
        raise CheckFailedError(f"{path.name}: content.p7m is not what packet.json says")
    run(
        "openssl",
        "cms",
        "-decrypt",
        "-binary",
        "-inform",
        "DER",
        "-in",
        sealed,
        "-recip",
        recipient,
        "-inkey",
        key,
        "-out",
        folder / "content.tar",
    )
    files = _manifest(path, folder)
    told = run("openssl", "cms", "-cmsout", "-print", "-inform", "DER", "-in", sealed, "-noout")
    recipients = told.count("encryptedKey:")
    return Opened(header, files, folder / "out", (folder / "signers.pem").read_bytes(), recipients)


def _manifest(path: Path, folder: Path) -> list[dict[str, Any]]:
    out = folder / "out"
    out.mkdir()
    run("tar", "-xf", folder / "content.tar", "-C", out)
    listed = run("tar", "-tf", folder / "content.tar").split("\n")[:-1]
    manifest = json.loads((out / "manifest.json").read_bytes())
    said = [row["name"] for row in manifest["files"]]
    if len(listed) != 1 + len(said) or listed[0] != "manifest.json":
        raise CheckFailedError(f"{path.name}: the TAR holds {len(listed)} members, the manifest names {len(said)}")
    for row in manifest["files"]:
        data = (out / row["name"]).read_bytes()
        if len(data) != row["size"] or hashlib.sha256(data).hexdigest() != row["sha256"]:
            raise CheckFailedError(f"{path.name}: {row['name']} is not what the manifest says")
    return list(manifest["files"])


def pdf_says(pdf: Path, words: Iterable[str]) -> None:
    """`pdftotext` finds every word.

    Raises:
        CheckFailedError: A word is not in the text.
    """
    _find(pdf.name, pdf_text(pdf), words)


def pdf_text(pdf: Path) -> str:
    """Return the text of a PDF in one line, as `pdftotext` reads it."""
    return " ".join(run("pdftotext", "-layout", pdf, "-").split())


def pdf_says_between(pdf: Path, begin: str, end: str, words: Iterable[str]) -> None:
    """`pdftotext` finds every word between two others: a room in the list of journals is no room in that of packets.

    Raises:
        CheckFailedError: A word is not in that part of the text.
    """
    text = pdf_text(pdf)
    _find(pdf.name, text, [begin, end])
    part = text.split(begin, 1)[1].split(end, 1)[0]
    _find(f"{pdf.name}, {begin!r}", part, words)


def _find(where: str, text: str, words: Iterable[str]) -> None:
    # Whole words: the head of a column is not the verdict that it begins with.
    lost = [word for word in words if not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)]
    if lost:
        raise CheckFailedError(f"{where}: pdftotext does not find {lost}")


def scalar_of_p12(path: Path, pin: str) -> bytes:
    """Return the private scalar of a token file.

    Raises:
        CheckFailedError: Not an EC key.
    """
    key, _certificate, _others = pkcs12.load_key_and_certificates(path.read_bytes(), pin.encode())
    return _scalar(key, path)


def scalar_of_pem(path: Path) -> bytes:
    """Return the private scalar of a PEM key.

    Raises:
        CheckFailedError: Not an EC key.
    """
    return _scalar(private_key(path), path)


def private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Read a PEM key.

    Raises:
        CheckFailedError: Not an EC key.
    """
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CheckFailedError(f"{path.name}: not an EC key")
    return key


def _scalar(key: object, path: Path) -> bytes:
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CheckFailedError(f"{path.name}: not an EC key")
    return key.private_numbers().private_value.to_bytes((key.key_size + 7) // 8, "big")


def needles(scalar: bytes) -> list[bytes]:
    """Return the spellings of a scalar: raw (as in DER), hexadecimal, and base64 at its three alignments (PEM)."""
    spelled = [scalar, scalar.hex().encode(), scalar.hex().upper().encode()]
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + scalar)
        # The first and last letters mix with the neighbours' bits.
        spelled.append(text[4 if shift else 0 : len(text) - 4])
    return spelled


def files_of(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield every regular file under folders."""
    for folder in folders:
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def holders(scalar: bytes, folders: Iterable[Path]) -> list[Path]:
    """Return the files that hold a private scalar in any spelling; line ends inside base64 do not hide it."""
    spelled = needles(scalar)
    found = []
    for path in files_of(folders):
        data = path.read_bytes()
        joined = data.replace(b"\n", b"").replace(b"\r", b"")
        if any(needle in data or needle in joined for needle in spelled):
            found.append(path)
    return found


def readable(path: Path, uid: int) -> bool:
    """Return whether another user of this machine can read a file; asked by trying."""
    quiet = subprocess.DEVNULL
    done = subprocess.run(
        ["cat", str(path)], user=uid, group=uid, extra_groups=[], stdout=quiet, stderr=quiet, check=False
    )
    return done.returncode == 0
