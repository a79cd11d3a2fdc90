"""A logged-in person sends sheets over tus: only into the rooms of their own exam, only from our own pages."""

import base64

import pytest

from audit.models import Event
from scanning.models import Source
from scanning.recognition import decode
from stations.models import Role
from tests.conftest import log_in
from tests.scanning.conftest import ScanningDesk
from tests.support import factories
from uploads import handlers

TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def desk(day, data_dir, tmp_path):
    made = ScanningDesk(day, tmp_path)
    made.seats(2)
    return made


@pytest.fixture
def data(desk):
    return decode.encode_g4(desk.page(desk.journal()[0]["R"]), 300)


def metadata(desk, **more):
    said = {"purpose": "sheets", "sitting": desk.sitting.key, "room": "0101", "filename": "лист.tif"} | more
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())


def send(login, desk, data, *, length=None, headers=None, **more):
    return login.client.post(
        "/api/v1/uploads/",
        data,
        content_type="application/offset+octet-stream",
        headers={
            **TUS,
            "Upload-Length": str(len(data) if length is None else length),
            "Upload-Metadata": metadata(desk, **more),
            **(headers or {}),
        },
    )


def told(login, answer):
    return login.client.get(answer["Location"]).json()


def test_the_whole_file_becomes_a_source_with_the_persons_name(desk, technician, data):
    answer = send(technician, desk, data)
    assert answer.status_code == 201
    state = told(technician, answer)
    assert (state["state"], state["result"]["pages"]) == ("handled", 1)
    source = Source.objects.get()
    assert (source.name, source.batch.door, source.batch.made_by) == ("лист.tif", "browser", "Иванов Пётр Ильич")
    assert Event.objects.get(kind="uploads.handled").actor == "Иванов Пётр Ильич"


def test_it_goes_on_where_it_was(desk, technician, data):
    answer = send(technician, desk, data[:1000], length=len(data))
    where = answer["Location"]
    assert technician.client.head(where, headers=TUS)["Upload-Offset"] == "1000"
    answer = technician.client.patch(
        where, data[1000:], content_type="application/offset+octet-stream", headers={**TUS, "Upload-Offset": "1000"}
    )
    assert answer.status_code == 204
    assert Source.objects.get().size == len(data)


def test_files_of_one_gesture_share_the_batch_that_the_page_began(desk, technician, data):
    address = f"/scanning/{desk.sitting.key}/0101/"
    batch = technician.client.post(address, {"form": "batch"}).json()["batch"]
    for number, kind in enumerate(("AB", "C1")):
        page = (
            decode.encode_g4(desk.page(desk.journal("0102", "0002")[number][kind], room="0102"), 300)
            if number
            else data
        )
        send(technician, desk, page, batch=str(batch), filename=f"{number}.tif")
    assert {source.batch.number for source in Source.objects.all()} == {batch}
    send(technician, desk, decode.encode_g4(desk.page("0300000000070"), 300), batch="777")
    assert Source.objects.latest("pk").batch.number != batch


@pytest.mark.parametrize("who", ["head", "outsider", "observer"])
def test_others_bring_nothing(desk, data, who, request):
    login = request.getfixturevalue(who)
    answer = send(login, desk, data)
    assert (answer.status_code, answer.json()["permanent"]) == (403, True)
    assert not Source.objects.exists()


def test_one_persons_upload_is_not_anothers(desk, technician, head, data):
    answer = send(technician, desk, data[:10], length=len(data))
    where = answer["Location"]
    assert head.client.get(where).status_code == 404
    assert head.client.head(where, headers=TUS).status_code == 404
    assert head.client.delete(where, headers=TUS).status_code == 404


def test_a_foreign_page_and_a_stranger_are_not_let_in(desk, technician, data, client):
    assert send(technician, desk, data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 401
    assert send(technician, desk, data, headers={"Sec-Fetch-Site": "same-site"}).status_code == 401
    assert technician.client.post("/api/v1/uploads/", data, content_type="text/plain").status_code == 412
    technician.user.is_active = False
    technician.user.save()
    assert send(technician, desk, data).status_code == 401
    assert client.post("/api/v1/uploads/", headers=TUS).status_code == 401


@pytest.mark.parametrize("purpose", ["journal", "probe"])
def test_people_send_only_what_is_opened_to_people(desk, technician, data, purpose):
    handlers.register("probe", lambda upload: {}, roles=None)
    try:
        answer = send(technician, desk, data, purpose=purpose)
    finally:
        handlers.unregister("probe")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\x07" * 500, "unknown_format"),
        (b"II*\0" + b"\xff" * 60, "damaged_file"),
        (b"%PDF-1.7\n" + b"x" * 900, "damaged_file"),
        (b"PK\3\4" * 100, "unknown_format"),
    ],
)
def test_hostile_bytes_are_refused_in_words(desk, technician, content, code):
    state = told(technician, send(technician, desk, content))
    assert (state["state"], state["problem"]["code"]) == ("refused", code)
    assert state["problem"]["detail_ru"]
    assert not Source.objects.exists()


def test_two_technicians_of_one_exam_may_both_bring(desk, technician, data):
    user = factories.make_user("second", "Петрова Ольга", Role.TECHNICAL_SPECIALIST, sitting=desk.sitting)
    assert told(technician, send(technician, desk, data))["state"] == "handled"
    again = told(log_in(user), send(log_in(user), desk, data))
    assert again["problem"]["code"] == "already_taken"
