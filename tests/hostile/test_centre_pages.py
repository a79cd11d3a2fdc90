"""The pages of the centre: registry, certificate requests, packets brought by browser or drive."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from keys.models import SigningRequest
from rcoi.models import InboxPacket
from tests.conftest import PersonLogin
from tests.hostile.files import hostile, zipped
from tests.hostile.packages import ODD_REGISTRIES
from tests.hostile.watch import WatchedAnswer, at, must_be_recorded, must_refuse, post_form, watched
from tests.rcoi.conftest import centre
from tests.stations.test_registry import DOCUMENT
from wire import pki
from wire.errors import PpeError
from wire.pki import CertificateRole, Identity

pytestmark = pytest.mark.django_db
__all__ = ["centre"]

Door = Callable[[Client, Path, bytes], WatchedAnswer]
JUNK = ("noise", "photo", "zeros", "words", "tiff_bomb", "der_fake", "der_deep", "page", "deep_json", "huge_number")


def registry(client: Client, _drive: Path, data: bytes) -> WatchedAnswer:
    return post_form(client, "/centre/registry/", "registry", files=SimpleUploadedFile("registry.json", data))


def requests(client: Client, _drive: Path, data: bytes) -> WatchedAnswer:
    return post_form(client, "/centre/requests/", "upload", files=SimpleUploadedFile("CSR.pem", data))


def import_browser(client: Client, _drive: Path, data: bytes) -> WatchedAnswer:
    return post_form(client, "/centre/inbox/import/", "import", files=SimpleUploadedFile("PACKET.ppe", data))


def import_drive(client: Client, drive: Path, data: bytes) -> WatchedAnswer:
    (drive / "PACKET.ppe").write_bytes(data)
    return post_form(client, "/centre/inbox/import/", "import", folder=str(drive))


TORN = "certificate_request_refused"
TABLE: dict[Door, dict[str, str]] = {
    registry: {"empty": "malformed_document", **dict.fromkeys((*JUNK, "zip_slip"), "malformed_document")},
    requests: {
        "empty": "certificate_malformed",
        **dict.fromkeys((*JUNK, "zip_slip"), "certificate_malformed"),
        **dict.fromkeys(("zip_torn", "zip_lzma", "zip_far"), TORN),
        "zip_bomb": "certificate_malformed",
    },
    import_browser: {"empty": "packet_container", **dict.fromkeys((*JUNK, "zip_slip", "zip_bomb"), "packet_container")},
    import_drive: {"empty": "packet_container", **dict.fromkeys((*JUNK, "zip_slip", "zip_bomb"), "packet_container")},
}


@pytest.mark.parametrize("door", TABLE, ids=lambda door: door.__name__)
def test_every_file_is_refused_at_every_page(
    centre, administrator: PersonLogin, data_dir: Path, flash_dir: Path, told: list[PpeError], door: Door
) -> None:
    for name, code in TABLE[door].items():
        told.clear()
        with at(door.__name__, name), watched(data_dir) as watch:
            answer = door(administrator.client, flash_dir, hostile(name))
            must_refuse(answer, watch, code, kinds="refused rcoi.refused")
            for refusal in told:
                assert refusal.remedy_text("ru") in answer.text, "the cure is not said"
            assert any(event.actor == "Андреева Вера Николаевна" for event in watch.events), "nobody did it"


def document(change: Callable[[dict[str, Any]], object] | None = None) -> bytes:
    made = copy.deepcopy(DOCUMENT)
    made["mode"] = "live"
    if change is not None:
        change(made)
    return json.dumps(made).encode()


REGISTRIES: dict[str, tuple[bytes, str]] = {
    "of another region": (document(lambda d: d["region"].update(code="77")), "request_refused"),
    "a list": (b"[1, 2, 3]", "request_refused"),
    "a number": (b"7", "request_refused"),
    "nothing in it": (b'{"region": {"code": "78"}}', "schema_mismatch"),
    "the region a list": (b'{"region": ["78"]}', "request_refused"),
    "a name twice": (document().replace(b'"mode"', b'"mode": "live", "mode"', 1), "malformed_document"),
    "a NUL in a name": (document(lambda d: d["points"][0].update(name="Школа\0")), "malformed_document"),
    "half a letter": (document().replace(b'"points"', b'"x": "\\ud800", "points"', 1), "malformed_document"),
    "not a number": (document().replace(b'"seats": 15', b'"seats": NaN', 1), "malformed_document"),
    "a day that is not": (
        document(lambda d: d["points"][0]["sittings"][0].update(date="2026-02-31")),
        "schema_mismatch",
    ),
    "a code of letters": (document(lambda d: d["points"][0].update(code="00<b")), "schema_mismatch"),
    **{name: (document(change), "registry_refused") for name, change in ODD_REGISTRIES.items()},
}


def test_a_registry_that_does_not_fit_together(centre, administrator: PersonLogin, data_dir: Path) -> None:
    for name, (data, code) in REGISTRIES.items():
        with at("registry", name), watched(data_dir) as watch:
            must_refuse(registry(administrator.client, data_dir, data), watch, code)
    good = document()
    with at("registry", "a good one and a bad one together"), watched(data_dir) as watch:
        both = [SimpleUploadedFile("a.json", good), SimpleUploadedFile("b.json", b"{}")]
        must_refuse(
            post_form(administrator.client, "/centre/registry/", "registry", files=both), watch, "request_refused"
        )
    assert "Реестр загружен" in registry(administrator.client, data_dir, good).text


def csr(role: CertificateRole = CertificateRole.PRINT, region: str = "78", name: str = "Станция") -> bytes:
    return pki.make_csr(pki.generate_key(), Identity(role, region, "0001", "0001"), common_name=name)


def stolen() -> bytes:
    """Somebody else's public key under one's own name: the signature is not of the key."""
    request = x509.load_pem_x509_csr(csr())
    der = bytearray(request.public_bytes(serialization.Encoding.DER))
    der[-4:] = bytes(4)
    return b"-----BEGIN CERTIFICATE REQUEST-----\n" + _base64(bytes(der)) + b"-----END CERTIFICATE REQUEST-----\n"


def _base64(data: bytes) -> bytes:
    import base64

    return base64.encodebytes(data)


def weak() -> bytes:
    key = rsa.generate_private_key(65537, 1024)
    return _plain(key)


def nameless() -> bytes:
    return _plain(ec.generate_private_key(ec.SECP256R1()))


def other_curve() -> bytes:
    return _plain(ec.generate_private_key(ec.SECP521R1()))


def _plain(key: Any) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "print")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


REQUESTS: dict[str, tuple[Callable[[], bytes], str]] = {
    "of another region": (lambda: csr(region="77"), "certificate_request_refused"),
    "an authority's": (lambda: csr(CertificateRole.CA), "certificate_malformed"),
    "the centre's": (lambda: csr(CertificateRole.RCOI), "certificate_request_refused"),
    "an access key's": (lambda: csr(CertificateRole.ACCESS), "certificate_request_refused"),
    "signed by nobody": (stolen, "certificate_malformed"),
    "a weak key": (weak, "certificate_malformed"),
    "a name of nobody": (nameless, "certificate_malformed"),
    "another curve": (other_curve, "certificate_malformed"),
    "a certificate instead": (lambda: pki.pem(_certificate()).encode(), "certificate_malformed"),
    "cut": (lambda: csr()[:200], "certificate_malformed"),
}


def _certificate() -> x509.Certificate:
    return pki.make_ca(pki.generate_key(), region="78", name="УЦ")


def test_requests_that_are_never_signed(centre, administrator: PersonLogin, data_dir: Path) -> None:
    for name, (make, code) in REQUESTS.items():
        with at("requests", name), watched(data_dir) as watch:
            must_refuse(requests(administrator.client, data_dir, make()), watch, code)


def test_an_archive_with_ways_out_writes_nothing_and_names_nothing_by_its_path(
    centre, administrator: PersonLogin, data_dir: Path
) -> None:
    data = zipped({"../../../../tmp/hostile-slip.csr": csr(), "..\\..\\hostile.csr": csr(name="Вторая")})
    with watched(data_dir) as watch:
        answer = requests(administrator.client, data_dir, data)
    assert "Принято запросов: 2" in answer.text
    assert not watch.raised
    assert not [change for change in watch.changes() if "file" in change.split()[1]]
    assert not Path("/tmp/hostile-slip.csr").exists()
    assert sorted(SigningRequest.objects.values_list("name", flat=True)) == ["..\\..\\hostile.csr", "hostile-slip.csr"]


def test_a_bad_request_in_an_archive_leaves_none_of_it(centre, administrator: PersonLogin, data_dir: Path) -> None:
    data = zipped({"good.csr": csr(), "bad.csr": csr(region="77")})
    with watched(data_dir) as watch:
        must_refuse(requests(administrator.client, data_dir, data), watch, "certificate_request_refused")


@pytest.mark.parametrize("folder", ["", "/", "/etc", "../../..", "\0", "нет такой", "{drive}/../.."])
def test_a_folder_that_is_on_no_drive(
    centre, administrator: PersonLogin, data_dir: Path, flash_dir: Path, folder: str
) -> None:
    with watched(data_dir) as watch:
        answer = post_form(
            administrator.client, "/centre/inbox/import/", "import", folder=folder.format(drive=flash_dir)
        )
    must_refuse(answer, watch, "flash_folder_missing")


def test_links_of_a_drive_are_not_followed(
    centre, administrator: PersonLogin, data_dir: Path, flash_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret.ppe").write_bytes(b"x")
    (flash_dir / "PACKET.ppe").symlink_to(tmp_path / "secret.ppe")
    (flash_dir / "folder").symlink_to(tmp_path)
    (flash_dir / "directory.ppe").mkdir()
    with watched(data_dir) as watch:
        answer = import_drive_only(administrator.client, flash_dir)
    must_refuse(answer, watch, "nothing_to_import")


def import_drive_only(client: Client, drive: Path) -> WatchedAnswer:
    return post_form(client, "/centre/inbox/import/", "import", folder=str(drive))


def test_a_name_that_is_no_text(centre, administrator: PersonLogin, data_dir: Path, flash_dir: Path) -> None:
    (Path(str(flash_dir)) / b"PACKET_\xff\xfe.ppe".decode("utf-8", "surrogateescape")).write_bytes(b"x")
    with watched(data_dir) as watch:
        answer = import_drive_only(administrator.client, flash_dir)
    must_refuse(answer, watch, "packet_container", kinds="refused rcoi.refused")
    page = administrator.client.get("/centre/inbox/import/")
    assert page.status_code == 200
    assert not InboxPacket.objects.exists()
    must_be_recorded(watch, "refused rcoi.refused")
