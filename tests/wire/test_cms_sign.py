"""Signing and verifying, with `openssl cms` as the other side.

What we sign is accepted by plain `openssl cms -verify -binary -inform DER -CAfile ca.pem`: default purpose (S/MIME
signing, hence the extended key usage emailProtection), no `-purpose any`, no `-partial_chain`, no `-no_check_time`.
"""

import datetime as dt
import itertools
from pathlib import Path

import pytest
from asn1crypto import cms as oracle
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.authority import DAY, HOUR, NOW, Authority, SigningToken, authority, holder
from tests.wire.openssl import Workbench, openssl
from wire import cms, pki
from wire.cms import Signer, der, identifiers
from wire.cms.names import issuer_and_serial
from wire.cms.standard import STANDARD
from wire.errors import PpeError
from wire.pki import CertificateRole
from wire.pki.identity import CertificateError

KINDS = ("ec", "rsa")
CONTENT = "Экзамены завершены\r\n\x00".encode()


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


@pytest.mark.parametrize("kinds", [("ec",), ("rsa",), ("ec", "rsa")])
@pytest.mark.parametrize("content", [b"", b"x", CONTENT * 5000])
def test_openssl_verifies_what_we_sign(bench: Workbench, kinds: tuple[str, ...], content: bytes) -> None:
    signed = cms.sign(content, signers=[holder(kind).signer for kind in kinds])
    run = bench.verify(signed, authority())
    assert run.returncode == 0, run.stderr
    assert run.stdout == content


def test_openssl_verifies_a_detached_signature_of_node_and_person(bench: Workbench) -> None:
    signers = [holder("ec", CertificateRole.HQ).signer, holder("ec", CertificateRole.GEK, "p-001").signer]
    signed = cms.sign(CONTENT, signers=signers, detached=True)
    assert bench.verify(signed, authority(), "-content", bench.put("content", CONTENT)).returncode == 0
    assert bench.verify(signed, authority(), "-content", bench.put("content", CONTENT + b" ")).returncode != 0
    assert bench.verify(signed, Authority(), "-content", bench.put("content", CONTENT)).returncode != 0
    verified = cms.verify(signed, trust=authority().trust(), content=CONTENT)
    assert {signer.identity.role for signer in verified.signers} == {CertificateRole.HQ, CertificateRole.GEK}
    person = verified.by(CertificateRole.GEK)
    assert person is not None
    assert person.identity.ident == "p-001"
    assert verified.by(CertificateRole.RCOI) is None


def test_openssl_finds_the_signing_certificate_attribute(bench: Workbench) -> None:
    signed = cms.sign(CONTENT, signers=[holder("ec").signer])
    assert bench.verify(signed, authority(), "-cades").returncode == 0


def test_it_writes_what_another_parser_reads_as_der() -> None:
    signed = cms.sign(CONTENT, signers=[holder(kind).signer for kind in KINDS], at=NOW)
    info = oracle.ContentInfo.load(signed, strict=True)
    assert info.dump(force=True) == signed
    for signer in info["content"]["signer_infos"]:
        names = [attribute["type"].native for attribute in signer["signed_attrs"]]
        assert set(names) == {"content_type", "message_digest", "signing_time", identifiers.SIGNING_CERTIFICATE_V2}
    assert len(info["content"]["certificates"]) == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [(), ("-nodetach",), ("-nodetach", "-stream"), ("-cades",), ("-keyid",)])
@pytest.mark.parametrize("content", [b"x", CONTENT * 3000])
def test_we_verify_what_openssl_signs(bench: Workbench, kind: str, options: tuple[str, ...], content: bytes) -> None:
    signed = bench.sign(content, holder(kind), options=options)
    given = None if "-nodetach" in options else content
    verified = cms.verify(signed, trust=authority().trust(), content=given)
    assert verified.content == content
    assert [signer.certificate for signer in verified.signers] == [holder(kind).certificate]
    if given is None:
        assert cms.unverified_content(signed) == content


def test_we_verify_two_signers_of_openssl(bench: Workbench) -> None:
    signed = bench.sign(CONTENT, holder("ec"), holder("rsa"), options=("-nodetach",))
    assert len(cms.verify(signed, trust=authority().trust()).signers) == 2


@pytest.mark.parametrize("digest", ["sha384", "sha512"])
@pytest.mark.parametrize("kind", KINDS)
def test_we_verify_longer_digests_and_refuse_sha1(bench: Workbench, kind: str, digest: str) -> None:
    signed = bench.sign(CONTENT, holder(kind), options=("-nodetach", "-md", digest))
    assert cms.verify(signed, trust=authority().trust()).content == CONTENT
    signed = bench.sign(CONTENT, holder(kind), options=("-nodetach", "-md", "sha1"))
    with pytest.raises(cms.UnsupportedAlgorithmError):
        cms.verify(signed, trust=authority().trust())


