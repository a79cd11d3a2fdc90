"""The centre founds its authority, signs requests, makes access keys and packages; a point takes them in."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.log import SYSTEM
from audit.models import Event
from keys import access, authority, node, package, trust
from keys.errors import CertificateRequestRefusedError, PackageRefusedError
from keys.models import AccessKey, Certificate, ExamPackage, RevocationList, SigningRequest
from keys.states import RequestState
from stations.models import Assignment, Node, Role, Sitting
from tests.support import factories
from tests.support.keys import OPERATOR, private_bytes
from wire import cms, pki
from wire.documents import access_key
from wire.errors import PpeError
from wire.pki import Identity

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre(day, data_dir, settings):
    """A founded centre with the registry of the usual day."""
    Node.objects.all().delete()
    settings.PPE_NODE = "rcoi"
    factories.NodeFactory(kind="rcoi", points=[])
    authority.found(region="78", name="РЦОИ Санкт-Петербурга")
    person = factories.PersonFactory(uid="gek-1", full_name="Соколова Анна Сергеевна")
    factories.AssignmentFactory(person=person, role=Role.GEK_MEMBER, sitting=day.sitting)
    return day


def csr(role, ident, *, region="78", point="0001", key=None, name="Имя из запроса"):
    return pki.make_csr(key or pki.generate_key(), Identity(role, region, point, ident), common_name=name)


def sign(role, ident, **more):
    return authority.sign_request(
        request=authority.import_request(data=csr(role, ident, **more), name="x.csr", actor=SYSTEM), actor=SYSTEM
    )


def test_founding_twice_changes_nothing(centre):
    first = Certificate.objects.get(role="ca")
    assert authority.found(region="78", name="Другое имя") == first
    assert Certificate.objects.filter(role="rcoi").count() == 1
    trust.trust_store().check(authority.rcoi_signer().certificate, at=timezone.now())


def test_a_request_is_taken_once_and_signed_once(centre):
    data = csr(pki.CertificateRole.PRINT, "0001")
    first = authority.import_request(data=data, name="a.csr", actor=SYSTEM)
    assert authority.import_request(data=data, name="b.csr", actor=SYSTEM) == first
    row = authority.sign_request(request=first, actor=SYSTEM)
    assert (row.station, row.identity.urn) == (centre.stations["print-0001"], "urn:ppe:print:78:0001:0001")
    with pytest.raises(PpeError) as refused:
        authority.sign_request(request=first, actor=SYSTEM)
    assert refused.value.code == "illegal_transition"
    assert Certificate.objects.filter(role="print").count() == 1


def test_a_person_is_named_by_the_registry(centre):
    row = sign(pki.CertificateRole.GEK, "gek-1")
    assert (row.common_name, row.person.uid) == ("Соколова Анна Сергеевна", "gek-1")


def test_who_is_not_in_the_registry_is_pointed_out(centre):
    stranger = authority.import_request(data=csr(pki.CertificateRole.GEK, "nobody"), name="", actor=SYSTEM)
    station = authority.import_request(data=csr(pki.CertificateRole.PRINT, "0099"), name="", actor=SYSTEM)
    assert "nobody" in stranger.doubt
    assert "0099" in station.doubt


@pytest.mark.parametrize(
    ("role", "more"),
    [
        (pki.CertificateRole.RCOI, {"point": "0000"}),
        (pki.CertificateRole.ACCESS, {}),
        (pki.CertificateRole.PRINT, {"region": "77"}),
    ],
)
def test_what_the_centre_never_signs_is_refused(centre, role, more):
    with pytest.raises(CertificateRequestRefusedError):
        authority.import_request(data=csr(role, "01", **more), name="x", actor=SYSTEM)
    assert not SigningRequest.objects.exists()


@pytest.mark.parametrize("data", [b"", b"\xff\xd8photo", b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA", b"0" * 100_000])
def test_what_is_no_request_is_refused(centre, data):
    with pytest.raises(PpeError):
        authority.import_requests(data=data, name="x", actor=SYSTEM)


def test_an_archive_of_requests_is_taken_whole(centre):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in node_requests():
            archive.writestr(name, data)
    assert len(authority.import_requests(data=out.getvalue(), name="requests.zip", actor=SYSTEM)) == 4
    with pytest.raises(CertificateRequestRefusedError):
        authority.import_requests(data=out.getvalue()[:200], name="requests.zip", actor=SYSTEM)


def node_requests():
    return node.requests(region="78", points=["0001", "0002"], station="01") if hq_keys() else []


def hq_keys():
    node._ensure(node.NODE_KEY)
    node._ensure(node.STATION_KEY)
    return True


def test_a_refusal_needs_a_reason_and_may_be_asked_again(centre):
    data = csr(pki.CertificateRole.PRINT, "0001")
    row = authority.import_request(data=data, name="", actor=SYSTEM)
    for reason in (" ", "1", "—"):
        with pytest.raises(CertificateRequestRefusedError, match="словами"):
            authority.refuse_request(request=row, reason=reason, actor=SYSTEM)
    authority.refuse_request(request=row, reason="не та станция", actor=SYSTEM)
    again = authority.import_request(data=data, name="", actor=SYSTEM)
    assert again.state == RequestState.PENDING


def test_an_access_key_is_the_gek_members_alone(centre, data_dir):
    with pytest.raises(CertificateRequestRefusedError):
        authority.make_access_key(sitting=centre.sitting, actor=SYSTEM)
    key = pki.generate_key()
    sign(pki.CertificateRole.GEK, "gek-1", key=key)
    made = authority.make_access_key(sitting=centre.sitting, actor=SYSTEM)
    assert authority.make_access_key(sitting=centre.sitting, actor=SYSTEM) == made
    assert authority.make_access_key(sitting=centre.sitting, actor=SYSTEM, new_version=True).version == 2
    member = cms.Recipient(Certificate.objects.get(role="gek").x509, key)
    private = access_key.read(access.file_bytes(made), recipients=[member], certificate=made.certificate.x509)
    for path in data_dir.rglob("*"):
        if path.is_file():
            assert not any(secret in path.read_bytes() for secret in private_bytes(private)), path


def test_revocation_makes_the_next_list(centre):
    row = sign(pki.CertificateRole.PRINT, "0001")
    before = RevocationList.objects.count()
    root = Certificate.objects.get(role="ca")
    for certificate, reason, said in ((row, "12", "словами"), (root, "станция украдена", "Корневой")):
        with pytest.raises(CertificateRequestRefusedError, match=said):
            authority.revoke_certificate(certificate=certificate, reason=reason, actor=SYSTEM)
    assert RevocationList.objects.count() == before
    authority.revoke_certificate(certificate=row, reason="станция украдена", actor=SYSTEM)
    assert RevocationList.objects.count() == before + 1
    with pytest.raises(pki.CertificateRevokedError):
        trust.trust_store().check(row.x509, at=timezone.now())


def test_a_package_needs_the_node_s_certificate(centre):
    sign(pki.CertificateRole.GEK, "gek-1")
    with pytest.raises(PackageRefusedError):
        package.make(point=centre.point, date=centre.sitting.date, actor=SYSTEM)
    with pytest.raises(PackageRefusedError):
        package.make(point=centre.point, date=centre.sitting.date + timedelta(days=1), actor=SYSTEM)


@pytest.fixture
def made(centre):
    """A package, and the fingerprint of the authority."""
    sign(pki.CertificateRole.GEK, "gek-1")
    sign(pki.CertificateRole.HQ, "node-1")
    sign(pki.CertificateRole.PRINT, "0001")
    return package.make(point=centre.point, date=centre.sitting.date, actor=SYSTEM)


def become_hq(settings, points=("0001",)):
    """Forget everything that the centre knew: this process is a fresh node of the point."""
    for model in (AccessKey, SigningRequest, Certificate, RevocationList, ExamPackage):
        model.objects.all().delete()
    Assignment.objects.all().delete()
    Node.objects.all().delete()
    settings.PPE_NODE = "hq"
    factories.NodeFactory(points=list(points))


def test_a_package_is_taken_in_after_the_fingerprint_is_compared(made, settings, centre):
    name, data = made
    said = package.preview(data)
    assert (said.point, said.version, said.stations) == ("0001", 1, 8)
    become_hq(settings)
    with pytest.raises(PackageRefusedError):
        package.import_package(data, confirmed_fingerprint="00" * 32, actor=OPERATOR)
    assert not Certificate.objects.exists()
    shown = ":".join(said.ca_fingerprint[i : i + 2] for i in range(0, 64, 2)).upper()
    package.import_package(data, confirmed_fingerprint=shown, actor=OPERATOR)
    assert {row.role for row in Certificate.objects.all()} == {"ca", "rcoi", "hq", "gek", "print", "access"}
    assert Certificate.objects.get(role="gek").person.full_name == "Соколова Анна Сергеевна"
    package.import_package(data, actor=OPERATOR)
    assert Event.objects.filter(kind="keys.package_taken").count() == 1
    assert name.startswith("EXAM_78_0001_")


def test_a_package_of_another_point_or_mode_is_refused(made, settings):
    _name, data = made
    fingerprint = package.preview(data).ca_fingerprint
    become_hq(settings, points=["0002"])
    with pytest.raises(PackageRefusedError):
        package.import_package(data, confirmed_fingerprint=fingerprint, actor=OPERATOR)
    Node.objects.update(points=["0001"])
    settings.PPE_MODE = "training"
    with pytest.raises(PackageRefusedError):
        package.import_package(data, confirmed_fingerprint=fingerprint, actor=OPERATOR)
    assert not Certificate.objects.exists()


def test_no_package_is_made_of_an_exam_of_another_mode(made, centre, settings):
    settings.PPE_MODE = "training"
    with pytest.raises(PackageRefusedError) as caught:
        package.make(point=centre.point, date=centre.sitting.date, actor=SYSTEM)
    assert "тренировки" in caught.value.text("ru")
    assert ExamPackage.objects.count() == 1


def test_an_older_or_forged_package_is_refused(made, settings, centre):
    _name, first = made
    _name, second = package.make(point=centre.point, date=centre.sitting.date, actor=SYSTEM)
    become_hq(settings)
    package.import_package(second, confirmed_fingerprint=package.preview(second).ca_fingerprint, actor=OPERATOR)
    with pytest.raises(PackageRefusedError):
        package.import_package(first, actor=OPERATOR)
    flipped = bytearray(second)
    flipped[len(flipped) // 2] ^= 1
    for bad in (bytes(flipped), b"", b"PK\x03\x04", second[:-50]):
        with pytest.raises(PpeError):
            package.import_package(bad, actor=OPERATOR)
    assert Sitting.objects.count() == 1
