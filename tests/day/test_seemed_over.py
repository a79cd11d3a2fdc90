"""Days that seemed to be over, by the real services from the journals to the last receipt: what everybody is told."""

import re
import subprocess

import pytest

from common.obligations import standing
from day import acts
from day.closing import closing_act
from day.errors import GateClosedError
from day.table import FINISHED, TRANSFERRED
from monitoring.facts import facts_of
from monitoring.monitor import status_of
from monitoring.steps import StepState
from scanning import cards
from tests.day.world import World, begin
from tests.support.evaluated import steps
from tests.transfers.conftest import ACTOR
from transfers.models import Packet

HOME = ("можно расходиться", "День завершён")


@pytest.fixture
def begun(hq, day, flash_dir):
    """Make a point of so many exams on one day."""

    def make(exams):
        begin()
        return World.found(day, hq, flash_dir, exams=exams)

    return make


@pytest.fixture
def over(begun):
    """A point of one exam, of rooms 0101 and 0102, with every receipt."""
    world = begun(1)
    world.finish()
    assert world.own(world.exams[0]).over
    return world


@pytest.fixture
def told(technician, tmp_path):
    """What an exam's pages and its newly printed act say, by their name."""

    def tell(exam):
        act = tmp_path / "act.pdf"
        act.write_bytes(closing_act(sitting=exam.sitting, actor=ACTOR).data)
        printed = subprocess.run(["pdftotext", "-layout", act, "-"], capture_output=True, check=True, text=True).stdout
        key = exam.sitting.key
        pages = {
            "today": f"/today/{exam.sitting.point.key}/?sitting={key}",
            "packets": f"/transfers/{key}/",
        }
        found = {name: plain(technician.client.get(address).content.decode()) for name, address in pages.items()}
        return found | {"act": " ".join(printed.split())}

    return tell


def plain(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def says_home(found):
    return {name for name, text in found.items() if any(words in text for words in HOME)}


def test_a_longer_journal_that_names_sheets_nobody_scanned_takes_the_word_back_everywhere(over, told):
    (exam,) = over.exams
    assert says_home(told(exam)) == {"today", "packets", "act"}
    post = next(each for each in over.posts(exam) if each.room.number == "0101")
    over.longer(exam, post, "set")
    over.node()
    missing = sorted(exam.made[post.pk][-1].sheets.values())
    card = next(each for each in over.cards(exam) if each.room.number == "0101")
    assert not card.closed
    assert not card.balance["zero"]
    assert sorted(card.discrepancies.filter(resolved_at=None).values_list("number", flat=True)) == missing
    shut = {(each.code, each.place) for each in standing(over.own(exam).gate(TRANSFERRED))}
    assert ("room_open_again", "0101") in shut
    found = told(exam)
    assert says_home(found) == set()
    assert [name for name, text in found.items() if "комплект № 3" not in text] == []
    assert all(number in found["today"] for number in missing)
    assert "Открыто после «Бланки переданы в РЦОИ»" in found["today"]
    # The sheets are found: the next version goes, and everybody hears it.
    over.finish()
    assert Packet.objects.filter(room=card.room, state="acknowledged").latest("pk").version == 2
    assert says_home(told(exam)) == {"today", "packets", "act"}


def test_a_journal_that_marks_a_set_spoiled_takes_the_word_back_though_it_lists_as_many(over, told):
    (exam,) = over.exams
    post = next(each for each in over.posts(exam) if each.room.number == "0101")
    over.longer(exam, post, "spoiled")
    over.node()
    card = next(each for each in over.cards(exam) if each.room.number == "0101")
    assert (card.closed, card.balance["printed"], card.balance["spoiled"]) == (False, 2, 1)
    found = told(exam)
    assert says_home(found) == set()
    assert [name for name, text in found.items() if "вне журнала" not in text] == []


def test_of_three_exams_on_a_day_none_tells_anybody_to_go_home_before_the_last(begun, told):
    world = begun(3)
    for exam, left in zip(world.exams, ("01 Русский язык, 29", "29 Английский язык", ""), strict=True):
        world.node()
        world._finish(exam)
        world.node()
        world.confirm()
        assert world.own(exam).over
        for each in world.exams:
            found = told(each)
            over = each is exam or world.own(each).over
            assert says_home(found) == (set() if left else {"today", "packets", "act"})
            # An exam that is over names those that are not.
            assert [name for name, text in found.items() if over and left not in text] == []


def test_of_three_exams_no_page_offers_a_status_that_another_keeps_shut(begun, technician):
    world = begun(3)
    first, *others = (exam.sitting for exam in world.exams)

    def offered(sitting):
        step = next(each for each in steps(sitting, technician.user) if each.number == 3)
        return step.state == StepState.NOW, status_of(facts_of(sitting), FINISHED).open

    def bring(exams):
        for exam in exams:
            for post in world.posts(exam):
                if post.station.kind != "scan":
                    world.bring(exam, post)

    bring(world.exams[:1])
    assert not standing(world.own(world.exams[0]).gate(FINISHED))
    assert offered(first) == (False, False)
    step = next(each for each in steps(first, technician.user) if each.number == 3)
    assert [why.text.split(":")[0] for why in step.why] == [f"{row.subject.code} {row.subject.name}" for row in others]
    with pytest.raises(GateClosedError):
        acts.declare_day(sitting=first, status=FINISHED, actor=ACTOR)
    bring(world.exams[1:])
    assert [offered(row) for row in (first, *others)] == [(True, True)] * 3
    assert len(acts.declare_day(sitting=first, status=FINISHED, actor=ACTOR)) == 3


def test_an_exam_whose_scan_journal_was_formed_early_is_asked_for_the_next_one(over, told):
    (exam,) = over.exams
    card = next(each for each in over.cards(exam) if each.room.number == "0102")
    cards.reopen(card=card, numbers=[], reason="Полоса поперёк листа", actor=ACTOR)
    over.end_scan(exam)
    assert over.refused["end_scan"] == 1
    shut = {each.code for each in standing(over.own(exam).gate(TRANSFERRED))}
    assert {"room_open_again", "scan_journal_behind"} <= shut
    assert says_home(told(exam)) == set()