def test_it_refuses_a_signature_without_attributes(bench: Workbench) -> None:
    signed = bench.sign(CONTENT, holder("ec"), options=("-nodetach", "-noattr"))
    with pytest.raises(cms.CmsMalformedError):
        cms.verify(signed, trust=authority().trust())


def test_a_token_only_signs() -> None:
    token = SigningToken(holder("ec").key)
    signed = cms.sign(CONTENT, signers=[Signer(holder("ec").certificate, token)])
    assert token.calls == 1
    assert cms.verify(signed, trust=authority().trust()).content == CONTENT


def test_a_token_that_fails_or_holds_another_key_is_a_refusal() -> None:
    class BrokenSigner:
        def sign(self, *args: object, **options: object) -> bytes:
            raise RuntimeError("CKR_PIN_LOCKED")

    other = authority().issue()
    for key in (BrokenSigner(), SigningToken(other.key), holder("rsa").key):
        with pytest.raises(cms.KeyUnusableError):
            cms.sign(CONTENT, signers=[Signer(holder("ec").certificate, key)])
    for signers in ([], [holder("ec").signer, holder("ec").signer]):
        with pytest.raises(cms.KeyUnusableError):
            cms.sign(CONTENT, signers=signers)


def test_validity_is_judged_at_the_given_time_or_at_signing_time() -> None:
    short = authority().issue(begin=NOW - 5 * DAY, end=NOW - 3 * DAY)
    signed = cms.sign(CONTENT, signers=[short.signer], at=NOW - 4 * DAY)
    trust = authority().trust()
    # The authority itself is an hour old here; an older one is needed to have been valid then.
    elder = Authority()
    with pytest.raises(pki.CertificatePathError):
        cms.verify(signed, trust=elder.trust())
    signed = cms.sign(CONTENT, signers=[holder("ec").signer], at=NOW)
    assert cms.verify(signed, trust=trust).signers[0].signed_at == NOW
    assert cms.verify(signed, trust=trust, at=NOW + 29 * DAY)
    with pytest.raises(pki.CertificateExpiredError):
        cms.verify(signed, trust=trust, at=NOW + 31 * DAY)
    with pytest.raises(pki.CertificateNotYetValidError):
        cms.verify(signed, trust=trust, at=NOW - 2 * HOUR)
    late = cms.sign(CONTENT, signers=[holder("ec").signer], at=NOW + 31 * DAY)
    with pytest.raises(pki.CertificateExpiredError):
        cms.verify(late, trust=trust)


@pytest.mark.parametrize("year", [1950, 1999, 2049, 2050, 2099])
def test_signing_time_is_written_and_read_on_both_sides_of_2050(year: int) -> None:
    at = dt.datetime(year, 12, 31, 23, 59, 58, tzinfo=dt.UTC)
    signed = cms.sign(CONTENT, signers=[holder("ec").signer], at=at)
    assert cms.verify(signed, trust=authority().trust(), at=NOW).signers[0].signed_at == at


def test_every_signer_must_hold() -> None:
    stranger = Authority(name="Чужой").issue(CertificateRole.GEK)
    signed = cms.sign(CONTENT, signers=[holder("ec").signer, stranger.signer])
    with pytest.raises(pki.ForeignCertificateError):
        cms.verify(signed, trust=authority().trust())


def test_roles_are_asked_of_every_signer() -> None:
    signed = cms.sign(
        CONTENT, signers=[holder("ec", CertificateRole.HQ).signer, holder("ec", CertificateRole.GEK, "p-001").signer]
    )
    trust = authority().trust()
    assert cms.verify(signed, trust=trust, roles={CertificateRole.HQ, CertificateRole.GEK})
    with pytest.raises(pki.WrongRoleError):
        cms.verify(signed, trust=trust, roles={CertificateRole.HQ})


def test_an_access_key_does_not_sign() -> None:
    signed = cms.sign(CONTENT, signers=[holder("ec", CertificateRole.ACCESS, "290526-01-v1").signer])
    with pytest.raises(pki.UnsuitableCertificateError):
        cms.verify(signed, trust=authority().trust())


