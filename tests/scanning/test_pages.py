"""The pages of the desk: every form by its id, only for those who may, nothing seen outside the scope."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from audit.models import Event
from journals import forms, intake
from journals.models import JournalSheet
from scanning import cards, recognise
from scanning.errors import NotBalancedError
from scanning.models import Sheet, Source
from scanning.recognition import decode
from scanning.watch import watch_journals
from tests.scanning.conftest import ACTOR
from tests.scanning.test_decode import tiff_claiming
from tests.scanning.test_room import all_pages
from tests.support.journals import print_station, sets
from tests.support.keys import OPERATOR, make_keys
from wire.forms import make_number


@pytest.fixture
def room(desk):
    return reverse("scanning-room", kwargs={"key": desk.sitting.key, "room": "0101"})


def post(login, address, form, **fields):
    return login.client.post(address, {"form": form, **fields}, follow=True)


def codes(answer):
    return re.findall(r'data-code="code-([a-z_]+)', answer.content.decode())


def upload(login, address, *files):
    return login.client.post(address, {"form": "upload", "files": list(files)}, follow=True)


def state(login, desk, room="0101"):
    return login.client.get(reverse("scanning-state", kwargs={"key": desk.sitting.key, "room": room})).json()


def test_the_desk_lists_every_room_and_the_hq(desk, technician):
    page = technician.client.get(reverse("scanning", kwargs={"key": desk.sitting.key})).content.decode()
    for words in ("0101", "0104", "Штаб", 'id="end-scan-card"'):
        assert words in page
    assert 'id="end-scan"' not in page, "nothing was scanned: a button would change nothing"


@pytest.mark.parametrize("reserve", [0, 1 << 62], ids=["room on the disk", "a disk below its reserve"])
def test_a_technician_scans_decides_and_closes_a_room(desk, technician, room, settings, reserve):
    sets = desk.journal()
    desk.sitting.posts.exclude(station__number="0001").filter(room__number="0101").delete()
    files = [
        SimpleUploadedFile(f"s{i}.tif", decode.encode_g4(page, 300))
        for i, page in enumerate([*all_pages(desk, sets), desk.page(make_number("C1", 3))])
    ]
    page = upload(technician, room, *files).content.decode()
    assert "Принято файлов: 9" in page
    assert state(technician, desk)["unread"] == 9
    for source in Source.objects.all():
        recognise.recognise(source.pk)
    settings.PPE_DISK_RESERVE = reserve
    post(technician, room, "card", registration_count=2, dbo_count=0, absent_count=0, not_finished_count=0, version=0)
    told = state(technician, desk)
    assert told["state"] == "discrepant"
    assert (told["received"], told["recognised"]) == (9, 9)
    (row,) = told["discrepancies"]
    assert row["kind"] == "unknown"
    page = technician.client.get(room).content.decode()
    assert f'id="decide-{row["sheet"]}"' in page
    assert "такого номера нет" in page
    answer = post(technician, room, f"decide-{row['sheet']}", action="discard", reason="посторонний лист")
    assert "Решение принято" in answer.content.decode()
    answer = post(technician, room, "close")
    assert "закрыта, баланс сошёлся" in answer.content.decode()
    assert state(technician, desk)["state"] == "closed"


def test_bad_files_are_refused_one_by_one_and_good_ones_taken(desk, technician, room):
    sets = desk.journal()
    good = SimpleUploadedFile("good.tif", decode.encode_g4(desk.page(sets[0]["R"]), 300))
    answer = upload(
        technician,
        room,
        SimpleUploadedFile("empty.tif", b""),
        SimpleUploadedFile("noise.tif", b"\x07" * 500),
        SimpleUploadedFile("bomb.tif", tiff_claiming(35000, 35000)),
        SimpleUploadedFile("../../up.tif", b"x"),
        good,
    )
    assert codes(answer) == ["empty_file", "unknown_format", "too_many_pixels", "unknown_format"]
    assert "35000×35000" in answer.content.decode()
    assert Source.objects.count() == 1
    assert Event.objects.filter(kind="refused").count() == 4
    assert (
        "уже принят" in upload(technician, room, SimpleUploadedFile("again.tif", good.open().read())).content.decode()
    )


def test_a_stale_card_says_what_changed(desk, technician, room):
    said = {"dbo_count": 0, "absent_count": 0, "not_finished_count": 0}
    post(technician, room, "card", registration_count=2, version=0, **said)
    answer = post(technician, room, "card", registration_count=3, version=0, **said)
    assert codes(answer) == ["card_changed"]
    assert "бланков регистрации — 2" in answer.content.decode()
    assert codes(post(technician, room, "card", registration_count="много", version=1)) == ["card_refused"]


def test_others_see_but_may_not_and_strangers_do_not_see(desk, technician, head, outsider, room):
    sets = desk.journal()
    desk.scan(desk.page(sets[0]["R"]))
    picture = reverse("scanning-sheet", kwargs={"key": desk.sitting.key, "pk": Sheet.objects.get().pk})
    assert head.client.get(room).status_code == 200
    assert 'id="upload"' not in head.client.get(room).content.decode()
    assert codes(post(head, room, "close")) == ["not_allowed"]
    assert codes(post(head, room, "card", version=0)) == ["not_allowed"]
    answer = technician.client.get(picture, {"w": "240"})
    assert answer.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert technician.client.get(picture, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    for address in (room, picture, reverse("scanning", kwargs={"key": desk.sitting.key})):
        assert outsider.client.get(address).status_code == 404


def test_numbers_that_do_not_open_are_told_by_their_reason_and_never_by_a_key_that_is_active(
    desk, technician, room, token_dir
):
    keys = make_keys(desk.day, token_dir)
    keys.load()
    station = print_station(keys)
    # Three ordinals in four entries, each time with other numbers: eleven sets told of, three by their ordinals.
    for count in (3, 3, 3, 2):
        station.seal(sets(count))
    row = intake.ingest(data=station.close(), name=station.name, door="flash", actor=OPERATOR).journal
    assert row.sealed_sets == 11
    pages = {
        "today": f"/today/{desk.day.point.key}/",
        "desk": reverse("scanning", kwargs={"key": desk.sitting.key}),
        "room": room,
    }

    def shown():
        return {name: technician.client.get(address).content.decode() for name, address in pages.items()}

    assert all("Активировать ключ" in text for text in shown().values())
    keys.activate(desk.sitting.access_keys.get())
    forms.open_waiting()
    watch_journals()
    said = shown()
    assert [name for name, text in said.items() if "запечатан дважды" not in text] == []
    assert [name for name, text in said.items() if "не активирован" in text or "Активировать ключ" in text] == []
    assert [name for name in ("desk", "room") if "Загрузить исправленный журнал" not in said[name]] == []
    assert not JournalSheet.objects.exists()
    desk.fill(registration_count=2)
    with pytest.raises(NotBalancedError, match="закрыты"):
        cards.close(card=desk.card(), actor=ACTOR)


def test_a_sheet_of_another_room_is_not_decided_from_here(desk, technician, room):
    theirs = desk.journal("0102", "0002")
    desk.scan(desk.page(theirs[0]["R"], room="0102"), room="0102")
    answer = post(technician, room, f"decide-{Sheet.objects.get().pk}", action="discard", reason="x")
    assert answer.status_code == 404


def test_an_act_that_is_no_longer_needed_gives_back_what_was_typed(desk, technician, room):
    typed = {"form": "close-act", "reason": "лист не найден", "text": "", "token": "gone", "pin": "00000000"}
    page = technician.client.post(room, typed).content.decode()
    assert 'value="лист не найден"' in page
    assert "00000000" not in page
    assert 'id="close-act-reason"' not in technician.client.get(room).content.decode()
