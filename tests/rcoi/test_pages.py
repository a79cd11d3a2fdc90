"""Pages of the centre: who sees them, what they do, and that nothing leaks out of scope."""

import io
import json
import zipfile
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile

from audit.log import first_broken
from keys import trust
from keys.models import AccessKey, Certificate, ExamPackage, SigningRequest
from rcoi.models import Announcement, FeedEntry, InboxPacket, PointStatusRecord, Report
from stations.models import ExamPoint, Role
from tests.conftest import log_in
from tests.rcoi.conftest import arrive, make_point
from tests.support import factories
from wire import pki
from wire.documents import feed as wire_feed
from wire.pki import CertificateRole as PkiRole
from wire.pki import Identity

pytestmark = pytest.mark.django_db

PAGES = [
    "/centre/",
    "/centre/inbox/",
    "/centre/inbox/?state=open",
    "/centre/inbox/?state=rejected&kind=blanks&point=78-0001",
    "/centre/inbox/import/",
    "/centre/registry/",
    "/centre/requests/",
    "/centre/packages/",
    "/centre/access-keys/",
    "/centre/reports/",
    "/centre/announcements/",
    "/centre/inbox/state.json",
]


class Forms(HTMLParser):
    """Ids of the forms of a page, with the names of their fields."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, set[str]] = {}
        self._now = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        if tag == "form":
            self._now = said.get("id", "")
            self.found.setdefault(self._now, set())
        elif tag in ("input", "textarea", "select") and said.get("name"):
            self.found.setdefault(said.get("form", self._now), set()).add(said["name"])

    def handle_endtag(self, tag):
        if tag == "form":
            self._now = ""


def post(login, path, form, files=(), **fields):
    data = {"form": form, **fields}
    if files:
        data["files"] = [SimpleUploadedFile(name, body) for name, body in files]
    answer = login.client.post(path, data, follow=True)
    assert answer.status_code == 200, answer.status_code
    return [(message.level_tag, str(message), message.extra_tags) for message in answer.context["messages"]]


@pytest.fixture
def packets(point):
    return {
        "blanks": arrive(point.blanks(people=2)),
        "forms": arrive(point.forms("13-02-МАШ")),
        "rejected": arrive(point.blanks("0102", counts={"sheets": 9})),
        "status": arrive(point.status("exams_finished")),
    }


def test_every_page_opens_with_and_without_data(request, centre, administrator):
    for path in PAGES:
        assert administrator.client.get(path).status_code == 200, path
    request.getfixturevalue("packets")
    for path in PAGES:
        answer = administrator.client.get(path)
        assert answer.status_code == 200, path
        assert "{%" not in answer.content.decode()


def test_the_staff_of_a_point_sees_nothing_here(centre, technician, client):
    for path in PAGES:
        assert technician.client.get(path).status_code == 403, path
        assert client.get(path).status_code == 302, path


def test_an_operator_of_another_region_sees_nothing_of_ours(packets):
    region = factories.RegionFactory(code="47", name="Ленинградская область")
    stranger = log_in(factories.make_user("stranger", "Чужой Олег", Role.RCOI_OPERATOR, region=region))
    row = packets["blanks"]
    sheet = row.inboxsheets.first()
    for path in (
        f"/centre/inbox/{row.uid}/",
        f"/centre/inbox/{row.uid}/sheets/{sheet.pk}.png",
        f"/centre/reports/packet/{row.uid}.pdf",
        f"/centre/statuses/{row.sitting.key}/",
        f"/centre/reports/point/{row.sitting.key}.pdf",
        "/centre/feed/78-0001/",
    ):
        assert stranger.client.get(path).status_code == 404, path
    assert row.uid not in stranger.client.get("/centre/inbox/").content.decode()
    assert stranger.client.get("/centre/inbox/state.json").json() == {"packets": [], "statuses": []}


def test_the_home_says_what_is_awaited_and_what_needs_a_person(packets, operator):
    html = operator.client.get("/centre/").content.decode()
    for words in ("0101 · подтвержден", "0103 · ожидается", "Отклонён, новой версии нет", "Замечаний к содержимому:"):
        assert words in html, words
    assert 'class="chip words ' in html


def test_a_packet_page_shows_checks_and_sheets(packets, operator):
    row = packets["blanks"]
    html = operator.client.get(f"/centre/inbox/{row.uid}/").content.decode()
    assert html.count("<figure") == 8
    assert {"sheets", "reason", "form"} <= Forms(html).found["rescan"]
    picture = operator.client.get(f"/centre/inbox/{row.uid}/sheets/{row.inboxsheets.first().pk}.png")
    assert picture["Content-Type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    rejected = operator.client.get(f"/centre/inbox/{packets['rejected'].uid}/").content.decode()
    assert "counts_differ" in rejected
    assert "rescan" not in Forms(rejected).found


def test_a_refused_file_has_a_page_too(point, operator, tmp_path):
    row = arrive(point.blanks(signers=[point.hq]))
    assert "foreign_signer" in operator.client.get(f"/centre/inbox/{row.sha256}/").content.decode()


def test_the_state_as_json(packets, operator):
    state = operator.client.get("/centre/inbox/state.json").json()
    first = state["packets"][0]
    assert {"uid", "version", "kind", "point", "room", "state", "sha256", "number"} <= set(first)
    assert (first["state"], first["room"], first["number"]) == ("acknowledged", "0101", 2)
    assert state["statuses"] == [
        {"sitting": packets["status"].sitting.key, "status": "exams_finished", "state": "reported"}
    ]


def test_a_rescan_is_asked_for_by_an_operator_only(packets, operator, coordinator):
    row = packets["blanks"]
    number = row.inboxsheets.first().number
    path = f"/centre/inbox/{row.uid}/"
    assert "code-not_allowed" in post(coordinator, path, "rescan", sheets=number, reason="полоса")[0][2]
    assert "code-request_refused" in post(operator, path, "rescan", sheets="123", reason="полоса")[0][2]
    assert "code-request_refused" in post(operator, path, "rescan", sheets=number, reason="123456")[0][2]
    before = FeedEntry.objects.count()
    assert post(operator, path, "rescan", sheets=[number], reason="Полоса поперёк листа")[0][0] == "success"
    assert FeedEntry.objects.count() == before + 1
    assert "пересканируется" in operator.client.get("/centre/").content.decode()


def test_a_status_is_undone_by_the_coordinator_only(packets, operator, coordinator):
    path = f"/centre/statuses/{packets['status'].sitting.key}/"
    assert "undo" not in Forms(operator.client.get(path).content.decode()).found
    assert {"status", "reason"} <= Forms(coordinator.client.get(path).content.decode()).found["undo"]
    assert "code-not_allowed" in post(operator, path, "undo", status="exams_finished", reason="рано нажали")[0][2]
    for reason in ("", "123456", "......"):
        assert "code-request_refused" in post(coordinator, path, "undo", status="exams_finished", reason=reason)[0][2]
    assert post(coordinator, path, "undo", status="exams_finished", reason="рано нажали")[0][0] == "success"
    assert PointStatusRecord.objects.get().state == "undone"


def test_requests_are_taken_compared_signed_and_refused(centre, day, administrator):
    keys = [pki.generate_key() for _ in range(3)]
    csrs = [
        (
            f"{index}.csr",
            pki.make_csr(key, Identity(PkiRole.HQ, "78", "0001", f"node-{index}"), common_name=f"Узел {index}"),
        )
        for index, key in enumerate(keys)
    ]
    path = "/centre/requests/"
    said = post(administrator, path, "upload", files=[*csrs, ("photo.csr", b"\xff\xd8 not a request")])
    assert [level for level, _text, _tags in said] == ["error", "success"]
    html = administrator.client.get(path).content.decode()
    assert pki.key_fingerprint(keys[0].public_key()) in html
    pks = list(SigningRequest.objects.order_by("ident").values_list("pk", flat=True))
    assert post(administrator, path, "sign", request=pks[:2])[0][0] == "success"
    assert post(administrator, path, "refuse", request=pks[2:], reason="Ключ не сверен")[0][0] == "success"
    assert list(SigningRequest.objects.order_by("ident").values_list("state", flat=True)) == [
        "signed",
        "signed",
        "refused",
    ]
    assert post(administrator, path, "sign", request=[])[0][0] == "error"


def test_packages_and_access_keys_are_made_and_given_out(point, operator):
    key = point.day.key
    said = post(operator, "/centre/packages/", "make", point="78-0001", date=point.day.sitting.date.isoformat())
    assert said[0][0] == "success", said
    row = ExamPackage.objects.get()
    answer = operator.client.get(f"/centre/packages/{row.pk}/file/")
    assert "registry.json" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert f"/centre/packages/{row.pk}/file/" in operator.client.get("/centre/packages/").content.decode()
    assert post(operator, "/centre/access-keys/", "make", sitting=key)[0][0] == "success"
    made = AccessKey.objects.get()
    assert operator.client.get(f"/centre/access-keys/{made.pk}/file/").content


def test_a_registry_of_our_region_is_taken_in(centre, administrator, operator):
    empty = {"address": "", "rooms": [], "stations": [], "people": [], "sittings": []}
    document: dict[str, Any] = {
        "format": "ppe-registry/1",
        "mode": "live",
        "region": {"code": "78", "name": "СПб", "timezone": "Europe/Moscow"},
        "points": [{"code": "0042", "name": "Школа", "timezone": "Europe/Moscow", **empty}],
        "staff": [],
    }
    body = json.dumps(document).encode()
    assert operator.client.get("/centre/registry/").status_code == 403
    assert post(administrator, "/centre/registry/", "registry", files=[("registry.json", body)])[0][0] == "success"
    assert ExamPoint.objects.filter(code="0042").exists()
    foreign = json.dumps({**document, "region": {**document["region"], "code": "47"}}).encode()
    for bad in (foreign, b"", b"[]", b"\xff\xd8", b"{"):
        level, _text, tags = post(administrator, "/centre/registry/", "registry", files=[("registry.json", bad)])[0]
        assert level == "error"
        assert "code-" in tags


def test_a_registry_of_a_rehearsal_is_refused_and_the_files_beside_it_wait(centre, administrator):
    empty = {"address": "", "rooms": [], "stations": [], "people": [], "sittings": []}
    document: dict[str, Any] = {
        "format": "ppe-registry/1",
        "mode": "live",
        "staff": [],
        "region": {"code": "78", "name": "СПб", "timezone": "Europe/Moscow"},
        "points": [{"code": "0042", "name": "Школа", "timezone": "Europe/Moscow", **empty}],
    }
    files = [(f"{mode}.json", json.dumps({**document, "mode": mode}).encode()) for mode in ("live", "training")]
    (said,) = post(administrator, "/centre/registry/", "registry", files=files)
    assert "code-registry_wrong_mode" in said[2], said
    assert "реестр тренировки" in said[1]
    assert not ExamPoint.objects.exists()


def test_flash_drives_are_listed_and_imported(point, operator, flash_dir):
    path = point.blanks()
    (flash_dir / "day").mkdir()
    (flash_dir / "day" / path.name).write_bytes(path.read_bytes())
    (flash_dir / "photo.ppe").write_bytes(b"\xff\xd8\xff")
    assert path.name in operator.client.get("/centre/inbox/import/").content.decode()
    said = post(operator, "/centre/inbox/import/", "import", folder=str(flash_dir))
    assert sorted(level for level, _text, _tags in said) == ["error", "success"]
    assert InboxPacket.objects.count() == 1
    said = post(operator, "/centre/inbox/import/", "import", files=[(path.name, path.read_bytes())])
    assert "уже был получен" in said[0][1]
    for outside in ("/etc", str(flash_dir / ".." / ".."), ""):
        assert post(operator, "/centre/inbox/import/", "import", folder=outside)[0][0] == "error"


def test_the_feed_is_written_to_a_drive_and_read_back(point, operator, flash_dir):
    arrive(point.blanks())
    said = post(operator, "/centre/inbox/import/", "feed", point="78-0001", folder=str(flash_dir))
    assert said[0][0] == "success", said
    (written,) = flash_dir.glob("FEED_78_0001_000002.jsonl")
    assert len(wire_feed.read_bundle(written.read_bytes())) == 2
    assert post(operator, "/centre/inbox/import/", "feed", point="78-0001", folder="/etc")[0][0] == "error"


def test_a_revoked_certificate_and_a_reserve_key_go_into_the_feed(point, operator, administrator):
    pk = Certificate.objects.get(role="print").pk
    operator.client.post("/centre/requests/", {"form": "revoke", "certificate": pk, "reason": "украден"})
    assert Certificate.objects.get(pk=pk).revoked_at is None
    assert (
        post(administrator, "/centre/requests/", "revoke", certificate=pk, reason="Станция украдена")[0][0] == "success"
    )
    said = post(operator, "/centre/access-keys/", "make", sitting=point.day.key, new_version="1")
    assert [level for level, _text, _tags in said] == ["error", "success"]
    items = [wire_feed.read(bytes(entry.body), trust.trust_store()) for entry in FeedEntry.objects.order_by("number")]
    assert [item.kind for item in items] == ["crl", "reserve_key"]
    assert "BEGIN CERTIFICATE" in items[1].body["certificate"]


def test_announcements_go_into_every_feed(point, operator, voice_day):
    assert post(operator, "/centre/announcements/", "announce", title="Связь", text="Звоните")[0][0] == "success"
    assert Announcement.objects.get().points.count() == FeedEntry.objects.count() == 2
    post(operator, "/centre/announcements/", "announce", title="Только вам", text="", points="78-0002")
    assert FeedEntry.objects.filter(point__code="0001").count() == 1


def test_the_home_takes_as_many_queries_for_many_points(packets, operator, django_assert_max_num_queries, tmp_path):
    for index in range(5):
        make_point(factories.make_day(point=f"10{index:02d}"), tmp_path / f"p{index}")
    with django_assert_max_num_queries(45):
        assert "78-1004" in operator.client.get("/centre/").content.decode()


def test_reports_open_in_the_browser(packets, operator):
    row = packets["blanks"]
    for path in (
        f"/centre/reports/packet/{row.uid}.pdf",
        f"/centre/reports/point/{row.sitting.key}.pdf",
        f"/centre/reports/region/{row.sitting.date.isoformat()}.pdf",
    ):
        answer = operator.client.get(path)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf"), path
        assert answer.content.startswith(b"%PDF")
    assert Report.objects.count() == 3
    assert operator.client.get("/centre/reports/1/").status_code == 200
    assert operator.client.get("/centre/reports/region/2020-01-01.pdf").status_code == 404


def test_every_admin_page_opens_and_changes_nothing(packets, administrator, technician):

    for model in apps.get_app_config("rcoi").get_models():
        if model.__name__ == "NumberSequence":
            continue
        base = f"/rcoi/{model._meta.model_name}/"
        assert administrator.client.get(base).status_code == 200, base
        row = model.objects.first()
        if row is not None:
            assert administrator.client.get(f"{base}{row.pk}/change/").status_code == 200, base
            assert administrator.client.post(f"{base}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        assert administrator.client.get(f"{base}add/").status_code == 403


def test_the_reasons_of_a_rejection_are_sentences(packets, administrator):
    row = InboxPacket.objects.first()
    reason = {"code": "counts", "ru": "В пакете 14 бланков.", "en": "14 forms.", "sheet": None}
    InboxPacket.objects.filter(pk=row.pk).update(reasons=[reason])
    page = administrator.client.get(f"/rcoi/inboxpacket/{row.pk}/change/").content.decode()
    assert "В пакете 14 бланков." in page
    assert "&quot;counts&quot;" not in page


def test_the_log_of_what_the_centre_did_is_whole(packets):
    assert first_broken("78-0001") is None
    assert first_broken("node") is None