def test_a_revoked_signer_is_refused_from_the_moment_of_revocation() -> None:
    signer = authority().issue()
    serial = signer.certificate.serial_number
    trust = authority().trust(authority().crl((serial, NOW + HOUR)))
    signed = cms.sign(CONTENT, signers=[signer.signer], at=NOW)
    assert cms.verify(signed, trust=trust)
    with pytest.raises(pki.CertificateRevokedError):
        cms.verify(signed, trust=trust, at=NOW + 2 * HOUR)


def test_a_detached_signature_needs_its_content() -> None:
    signed = cms.sign(CONTENT, signers=[holder("ec").signer], detached=True)
    trust = authority().trust()
    with pytest.raises(cms.CmsMalformedError):
        cms.verify(signed, trust=trust)
    with pytest.raises(cms.CmsMalformedError):
        cms.unverified_content(signed)
    with pytest.raises(cms.SignatureWrongError):
        cms.verify(signed, trust=trust, content=CONTENT + b" ")
    attached = cms.sign(CONTENT, signers=[holder("ec").signer])
    assert cms.verify(attached, trust=trust, content=CONTENT)
    with pytest.raises(cms.SignatureWrongError):
        cms.verify(attached, trust=trust, content=CONTENT + b" ")


def test_a_message_without_signers_is_not_signed() -> None:
    content = der.sequence(der.oid(identifiers.DATA), der.tlv(0xA0, der.octets(CONTENT)))
    body = der.sequence(der.integer(1), der.set_of(), content, der.set_of())
    empty = der.sequence(der.oid(identifiers.SIGNED_DATA), der.tlv(0xA0, body))
    with pytest.raises(cms.NotSignedError):
        cms.verify(empty, trust=authority().trust())
    assert cms.unverified_content(empty) == CONTENT


def resigned(*attributes: bytes) -> bytes:
    """Return a message whose signature over exactly these attributes holds."""
    one = holder("ec")
    algorithm, signature = STANDARD.sign(one.signer, der.set_of(*attributes))
    signed = cms.sign(CONTENT, signers=[one.signer])
    kind, explicit = der.parse(signed).children()
    version, digests, content, certificates, infos = explicit.children()[0].children()
    fields = infos.children()[0].children()
    info = der.sequence(
        *(field.raw for field in fields[:3]), der.set_of(*attributes, tag=0xA0), algorithm, der.octets(signature)
    )
    body = der.sequence(version.raw, digests.raw, content.raw, certificates.raw, der.set_of(info))
    return der.sequence(kind.raw, der.tlv(0xA0, body))


def attributes_of(signed: bytes) -> dict[bytes, bytes]:
    _, explicit = der.parse(signed).children()
    info = explicit.children()[0].children()[-1].children()[0]
    return {item.children()[0].raw: item.raw for item in info.children()[3].children()}


def test_the_attributes_must_be_complete_single_and_true() -> None:
    own = attributes_of(cms.sign(CONTENT, signers=[holder("ec").signer]))
    trust = authority().trust()
    assert cms.verify(resigned(*own.values()), trust=trust)
    for kind in (identifiers.CONTENT_TYPE, identifiers.MESSAGE_DIGEST, identifiers.SIGNING_TIME):
        rest = [raw for name, raw in own.items() if name != der.oid(kind)]
        with pytest.raises(cms.CmsMalformedError):
            cms.verify(resigned(*rest), trust=trust)
        with pytest.raises(cms.CmsMalformedError):
            cms.verify(resigned(*own.values(), own[der.oid(kind)]), trust=trust)
    other = attributes_of(cms.sign(CONTENT, signers=[holder("ec", CertificateRole.GEK, "p-001").signer]))
    swapped = own | {der.oid(identifiers.SIGNING_CERTIFICATE_V2): other[der.oid(identifiers.SIGNING_CERTIFICATE_V2)]}
    with pytest.raises(cms.SignatureWrongError):
        cms.verify(resigned(*swapped.values()), trust=trust)
    digest = der.sequence(der.oid(identifiers.MESSAGE_DIGEST), der.set_of(der.octets(bytes(32))))
    with pytest.raises(cms.SignatureWrongError):
        cms.verify(resigned(*(own | {der.oid(identifiers.MESSAGE_DIGEST): digest}).values()), trust=trust)


def test_attributes_in_another_order_than_der_are_refused() -> None:
    own = list(attributes_of(cms.sign(CONTENT, signers=[holder("ec").signer])).values())
    ordered = der.set_of(*own, tag=0xA0)
    shuffled = der.tlv(0xA0, *sorted(own, reverse=True))
    assert len(ordered) == len(shuffled)
    with pytest.raises(cms.CmsMalformedError):
        cms.verify(resigned(*own).replace(ordered, shuffled), trust=authority().trust())


