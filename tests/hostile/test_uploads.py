"""The resumable door of both kinds of node: who may send, what headers may say, what files may be."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.http import JsonResponse
from django.test import Client

from keys import sessions
from scanning import uploads as scanning_uploads
from tests.hostile.conftest import HostilePoint
from tests.hostile.files import hostile
from tests.hostile.test_machines import FOREIGN, client_of
from tests.hostile.watch import WatchedAnswer, at, must_be_recorded, must_refuse, problem_of, watched
from tests.rcoi.conftest import Point as Sender
from tests.rcoi.conftest import centre, make_point
from tests.rcoi.conftest import point as sender
from uploads import handlers
from uploads.models import Upload
from wire.pki.session import sign_challenge

pytestmark = pytest.mark.django_db
__all__ = ["centre", "sender"]

URL, TUS = "/api/v1/uploads/", {"Tus-Resumable": "1.0.0"}
OCTETS = "application/offset+octet-stream"
BY_SHEETS = "scan-01"


def words(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def begin(client: Client, said: dict[str, str]) -> WatchedAnswer:
    response = client.post(URL, b"", content_type=OCTETS, headers={**TUS, **said})
    return problem_of(response)


def machine(point: HostilePoint, handle: str = BY_SHEETS) -> Client:
    return client_of(point, handle)


@pytest.fixture
def hq(point: HostilePoint) -> HostilePoint:
    scanning_uploads.register()
    point.day.sitting.rooms.filter(room__number="0101").update(kind="voice", places=4)
    point.client.get(f"/scanning/{point.day.key}/")
    return point


SHEETS = words(purpose="sheets", filename="x.tif")


def headers(metadata: str = SHEETS, *, length: str | None = "5", **more: str) -> dict[str, str]:
    """Return the headers of a creation."""
    said = {"Upload-Metadata": metadata, **{name.replace("_", "-"): value for name, value in more.items()}}
    return said if length is None else {**said, "Upload-Length": length}


#: Headers of a creation: what they say, status, code. The machine is a scanning station.
CREATIONS: dict[str, tuple[dict[str, str], int, str]] = {
    "another version": (headers(Tus_Resumable="0.2.2"), 412, "wrong_tus_version"),
    "no length": (headers(length=None), 400, "bad_header"),
    "a length below zero": (headers(length="-1"), 400, "bad_header"),
    "a length in letters": (headers(length="1e3"), 400, "bad_header"),
    "a length of other digits": (headers(length="٣"), 400, "bad_header"),
    "a length without end": (headers(length="9" * 400), 400, "bad_header"),
    "a petabyte": (headers(length=str(10**15 - 1)), 413, "too_large"),
    "two gigabytes of sheets": (headers(length=str(2 << 30)), 413, "too_large"),
    "two gigabytes of a journal": (headers(words(purpose="journal"), length=str(2 << 30)), 413, "too_large"),
    "no purpose": (headers(""), 400, "unknown_purpose"),
    "a purpose made up": (headers(words(purpose="../../etc")), 400, "unknown_purpose"),
    "a purpose of the centre": (headers(words(purpose="packet")), 400, "unknown_purpose"),
    "metadata that is no base64": (headers("purpose ***"), 400, "bad_header"),
    "metadata that is no text": (headers(f"{SHEETS},x /w=="), 400, "bad_header"),
    "a NUL in a name": (headers(words(purpose="sheets", filename="a\0b")), 400, "bad_header"),
    "a key twice": (headers(f"{SHEETS},{SHEETS}"), 400, "bad_header"),
    "ten thousand letters": (headers("a " + "A" * 10_000), 400, "bad_header"),
    "a checksum made up": (headers(Upload_Checksum="md5 AAAA"), 400, "unknown_checksum"),
    "a checksum that is none": (headers(Upload_Checksum="sha256 AAAA"), 400, "bad_header"),
}


def test_creations_that_cannot_be(hq: HostilePoint, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # Another test may have made a centre of this process; a node of a point never takes packets.
    monkeypatch.delitem(handlers._purposes, "packet", raising=False)
    client = machine(hq)
    printer = machine(hq, "print-0001")
    for name, (said, status, code) in CREATIONS.items():
        with at("tus creation", name), watched(hq.data_dir) as watch:
            must_refuse(begin(client, said), watch, code, status=status)
    with at("tus creation", "another role"), watched(hq.data_dir) as watch:
        answer = begin(printer, headers())
        must_refuse(answer, watch, "not_for_this_machine", status=403)
    settings.PPE_UPLOAD_STATION_QUOTA = 1000
    with at("tus creation", "over the quota"), watched(hq.data_dir) as watch:
        must_refuse(begin(client, headers(length="1001")), watch, "no_room", status=507)
    settings.PPE_UPLOAD_STATION_QUOTA = settings.PPE_UPLOAD_DISK_RESERVE = 1 << 62
    with at("tus creation", "a full disk"), watched(hq.data_dir) as watch:
        must_refuse(begin(client, headers(length="1001")), watch, "no_room", status=507)


def location(client: Client, length: int, **metadata: str) -> str:
    said = {"purpose": "sheets", "filename": "x.tif", **metadata}
    response = client.post(URL, b"", content_type=OCTETS, headers={**TUS, **headers(words(**said), length=str(length))})
    assert response.status_code == 201, response.content
    return str(response["Location"])


def patch(client: Client, where: str, offset: int | str, data: bytes, **headers: str) -> WatchedAnswer:
    response = client.patch(
        where,
        data,
        content_type=headers.pop("media", OCTETS),
        headers={**TUS, "Upload-Offset": str(offset), **headers},
    )
    if response.status_code == 204 and response["Upload-State"] == "refused":
        # The upload arrived; what is wrong with its file stands under its address.
        told = client.get(where).json()["problem"]
        return problem_of(JsonResponse(told, status=told["status"], content_type="application/problem+json"))
    return problem_of(response)


def test_an_upload_that_is_another_s_and_bodies_that_do_not_fit(hq: HostilePoint) -> None:
    owner, other = machine(hq), machine(hq, "scan-02")
    where = location(owner, 10)
    strangers: dict[str, Callable[[], WatchedAnswer]] = {
        "PATCH": lambda: patch(other, where, 0, b"x" * 10),
        "DELETE": lambda: problem_of(other.delete(where, headers=TUS)),
        "GET": lambda: problem_of(other.get(where, headers=TUS)),
        "of nobody": lambda: patch(owner, f"{URL}{'0' * 32}/", 0, b"x"),
    }
    for name, act in strangers.items():
        with at("tus", f"another's upload, {name}"), watched(hq.data_dir) as watch:
            must_refuse(act(), watch, "upload_unknown", status=404)
    assert other.head(where, headers=TUS).status_code == 404
    unproven = {"Upload-Checksum": f"sha256 {base64.b64encode(bytes(32)).decode()}"}
    chunked = {"Transfer-Encoding": "chunked"}
    wrong: dict[str, tuple[Callable[[], WatchedAnswer], int, str]] = {
        "too much": (lambda: patch(owner, where, 0, b"x" * 11), 413, "too_large"),
        "no offset": (lambda: patch(owner, where, "", b"x"), 400, "bad_header"),
        "an offset below zero": (lambda: patch(owner, where, -1, b"x"), 400, "bad_header"),
        "another media type": (lambda: patch(owner, where, 0, b"x", media="text/plain"), 415, "wrong_media_type"),
        "a wrong checksum": (lambda: patch(owner, where, 0, b"x" * 10, **unproven), 460, "checksum_mismatch"),
        "a chunked body": (lambda: patch(owner, where, 0, b"x", **chunked), 411, "length_required"),
    }
    for name, (act, status, code) in wrong.items():
        with at("tus body", name), watched(hq.data_dir) as watch:
            answer = act()
            must_refuse(answer, watch, code, status=status)
    with at("tus body", "another offset"), watched(hq.data_dir) as watch:
        answer = patch(owner, where, 7, b"xxx")
        assert (answer.status, answer.codes) == (409, ("wrong_offset",))
        assert not watch.changes(), "the protocol's small talk changes nothing, and leaves no event"
    assert Upload.objects.get().offset == 0


JUNK = ("noise", "photo", "zeros", "words", "zip_slip", "tiff_bomb", "der_fake", "page")
#: Purpose → who sends, what is said of the file, hostile file → code.
CONTENTS: dict[str, tuple[str, dict[str, str]]] = {
    "sheets": (
        BY_SHEETS,
        {
            **dict.fromkeys((each for each in JUNK if each not in ("photo", "tiff_bomb")), "unknown_format"),
            "tiff_bomb": "too_many_pixels",
            "tiff_cut": "damaged_file",
        },
    ),
    "recording": (BY_SHEETS, dict.fromkeys(("photo", "zip_slip", "tiff_bomb", "page"), "not_a_recording")),
    "journal": ("print-0001", dict.fromkeys(JUNK, "not_a_journal")),
}


def whole(client: Client, data: bytes, callbacks: Any, **metadata: str) -> tuple[WatchedAnswer, dict[str, Any]]:
    """Send a file in one piece; return the last answer and what the row tells afterwards."""
    where = location(client, len(data), **metadata)
    with callbacks(execute=True):
        answer = patch(client, where, 0, data)
    return answer, client.get(where, headers=TUS).json()


def only_the_upload(watch: Any) -> list[str]:
    """Return the changes beyond the row that remembers the upload and why it was refused."""
    return [change for change in watch.changes() if not change.startswith(("+ uploads.upload ", "+ django_q.ormq "))]


def test_files_that_no_room_wants(hq: HostilePoint, django_capture_on_commit_callbacks: Any) -> None:
    for purpose, (handle, files) in CONTENTS.items():
        client = machine(hq, handle)
        metadata = {"purpose": purpose, "sitting": hq.day.key, "room": "0101", "filename": "ответ.wav"}
        cases = {name: (hostile(name), code) for name, code in files.items()}
        if purpose == "journal":
            cases |= {name: (make(hq), code) for name, (make, code) in FOREIGN.items()}
        for name, (data, code) in cases.items():
            with at(f"tus {purpose}", name), watched(hq.data_dir) as watch:
                answer, row = whole(client, data, django_capture_on_commit_callbacks, **metadata)
                assert not watch.raised
                assert 400 <= answer.status < 500, answer
                assert answer.codes == (code,)
                assert answer.text
                assert (row["state"], row["problem"]["code"]) == ("refused", code)
                assert not only_the_upload(watch), only_the_upload(watch)
                must_be_recorded(watch, "uploads.refused")


METADATA: dict[str, dict[str, str]] = {
    "a way out for a room": {"room": "../../etc"},
    "another room": {"room": "0999"},
    "a way out for a sitting": {"sitting": "../../../etc/passwd"},
    "another point's sitting": {"sitting": "78-0002-290526-01"},
    "a day that is not": {"sitting": "78-0001-993399-01"},
    "no room": {"room": ""},
}


def test_metadata_that_leads_elsewhere(hq: HostilePoint, django_capture_on_commit_callbacks: Any) -> None:
    client, data = machine(hq), b"II*\0" + bytes(60)
    for name, said in METADATA.items():
        metadata = {"purpose": "sheets", "sitting": hq.day.key, "room": "0101", **said}
        with at("tus metadata", name), watched(hq.data_dir) as watch:
            answer, row = whole(client, data, django_capture_on_commit_callbacks, **metadata)
            assert not watch.raised
            assert answer.codes == ("decision_refused",), answer
            assert row["state"] == "refused"
            assert not only_the_upload(watch)
    digest = hashlib.sha256(b"another").hexdigest()
    with at("tus metadata", "the hash of another file"), watched(hq.data_dir) as watch:
        answer, row = whole(
            client, data, django_capture_on_commit_callbacks, sha256=digest, sitting=hq.day.key, room="0101"
        )
        assert (answer.status, answer.codes) == (422, ("content_mismatch",))
        assert not only_the_upload(watch)
        must_be_recorded(watch, "uploads.refused")


@pytest.mark.parametrize(
    "name", ["../../../../tmp/evil.tif", "..\\..\\evil.tif", "/etc/cron.d/evil", "..", ".", "x" * 3000]
)
def test_a_hostile_name_of_a_good_file_leads_nowhere(
    hq: HostilePoint, django_capture_on_commit_callbacks: Any, name: str
) -> None:
    data = hostile("photo")
    with watched(hq.data_dir) as watch:
        answer, row = whole(
            machine(hq), data, django_capture_on_commit_callbacks, filename=name, sitting=hq.day.key, room="0101"
        )
    assert answer.status == 204, answer
    assert row["state"] == "handled"
    new = [change for change in watch.changes() if change.startswith("+ file")]
    assert len(new) == 1, new
    assert new[0].startswith(f"+ file scans/{hq.day.key}/0101/")


# --- the centre -------------------------------------------------------------------------------------------------------


def test_at_the_centre_another_s_packets_are_nobody_s_business(
    centre, sender: Sender, voice_day, data_dir, tmp_path, django_capture_on_commit_callbacks: Any
) -> None:
    owner = node_client(sender)
    stranger = node_client(make_point(voice_day, tmp_path / "other"))
    where = location(owner, 10, purpose="packet")
    for name, act in {
        "PATCH": lambda: patch(stranger, where, 0, b"x" * 10),
        "DELETE": lambda: problem_of(stranger.delete(where, headers=TUS)),
        "GET": lambda: problem_of(stranger.get(where, headers=TUS)),
    }.items():
        with at("tus at the centre", name), watched(data_dir) as watch:
            must_refuse(act(), watch, "upload_unknown", status=404)
    station = station_client(sender)
    with at("tus at the centre", "a station"), watched(data_dir) as watch:
        answer = begin(station, headers(words(purpose="packet")))
        must_refuse(answer, watch, "not_for_this_machine", status=403)
    with at("tus at the centre", "five gigabytes"), watched(data_dir) as watch:
        answer = begin(owner, headers(words(purpose="packet"), length=str(5 << 30)))
        must_refuse(answer, watch, "too_large", status=413)


def node_client(sender: Sender) -> Client:
    return _logged_in(sender.hq)


def station_client(sender: Sender) -> Client:
    return _logged_in(sender.station)


def _logged_in(signer: Any) -> Client:
    token, _row = sessions.open_session(signed=sign_challenge(sessions.challenge(), signer))
    return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {token}"})
