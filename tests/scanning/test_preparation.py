"""«Говорение» as it is held: forms are printed in the preparation room and collected where the answers are recorded."""

import pytest
from django.utils import timezone

from journals.models import Journal, JournalAnswer, JournalSheet
from scanning import cards, contents, sheets
from scanning.errors import DecisionRefusedError
from scanning.expected_forms import read_expected_forms
from scanning.models import RoomCard, Sheet
from scanning.reconcile import reconcile
from scanning.states import CardState
from scanning.watch import watch_journals
from stations.models import SittingRoom
from tests.scanning.conftest import ACTOR, ScanningDesk
from tests.scanning.test_audio import save_wav, speech
from tests.scanning.test_recordings import answers, sha256, take
from tests.support import factories
from wire.forms import make_number

VOICE = ("0201", "0202")


@pytest.fixture
def desk(voice_day, data_dir, tmp_path):
    """Two voice rooms of two seats, and preparation room 0101."""
    made = ScanningDesk(voice_day, tmp_path)
    factories.add_preparation(made.day)
    made.sitting.posts.filter(station__number__regex=r"^020[12]-[34]$").delete()
    for number in VOICE:
        made.seats(2, number)
    return made


def recorded(desk, *forms, room="0201", opened=True):
    """Voice journals of a room that name these registration forms, and the recordings themselves."""
    paths = [desk.folder / f"{room}_{place}_01.wav" for place in range(1, len(forms) + 1)]
    for place, path in enumerate(paths, start=1):
        save_wav(path, speech(1 + place))
        path.write_bytes(path.read_bytes() + path.name.encode())
    rows = answers(desk, *((path.name, 2.0 + place, sha256(path)) for place, path in enumerate(paths)), room=room)
    for row, form in zip(rows, forms, strict=True):
        JournalAnswer.objects.filter(pk=row.pk).update(registration_number=form if opened else None)
        if not opened:
            Journal.objects.filter(pk=row.journal_id).update(forms_opened_at=None)
    return paths


def open_texts(desk, room, kind=None):
    rows = desk.card(room).discrepancies.filter(resolved_at=None)
    return [row.text.ru for row in (rows.filter(kind=kind) if kind else rows)]


def test_a_voice_room_closes_with_forms_of_the_preparation_room(desk):
    sets = desk.journal(room="0101", station="0001", count=3, unused=(3,))
    paths = recorded(desk, sets[0]["R"], sets[1]["R"])
    desk.scan(*(desk.page(each["R"], room="0201") for each in sets[:2]), room="0201")
    desk.fill("0201", registration_count=2, dbo_count=None)
    for path in paths:
        take(desk, path)
    card = desk.card("0201")
    assert not card.discrepancies.filter(resolved_at=None).exists()
    assert card.state == CardState.RECONCILED, card.balance["blockers"]
    # Words and the centre go by what stands on paper: station and ordinal of the printing.
    assert [(each.station, each.ordinal) for each in read_expected_forms(desk.sitting).of_room("0201")] == [
        ("0001", 1),
        ("0001", 2),
    ]
    cards.close(card=card, actor=ACTOR)
    assert contents._used_sets(desk.card("0201")) == {"0001": [1, 2]}


def test_a_preparation_room_is_offered_nowhere(desk):
    assert [card.room.number for card in cards.ensure_cards(desk.sitting)] == [*VOICE, "HQ"]
    assert not RoomCard.objects.filter(room__number="0101").exists()
    sets = desk.journal(room="0101", station="0001", count=1)
    desk.scan(desk.page(sets[0]["R"], room="0201"), room="0201")
    RoomCard.objects.create(sitting=desk.sitting, room=desk.day.rooms["0101"])
    with pytest.raises(DecisionRefusedError, match="0101"):
        sheets.decide(sheet=Sheet.objects.get(), action="move", number="", reason="", room="0101", actor=ACTOR)


