"""A room from the first sheet to closing: every difference named by number, nothing closed that does not balance."""

import pytest
from django.utils import translation

from audit.models import Event
from scanning import board, cards, contents, sheets
from scanning.errors import (
    CardChangedError,
    CardIsClosedError,
    DecisionRefusedError,
    NotBalancedError,
    NumberRefusedError,
)
from scanning.models import RoomCard, ScanEntry, Sheet
from scanning.recognise import recognise
from scanning.reconcile import reconcile
from scanning.states import CardState, SheetState
from scanning.watch import watch_journals
from tests.scanning.conftest import ACTOR
from wire.forms import make_number


def all_pages(desk, sets, room="0101", without=()):
    return [desk.page(number, room=room) for each in sets for number in each.values() if number not in without]


def test_a_room_that_balances_closes(desk):
    sets = desk.journal(count=3, unused=(3,))
    desk.scan(*all_pages(desk, sets[:2]))
    assert desk.card().state == CardState.DISCREPANT  # the card is not filled in
    desk.fill(registration_count=2)
    assert desk.card().state == CardState.RECONCILED
    closed = cards.close(card=desk.card(), actor=ACTOR)
    assert closed.state == CardState.CLOSED
    assert closed.balance["equation"].startswith("напечатано 3 − не использовано 1 = 2 · мест 2")
    files = contents.files_for(closed)
    assert [each.kind for each in files] == ["room"] + ["sheet"] * 8
    assert contents.counts_for(closed) == {
        "sheets": 8,
        "forms": 0,
        "recordings": 0,
        "journals": 0,
        "acts": 0,
        "AB": 2,
        "C1": 2,
        "C2": 2,
        "R": 2,
    }
    contents.mark_packed(closed, ACTOR)
    events = set(Event.objects.values_list("kind", flat=True))
    assert {"scanning.source_taken", "scanning.sheet_read", "scanning.card_closed", "scanning.card_packed"} <= events
    said = list(ScanEntry.objects.order_by("seq").values_list("event", flat=True))
    assert said[:3] == ["header", "room_opened", "scanning_started"]
    assert said[-1] == "room_closed"


def test_a_missing_sheet_is_named(desk):
    sets = desk.journal()
    lost = sets[1]["C2"]
    desk.scan(*all_pages(desk, sets, without=(lost,)))
    desk.fill(registration_count=2)
    card = desk.card()
    assert card.state == CardState.DISCREPANT
    row = card.discrepancies.get(resolved_at=None)
    assert (row.kind, row.number, row.form) == ("missing", lost, "C2")
    assert "комплект № 2" in row.text.ru
    with pytest.raises(NotBalancedError) as caught:
        cards.close(card=card, actor=ACTOR)
    assert "не хватает 1" in caught.value.message.ru
    desk.scan(desk.page(lost), name="late.tif")
    assert desk.card().state == CardState.RECONCILED
    assert not desk.open_kinds()


def test_a_sheet_of_another_room_is_moved_there(desk):
    mine, theirs = desk.journal(), desk.journal("0102", "0002")
    stray = theirs[0]["C1"]
    desk.scan(*all_pages(desk, mine), desk.page(stray, room="0102"))
    desk.fill(registration_count=2)
    row = desk.card().discrepancies.get(resolved_at=None)
    assert (row.kind, row.number) == ("foreign", stray)
    assert "0102" in row.text.ru
    with pytest.raises(DecisionRefusedError):
        sheets.decide(sheet=row.sheet, action="accept", actor=ACTOR)
    sheets.decide(sheet=row.sheet, action="move", room="0102", actor=ACTOR)
    assert desk.card().state == CardState.RECONCILED
    assert Sheet.objects.get(number=stray).card.room.number == "0102"


def test_a_sheet_scanned_twice_is_found_and_one_picture_kept(desk):
    sets = desk.journal()
    twice = sets[0]["AB"]
    again = desk.page(twice, noise=4, angle=0.2)
    desk.scan(*all_pages(desk, sets), again)
    desk.fill(registration_count=2)
    row = desk.card().discrepancies.get(resolved_at=None)
    assert (row.kind, row.number) == ("twice", twice)
    assert "дважды" in row.text.ru
    sheets.decide(sheet=row.sheet, action="accept", actor=ACTOR)
    assert desk.card().state == CardState.RECONCILED
    states = Sheet.objects.filter(number=twice).values_list("state", flat=True)
    assert sorted(states) == [SheetState.ACCEPTED, SheetState.REPLACED]