def test_one_signer_does_not_count_twice() -> None:
    first, second = (cms.sign(CONTENT, signers=[holder("ec").signer], at=NOW + n * HOUR) for n in (0, 1))
    kind, explicit = der.parse(first).children()
    *head, infos = explicit.children()[0].children()
    others = der.parse(second).children()[1].children()[0].children()[-1].children()
    both = der.set_of(*(info.raw for info in (*infos.children(), *others)))
    body = der.sequence(*(part.raw for part in head), both)
    with pytest.raises(cms.CmsMalformedError):
        cms.verify(der.sequence(kind.raw, der.tlv(0xA0, body)), trust=authority().trust())


def test_another_certificate_of_the_same_key_does_not_stand_in() -> None:
    """The name in the signer's sid is not signed; the signing-certificate attribute is."""
    first = authority().issue(CertificateRole.PRINT, ident="0001")
    second = authority().issue(CertificateRole.RCOI, key=first.key, point="0000")
    signed = cms.sign(CONTENT, signers=[first.signer])
    kind, explicit = der.parse(signed).children()
    version, digests, content, _certificates, infos = explicit.children()[0].children()
    fields = infos.children()[0].children()
    name = issuer_and_serial(second.certificate)
    info = der.sequence(fields[0].raw, name, *(field.raw for field in fields[2:]))
    body = der.sequence(
        version.raw,
        digests.raw,
        content.raw,
        der.set_of(second.certificate.public_bytes(Encoding.DER), tag=0xA0),
        der.set_of(info),
    )
    with pytest.raises(cms.SignatureWrongError):
        cms.verify(der.sequence(kind.raw, der.tlv(0xA0, body)), trust=authority().trust())


def test_a_certificate_of_openssl_without_an_identity_is_refused(bench: Workbench) -> None:
    key, certificate = bench.folder / "k.pem", bench.folder / "c.pem"
    run = openssl(
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=x",
        "-keyout",
        key,
        "-out",
        certificate,
    )
    assert run.returncode == 0
    signed = bench.folder / "s"
    openssl(
        "cms",
        "-sign",
        "-binary",
        "-nodetach",
        "-in",
        bench.put("content", CONTENT),
        "-outform",
        "DER",
        "-out",
        signed,
        "-signer",
        certificate,
        "-inkey",
        key,
    )
    with pytest.raises(pki.ForeignCertificateError):
        cms.verify(signed.read_bytes(), trust=authority().trust())
    own = pki.TrustStore(pki.load_pem_certificates(certificate.read_bytes()))
    with pytest.raises((CertificateError, pki.CertificatePathError)):
        cms.verify(signed.read_bytes(), trust=own)


def refuses_or_tells_the_same(blob: bytes, content: bytes) -> None:
    """Nothing but a refusal, or the same content by the same signer (bytes that no signature covers)."""
    try:
        verified = cms.verify(blob, trust=authority().trust(), at=NOW)
    except PpeError:
        return
    assert verified.content == content
    assert {signer.certificate for signer in verified.signers} == {holder("ec").certificate}


def signed_once(cache: list[bytes] = []) -> bytes:  # noqa: B006 - made once for all examples
    if not cache:
        cache.append(cms.sign(b"content", signers=[holder("ec").signer]))
    return cache[0]


def test_every_flipped_byte_is_refused_or_changes_nothing() -> None:
    signed = signed_once()
    for position, bit in itertools.product(range(len(signed)), (0, 4, 7)):
        damaged = bytearray(signed)
        damaged[position] ^= 1 << bit
        refuses_or_tells_the_same(bytes(damaged), b"content")


def test_every_truncation_is_refused() -> None:
    signed = signed_once()
    for length in range(len(signed)):
        with pytest.raises(PpeError):
            cms.verify(signed[:length], trust=authority().trust(), at=NOW)
    with pytest.raises(PpeError):
        cms.verify(signed + b"\0", trust=authority().trust(), at=NOW)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused(blob: bytes) -> None:
    for read in (cms.unverified_content, lambda data: cms.verify(data, trust=authority().trust(), at=NOW)):
        with pytest.raises(PpeError):
            read(blob)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_of_any_kind_is_refused_or_changes_nothing(data: st.DataObject) -> None:
    signed = bytearray(signed_once())
    start = data.draw(st.integers(0, 9999)) % len(signed)  # lengths of signatures vary
    end = start + data.draw(st.integers(0, 40))
    signed[start:end] = data.draw(st.binary(max_size=40))
    refuses_or_tells_the_same(bytes(signed), b"content")
