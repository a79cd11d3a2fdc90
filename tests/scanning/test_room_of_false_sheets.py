"""No picture that hides an answer closes a room without a person: negatives, lost halves, lost pens, backs, mirrors."""

import numpy as np
import pytest
from PIL import Image

from scanning import cards, recognise, sheets, sources
from scanning.errors import NotBalancedError
from scanning.models import Sheet, Source
from scanning.recognition import decode
from scanning.states import CardState, SheetState
from tests.scanning.conftest import ACTOR
from tests.scanning.drawn import px
from tests.scanning.test_fooled import pale, shown_through


def bring(desk, pixels, name, *, dpi=(300, 300)):
    """A file as a scanner hands it over, taken in and read."""
    path = desk.folder / name
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, dpi=dpi)
    source = sources.ingest(card=desk.card(), name=name, content=path, door="folder", actor=ACTOR).source
    recognise.recognise(source.pk)
    return Source.objects.get(pk=source.pk).sheets.get()


def stays_open(desk):
    if not desk.card().filled:
        desk.fill(registration_count=1)
    card = desk.card()
    assert card.state == CardState.DISCREPANT
    with pytest.raises(NotBalancedError):
        cards.close(card=card, actor=ACTOR)
    return card


@pytest.fixture
def numbers(desk):
    desk.seats(1)
    return desk.journal(count=1)[0]


def lower_part_black(page):
    page = page.copy()
    page[int(page.shape[0] * 0.4) :] = 0
    return page


def test_the_room_of_false_sheets_does_not_close(desk, numbers):
    address = {"date": desk.sitting.date, "point": desk.day.point.code, "subject": desk.sitting.subject.code}
    negative = bring(desk, 255 - desk.page(numbers["R"]), "r.png")
    black = bring(desk, lower_part_black(desk.page(numbers["AB"])), "ab.png")
    lost = bring(desk, pale(205, number=numbers["C1"], **address), "c1.png")
    back = bring(desk, shown_through(desk.page(numbers["C2"]), 40), "c2.png")
    card = stays_open(desk)
    kinds = {
        each.pk: set(each.findings.filter(severity="problem").values_list("kind", flat=True))
        for each in (negative, black, lost, back)
    }
    assert kinds[negative.pk] == {"negative"}
    assert kinds[black.pk] == {"picture_damaged"}
    assert kinds[back.pk] == {"empty_page"}
    # The writing is in the record, in black and white or in greys: nothing is lost of it, and nobody is told "blank".
    record = decode.read_page(lost_record(lost), 0).pixels
    dark = (record[px(62) : px(250)] < np.median(record) - 20).mean()
    assert dark > 0.01
    assert not lost.findings.filter(kind="blank").exists()
    missing = card.discrepancies.get(resolved_at=None, kind="missing")
    assert missing.number == numbers["C2"]
    assert "c2.png" in missing.text.ru
    assert "оборотная" in missing.text.ru
    # Taking the empty backs out hides nothing either.
    assert sheets.discard_empty(card=desk.card(), actor=ACTOR) == 1
    assert Sheet.objects.get(pk=back.pk).state == SheetState.DISCARDED
    card = stays_open(desk)
    assert "оборотная" in card.discrepancies.get(resolved_at=None, kind="missing").text.ru


def lost_record(sheet):
    from common import files

    return files.data_dir() / sheet.path


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, lambda page: np.rot90(np.fliplr(page))])
def test_a_room_of_mirrored_sheets_does_not_close(desk, numbers, turn):
    for kind, number in numbers.items():
        sheet = bring(desk, turn(desk.page(number)), f"{kind}.png")
        assert (sheet.state, sheet.number) == (SheetState.PROBLEM, "")
    card = stays_open(desk)
    assert card.discrepancies.filter(resolved_at=None, kind="missing").count() == len(numbers)


@pytest.mark.parametrize("lay", [np.hstack, np.vstack])
def test_a_room_scanned_two_by_two_on_a_large_glass_does_not_close(desk, numbers, lay):
    pages = [desk.page(number) for number in numbers.values()]
    for place in (0, 2):
        sheet = bring(desk, lay(pages[place : place + 2]), f"{place}.png")
        assert (sheet.state, sheet.number) == (SheetState.PROBLEM, "")
        named = sheet.findings.get(kind="codes_differ").value
        assert all(number in str(named) for number in list(numbers.values())[place : place + 2])
    stays_open(desk)
