"""The rules alone: facts in, obligations out, without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from common.obligations import ObligationState, standing
from day import rules, table
from day.rows import AssignmentFacts, Card, Facts, Pack, PointExam, PointStatusFacts, Printing, SealedAt, Use
from wire.messages import Message

DAY = date(2026, 5, 29)
AT = datetime(2026, 5, 29, 12, tzinfo=UTC)
W = Message("x")


def post(kind="print", station="0001", state="accepted", **more):
    return AssignmentFacts(1, 1, kind, station, "0101", W, state, W, journal="ab" * 32, **more)


def card(room="0101", state="packed", **more):
    return Card(room, room == "HQ", W, state, W, filled=True, **more)


def pack(kind, room, state="acknowledged", **more):
    return Pack(f"{kind}{room}", kind, room, 1, state, W, receipt=7, at=AT, **more)


def status(name, state="accepted", **more):
    return PointStatusFacts(name, state, AT, "т", AT if state == "accepted" else None, **more)


@pytest.fixture
def exam():
    """An exam of one room that is over."""
    return PointExam(
        pk=1,
        key="78-0001-290526-01",
        subject="01",
        name="Русский язык",
        oral=False,
        deadlines={"exams_finished": AT + timedelta(hours=2), "blanks_transferred": AT + timedelta(hours=5)},
        uses=(Use("0101", W, 15, False, 0),),
        posts=(post(), post("scan", "01")),
        cards=(card(), card("HQ")),
        packets={
            ("blanks", "0101"): pack("blanks", "0101"),
            ("forms", "HQ"): pack("forms", "HQ"),
            ("status", "exams_finished"): pack("status", ""),
            ("status", "blanks_transferred"): pack("status", ""),
        },
        statuses={name: status(name) for name in table.ENDS},
    )


def judged(*exams, at=AT, **more):
    options = {"online": True, "today": at.date()} | more
    return rules.judge(Facts("78-0001", DAY, at, exams=exams, **options))


def owed(exam, **more):
    return judged(exam, **more).sittings[0]


def changed(exam, *, packets=None, cards=None, statuses=None, posts=None, printing=()):
    return replace(
        exam,
        printing=printing,
        packets={**exam.packets, **(packets or {})},
        statuses={**exam.statuses, **(statuses or {})},
        cards=cards or exam.cards,
        posts=posts or exam.posts,
    )


def test_an_exam_with_every_evidence_is_over_and_so_is_its_day(exam):
    day = judged(exam)
    assert day.sittings[0].open == ()
    assert (day.sittings[0].over, day.over(exam.key)) == (True, True)
    assert all(each.evidence for each in day.sittings[0].gate("end") if each.code != "stations")


OPENS = {
    "journal": {"posts": (post(state="missing"), post("scan", "01"))},
    "packet": {"packets": {("blanks", "0101"): pack("blanks", "0101", "delivered")}},
    "room_open_again": {"cards": (card(state="open", again=Message("why"), again_at=AT), card("HQ"))},
    "room_balance": {"cards": (card(current=False), card("HQ"))},
    "sets_unplaced": {"printing": (Printing("0109", W, (("0001", 2),)),)},
    "room_at_work": {"cards": (card(), card("HQ"), card("0109", "scanning"))},
    "scan_journal_behind": {"posts": (post(), post("scan", "01", behind=True))},
    "scan_journal_rewritten": {
        "packets": {("blanks", "0101"): pack("blanks", "0101", sealed_at=SealedAt("1", 7, "aa" * 32))},
        "posts": (post(), post("scan", "01", own=True, lines={7: "bb" * 32})),
    },
    "scan_journal": {"posts": (post(), post("scan", "01", "quarantined"))},
    "status_exams_finished": {"statuses": {"exams_finished": status("exams_finished", "undone", undone_at=AT)}},
    "status_blanks_transferred": {"statuses": {"blanks_transferred": status("blanks_transferred", "declared")}},
    "status_outgrown": {"packets": {("status", "exams_finished"): pack("status", "", complete=False)}},
    "status_version": {"packets": {("status", "exams_finished"): pack("status", "", "queued")}},
}


@pytest.mark.parametrize("code", OPENS)
def test_whatever_lacks_its_evidence_keeps_the_exam_from_its_end(exam, code):
    own = owed(changed(exam, **OPENS[code]))
    assert [each.code for each in own.open] == [code]
    assert not own.over
    assert own.opened_again or code == "status_blanks_transferred"
    assert all(each.text and (each.cure or each.carrier) for each in own.open)
    # The same obligations stand in every gate that asks for them.
    for gate in table.TABLE[code].gates:
        assert code in {each.code for each in standing(own.gate(gate))}


def test_every_row_of_the_table_that_ends_an_exam_was_tried(exam):
    ends = {code for code, duty in table.TABLE.items() if table.END in duty.gates}
    assert ends == {*OPENS, "stations"}


def test_a_packet_on_a_drive_is_on_its_way_with_somebody_and_not_settled(exam):
    lying = pack("blanks", "0101", "handed_over", drive="FLASH")
    (row,) = owed(changed(exam, packets={("blanks", "0101"): lying})).open
    assert (row.state, row.rule, row.since) == (ObligationState.ON_ITS_WAY, "transfers.flash", AT)
    assert "FLASH" in row.carrier.en


@pytest.mark.parametrize("more", [{"online": False}, {"paused": True}])
def test_what_lies_on_a_drive_goes_by_network_only_where_there_is_one(exam, more):
    lying = changed(exam, packets={("blanks", "0101"): pack("blanks", "0101", "handed_over", drive="FLASH")})
    (tried,), (row,) = owed(lying).open, owed(lying, **more).open
    assert (row.state, row.rule) == (tried.state, tried.rule) == (ObligationState.ON_ITS_WAY, "transfers.flash")
    assert ("network" in tried.carrier.en, "network" in row.carrier.en) == (True, False)
    assert "FLASH" in row.carrier.en


@pytest.mark.parametrize("more", [{"online": False}, {"paused": True}])
def test_what_no_network_carries_waits_for_a_person(exam, more):
    waiting = changed(exam, packets={("blanks", "0101"): pack("blanks", "0101", "queued")})
    assert owed(waiting).open[0].state == ObligationState.ON_ITS_WAY
    assert owed(waiting, **more).open[0].state == ObligationState.OPEN


def test_a_form_that_may_lie_in_a_room_of_another_machine_is_unknown_here(exam):
    lost = {"printing": (Printing("0109", W, (("0001", 2),)),)}
    (row,) = owed(changed(exam, **lost)).of("sets_unplaced")
    assert row.state == ObligationState.OPEN
    there = {("blanks", "0101"): pack("blanks", "0101", "acknowledged", imported=True)}
    (row,) = owed(changed(exam, **lost, packets=there, cards=(card(state="waiting"), card("HQ")))).of("sets_unplaced")
    assert row.state == ObligationState.UNKNOWN_HERE
    assert not row.settled


def test_a_packet_that_the_centre_may_have_forgotten_is_said_to_be_sent_again(exam):
    (row,) = owed(changed(exam, packets={("blanks", "0101"): pack("blanks", "0101", "delivered")})).open
    assert (row.state, row.rule) == (ObligationState.ON_ITS_WAY, "transfers.retry")
    assert "«Повторить»" in row.cure.ru


def test_nothing_is_due_before_its_time_and_everything_after_its_deadline(exam):
    bare = replace(
        exam, packets={}, statuses={}, cards=(), posts=(post(state="missing"), post("scan", "01", "missing"))
    )
    before = owed(bare, today=DAY - timedelta(days=1))
    assert {each.state for each in before.open} == {ObligationState.NOT_DUE}
    during = owed(bare)
    states = {each.code: each.state for each in during.open}
    assert states["journal"] == ObligationState.OPEN
    assert states["packet"] == states["scan_journal"] == states["status_blanks_transferred"] == ObligationState.NOT_DUE
    late = owed(bare, at=AT + timedelta(hours=6))
    assert {each.state for each in late.open} == {ObligationState.OPEN}


def test_a_room_of_another_machine_is_never_called_settled_here(exam):
    far = pack("blanks", "0101", imported=True, node="0198b0c4-0000-7000-8000-0000000000cc")
    own = owed(changed(exam, packets={("blanks", "0101"): far}, cards=(card("HQ"),)))
    room = next(each for each in own.of("room") if each.place == "0101")
    assert (room.state, room.settled) == (ObligationState.UNKNOWN_HERE, False)
    assert own.over
    asked = replace(far, asked_again=Message("why"), asked_at=AT)
    (row,) = owed(changed(exam, packets={("blanks", "0101"): asked}, cards=(card("HQ"),))).open
    assert (row.code, row.since) == ("room_open_again", AT)


def test_a_packet_of_a_room_that_the_registry_took_away_is_owed_still(exam):
    stray = changed(exam, packets={("blanks", "0102"): pack("blanks", "0102", "queued")})
    assert [(each.code, each.place) for each in owed(stray).open] == [("packet", "0102")]


def test_one_exam_that_is_over_ends_no_day_of_two(exam):
    other = replace(exam, pk=2, key="78-0001-290526-02", packets={}, statuses={})
    day = judged(exam, other)
    assert (day.sitting(exam.key).over, day.over(exam.key)) == (True, False)
    empty = replace(other, uses=(), begun=False)
    assert judged(exam, empty).over(exam.key)


def test_only_the_two_statuses_with_pages_may_be_declared():
    assert set(table.ENDS) == table.DECLARABLE
    assert [each.name for each in table.STATUSES] == [
        "preparation",
        "readiness",
        "started",
        "exams_finished",
        "blanks_transferred",
        "not_held",
    ]


def test_every_row_of_the_table_is_made_by_a_rule(exam):
    seen = set()
    bare = replace(exam, packets={}, statuses={}, cards=(), posts=())
    for each in (exam, bare, *(changed(exam, **more) for more in OPENS.values())):
        seen |= {row.code for row in owed(each).obligations}
    assert seen == set(table.TABLE)


def test_the_last_status_is_not_due_while_the_first_is_only_declared(exam):
    waiting = changed(exam, statuses={"exams_finished": status("exams_finished", "declared")})
    waiting = replace(waiting, statuses={"exams_finished": waiting.statuses["exams_finished"]})
    states = {each.code: each.state for each in owed(waiting).open}
    assert states == {
        "status_exams_finished": ObligationState.ON_ITS_WAY,
        "status_blanks_transferred": ObligationState.NOT_DUE,
    }


def test_no_deadline_waits_for_an_exam_that_nobody_sits(exam):
    empty = replace(exam, uses=(), posts=(), cards=(), packets={}, statuses={}, begun=False)
    begun = replace(empty, begun=True)
    late = AT + timedelta(hours=6)
    assert not [each for each in owed(empty, at=late).of(*table.PLACES) if each.state == ObligationState.OPEN]
    assert [each for each in owed(begun, at=late).of(*table.PLACES) if each.state == ObligationState.OPEN]


def test_a_packet_whose_room_is_not_closed_says_that_the_room_comes_first(exam):
    waiting = changed(exam, packets={("blanks", "0101"): None}, cards=(card(state="open"), card("HQ")))
    waiting = replace(waiting, packets={key: pack for key, pack in waiting.packets.items() if pack})
    (row,) = [each for each in owed(waiting).of("packet") if each.place == "0101"]
    assert row.state == ObligationState.NOT_DUE
    assert row.cure == table.TABLE["room"].cure