def test_a_card_at_work_before_the_registry_said_so_stays_in_sight(desk):
    SittingRoom.objects.filter(room__number="0101").update(kind="written")
    sets = desk.journal(room="0101", station="0001", count=1)
    desk.scan(desk.page(sets[0]["R"], room="0101"), room="0101")
    recorded(desk, sets[0]["R"])
    SittingRoom.objects.filter(room__number="0101").update(kind="preparation")
    watch_journals()
    assert [card.room.number for card in cards.ensure_cards(desk.sitting)] == ["0101", *VOICE, "HQ"]
    (text,) = open_texts(desk, "0101")
    assert "ответ записан в аудитории 0201, а бланк лежит в аудитории 0101" in text
    sheets.decide(sheet=Sheet.objects.get(), action="move", number="", reason="", room="0201", actor=ACTOR)
    assert not open_texts(desk, "0201", "foreign")


def test_a_form_in_another_voice_room_than_its_answer_names_both(desk):
    sets = desk.journal(room="0101", station="0001", count=2)
    recorded(desk, sets[0]["R"])
    recorded(desk, sets[1]["R"], room="0202")
    desk.scan(*(desk.page(each["R"], room="0202") for each in sets), room="0202")
    (text,) = open_texts(desk, "0202", "foreign")
    assert sets[0]["R"] in text
    assert "ответ записан в аудитории 0201, а бланк лежит в аудитории 0202" in text


def test_a_form_that_no_voice_journal_names_lies_where_it_was_scanned(desk):
    sets = desk.journal(room="0101", station="0001", count=2)
    (path,) = recorded(desk, sets[0]["R"])
    desk.scan(*(desk.page(each["R"], room="0201") for each in sets), room="0201")
    (text,) = open_texts(desk, "0201", "unlisted")
    assert "журнал записи ответов, который его называет, не загружен" in text
    desk.sitting.posts.exclude(station__number="0201-1").filter(station__kind="voice").delete()
    desk.fill("0201", registration_count=2, dbo_count=None)
    take(desk, path)
    (text,) = open_texts(desk, "0201")
    assert "комплект № 2 станции 0001: ответ не записан" in text
    assert desk.card("0201").state == CardState.RECONCILED
    cards.close(card=desk.card("0201"), actor=ACTOR)
    # A journal that places it elsewhere opens the room again.
    factories.add_post(desk.day, "voice", "0202-1", room="0202", place="1")
    recorded(desk, sets[1]["R"], room="0202")
    watch_journals()
    card = desk.card("0201")
    assert card.state == CardState.DISCREPANT
    assert any("ответ записан в аудитории 0202" in text for text in open_texts(desk, "0201", "foreign"))


def test_a_form_that_nobody_names_lies_in_one_room_only(desk):
    sets = desk.journal(room="0101", station="0001", count=1)
    for room in VOICE:
        desk.scan(desk.page(sets[0]["R"], room=room), room=room, name=f"{room}.tif")
    watch_journals()
    for room, other in zip(VOICE, reversed(VOICE), strict=True):
        (text,) = open_texts(desk, room, "foreign")
        assert f"тот же бланк отсканирован и в аудитории {other}" in text


def test_what_is_being_opened_opens_no_closed_room(desk, monkeypatch):
    """A longer print journal is sealed for a breath: until it is open, nothing speaks against a form that lies here."""
    sets = desk.journal(room="0101", station="0001", count=1)
    desk.sitting.posts.filter(station__kind="voice").delete()
    desk.seats(1, "0201")
    desk.scan(desk.page(sets[0]["R"], room="0201"), room="0201")
    desk.fill("0201", registration_count=1, dbo_count=None)
    cards.close(card=desk.card("0201"), actor=ACTOR)
    assert contents._used_sets(desk.card("0201")) == {"0001": [1]}
    assert contents._used_sets(desk.card("0202")) == {}
    Journal.objects.update(forms_opened_at=None, sha256="f" * 64, received_at=timezone.now())
    JournalSheet.objects.all().delete()
    monkeypatch.setattr("scanning.watch.access.active", lambda sitting: object())
    watch_journals()
    assert desk.card("0201").state == CardState.CLOSED
    monkeypatch.setattr("scanning.watch.access.active", lambda sitting: None)
    watch_journals()
    assert desk.card("0201").state == CardState.DISCREPANT
    (text,) = open_texts(desk, "0201", "unknown")
    assert "ещё закрыты" in text


