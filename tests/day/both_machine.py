"""A day of both nodes in any order: every packet and every answer really goes between them, or is lost on the way."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import time_machine
from hypothesis import strategies as st
from hypothesis.stateful import rule

from common.obligations import Obligation, ObligationState
from common.work.clock import now
from rcoi import board
from rcoi.answering import notices
from rcoi.day import evaluation, rules
from rcoi.models import Announcement, FeedEntry, InboxFinding, InboxPacket, IssuedReceipt
from rcoi.pages import home
from rcoi.reports.point import PointFacts
from rcoi.states import WORKING, FindingState
from tests.day import reference
from tests.day.both import WORDS, Both
from tests.day.machine import MANY, STATION, Day
from tests.day.reference_centre import Centre
from transfers.models import FeedCursor, Packet

#: A person's word about these does not make them green.
DIFFERENCES = ("seats", "sets", "head", "rewritten", "unplaced", "contested")
HOURS = st.sampled_from([0.2, 0.2, 1, 3, 6, 13])
#: What a packet of the other machine tells of its journals.
TELLS = st.sampled_from(["", "", "scans", "copy"])
_SHEETS = ("blanks", "forms", "audio")


def norm(kind: str, where: str) -> tuple[str, str]:
    """A lack as both sides can name it: the kind, and the packet, room or status."""
    return kind, where.partition(" ")[0]


def said_of(row: Obligation) -> tuple[str, str]:
    """An obligation of the centre in the words of its reference."""
    kind = WORDS.get(row.code, row.code)
    if kind == "status":
        return kind, row.code.removeprefix("status_")
    return kind, row.place if kind == "packet" else row.anchor


class BothNodes(Day):
    """One day of the point and the centre. `machine` binds it to the world that every day begins with.

    Attributes:
        green: How often an exam was found green at the centre.
    """

    origin: Both
    world: Both
    green = 0

    def __init__(self) -> None:
        self.travel = time_machine.travel(_noon(self.origin), tick=True)
        self.clock = self.travel.start()
        super().__init__()

    def teardown(self) -> None:
        """Give the clock back, too."""
        try:
            super().teardown()
        finally:
            self.travel.stop()

    # --- the roads ------------------------------------------------------------------------------------------------

    the_centre_answers = None
    the_centre_withdraws = None

    @rule(which=MANY, answered=st.booleans())
    def deliver(self, which: int, answered: bool) -> None:
        """A packet arrives by network, whether it is the first time or not; its receipt may be lost."""
        rows = self.world.signed()
        if rows:
            self.world.deliver(rows[-1 - which % len(rows)], answered=answered)

    @rule(which=MANY)
    def write_to_a_drive(self, which: int) -> None:
        """A packet is written to the drive for the centre."""
        rows = self.world.signed()
        if rows:
            self.world.carry(rows[-1 - which % len(rows)])

    @rule()
    def the_drive_arrives(self) -> None:
        """The centre takes in what lies on the drive."""
        self.world.drive_arrives()

    @rule(which=MANY)
    def a_packet_comes_damaged(self, which: int) -> None:
        """A drive is pulled out too early."""
        rows = self.world.signed()
        if rows:
            self.world.torn(rows[which % len(rows)])

    @rule(some=st.sampled_from([0, 0, 1]))
    def the_centre_opens(self, some: int) -> None:
        """The centre opens what waits."""
        self.world.opens(some=some)

    @rule(some=st.sampled_from([0, 0, 1, 2]))
    def the_point_reads(self, some: int) -> None:
        """The point reads its feed."""
        self.world.polls(some=some)

    @rule(which=MANY, what=st.sampled_from(["disordered", "old_receipt", "on_a_drive"]))
    def answers_come_otherwise(self, which: int, what: str) -> None:
        """Items come doubled or too early, a receipt comes beside the feed, or the feed comes on a drive."""
        if what == "disordered":
            self.world.disordered(which)
        elif what == "old_receipt":
            self.world.old_receipt(which)
        else:
            self.world.answers_on_a_drive()

    # --- the centre's people --------------------------------------------------------------------------------------

    @rule(which=MANY, sheets=st.booleans())
    def the_centre_asks_again(self, which: int, sheets: bool) -> None:
        """A rescan is asked for."""
        rows = self.world.arrived(*_SHEETS)
        if rows:
            self.world.ask_for(rows[-1 - which % len(rows)], sheets=sheets)

    @rule(which=MANY, everything=st.booleans())
    def somebody_looks_into_it(self, which: int, everything: bool) -> None:
        """A trouble is marked as settled, or all that there are."""
        rows = self.world.unsettled()
        for each in rows if everything else rows[which % max(len(rows), 1) :][:1]:
            self.world.settle(each)

    # --- time, and the other machine --------------------------------------------------------------------------------

    @rule(hours=HOURS)
    def time_passes(self, hours: float) -> None:
        """The clock goes on, maybe over a deadline or midnight."""
        self.clock.shift(timedelta(hours=hours))
        self.hours += hours

    @rule(which=MANY, lacking=st.sampled_from([0, 0, 0, 1]), tells=TELLS)
    def the_other_machine_scans(self, which: int, lacking: int, tells: str) -> None:
        """The other machine of the HQ makes a packet of a room."""
        exam = self.exam(which)
        # Mostly the room that nobody works on here.
        rows = [each for each in self.world.cards(exam) if not each.is_hq]
        self.world.other_makes(exam, rows[-1 if which % 4 else 0], lacking=lacking, tells=tells)

    @rule()
    def the_other_drive_comes(self) -> None:
        """Its packets come to this machine."""
        self.world.takes_in_the_other()

    @rule()
    def the_other_drive_goes_to_the_centre(self) -> None:
        """Or straight to the centre."""
        self.world.drive_arrives("other")

    # --- whole ways, whose ends single steps in any order seldom reach ----------------------------------------------

    @rule(which=MANY, read=st.booleans(), then=st.booleans())
    def a_room_goes_again(self, which: int, read: bool, then: bool) -> None:
        """A room is opened again, closed, packed, and its next version is opened at the centre.

        Then, maybe, somebody looks into what is said of it there, and the next room of the exam goes again.
        """
        exam, card = self.card(which)
        self.again(exam, card, read=read)
        if then:
            self.somebody_looks_into_it(which=which, everything=True)
            rows = [each for each in self.world.cards(exam) if each.pk != card.pk]
            self.again(exam, rows[which % len(rows)], read=read)

    def again(self, exam: Any, card: Any, *, read: bool) -> None:
        """Let the next version of a room arrive at the centre."""
        self.world.reopen(card)
        self.world.scan(exam, card)
        self.world.fill(exam, card)
        self.world.close(card)
        self.arrives(exam, read=read)

    @rule(which=MANY, what=st.sampled_from(["set", "spoiled", "swapped", "swapped"]), read=st.booleans())
    def a_longer_journal_goes(self, which: int, what: str, read: bool) -> None:
        """A longer journal comes, and the next version of its status is opened at the centre."""
        exam, post = self.post(which)
        self.world.longer(exam, post, what)
        self.world.node()
        self.arrives(exam, read=read)

    @rule(which=MANY, lacking=st.sampled_from([0, 0, 1]), tells=TELLS)
    def the_other_packet_goes(self, which: int, lacking: int, tells: str) -> None:
        """The other machine makes a packet, and its drive goes straight to the centre."""
        exam, card = self.card(which)
        self.world.other_makes(exam, card, lacking=lacking, tells=tells)
        self.world.drive_arrives("other")
        self.world.opens()

    @rule(which=MANY, everything=st.sampled_from([False, False, False, True]))
    def a_room_goes_with_less(self, which: int, everything: bool) -> None:
        """A room is opened again, a sheet is left out, or all of them, and it goes with an act about that."""
        exam, card = self.card(which)
        self.world.reopen(card)
        self.world.leave_out(card, everything=everything)
        self.world.leave_sound_out(card)
        self.world.fill(exam, card)
        self.world.close(card)
        card.refresh_from_db()
        if not card.closed:
            self.world.close_with_act(card)
        self.arrives(exam, read=True)

    @rule(which=MANY, read=st.booleans())
    def a_spoiled_set_is_taken_out(self, which: int, read: bool) -> None:
        """A journal says late that a set was spoiled: its sheets are left out, and the room goes without an act."""
        exam, card = self.card(which)
        for post in self.world.posts(exam):
            if post.room_id == card.room_id:
                self.world.longer(exam, post, "spoiled")
        self.world.node()
        self.world.leave_unwanted_out(exam, card)
        self.world.fill(exam, card)
        self.world.close(card)
        self.arrives(exam, read=read)

    def arrives(self, exam: Any, *, read: bool) -> None:
        """Let what an exam has closed or declared arrive at the centre, and be answered."""
        self.world.build(exam)
        self.world.seal_all()
        self.world.sign_all()
        for packet in self.world.packets("queued", "handed_over"):
            self.world.deliver(packet, answered=read)
        self.world.opens()
        if read:
            self.world.polls()

    # --- what must hold -------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Of the point, and of every exam at the centre."""
        super().look()
        green = []
        with self.world.centre():
            standings = evaluation.evaluate([exam.sitting for exam in self.world.exams])
            quiet = self.quiet()
            for exam, standing in zip(self.world.exams, standings, strict=True):
                self.same_at_the_centre(exam, standing)
                if standing.clean:
                    type(self).green += 1
                    green.append(exam)
        for exam in green if quiet else ():
            self.green_here_is_green_there(exam)

    def same_at_the_centre(self, exam: Any, standing: evaluation.Standing) -> None:
        """The centre's word against its reference, and everything that it shows against its word."""
        key, centre = exam.sitting.key, Centre(exam.pk)
        lacks = centre.lacks()
        decided = {
            each for each, what in lacks.items() if (exam.pk, each[0], centre.scope(each), what) in self.world.decided
        }
        owed = Counter(norm(*each) for each in lacks if each not in decided)
        said = Counter(said_of(each) for each in standing.obligations if not each.settled)
        assert not owed - said, f"lacking at the centre and not said of {key}: {owed - said}"
        words = [str(each.text) for each in standing.obligations if said_of(each) in said - owed]
        assert not said - owed, f"said at the centre and not lacking of {key}: {said - owed} {words}"
        covered = centre.covered() | {each for each in decided if each[0] in DIFFERENCES}
        assert standing.clean == (not owed and not covered), f"green though covered: {key}"
        self.nothing_is_red_too_early(centre, standing)
        self.what_is_kept_is_what_holds(exam, standing)
        self.shown_at_the_centre(exam, standing)

    def nothing_is_red_too_early(self, centre: Centre, standing: evaluation.Standing) -> None:
        """Before its deadline, and before the point says that all is there, nothing that is awaited is late."""
        last = "blanks_transferred"
        assert standing.exam is not None
        due = {
            each.status: each.deadline is not None and each.deadline < now() for each in standing.exam.facts.statuses
        }
        for each in standing.obligations:
            name = each.code.removeprefix("status_")
            if each.state == ObligationState.OPEN and each.code == "packet_awaited":
                assert due[last] or centre.stands(last), f"red too early: {each.place}"
            if name in due and not each.settled:
                assert (each.state == ObligationState.OPEN) == due[name], f"red at the wrong time: {name}"

    def what_is_kept_is_what_holds(self, exam: Any, standing: evaluation.Standing) -> None:
        """The findings that lists and pages of packets show are those of the evaluation, and the point was told."""
        rows = InboxFinding.objects.filter(packet__sitting=exam.sitting, code__in=rules.SAID_OF_PACKETS)
        kept = {(each.packet_id, each.code, each.text.ru) for each in rows.filter(state=FindingState.OPEN)}
        wanted = {
            (each.packet.pk, each.code, each.obligation.text.ru)
            for each in (*standing.open, *(one for one in standing.covered if one.code in rules.COVERED_BY_ACT))
            if each.code in rules.SAID_OF_PACKETS
        }
        assert kept == wanted, f"kept at the centre {kept - wanted}, judged {wanted - kept}"
        told = "\n".join(Announcement.objects.values_list("text", flat=True))
        for receipt in IssuedReceipt.objects.all():
            told += "\n" + "\n".join(each["ru"] for each in (*receipt.reasons, *receipt.open))
        for each in standing.open:
            untold = each.code in ("packet_checked", "packet_stuck", "rescan_awaited", "packet_rejected")
            if not untold and each.code not in notices.PASSING:
                assert each.obligation.text.ru in told, f"the point was not told of {each.code}: {each.text}"

    def shown_at_the_centre(self, exam: Any, standing: evaluation.Standing) -> None:
        """Board, home and act name the same, and only what is over is called so."""
        shown = board.board_of(standing)
        open_now = sorted((each.packet.sha256, each.text) for each in standing.open)
        assert sorted((each.packet.sha256, each.text) for each in shown.open) == open_now
        assert shown.closed == all(each.settled for each in standing.obligations)
        assert (shown.tone == "ok") == standing.clean
        assert {each.room for each in shown.missing} >= {
            each.place for each in standing.obligations if each.code == "packet_awaited" and not each.settled
        }
        paper = PointFacts(shown)
        assert sorted(map(tuple, paper.data()["open"])) == open_now
        assert ("не закрыт" in paper._verdict()) != shown.closed, paper._verdict()
        tasks = "\n".join(each.text for each in [*home._matter_tasks([shown]), *home._late_tasks([shown])])
        for each in standing.open:
            if each.code in (*home.NAMED, "rescan_awaited"):
                assert each.text in tasks, f"home is silent about {each.code}"
            if each.code == "packet_rejected":
                assert each.packet.title in tasks

    def quiet(self) -> bool:
        """Whether nothing is on its way between the two: every packet is decided there, every word is read here."""
        known = set(InboxPacket.objects.exclude(state__in=WORKING).values_list("sha256", flat=True))
        sent = set(Packet.objects.exclude(sha256="").values_list("sha256", flat=True))
        making = Packet.objects.filter(state__in=("building", "sealing", "awaiting_signature")).exists()
        cursor = FeedCursor.objects.filter(point=self.world.point).first()
        read = cursor.number if cursor else 0
        return sent <= known and not making and not FeedEntry.objects.filter(number__gt=read).exists()

    def green_here_is_green_there(self, exam: Any) -> None:
        """What the centre calls green is over at the point, once the point has said what is open again."""
        self.world.tells()
        with self.world.centre():
            standing = evaluation.of_sitting(exam.sitting)
        owed = reference.owed(exam.pk, STATION)
        assert not (standing.clean and owed), f"green at the centre, owed at the point: {owed}"


class LateEvening(BothNodes):
    """The same, but work at the point goes on in whole ways alone, and most of what happens is about the centre.

    Single steps of the point seldom lead to it in one day; they are played by the others.
    """

    bring_a_journal = None
    a_longer_journal = None
    act_instead_of_a_journal = None
    decide_about_a_journal = None
    scan = None
    leave_a_sheet_out = None
    leave_a_recording_out = None
    fill_a_card = None
    close_a_room = None
    close_a_room_with_an_act = None
    open_a_room_again = None
    work_on_a_room = None
    build_packets = None
    write_to_a_drive = None
    the_node_is_put_back = None
    the_other_machine_scans = None


def _noon(world: Both) -> datetime:
    day = world.exams[0].sitting.date
    return datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(world.point.timezone))
