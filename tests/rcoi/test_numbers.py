"""A packet held to its room.json by number, and its sheets to being pictures."""

import pytest

from tests.rcoi.conftest import arrive
from tests.rcoi.test_standing import full, numbered
from wire.forms import make_number
from wire.packet import TarFile

pytestmark = pytest.mark.django_db


def lists(sheets, drop=(), add=()):
    numbers: dict[str, list[str]] = {}
    for sheet in sheets:
        number = sheet.sheet_codes[0]
        if number not in drop:
            numbers.setdefault(KINDS[number[:2]], []).append(number)
    for kind, number in add:
        numbers.setdefault(kind, []).append(number)
    return numbers


KINDS = {make_number(kind, 1)[:2]: kind for kind in ("R", "AB", "C1", "C2", "DBO")}


@pytest.mark.parametrize("kind", ["R", "AB", "C1", "C2", "DBO"])
def test_a_recognised_sheet_without_its_file_is_never_confirmed(point, kind):
    point.made += 1
    sheets = numbered(point, ("R", "AB", "C1", "C2"), start=7000)
    lost = make_number(kind, 8000)
    card = {"registration_count": 1, "absent_count": 14}
    said = {"sheets": lists(sheets, add=[(kind, lost)])}
    row = arrive(point.blanks(people=0, add=list(sheets), card=card, room_json=said))
    assert (row.state, row.reasons[0]["code"]) == ("rejected", "counts_differ")
    assert lost in row.reasons[0]["ru"]


def test_a_file_that_the_desk_did_not_recognise_is_never_confirmed(point):
    point.made += 1
    sheets = numbered(point, ("R", "AB", "C1", "C2"), start=7000)
    extra = sheets[1].sheet_codes[0]
    card = {"registration_count": 1, "absent_count": 14}
    said = {"sheets": lists(sheets, drop=(extra,))}
    row = arrive(point.blanks(people=0, add=list(sheets), card=card, room_json=said))
    assert (row.state, extra in row.reasons[0]["ru"]) == ("rejected", True)
    whole = {"sheets": lists(sheets)}
    assert arrive(point.blanks("0102", people=0, add=list(sheets), card=card, room_json=whole)).state == "acknowledged"


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: b"\0" * len(data), lambda data: data[:8]])
def test_a_sheet_whose_file_is_no_picture_is_never_confirmed(point, damage):
    point.made += 1
    good = point.sheet("R")
    bad = TarFile("bad.tif", "sheet", point.file("bad.tif", damage(good.path.read_bytes())), (make_number("AB", 77),))
    card = {"registration_count": 1, "absent_count": 14}
    row = arrive(point.blanks(people=0, add=[good, bad], card=card))
    assert (row.state, row.reasons[0]["code"]) == ("rejected", "no_picture")


def test_an_act_that_the_card_names_has_to_be_there(point):
    row = arrive(full(point, "0101", room_json={"acts": ["acts/ACT.p7m"], "closed_with_act": True}))
    assert (row.state, "acts/ACT.p7m" in row.reasons[0]["ru"]) == ("rejected", True)
