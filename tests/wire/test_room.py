"""The arithmetic of a room: the same figures from every number, as a desk knows them, and from counts alone."""

import pytest

from wire.forms import make_number
from wire.room import CardCounts, PrintedSet, RoomFacts, RoomPlace, SeenSheet, balance, equation

PLACE = RoomPlace("78", "0001", "2026-05-29", "01", ("R", "AB"), False, "0101", False)


def printed(ordinal, *, numbers=True, **flags):
    sheets = {kind: make_number(kind, ordinal) for kind in ("R", "AB")} if numbers else {}
    return PrintedSet("0101", "0001", ordinal, sheets=sheets, **flags)


def seen(*sets):
    numbers = [(kind, number) for each in sets for kind, number in each.sheets.items()]
    return [SeenSheet(pk, number, kind) for pk, (kind, number) in enumerate(numbers)]


def facts(sets, *, sheets=(), **more):
    by_number = {number: each for each in sets for number in each.sheets.values()}
    card = more.pop("card", CardCounts(registration=2, absent=1, dbo=0))
    return RoomFacts(PLACE, seats=3, card=card, sheets=sheets, sets=sets, by_number=by_number, **more)


SETS = [printed(1), printed(2), printed(3, unused=True)]


def test_a_room_where_everything_is_there_has_no_difference():
    result = balance(facts(SETS, sheets=seen(*SETS[:2])))
    assert (result.found, result.uneven, result.dbo_differ, result.undelivered) == ([], False, False, 0)
    assert (result.printed, result.unused, result.expected, result.present) == (3, 1, 2, 2)


def test_a_used_set_that_nobody_scanned_is_missing_by_its_numbers():
    result = balance(facts(SETS, sheets=seen(SETS[0])))
    assert {each.number for each in result.found} == set(SETS[1].sheets.values())
    assert {each.kind for each in result.found} == {"missing"}
    assert (result.missing_sets, result.uneven, result.undelivered) == (["№ 2"], True, 1)


def test_a_room_of_which_nothing_came_lacks_every_sheet_once_people_have_counted():
    result = balance(facts(SETS))
    lost = {number for each in SETS[:2] for number in each.sheets.values()}
    assert {each.number for each in result.found if each.kind == "missing"} == lost
    assert result.missing_sets == ["№ 1", "№ 2"]
    # Nobody has said that the room is ready yet, and where only counts are known nothing can be named.
    assert balance(facts(SETS, card=CardCounts())).found == []
    assert balance(facts(SETS, counts={"R": 1})).found == []


@pytest.mark.parametrize("delivered", [1, 2, 3])
def test_counts_alone_come_to_the_same_figures_as_the_sheets_themselves(delivered):
    sets = [printed(ordinal) for ordinal in (1, 2, 3)]
    known = balance(facts(sets, sheets=seen(*sets[:delivered])))
    bare = [printed(ordinal, numbers=False) for ordinal in (1, 2, 3)]
    counted = balance(facts(bare, counts={"R": delivered, "AB": delivered}, numbers_sealed=True))
    assert (counted.expected, counted.undelivered) == (known.expected, known.undelivered) == (3, 3 - delivered)
    assert counted.uneven == known.uneven
    assert counted.found == []


def test_what_was_printed_is_no_figure_while_a_journal_is_missing():
    sets = SETS[:1]
    assert balance(facts(sets, counts={"R": 2}, numbers_sealed=True)).uneven
    result = balance(facts(sets, counts={"R": 2}, numbers_sealed=True, stations_missing=["0002"]))
    assert (result.uneven, result.known) == (False, False)


def test_sealed_numbers_call_nothing_missing_or_unknown():
    assert balance(facts(SETS, sheets=seen(printed(9)), sealed=True)).found == []
    assert {each.kind for each in balance(facts(SETS, sheets=seen(printed(9)))).found} == {"missing", "unknown"}


def test_a_card_that_is_not_filled_in_is_compared_with_nothing():
    result = balance(facts(SETS, counts={"R": 9}, numbers_sealed=True, card=CardCounts()))
    assert (result.uneven, result.dbo_differ) == (False, False)
    assert balance(facts(SETS, counts={"DBO": 1}, numbers_sealed=True)).dbo_differ


def test_the_balance_is_one_line_in_both_languages():
    figures = {
        "is_hq": False,
        "printed": 3,
        "spoiled": 0,
        "unused": 1,
        "expected": 2,
        "sealed": False,
        "seats": 3,
        "absent": 1,
        "present": 2,
        "card": None,
        "scanned": 1,
        "missing_sets": ["№ 2"],
    }
    line = equation(figures)
    assert line.ru == (
        "напечатано 3 − не использовано 1 = 2 · мест 3 − не явились 1 = 2 · карточка не заполнена · отсканировано 1 → "
        "не хватает 1 (комплект № 2)"
    )
    assert line.en == (
        "printed 3 − unused 1 = 2 · seats 3 − absent 1 = 2 · the card is not filled in · scanned 1"
        " → missing 1 (set № 2)"
    )
    assert equation(figures | {"sealed": True}).ru.startswith("номера закрыты ключом · ")
    assert equation({}).ru == equation(figures | {"is_hq": True}).ru == ""