def test_an_unknown_number_is_never_taken_for_ours(desk):
    sets = desk.journal()
    unknown = make_number("AB", 777)
    desk.scan(*all_pages(desk, sets), desk.page(unknown))
    desk.fill(registration_count=2)
    row = desk.card().discrepancies.get(resolved_at=None)
    assert (row.kind, row.number) == ("unknown", unknown)
    with pytest.raises(DecisionRefusedError, match="причину"):
        sheets.decide(sheet=row.sheet, action="discard", actor=ACTOR)
    sheets.decide(sheet=row.sheet, action="discard", reason=f"посторонний лист {unknown}", actor=ACTOR)
    assert desk.card().state == CardState.RECONCILED
    # What the person typed stays here; the log and the open lines of the journal tell no number.
    assert unknown in Sheet.objects.get(number=unknown).reason
    assert "посторонний лист …" in Event.objects.get(kind="scanning.sheet_decided").data["reason"]
    said = b"".join(bytes(line) for line in ScanEntry.objects.values_list("line", flat=True)).decode()
    assert "посторонний лист …" in said
    assert unknown not in said + str(list(Event.objects.values_list("subject", "data")))


def test_a_number_nobody_printed_is_not_advised_to_be_left_out_while_a_sheet_is_missing(desk):
    sets = desk.journal()
    kept = [number for each in sets for number in each.values() if number != sets[0]["AB"]]
    desk.scan(*[desk.page(number) for number in kept], desk.page(make_number("AB", 778)))
    desk.fill(registration_count=2)
    card = desk.card()
    (row,) = board.problem_rows(board.sheets_of(card), board.lacking_sheets(card))
    assert [(each.number, each.kind) for each in row.lacking] == [(sets[0]["AB"], "AB")]
    with translation.override("ru"):
        (said,) = [str(words) for _text, words in row.causes]
    assert "исключите" not in said
    assert "Сверьте" in said
    assert sets[0]["AB"] in row.loss
    sheets.decide(sheet=row.sheet, action="set_number", number=sets[0]["AB"], actor=ACTOR)
    assert desk.card().state == CardState.RECONCILED
    # A sheet that is the room's own says what goes with it.
    (own,) = [each for each in board.sheets_of(desk.card()) if each.number == sets[1]["R"]]
    assert sets[1]["R"] in board.calm_row(own).loss


def test_an_unreadable_sheet_gets_its_number_by_hand_and_only_a_printed_one(desk):
    sets = desk.journal()
    hidden = sets[1]["C1"]
    bad = desk.page(hidden, code128=False, datamatrix=False)
    desk.scan(*all_pages(desk, sets, without=(hidden,)), bad)
    desk.fill(registration_count=2)
    assert desk.open_kinds() == ["missing", "unreadable"]
    sheet = Sheet.objects.get(state=SheetState.PROBLEM)
    for wrong in ("", "123", hidden[:-1] + "x", make_number("C1", 5), sets[0]["C1"]):
        with pytest.raises(NumberRefusedError):
            sheets.decide(sheet=sheet, action="set_number", number=wrong, actor=ACTOR)
    sheets.decide(sheet=sheet, action="set_number", number=f" {hidden[:2]} {hidden[2:]} ", actor=ACTOR)
    assert desk.card().state == CardState.RECONCILED


def test_foreign_point_subject_and_date_are_told_apart(desk):
    desk.journal()
    import datetime

    from tests.scanning.drawn import draw

    today = desk.sitting.date
    pages = [
        draw("R", 1, date=today, point="0002", writing=0),
        draw("R", 2, date=today - datetime.timedelta(days=1), writing=0),
        draw("R", 3, date=today, subject="02", writing=0),
        draw("R", 4, date=today, region="47", writing=0),
    ]
    desk.scan(*pages)
    texts = " ".join(each.text.ru for each in desk.card().discrepancies.filter(kind="foreign"))
    for words in ("ППЭ 0002", "экзамена от", "предмета 02", "региона 47"):
        assert words in texts


def test_sealed_numbers_are_said_to_be_sealed_and_nothing_is_judged(desk):
    sets = desk.journal(sealed=True)
    desk.scan(*all_pages(desk, sets[:1]))
    desk.fill(registration_count=2)
    card = desk.card()
    assert card.state == CardState.SCANNING
    assert card.balance["sealed"]
    assert not desk.open_kinds()
    with pytest.raises(NotBalancedError, match="ключ"):
        cards.close(card=card, actor=ACTOR)
    journal = desk.open()
    from journals.models import JournalSet, JournalSheet

    for ordinal, numbers in enumerate(sets, start=1):
        row = JournalSet.objects.create(journal=journal, ordinal=ordinal)
        for kind, number in numbers.items():
            JournalSheet.objects.create(journal=journal, set=row, kind=kind, number=number)
    watch_journals()
    assert desk.card().state == CardState.DISCREPANT
    assert desk.open_kinds() == ["missing"] * 4


