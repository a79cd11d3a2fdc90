"""The rules of the centre, from facts alone: each obligation in each of its states."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.obligations import ObligationState
from rcoi.day import rules
from rcoi.day.rows import ActFacts, ExamFacts, FindingFacts, PacketFacts, RescanFacts, RoomUse, StatusFacts
from stations import rules as people
from wire.forms import make_number
from wire.messages import Both
from wire.room import CardCounts, PrintedSet

KEY = "78-0001-290526-01"
AT = datetime(2026, 5, 29, 15, 0, tzinfo=UTC)
DUE = AT + timedelta(hours=2)


def packet(pk=1, **more):
    said = {
        "sha256": f"{pk:064d}",
        "uid": f"uid-{pk}",
        "version": 1,
        "kind": "blanks",
        "room": "0101",
        "sitting": KEY,
        "state": "acknowledged",
        "parked": False,
        "received_at": AT - timedelta(hours=1) + timedelta(seconds=pk),
        "counts": {"sheets": 8, "R": 2, "AB": 2, "C1": 2, "C2": 2},
        "card": CardCounts(registration=2, absent=13, dbo=0),
    }
    return PacketFacts(pk=pk, **(said | more))


def forms(pk=9, **more):
    return packet(pk, **{"kind": "forms", "room": "", "counts": {"forms": 8}, "card": CardCounts()} | more)


def status(name, **more):
    return StatusFacts(name, Both(name), DUE, **more)


REPORTED = [status(name, reported_at=AT, packet="f" * 64) for name in rules.STATUSES]


def exam(*packets, **more):
    said = {
        "places": [RoomUse("0101", "blanks", 15), RoomUse("", "forms", None)],
        "findings": [],
        "statuses": [status(name) for name in rules.STATUSES],
        "rescans": [],
    }
    return ExamFacts(KEY, False, AT, packets=packets, **(said | more))


def states(facts):
    return {(each.code, each.place): str(each.state) for each in rules.obligations(facts)}


def owed(facts):
    return {each.code for each in rules.obligations(facts) if each.state != ObligationState.SETTLED}


def test_an_exam_where_everything_came_owes_nothing_and_names_its_evidence():
    found = rules.obligations(exam(packet(), forms(), statuses=REPORTED))
    assert {each.state for each in found} == {ObligationState.SETTLED}
    assert {each.code for each in found} == {
        "packet_awaited",
        "room_balanced",
        "status_exams_finished",
        "status_blanks_transferred",
    }
    assert all(each.evidence for each in found)


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({}, "not_due"),
        ({"at": DUE + timedelta(minutes=1)}, "open"),
        ({"statuses": REPORTED}, "open"),
        ({"packets": [packet(state="opening")]}, "on_its_way"),
        ({"packets": [packet(state="opening", parked=True)]}, "not_due"),
        ({"packets": [packet()]}, "settled"),
    ],
)
def test_a_room_owes_one_confirmed_packet(more, state):
    facts = replace(exam(), **more)
    assert states(facts)["packet_awaited", "0101"] == state
    assert states(facts)["packet_awaited", ""] in ("not_due", "open")


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({}, "not_due"),
        ({"by_phone": AT}, "on_its_way"),
        ({"by_phone": AT, "undone_at": AT + timedelta(seconds=1)}, "not_due"),
        ({"reported_at": AT, "packet": "a"}, "settled"),
    ],
)
def test_a_status_is_owed_until_its_packet_has_come(more, state):
    facts = exam(statuses=[status("exams_finished", **more)])
    assert states(facts)["status_exams_finished", ""] == state


def test_a_status_is_open_once_its_deadline_has_passed():
    facts = replace(exam(), at=DUE + timedelta(seconds=1))
    assert states(facts)["status_exams_finished", ""] == "open"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"state": "opening"}, {"packet_checked"}),
        ({"state": "opening", "parked": True}, {"packet_stuck"}),
        ({"state": "rejected"}, {"packet_rejected"}),
        ({"state": "rejected", "version": 0, "received_at": AT}, set()),
        ({"state": "rejected", "superseded": True}, set()),
    ],
)
def test_a_newer_version_that_is_not_confirmed_keeps_the_exam_open(row, code):
    second = packet(2, **{"version": 2, "supersedes": "uid-1"} | row)
    if not code:
        assert owed(exam(packet(), second, forms(), statuses=REPORTED)) == set()
    else:
        assert owed(exam(packet(), second, forms(), statuses=REPORTED)) == code


def test_a_second_packet_of_a_room_is_open_until_a_person_settles_it_or_it_is_replaced():
    facts = exam(packet(), packet(2), forms(), statuses=REPORTED)
    (open_one,) = [each for each in rules.obligations(facts) if each.code == "second_packet"]
    assert (open_one.state, open_one.anchor) == (ObligationState.OPEN, packet(2).sha256)
    word = FindingFacts(1, 2, "second_packet", "", open_one.text.ru, open_one.text, settled=True)
    assert owed(replace(facts, findings=[word])) == set()
    assert owed(replace(facts, findings=[replace_text(word, "другое")])) == {"second_packet"}
    assert owed(exam(packet(superseded=True), packet(2), forms(), statuses=REPORTED)) == set()
    parts = [packet(pk, part=(pk, 2)) for pk in (1, 2)]
    assert "second_packet" not in owed(exam(*parts, forms(), statuses=REPORTED))


def replace_text(word, text):
    return FindingFacts(word.pk, word.packet, word.code, word.number, text, word.message, word.settled)


def test_a_version_of_eight_sheets_in_the_place_of_fifty_nine_is_open_in_any_order():
    first = packet(1, counts={"sheets": 59, "R": 15}, superseded=True)
    second = packet(2, version=2, supersedes="uid-1", counts={"sheets": 8, "R": 2})
    for order in ((first, second), (second, first)):
        assert "fewer_sheets" in owed(exam(*order, forms(), statuses=REPORTED))
    act = ActFacts("room_difference", "0101", "a" * 64, True)
    covered = rules.obligations(exam(first, replace(second, acts=(act,)), forms(), statuses=REPORTED))
    assert [each.evidence for each in covered if each.code == "fewer_with_act"] == [rules.BY_ACT]
    third = packet(3, version=3, supersedes="uid-2", counts={"sheets": 59, "R": 15})
    assert "fewer_sheets" not in owed(exam(first, replace(second, superseded=True), third, forms(), statuses=REPORTED))


def test_numbers_that_a_version_lost_are_named_unless_the_centre_asked_for_them():
    numbers = [make_number("R", each) for each in (1, 2, 3)]
    first = packet(1, numbers=frozenset(numbers[:2]), superseded=True)
    second = packet(2, version=2, supersedes="uid-1", numbers=frozenset((numbers[0], numbers[2])))
    asked = RescanFacts(1, frozenset(numbers[1:2]), "полоса", AT, open=False, answered_by=2)
    other = RescanFacts(1, frozenset(numbers[:1]), "полоса", AT, open=False, answered_by=2)
    facts = exam(first, second, forms(), statuses=REPORTED)
    (lost,) = [each for each in rules.obligations(facts) if each.code == "fewer_sheets"]
    assert numbers[1] in lost.text.ru
    assert "fewer_sheets" not in owed(replace(facts, rescans=[asked]))
    assert "fewer_sheets" in owed(replace(facts, rescans=[other]))


@pytest.mark.parametrize(
    "card", [CardCounts(2, 0), CardCounts(15, 0), CardCounts(2, None), CardCounts(None, 13), CardCounts(3, 12)]
)
def test_a_card_that_does_not_agree_with_seats_and_forms_is_open_unless_an_act_covers_it(card):
    facts = exam(packet(card=card), forms(), statuses=REPORTED)
    assert owed(facts) == {"seats_differ"}
    acts = [ActFacts("room_difference", "0101", "a", True), ActFacts("room_difference", "0102", "b", True)]
    assert owed(exam(packet(card=card, acts=(acts[0],)), forms(), statuses=REPORTED)) == set()
    assert owed(exam(packet(card=card, acts=(acts[1],)), forms(), statuses=REPORTED)) == {"seats_differ"}
    unsound = replace(acts[0], sound=False)
    assert owed(exam(packet(card=card, acts=(unsound,)), forms(), statuses=REPORTED)) == {"seats_differ"}


def printed(ordinal, *, numbers=False, **flags):
    sheets = {"R": make_number("R", ordinal)} if numbers else {}
    return PrintedSet("0101", "1", ordinal, sheets=sheets, **flags)


def test_a_set_that_a_journal_lists_as_used_and_that_did_not_come_is_open():
    facts = exam(packet(), forms(), statuses=REPORTED, sets={"0101": [printed(each) for each in (1, 2)]})
    assert owed(facts) == set()
    longer = replace(facts, sets={"0101": [printed(each) for each in (1, 2, 3)]})
    assert owed(longer) == {"sets_undelivered"}
    spoiled = replace(facts, sets={"0101": [printed(1), printed(2), printed(3, spoiled=True), printed(4, unused=True)]})
    assert owed(spoiled) == set()
    fewer = replace(facts, sets={"0101": [printed(1)]})
    assert owed(fewer) == set(), "a journal may still come: what is listed so far is the least"


def test_an_act_covers_what_the_desk_knew_of_and_not_a_journal_that_grew_since():
    act = (ActFacts("room_difference", "0101", "a" * 64, True),)
    card = CardCounts(registration=3, absent=12)
    room = packet(card=card, acts=act, closed_sets={"1": frozenset((1, 2, 3))})
    sets = [printed(each) for each in (1, 2, 3)]
    assert owed(exam(room, forms(), statuses=REPORTED, sets={"0101": sets})) == set()
    (late,) = [
        each
        for each in rules.obligations(exam(room, forms(), statuses=REPORTED, sets={"0101": [*sets, printed(7)]}))
        if each.state != ObligationState.SETTLED
    ]
    assert (late.code, "1/7" in late.text.ru) == ("sets_undelivered", True)


def test_a_set_that_became_another_one_is_seen_though_the_counts_are_the_same():
    room = packet(closed_sets={"1": frozenset((1, 2))})
    other = [printed(1), printed(2, spoiled=True), printed(3)]
    assert owed(exam(room, forms(), statuses=REPORTED, sets={"0101": other})) == {"sets_undelivered"}


def test_numbers_are_named_where_a_key_of_the_centre_opens_them():
    sets = [printed(each, numbers=True) for each in (1, 2, 3)]
    there = frozenset(each.sheets["R"] for each in sets[:2])
    found = rules.obligations(exam(packet(numbers=there), forms(), statuses=REPORTED, sets={"0101": sets}))
    (lost,) = [each for each in found if each.code == "sets_undelivered"]
    assert sets[2].sheets["R"] in lost.text.ru
    assert sets[0].sheets["R"] not in lost.text.ru


def test_what_comes_after_the_last_status_is_open_unless_the_centre_asked_for_it():
    late = packet(received_at=AT + timedelta(minutes=5))
    facts = exam(late, forms(), statuses=REPORTED)
    assert owed(facts) == {"after_last_status"}
    assert owed(replace(facts, rescans=[RescanFacts(5, frozenset(), "полоса", AT, open=False, answered_by=1)])) == set()
    assert "after_last_status" not in owed(replace(facts, statuses=[status(name) for name in rules.STATUSES]))


def test_a_room_put_right_without_its_act_has_lost_nothing():
    whole = {"sheets": 8, "R": 2, "AB": 2, "C1": 2, "C2": 2}
    act = ActFacts("room_difference", "0101", "a" * 64, True)
    less = packet(1, counts={**whole, "sheets": 7, "C2": 1, "acts": 1}, acts=(act,), superseded=True)
    mended = packet(2, version=2, supersedes="uid-1", counts=whole)
    assert owed(exam(less, mended, forms(), statuses=REPORTED)) == set()


def words_about(facts, code):
    """What a person says when everything of a kind that stands open of the first packet is looked into."""
    (row,) = [each for each in rules.obligations(facts) if each.code == code and each.anchor == packet().sha256]
    return FindingFacts(1, 1, code, "", row.text.ru, row.text, settled=True)


@pytest.mark.parametrize("code", ["after_last_status", "seats_differ"])
def test_a_word_about_one_room_is_none_about_another_with_the_same_trouble(code):
    more = {
        "after_last_status": {"received_at": AT + timedelta(minutes=5)},
        "seats_differ": {"card": CardCounts(registration=2, absent=12, dbo=0)},
    }[code]
    rooms = [packet(1, **more), packet(2, room="0102", **more)]
    places = [RoomUse("0101", "blanks", 15), RoomUse("0102", "blanks", 15), RoomUse("", "forms", None)]
    facts = exam(*rooms, forms(), statuses=REPORTED, places=places)
    facts = replace(facts, findings=[words_about(facts, code)])
    left = [each.anchor for each in rules.obligations(facts) if each.code == code and not each.settled]
    assert left == [packet(2).sha256]


def test_a_word_about_a_late_packet_is_none_about_its_next_version():
    late = packet(received_at=AT + timedelta(minutes=5))
    facts = exam(late, forms(), statuses=REPORTED)
    word = words_about(facts, "after_last_status")
    assert owed(replace(facts, findings=[word])) == set()
    newer = packet(2, version=2, supersedes="uid-1", received_at=AT + timedelta(minutes=9))
    facts = replace(facts, packets=[replace(late, superseded=True), newer, forms()], findings=[word])
    assert owed(facts) == {"after_last_status"}


def test_a_word_about_figures_holds_for_the_next_version_with_the_same_ones():
    counts = CardCounts(registration=2, absent=12, dbo=0)
    facts = exam(packet(card=counts), forms(), statuses=REPORTED)
    word = words_about(facts, "seats_differ")
    newer = packet(2, version=2, supersedes="uid-1", card=counts)
    facts = replace(facts, packets=[packet(card=counts, superseded=True), newer, forms()], findings=[word])
    assert owed(facts) == set()


def test_a_request_to_scan_again_is_owed_until_it_is_answered():
    asked = RescanFacts(1, frozenset(), "Полоса", AT, open=True, answered_by=None)
    assert owed(exam(packet(), forms(), statuses=REPORTED, rescans=[asked])) == {"rescan_awaited"}


@pytest.mark.parametrize(
    ("code", "settled", "state"),
    [
        ("form_missing", False, "open"),
        ("form_missing", True, "settled"),
        ("closed_with_act", False, "settled"),
    ],
)
def test_a_remark_waits_for_a_person_unless_it_only_names_an_act(code, settled, state):
    remark = FindingFacts(1, 1, code, "", "т", Both("т"), settled)
    facts = exam(packet(), forms(), statuses=REPORTED, findings=[remark])
    assert states(facts)[code, "0101"] == state


def test_every_open_obligation_says_what_is_owed_where_and_how_it_is_cured():
    room = packet(card=CardCounts(1, 0), received_at=AT + timedelta(minutes=5))
    facts = exam(
        room,
        packet(2, state="rejected", version=2, received_at=room.received_at),
        packet(3, room="0101", state="opening", parked=True),
    )
    found = [
        each
        for each in rules.obligations(replace(facts, statuses=REPORTED, sets={"0101": [printed(n) for n in range(9)]}))
        if each.state != ObligationState.SETTLED
    ]
    assert {each.code for each in found} >= {"packet_stuck", "packet_rejected", "seats_differ", "sets_undelivered"}
    for each in found:
        assert each.text.ru != each.text.en, each.code
        assert each.cure, each.code
        assert each.page, each.code
        assert each.anchor, each.code
        assert each.since, each.code
        assert each.rule in people.RULES, each.code
