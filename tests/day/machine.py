"""A day in any order: acts of every kind at a point of three exams, judged after each one by a second set of rules."""

from typing import Any, ClassVar

from django.db import connection, transaction
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from common.obligations import standing
from day import acts, closing, evaluate, judged
from day.table import END, FINISHED, TABLE, TRANSFERRED
from day.view import Ending
from monitoring.steps import steps_of
from stations.models import User
from tests.day import reference
from tests.day.world import World, begin

STATION = "01"
#: Words of the product → words of the reference.
WORDS = {
    "journal": "journal",
    "scan_journal": "scan_journal",
    "scan_journal_behind": "scan_journal",
    "scan_journal_rewritten": "scan_journal",
    "sets_unplaced": "set",
    "packet": "packet",
    "room_open_again": "packet",
    "room_balance": "packet",
    "status_exams_finished": "status",
    "status_blanks_transferred": "status",
    "status_outgrown": "status",
    "status_version": "status",
}
MANY = st.integers(0, 23)
_STATUS = st.sampled_from([FINISHED, TRANSFERRED])


class Day(RuleBasedStateMachine):
    """One day. `machine` binds it to the point that every day begins with.

    Attributes:
        origin: The point as each day finds it: in the morning, or when everything is over.
        ends: How often a day may be finished in its middle: the dearest of all acts.
        days: How many days were played.
        done: How many acts.
        clean: How often an exam was found over.
        caught: How many acts it took to find the first fault.
    """

    origin: World
    ends = 1

    days = 0
    done = 0
    refused: ClassVar[dict[str, int]] = {}
    clean = 0
    caught: int | None = None

    def __init__(self) -> None:
        super().__init__()
        self.finished = self.put_back = 0
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        begin()
        self.world = self.origin.copy()
        self.user = User.objects.first()
        self.hours = 0.0
        # Every day begins with the same rows: one look at them is enough.
        self.seen = self.mark() if self.days else None
        evaluate.today(self.world.point, self.world.exams[0].sitting.date)
        type(self).days += 1

    def teardown(self) -> None:
        """Finish the day, unless it has failed already, and take everything back."""
        try:
            type(self).done += self.world.acts
            for name, number in self.world.refused.items():
                self.refused[name] = self.refused.get(name, 0) + number
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)
            begin()

    # --- who and what -------------------------------------------------------------------------------------------

    def exam(self, which: int) -> Any:
        """One of the exams."""
        return self.world.exams[which % len(self.world.exams)]

    def post(self, which: int) -> tuple[Any, Any]:
        """An exam and one of its stations."""
        exam = self.exam(which)
        posts = self.world.posts(exam)
        return exam, posts[which // 3 % len(posts)]

    def card(self, which: int) -> tuple[Any, Any]:
        """An exam and one of its rooms."""
        exam = self.exam(which)
        rows = self.world.cards(exam)
        return exam, rows[which // 3 % len(rows)]

    def packet(self, which: int, *states: str) -> Any:
        """A packet in one of some states, or None."""
        rows = self.world.packets(*states)
        return rows[which % len(rows)] if rows else None

    # --- journals -----------------------------------------------------------------------------------------------

    @rule(which=MANY, signed=st.sampled_from([True, True, True, False]))
    def bring_a_journal(self, which: int, signed: bool) -> None:
        """The journal of a station comes in, or comes in again."""
        self.world.bring(*self.post(which), signer="" if signed else None)

    @rule(which=MANY, what=st.sampled_from(["set", "set", "spoiled", "swapped", "nothing", "fork"]))
    def a_longer_journal(self, which: int, what: str) -> None:
        """The station goes on after its journal was formed."""
        self.world.longer(*self.post(which), what)

    @rule(which=MANY)
    def act_instead_of_a_journal(self, which: int) -> None:
        """An act instead of a journal."""
        self.world.excuse(*self.post(which))

    @rule(which=MANY, accept=st.booleans())
    def decide_about_a_journal(self, which: int, accept: bool) -> None:
        """A journal in quarantine is accepted or refused."""
        self.world.decide_journal(self.exam(which), accept=accept)

    @rule()
    def act_about_lost_sets(self) -> None:
        """An act about what the preparation room gave out and nobody has."""
        self.world.tell(self.world.exams[-1])

    # --- rooms --------------------------------------------------------------------------------------------------

    @rule(which=MANY, some=st.sampled_from([0, 0, 0, 1, 3]))
    def scan(self, which: int, some: int) -> None:
        """Sheets come in."""
        self.world.scan(*self.card(which), some=some)

    @rule(which=MANY)
    def leave_a_sheet_out(self, which: int) -> None:
        """A sheet is excluded."""
        self.world.leave_out(self.card(which)[1])

    @rule()
    def leave_a_recording_out(self) -> None:
        """A recording of the spoken exam is excluded."""
        self.world.leave_sound_out(self.world.cards(self.world.exams[-1])[0])

    @rule(which=MANY, wrong=st.sampled_from([0, 0, 0, 1]))
    def fill_a_card(self, which: int, wrong: int) -> None:
        """A card is filled in."""
        self.world.fill(*self.card(which), wrong)

    @rule(which=MANY)
    def close_a_room(self, which: int) -> None:
        """A room is closed as its balance allows."""
        self.world.close(self.card(which)[1])

    @rule(which=MANY)
    def close_a_room_with_an_act(self, which: int) -> None:
        """A room is closed with a difference."""
        self.world.close_with_act(self.card(which)[1])

    @rule(which=MANY)
    def open_a_room_again(self, which: int) -> None:
        """A room is opened again by hand."""
        self.world.reopen(self.card(which)[1])

    @rule(which=MANY)
    def work_on_a_room(self, which: int) -> None:
        """A room is scanned, filled in, closed and packed."""
        exam, card = self.card(which)
        self.world.scan(exam, card)
        self.world.fill(exam, card)
        self.world.close(card)
        self.world.build(exam)

    # --- packets ------------------------------------------------------------------------------------------------

    @rule(which=MANY)
    def build_packets(self, which: int) -> None:
        """Packets of the closed rooms are built."""
        self.world.build(self.exam(which))

    @rule()
    def sign(self) -> None:
        """What is sealed is signed."""
        self.world.seal_all()
        self.world.sign_all()

    @rule(which=MANY)
    def write_to_a_drive(self, which: int) -> None:
        """A packet is written to a drive."""
        if packet := self.packet(which, "queued", "handed_over", "delivered", "acknowledged", "rejected"):
            self.world.carry(packet)

    @rule(which=MANY, level=st.sampled_from(["delivered", "acknowledged", "acknowledged", "rejected", "withdrawn"]))
    def the_centre_answers(self, which: int, level: str) -> None:
        """A receipt comes, also about a packet that was answered before."""
        if packet := self.packet(which, "queued", "handed_over", "delivered", "acknowledged", "rejected"):
            self.world.answer(packet, level)

    @rule()
    def the_centre_confirms_everything(self) -> None:
        """Everything on its way is confirmed."""
        self.world.confirm()

    @rule(which=MANY, sheets=st.booleans())
    def the_centre_asks_again(self, which: int, sheets: bool) -> None:
        """A rescan is asked for."""
        rows = [each for each in self.world.packets("delivered", "acknowledged") if each.room]
        if rows:
            self.world.ask_again(rows[which % len(rows)], sheets=sheets)

    @rule(which=MANY)
    def the_centre_withdraws(self, which: int) -> None:
        """A word is withdrawn."""
        if packet := self.packet(which, "delivered", "acknowledged"):
            self.world.withdraw(packet)

    # --- statuses and the scan journal ----------------------------------------------------------------------------

    @rule(which=MANY, status=_STATUS)
    def declare(self, which: int, status: str) -> None:
        """A status is declared."""
        self.world.declare(self.exam(which), status)
        self.world.seal_all()

    @rule(which=MANY, status=_STATUS)
    def undo_a_status(self, which: int, status: str) -> None:
        """A status is undone by the coordinator."""
        self.world.undo(self.exam(which), status)

    @rule(which=MANY)
    def form_the_scan_journal(self, which: int) -> None:
        """END_SCAN is formed."""
        self.world.end_scan(self.exam(which))

    @precondition(lambda self: not self.put_back)
    @rule(which=MANY, some=st.sampled_from([1, 3, 9]))
    def the_node_is_put_back(self, which: int, some: int) -> None:
        """The last entries of the scan journal are lost."""
        self.put_back += 1
        self.world.put_back(self.exam(which), some)

    @rule()
    def the_node_works(self) -> None:
        """What the node does by itself."""
        self.world.node()
        self.settled(compared=True)

    @precondition(lambda self: self.finished < self.ends)
    @rule()
    def finish_everything(self) -> None:
        """Everything that is left is done: the day comes to its end."""
        self.finished += 1
        self.world.finish()
        left = {exam.sitting.key: [str(each.text) for each in self.world.own(exam).open] for exam in self.world.exams}
        assert not any(left.values()), f"the day does not end: {left}"

    # --- what must hold -------------------------------------------------------------------------------------------

    def settled(self, *, compared: bool = False) -> None:
        """Hold what the product says against the reference."""
        day = evaluate.today(self.world.point, self.world.exams[0].sitting.date)
        scratch = evaluate.evaluate(self.world.point, self.world.exams[0].sitting.date)
        assert day.sittings == scratch.sittings, "what is kept is not what is judged from scratch"
        owed = {exam.sitting.key: reference.owed(exam.pk, STATION) for exam in self.world.exams}
        for exam in self.world.exams:
            own = scratch.sitting(exam.sitting.key)
            said = {(WORDS[each.code], each.place) for each in own.open if each.code != "stations"}
            unsaid = owed[exam.sitting.key] - said
            assert not unsaid, f"owed and not said in {exam.sitting.key}: {sorted(unsaid)}"
            if compared:
                extra = said - owed[exam.sitting.key]
                assert not extra, f"said and not owed in {exam.sitting.key}: {sorted(extra)}"
            assert own.over == (not own.open)
            type(self).clean += own.over
        # The pages and the paper of one exam a step: they are dear, and soon it is the next one's turn.
        self.same_everywhere(self.exam(self.world.acts), scratch)
        home = [scratch.over(exam.sitting.key) for exam in self.world.exams]
        assert not any(home) or not any(owed.values()), f"«можно расходиться» while owed: {owed}"

    def same_everywhere(self, exam: Any, day: Any) -> None:
        """Gate, cards of «Сегодня», page and paper name the same."""
        own = day.sitting(exam.sitting.key)
        codes = sorted((each.code, each.place) for each in own.open)
        wanted = sorted((each.code, each.place) for each in own.open if TRANSFERRED in TABLE[each.code].gates)
        if not judged.stands(own.exam, TRANSFERRED):
            gate = sorted((each.code, each.place) for each in acts.blockers(day, exam.sitting, TRANSFERRED))
            assert gate == wanted, f"the gate says {gate}, the day {wanted}"
        ending = Ending.of(exam.sitting)
        assert [str(each.text) for each in standing(own.gate(END))] == [str(each.text) for each in ending.open]
        if self.user is not None:
            steps = {step.number: step for step in steps_of(exam.sitting, day, self.user)}
            for code, place in codes:
                shown = [steps[int(number)] for number in TABLE[code].shows.split(", ")]
                assert any(not step.folded for step in shown), f"no step of «Сегодня» is open for {code} {place}"
            assert codes or all(step.folded for step in steps.values()), "a step is open and nothing is owed"
        paper = closing._Facts(exam.sitting, day)
        assert paper.data()["open"] == sorted(str(each.text) for each in own.open)
        assert ("можно расходиться" in paper._verdict()) == ending.day_over

    def mark(self) -> tuple[int, float]:
        """What tells whether anything has changed: how many rows were written so far, and the time that passed."""
        return connection.connection.total_changes, self.hours

    @invariant()
    def truth(self) -> None:
        """After every act that was not refused before it wrote a row."""
        if self.seen == self.mark():
            return
        try:
            self.look()
        except AssertionError:
            type(self).caught = self.caught or self.done + self.world.acts
            raise
        self.seen = self.mark()

    def look(self) -> None:
        """Look at everything that must hold."""
        self.settled()


def machine(world: World, *, ends: int = 1, base: type[Day] = Day) -> type[Day]:
    """Return the machine over a world; every example starts from it and is rolled back."""
    return type(
        "DayInAnyOrder", (base,), {"origin": world, "ends": ends, "refused": {}, "days": 0, "done": 0, "clean": 0}
    )


def options(days: int, acts_a_day: int, **more: Any) -> hypothesis_settings:
    """Return how many days of how many acts; no deadline, as a busy machine may take its time."""
    return hypothesis_settings(
        max_examples=days,
        stateful_step_count=acts_a_day,
        deadline=None,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
        **more,
    )