def test_the_second_editor_sees_what_changed(desk):
    desk.journal()
    desk.fill(registration_count=2, absent_count=1)
    with pytest.raises(CardChangedError) as caught:
        desk.fill(registration_count=2, absent_count=0)
    assert "не явились — 1" in caught.value.message.ru
    assert ACTOR.name in caught.value.message.ru
    assert desk.card().absent_count == 1
    desk.fill(version=1, registration_count=2, absent_count=0)
    assert desk.card().absent_count == 0


def test_additional_forms_are_a_warning_and_are_counted(desk):
    sets = desk.journal()
    desk.scan(*all_pages(desk, sets), desk.page(make_number("DBO", 12)))
    desk.fill(registration_count=2, dbo_count=2)
    card = desk.card()
    assert card.state == CardState.DISCREPANT
    assert [(row.kind, row.severity) for row in card.discrepancies.all()] == [("unlisted", "warning")]
    desk.fill(version=1, registration_count=2, dbo_count=1)
    assert desk.card().state == CardState.RECONCILED


def test_hq_needs_the_forms_of_the_point_and_of_each_room(desk):
    pages = [desk.page(make_number("13-02-МАШ", 1), room=None), desk.page(make_number("18-МАШ", 1), room=None)]
    for place, room in enumerate(("0101", "0102", "0103", "0104")):
        pages += [desk.page(make_number(kind, place), room=room) for kind in ("05-02", "12-04-МАШ")]
    desk.scan(*pages[:-1], room="HQ")
    row = desk.card("HQ").discrepancies.get(resolved_at=None)
    assert (row.kind, row.form, row.number) == ("missing", "12-04-МАШ", "0104")
    desk.scan(pages[-1], room="HQ", name="last.tif")
    card = desk.card("HQ")
    assert card.state == CardState.RECONCILED
    cards.close(card=card, actor=ACTOR)
    assert contents.counts_for(desk.card("HQ"))["forms"] == 10


def test_a_rescan_request_opens_the_room_and_the_new_picture_replaces_the_old(desk):
    sets = desk.journal()
    desk.scan(*all_pages(desk, sets))
    desk.fill(registration_count=2)
    cards.close(card=desk.card(), actor=ACTOR)
    with pytest.raises(CardIsClosedError):
        desk.fill(version=1, registration_count=3)
    wanted = sets[0]["C1"]
    cards.reopen(card=desk.card(), numbers=[wanted], reason="лист обрезан", actor=ACTOR)
    card = desk.card()
    assert card.state == CardState.DISCREPANT
    assert card.awaited == [wanted]
    desk.scan(desk.page(wanted, noise=4), name="again.tif")
    card = desk.card()
    assert card.awaited == []
    assert card.state == CardState.RECONCILED
    old, new = Sheet.objects.filter(number=wanted).order_by("pk")
    assert (old.state, old.replaced_by) == (SheetState.REPLACED, new)


def test_reading_goes_on_where_a_killed_worker_stopped(desk):
    sets = desk.journal()
    from scanning.recognise import _read

    source = desk.scan(*all_pages(desk, sets[:1]))
    Sheet.objects.all().update(state=SheetState.RECEIVED, number="")
    source.state = "received"
    source.save()
    first = source.sheets.order_by("page").first()
    _read(source, first)  # the worker dies here, its lease still standing
    recognise(source.pk)
    source.refresh_from_db()
    assert source.state == "read"
    assert Sheet.objects.exclude(number="").count() == 4
    before = Event.objects.filter(kind="scanning.sheet_read").count()
    recognise(source.pk)
    assert Event.objects.filter(kind="scanning.sheet_read").count() == before


def test_a_room_left_half_done_by_a_killed_worker_is_compared(desk):
    sets = desk.journal()
    desk.scan(*all_pages(desk, sets))
    desk.fill(registration_count=2)
    RoomCard.objects.filter(pk=desk.card().pk).update(state=CardState.SCANNING)
    watch_journals()
    assert desk.card().state == CardState.RECONCILED


def test_the_same_bytes_are_not_taken_twice(desk):
    from scanning import sources
    from scanning.errors import AlreadyTakenError

    sets = desk.journal()
    desk.scan(desk.page(sets[0]["R"]))
    with pytest.raises(AlreadyTakenError, match=r"scan\.tif"):
        sources.ingest(card=desk.card(), name="copy.tif", content=desk.folder / "scan.tif", door="browser", actor=ACTOR)
    assert RoomCard.objects.get(pk=desk.card().pk).sources.count() == 1
    assert not list((desk.folder / "data" / "tmp").glob("*.part"))


def test_reconciling_twice_changes_nothing(desk):
    sets = desk.journal()
    desk.scan(*all_pages(desk, sets[:1]))
    rows = list(desk.card().discrepancies.values_list("pk", flat=True))
    reconcile(desk.card())
    assert list(desk.card().discrepancies.values_list("pk", flat=True)) == rows
