"""Identities, requests, certificates, revocation, trust, key files."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.authority import DAY, HOUR, NOW, Authority, authority, holder, rsa_key
from tests.wire.openssl import Workbench, openssl
from wire import pki
from wire.cms import der
from wire.errors import PpeError
from wire.pki import CertificateError, CertificateRole, Identity

KINDS = ("ec", "rsa")
DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM


@pytest.mark.parametrize(
    "identity",
    [
        Identity(CertificateRole.PRINT, "78", "0001", "0001"),
        Identity(CertificateRole.VOICE, "78", "0002", "0201-3"),
        Identity(CertificateRole.GEK, "78", "0001", "p-001"),
        Identity(CertificateRole.HQ, "78", "0001", "0197fa60-0000-7000-8000-000000000001"),
        Identity(CertificateRole.RCOI, "78", "0000", "01"),
        Identity(CertificateRole.ACCESS, "78", "0001", "290526-01-v1"),
    ],
)
def test_an_identity_is_read_as_it_was_written(identity: Identity) -> None:
    assert Identity.parse(identity.urn) == identity
    csr = pki.read_csr(pki.make_csr(holder("ec").key, identity, common_name="Станция печати № 1"))
    assert csr.identity == identity
    assert csr.common_name == "Станция печати № 1"
    assert csr.key_fingerprint == pki.key_fingerprint(csr.public_key)


@pytest.mark.parametrize(
    "urn",
    [
        "",
        "urn:ppe:print:78:0001",
        "urn:ppe:printer:78:0001:0001",
        "urn:ppe:print:7:0001:0001",
        "urn:ppe:print:78:001:0001",
        "urn:ppe:print:78:0001:",
        "urn:ppe:print:78:0001:../x",
        "urn:ppe:print:٧٨:0001:0001",
        "urn:ppe:print:78:0001:0001:more",
        "urn:ppe:PRINT:78:0001:0001",
    ],
)
def test_what_is_not_an_identity_is_refused(urn: str) -> None:
    with pytest.raises(CertificateError):
        Identity.parse(urn)


@pytest.mark.parametrize("role", [role for role in CertificateRole if role is not CertificateRole.CA])
@pytest.mark.parametrize("kind", KINDS)
def test_an_issued_certificate_is_trusted_and_speaks_for_itself(kind: str, role: CertificateRole) -> None:
    one = holder(kind, role, "0001")
    assert authority().trust().check(one.certificate, at=NOW) == Identity(role, "78", "0001", "0001")
    assert authority().trust().check(one.certificate, at=NOW, roles={role}).role is role
    unit = one.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)[0].value
    assert "ППЭ 0001" in unit
    purposes = one.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(purposes) == {ExtendedKeyUsageOID.EMAIL_PROTECTION, role.oid}


def test_openssl_accepts_the_certificate_and_the_revocation_list(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    one, gone = authority().issue(), authority().issue()
    crl = x509.load_der_x509_crl(authority().crl((gone.certificate.serial_number, NOW)))
    lists = bench.put("crl.pem", crl.public_bytes(PEM))
    ca = bench.certificate(authority(), "ca")
    options = ("verify", "-x509_strict", "-purpose", "smimesign", "-crl_check", "-CRLfile", lists, "-CAfile", ca)
    assert openssl(*options, bench.certificate(one, "one")).returncode == 0
    run = openssl(*options, bench.certificate(gone, "gone"))
    assert run.returncode != 0
    assert b"revoked" in run.stdout + run.stderr


def test_a_role_that_is_not_asked_for_is_refused() -> None:
    with pytest.raises(pki.WrongRoleError) as refusal:
        authority().trust().check(
            holder("ec", CertificateRole.PRINT).certificate, at=NOW, roles={CertificateRole.HQ, CertificateRole.GEK}
        )
    assert refusal.value.code == "certificate_wrong_role"


def test_a_certificate_out_of_its_time_is_told_from_a_strangers() -> None:
    trust = authority().trust()
    one = authority().issue(begin=NOW + DAY, end=NOW + 2 * DAY).certificate
    for at, refusal in (
        (NOW, pki.CertificateNotYetValidError),
        (NOW + 3 * DAY, pki.CertificateExpiredError),
        (NOW - 900 * DAY, pki.CertificateNotYetValidError),
    ):
        with pytest.raises(refusal):
            trust.check(one, at=at)
        with pytest.raises(pki.ForeignCertificateError):
            Authority().trust().check(one, at=at)
    assert trust.check(one, at=NOW + DAY + HOUR)
    # A moment in the zone of the point is the same moment.
    zone = dt.timezone(dt.timedelta(hours=10))
    assert trust.check(one, at=(NOW + DAY + HOUR).astimezone(zone))


def test_an_expired_authority_is_told_too() -> None:
    old = Authority(days=10)
    one = old.issue(end=NOW + 300 * DAY).certificate
    assert old.trust().check(one, at=NOW)
    with pytest.raises(pki.CertificateExpiredError):
        old.trust().check(one, at=NOW + 20 * DAY)


def test_an_impostor_with_the_authoritys_name_is_foreign() -> None:
    impostor = Authority(name="УЦ региона 78")
    assert impostor.certificate.subject == authority().certificate.subject
    with pytest.raises(pki.ForeignCertificateError):
        authority().trust().check(impostor.issue().certificate, at=NOW)
    with pytest.raises(pki.ForeignCertificateError):
        authority().trust().check(impostor.issue().certificate, [impostor.certificate], at=NOW)
    with pytest.raises(pki.ForeignCertificateError):
        pki.TrustStore([]).check(holder("ec").certificate, at=NOW)


def test_an_authority_speaks_for_its_own_region_only() -> None:
    with pytest.raises(pki.ForeignCertificateError, match="77"):
        authority().trust().check(authority().issue(region="77").certificate, at=NOW)


def test_the_authoritys_own_certificate_is_no_holders() -> None:
    with pytest.raises(pki.CertificatePathError):
        authority().trust().check(authority().certificate, at=NOW)


def test_a_holder_cannot_issue() -> None:
    """GIVEN a station that signs a certificate of a GEK member with its own key."""
    station = holder("ec", CertificateRole.PRINT)
    key = pki.generate_key()
    forged = pki.issue(
        station.certificate,
        station.key,
        public_key=key.public_key(),
        identity=Identity(CertificateRole.GEK, "78", "0001", "p-666"),
        common_name="Член ГЭК",
        not_before=NOW - HOUR,
        not_after=NOW + DAY,
    )
    with pytest.raises(pki.ForeignCertificateError):
        authority().trust().check(forged, [station.certificate], at=NOW)


def test_revocation_counts_from_its_moment_and_the_newest_list_wins() -> None:
    one = authority().issue().certificate
    first = authority().crl((one.serial_number, NOW + HOUR), number=1)
    second = authority().crl(number=2)
    trust = authority().trust(first)
    assert trust.check(one, at=NOW)
    with pytest.raises(pki.CertificateRevokedError):
        trust.check(one, at=NOW + HOUR)
    for lists in ((first, second), (second, first)):
        assert authority().trust(*lists).check(one, at=NOW + 2 * HOUR)


def test_an_old_list_counts_unless_a_fresh_one_is_demanded() -> None:
    one, gone = authority().issue().certificate, authority().issue().certificate
    crl = authority().crl((gone.serial_number, NOW), days=2)
    late = NOW + 3 * DAY
    assert authority().trust(crl).check(one, at=late)
    with pytest.raises(pki.CertificateRevokedError):
        authority().trust(crl).check(gone, at=late)
    with pytest.raises(pki.CrlError):
        authority().trust(crl, fresh_crl=True).check(one, at=late)
    assert authority().trust(crl, fresh_crl=True).check(one, at=NOW + DAY)


def test_a_foreign_or_damaged_list_is_refused() -> None:
    crl = authority().crl()
    for bad in (Authority().crl(), Authority(name="УЦ региона 78").crl(), b"", crl[:-1], crl + b"\0", b"\x30\x80"):
        with pytest.raises(pki.CrlError):
            authority().trust(bad)


def hand_made(
    *,
    usage: x509.KeyUsage | None = None,
    purposes: list[x509.ObjectIdentifier] | None = None,
    names: list[str] | None = None,
) -> x509.Certificate:
    """Return a certificate that the real authority signed, not built by the profile."""
    given = [x509.UniformResourceIdentifier(name) for name in names or ["urn:ppe:hq:78:0001:01"]]
    key = pki.generate_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority().certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - HOUR)
        .not_valid_after(NOW + DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(given), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority().key.public_key()), critical=False)
    )
    if usage is not None:
        builder = builder.add_extension(usage, critical=True)
    wanted = [ExtendedKeyUsageOID.EMAIL_PROTECTION, CertificateRole.HQ.oid] if purposes is None else purposes
    if wanted:
        builder = builder.add_extension(x509.ExtendedKeyUsage(wanted), critical=False)
    return builder.sign(authority().key, hashes.SHA256())


def usage_of(*, sign: bool = True, issue: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(sign, False, False, False, True, issue, False, False, False)


def test_the_profile_is_demanded() -> None:
    trust = authority().trust()
    assert trust.check(hand_made(usage=usage_of()), at=NOW).role is CertificateRole.HQ
    mail = ExtendedKeyUsageOID.EMAIL_PROTECTION
    for bad in (
        hand_made(),
        hand_made(usage=usage_of(sign=False)),
        hand_made(usage=usage_of(), purposes=[]),
        hand_made(usage=usage_of(), purposes=[mail]),
        hand_made(usage=usage_of(), purposes=[CertificateRole.HQ.oid]),
        hand_made(usage=usage_of(), purposes=[mail, CertificateRole.GEK.oid]),
        hand_made(usage=usage_of(), names=["urn:ppe:access:78:0001:01"]),
        hand_made(usage=usage_of(), names=["urn:ppe:ca:78:0000:01"], purposes=[mail, CertificateRole.CA.oid]),
    ):
        with pytest.raises(pki.UnsuitableCertificateError):
            trust.check(bad, at=NOW)
    for names in (["https://example.org"], ["urn:ppe:hq:78:0001:01", "urn:ppe:gek:78:0001:01"], ["urn:ppe:hq:78:1:1"]):
        with pytest.raises(CertificateError):
            trust.check(hand_made(usage=usage_of(), names=names), at=NOW)


def test_another_authority_is_not_issued() -> None:
    with pytest.raises(CertificateError):
        authority().issue(CertificateRole.CA)
    csr = pki.make_csr(holder("ec").key, Identity(CertificateRole.CA, "78", "0000", "01"), common_name="УЦ")
    with pytest.raises(CertificateError):
        pki.read_csr(csr)


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "\ud800"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(CertificateError):
        pki.make_csr(holder("ec").key, Identity(CertificateRole.HQ, "78", "0001", "01"), common_name=name)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Константинопольская Владислава Александровна", "Константинопольская Владислава Ал"),
        ("x" + "я" * 40, "x" + "я" * 31),
        ("x" * 65, "x" * 64),
        (" Иванова Анна ", "Иванова Анна"),
    ],
)
def test_a_long_name_is_cut_between_letters(name: str, written: str) -> None:
    csr = pki.make_csr(holder("ec").key, Identity(CertificateRole.GEK, "78", "0001", "p-1"), common_name=name)
    assert pki.read_csr(csr).common_name == written


def request(key: object, names: list[str]) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    )
    if names:
        san = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(name) for name in names])
        builder = builder.add_extension(san, critical=False)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(PEM)  # type: ignore[arg-type]


def test_a_request_must_hold_its_key_and_name_somebody() -> None:
    urn = "urn:ppe:hq:78:0001:01"
    assert pki.read_csr(request(rsa_key(), [urn])).identity.urn == urn
    good = x509.load_pem_x509_csr(request(holder("ec").key, [urn])).public_bytes(DER)
    assert pki.read_csr(good)
    forged = bytearray(good)
    forged[-1] ^= 1
    for bad in (
        bytes(forged),
        request(holder("ec").key, []),
        request(holder("ec").key, [urn, urn]),
        request(ec.generate_private_key(ec.SECP384R1()), [urn]),
        request(ed25519.Ed25519PrivateKey.generate(), [urn]),
        request(rsa_key(1, 2048), [urn]),
        b"",
        b"-----BEGIN CERTIFICATE REQUEST-----\n",
        pki.pem(holder("ec").certificate).encode(),
        b"\0" * (2 << 20),
    ):
        with pytest.raises(CertificateError):
            pki.read_csr(bad)


def test_certificates_are_read_from_pem() -> None:
    certificates = [holder(kind).certificate for kind in KINDS]
    assert pki.load_pem_certificates("".join(map(pki.pem, certificates)).encode()) == certificates
    assert pki.fingerprint(certificates[0]) == certificates[0].fingerprint(hashes.SHA256()).hex()
    for bad in (b"", b"no PEM", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"x" * (2 << 20)):
        with pytest.raises(CertificateError):
            pki.load_pem_certificates(bad)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_file_opens_with_its_pin_only(tmp_path: Path, kind: str) -> None:
    one = holder(kind)
    data = pki.dump_pkcs12(one.key, one.certificate, "12345678", name="Член ГЭК")
    opened = pki.load_pkcs12(data, "12345678")
    assert opened.certificate == one.certificate
    assert pki.key_fingerprint(opened.key.public_key()) == pki.key_fingerprint(one.key.public_key())
    with pytest.raises(pki.WrongPinError) as refusal:
        pki.load_pkcs12(data, "1234567")
    assert refusal.value.code == "wrong_pin"
    run = openssl("pkcs12", "-in", Workbench(tmp_path).put("k.p12", data), "-passin", "pass:12345678", "-noenc")
    assert run.returncode == 0, run.stderr


def test_a_key_file_may_wait_for_its_certificate() -> None:
    key = pki.generate_key()
    opened = pki.load_pkcs12(pki.dump_pkcs12(key, None, "1234", name="токен"), "1234")
    assert opened.certificate is None
    with pytest.raises(pki.WrongPinError):
        pki.dump_pkcs12(key, None, "", name="токен")


def test_what_is_not_a_key_file_is_refused() -> None:
    data = pki.dump_pkcs12(holder("ec").key, None, "1234", name="x")
    for bad in (b"", b"\x30\x03\x02\x01\x03", data[:-1], data + b"\0", b"\x30" * 1000, b"\0" * (1 << 20)):
        with pytest.raises(CertificateError):
            pki.load_pkcs12(bad, "1234")
    # A file that asks for a year of guessing is refused before it is tried.
    version, content, mac = der.parse(data).children()
    digest, salt, _rounds = mac.children()
    slow = der.sequence(digest.raw, salt.raw, der.integer(1 << 31))
    with pytest.raises(CertificateError):
        pki.load_pkcs12(der.sequence(version.raw, content.raw, slow), "1234")


def mutated(data: st.DataObject, blob: bytes) -> bytes:
    changed = bytearray(blob)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, 9999)) % len(changed)  # lengths of signatures vary
        changed[start : start + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    return bytes(changed)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_certificates_requests_and_lists_are_refused(data: st.DataObject) -> None:
    one = holder("ec")
    certificate = one.certificate.public_bytes(DER)
    blob = mutated(data, certificate)
    try:
        authority().trust().check(pki.load_der_certificate(blob), at=NOW)
    except PpeError:
        assert blob != certificate
    else:
        assert blob == certificate
    csr = x509.load_pem_x509_csr(pki.make_csr(one.key, pki.identity_of(one.certificate), common_name="x"))
    for read in (pki.read_csr, lambda blob: authority().trust(blob)):
        try:
            read(mutated(data, csr.public_bytes(DER)))
        except PpeError:
            pass
        else:
            assert read is pki.read_csr