def test_the_scan_journal_of_the_hq_changes_nothing_that_rooms_rest_on(desk):
    desk.journal(room="0101", station="0001", count=1)
    before = read_expected_forms(desk.sitting).mark("0201")
    journal = Journal.objects.get()
    journal.pk, journal.kind, journal.room, journal.sha256 = None, "scan", None, "f" * 64
    journal.station = desk.day.stations["scan-01"]
    journal.save()
    assert read_expected_forms(desk.sitting).mark("0201") == before


def test_a_number_that_two_voice_rooms_name_is_told_in_both(desk):
    sets = desk.journal(room="0101", station="0001", count=1)
    for room in VOICE:
        recorded(desk, sets[0]["R"], room=room)
        desk.seats(1, room)
    desk.scan(desk.page(sets[0]["R"], room="0202"), room="0202")
    for room in VOICE:
        desk.fill(room, registration_count=1, dbo_count=None)
        (text,) = open_texts(desk, room, "contested")
        assert "указан журналами записи ответов аудиторий 0201, 0202" in text
        assert not open_texts(desk, room, "foreign")
        assert "difference" in {each["code"] for each in desk.card(room).balance["blockers"]}


def test_two_rooms_that_name_a_number_of_no_print_journal(desk):
    for room in VOICE:
        recorded(desk, "0600000000019", room=room)
    register = read_expected_forms(desk.sitting)
    assert [(each.room, each.others) for each in register.sets] == [("0201", ("0202",)), ("0202", ("0201",))]


@pytest.mark.parametrize(
    ("journal", "words"),
    [
        ("sealed", "номера бланков в журналах печати аудитории подготовки ещё закрыты"),
        ("missing", "нет журнала станции печати 0001 аудитории подготовки"),
        ("here", "такого номера нет ни в одном журнале печати"),
    ],
)
def test_the_true_reason_is_told_of_a_number_that_nobody_knows(desk, journal, words):
    if journal != "missing":
        desk.journal(room="0101", station="0001", count=1, sealed=journal == "sealed")
    desk.sitting.posts.filter(station__number="0201-2").delete()
    recorded(desk, "2060000000018")
    desk.scan(desk.page(make_number("R", 9_999), room="0201"), room="0201")
    (text,) = open_texts(desk, "0201", "unknown")
    assert words in text


def test_a_spoiled_set_that_lies_in_a_voice_room_is_told_as_spoiled(desk):
    sets = desk.journal(room="0101", station="0001", count=2, spoiled=(1,))
    desk.scan(desk.page(sets[0]["R"], room="0201"), room="0201")
    (text,) = open_texts(desk, "0201", "unlisted")
    assert "комплект № 1 отмечен в журнале как испорченный" in text


def test_a_longer_print_journal_of_the_preparation_room_is_compared_with_closed_voice_rooms(desk):
    """The voice journal alone closes the room; the print journal that follows says how its sets are called."""
    (path,) = recorded(desk, make_number("R", 77))
    desk.sitting.posts.filter(station__number="0201-2").delete()
    desk.seats(1, "0201")
    desk.scan(desk.page(make_number("R", 77), room="0201"), room="0201")
    desk.fill("0201", registration_count=1, dbo_count=None)
    take(desk, path)
    cards.close(card=desk.card("0201"), actor=ACTOR)
    sets = desk.journal(room="0101", station="0001", count=1)
    JournalAnswer.objects.update(registration_number=sets[0]["R"])
    Journal.objects.filter(kind="voice").update(forms_opened_at=timezone.now(), sha256="e" * 64)
    watch_journals()
    assert desk.card("0201").state == CardState.DISCREPANT


def test_recordings_that_are_missing_are_not_told_as_sheets(desk):
    sets = desk.journal(room="0101", station="0001", count=3, unused=(3,))
    paths = recorded(desk, sets[0]["R"], sets[1]["R"])
    desk.fill("0201", registration_count=2, dbo_count=None)

    def said():
        return [each.message.ru for each in reconcile(desk.card("0201"), actor=ACTOR).blockers]

    assert "расхождения по листам: не хватает 1" not in said()
    assert any(each.startswith("Нет аудиофайлов") for each in said())
    take(desk, paths[0])
    assert "расхождения по аудиофайлам: не хватает 1" in said()
