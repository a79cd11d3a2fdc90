"""The eight steps of the day (docs/journey.md), drawn from what the evaluation of the day says; nobody ticks them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.obligations import Obligation, standing
from common.obligations import ObligationState as Owed
from common.web.obligations import link_of
from day import judged, table
from day.judged import Day, SittingDay
from day.rows import AssignmentFacts, Pack
from day.table import END_SCAN, FINISHED, TRANSFERRED
from monitoring.words import clock_of, roles_words, room_words
from stations.models import Sitting, User
from stations.rules import allowed


class StepState(StrEnum):
    """How a step stands."""

    DONE = "done"
    NOW = "now"
    WAITING = "waiting"
    BLOCKED = "blocked"
    LATER = "later"
    ABSENT = "absent"
    OPEN_AGAIN = "open_again"


WORDS = {
    StepState.DONE: gettext_lazy("done"),
    StepState.NOW: gettext_lazy("can be done now"),
    StepState.WAITING: gettext_lazy("on its way"),
    StepState.BLOCKED: gettext_lazy("not available yet"),
    StepState.LATER: gettext_lazy("not begun yet"),
    StepState.ABSENT: gettext_lazy("not needed"),
    StepState.OPEN_AGAIN: gettext_lazy("open again"),
}
ICONS = {
    StepState.DONE: "check_circle",
    StepState.NOW: "play_circle",
    StepState.WAITING: "hourglass_top",
    StepState.BLOCKED: "lock",
    StepState.LATER: "circle",
    StepState.ABSENT: "do_not_disturb_on",
    StepState.OPEN_AGAIN: "lock_open",
}


@dataclass(frozen=True)
class Tally:
    """``Print journals 11 of 12``."""

    label: str
    done: int
    total: int

    @property
    def percent(self) -> int:
        """How far it is."""
        return 100 * self.done // self.total if self.total else 0


@dataclass(frozen=True)
class Action:
    """The button that leads on."""

    label: str
    url: str


@dataclass(frozen=True)
class Why:
    """Why something cannot be done, and where that is mended."""

    text: str
    url: str = ""


@dataclass
class DayStep:
    """One card of “Today”."""

    number: int
    title: str
    state: StepState
    rule: str
    tallies: list[Tally] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    said: str = ""
    action: Action | None = None
    why: list[Why] = field(default_factory=list)
    may: bool = False

    @property
    def words(self) -> str:
        """The state in words."""
        return str(WORDS[self.state])

    @property
    def tone(self) -> str:
        """The chip of the state."""
        return {StepState.NOW: "info", StepState.WAITING: "warn", StepState.OPEN_AGAIN: "bad"}.get(self.state, "")

    @property
    def icon(self) -> str:
        """The state as an icon."""
        return ICONS[self.state]

    @property
    def folded(self) -> bool:
        """A finished or absent step takes one line."""
        return self.state in (StepState.DONE, StepState.ABSENT)

    @property
    def who(self) -> str:
        """Who may act."""
        return roles_words(self.rule)

    @property
    def shown_missing(self) -> list[str]:
        """The first missing items by name."""
        return self.missing[:6]

    @property
    def more_missing(self) -> int:
        """How many more there are."""
        return max(0, len(self.missing) - 6)


@dataclass(frozen=True)
class Look:
    """An exam as its steps are drawn from it."""

    sitting: Sitting
    day: Day

    @property
    def own(self) -> SittingDay:
        """What the exam still owes."""
        return self.day.sitting(self.sitting.key)

    def link(self, name: str, anchor: str = "") -> str:
        """Return the address of a page of the sitting; empty when its room does not serve it."""
        try:
            return reverse(name, kwargs={"key": self.sitting.key}) + anchor
        except NoReverseMatch:
            return ""

    def clock(self, moment: datetime | None) -> str:
        """Return a moment in the point's time."""
        return clock_of(moment, self.sitting.point)


def steps_of(sitting: Sitting, day: Day, user: User) -> list[DayStep]:
    """Return the eight steps of a sitting as one person sees them."""
    makers: Sequence[Callable[[Look], DayStep]] = (
        _print,
        _voice,
        _finished,
        _prepare,
        _scan,
        _confirmed,
        _scan_journals,
        _transferred,
    )
    look = Look(sitting, day)
    rows = [make(look) for make in makers]
    for row in rows:
        row.may = allowed(user, row.rule, sitting)
    return rows


def current(rows: Sequence[DayStep]) -> DayStep | None:
    """Return the step that the day stands at: the first that waits for a person, else the first not done."""
    open_rows = [row for row in rows if not row.folded]
    return next((row for row in open_rows if row.state == StepState.NOW), open_rows[0] if open_rows else None)


def _reasons(rows: Iterable[Obligation]) -> list[Why]:
    return [Why(str(row.text), link_of(row)) for row in rows]


def _cured(row: Obligation) -> str:
    """Return what is owed and what is done about it, as sentences."""
    return f"{str(row.text).removesuffix('.')}. {row.cure}" if row.cure else str(row.text)


def _carried(look: Look, rows: Iterable[Obligation]) -> str:
    """Say who carries what is on its way, each way once."""
    ways = dict.fromkeys(str(row.carrier) for row in rows if row.state == Owed.ON_ITS_WAY and row.carrier)
    return "; ".join(ways)


# --- journals ---------------------------------------------------------------------------------------------------------


def _journals(look: Look, number: int, title: str, posts: list[AssignmentFacts], label: str, absent: str) -> DayStep:
    step = DayStep(number, title, StepState.NOW, "journals.take_in")
    if not posts:
        step.state, step.said = StepState.ABSENT, absent
        return step
    done = sum(post.served for post in posts)
    acts = sum(post.state == "act" for post in posts)
    step.tallies = [Tally(label, done, len(posts))]
    step.missing = [
        str(post.words) + ("" if post.state == "missing" else f" — {post.label}") for post in posts if not post.served
    ]
    step.action = Action(_("Load journals"), look.link("monitoring", "#journals-section"))
    if done == len(posts):
        step.state = StepState.DONE
        step.said = _("all journals are here")
        if acts:
            step.said = ngettext("an act stands for %d journal", "acts stand for %d journals", acts) % acts
    return step


def _posts(look: Look, kind: str) -> list[AssignmentFacts]:
    return [post for post in look.own.exam.posts if post.kind == kind]


def _print(look: Look) -> DayStep:
    return _journals(
        look,
        1,
        _("Journals of the print stations"),
        _posts(look, "print"),
        _("Print journals"),
        _("this exam has no print stations"),
    )


def _voice(look: Look) -> DayStep:
    return _journals(
        look,
        2,
        _("Journals of the voice stations"),
        _posts(look, "voice"),
        _("Voice journals"),
        _("this exam has no voice stations"),
    )


def _scan_journals(look: Look) -> DayStep:
    posts = _posts(look, "scan")
    step = _journals(
        look,
        7,
        _("Journals of the scanning stations"),
        posts,
        _("Scan journals"),
        _("this exam has no scanning stations"),
    )
    wrong = look.own.of("scan_journal_behind", "scan_journal_rewritten")
    if step.folded and not wrong:
        return step
    step.rule = "scanning.end"
    step.action = Action(_("Form the journal"), look.link("scanning", "#end-scan-card"))
    if wrong:
        done = sum(post.served for post in posts) - len({row.place for row in wrong})
        step.state, step.said = StepState.NOW, ""
        step.tallies = [Tally(_("Scan journals"), done, len(posts))]
        step.missing += [_cured(row) for row in wrong]
        if all(row.rule != step.rule for row in wrong):
            step.rule = wrong[0].rule
            step.action = Action(_("Go there"), link_of(wrong[0]))
    if rooms := standing(look.own.gate(END_SCAN)):
        step.state = StepState.BLOCKED
        why = _("The journal is formed when every room and the HQ are closed and packed. Not yet: %s.")
        named = "; ".join(judged.texts(rooms)[:6]) + ("…" if len(rooms) > 6 else "")
        step.why = [Why(why % named, look.link("scanning"))]
    return step


# --- statuses ---------------------------------------------------------------------------------------------------------


def _status(look: Look, number: int, title: str, name: str) -> DayStep:
    """Show a status: declared, on its way, confirmed; or what it waits for."""
    step = DayStep(number, title, StepState.NOW, "transfers.status")
    step.action = Action(_("Declare the status"), look.link("monitoring", "#statuses"))
    row, owed = look.own.exam.statuses.get(name), look.own.status(name)
    if row is None or not judged.stands(look.own.exam, name):
        return _undeclared(look, step, name, owed)
    step.action = Action(_("Look"), look.link("monitoring", "#statuses"))
    when = look.clock(row.at)
    if judged.accepted(look.own.exam, name):
        receipt = str(owed.evidence) or _("accepted by the regional centre")
        step.said = _("declared at %(time)s, %(receipt)s") % {"time": when, "receipt": receipt}
        step.state = StepState.DONE
        if not owed.settled:
            step.state, step.missing = StepState.WAITING, [str(owed.text)]
            _person(step, owed)
        if name == TRANSFERRED and look.own.opened_again:
            _open_again(look, step)
        return step
    step.state = StepState.WAITING
    step.said = _("declared at %(time)s, not at the centre yet; waiting for the receipt") % {"time": when}
    pack = look.own.exam.packets.get(("status", name))
    if pack is not None:
        step.said += f" ({pack.label})"
    _person(step, owed)
    if carried := _carried(look, [owed]):
        step.said += f": {carried}"
    return step


def _undeclared(look: Look, step: DayStep, name: str, owed: Obligation) -> DayStep:
    conditions = look.day.conditions(look.sitting.key, name)
    blockers = standing(conditions)
    step.tallies = [Tally(_("Conditions"), len(conditions) - len(blockers), len(conditions))]
    if owed.since is not None:  # it was undone
        step.said = str(owed.text)
    if not look.day.declarable(look.sitting.key, name):
        step.state, step.action = StepState.BLOCKED, None
        step.why = _reasons(blockers)
    return step


def _open_again(look: Look, step: DayStep) -> None:
    """Say of the last status that it is not the last word any more, since when, why, and what a person must do."""
    rows = look.own.open
    people = [row for row in rows if row.state == Owed.OPEN]
    # The status itself asks for nothing: what a person does stands at the step that it belongs to.
    step.state = StepState.OPEN_AGAIN if people else StepState.WAITING
    since = look.own.opened_since
    step.said += ". " + (
        _("Open again since %s") % look.clock(since) if since else _("Something was opened again after it")
    )
    step.missing = [_cured(row) for row in rows]
    if people:
        step.rule = people[0].rule or step.rule
        step.action = Action(_("Go there"), link_of(people[0]))


def _person(step: DayStep, owed: Obligation) -> None:
    """Where a person must act, the step says what, and is theirs."""
    if owed.state == Owed.OPEN:
        step.state, step.missing = StepState.NOW, [*step.missing, str(owed.cure)]
        step.rule = owed.rule or step.rule
        step.action = Action(_("Go there"), link_of(owed))


def _finished(look: Look) -> DayStep:
    return _status(look, 3, _("Status «Экзамены завершены» (exams finished)"), FINISHED)


def _transferred(look: Look) -> DayStep:
    return _status(look, 8, _("Status «Бланки переданы в РЦОИ» (answer forms transferred)"), TRANSFERRED)


# --- rooms and packets ------------------------------------------------------------------------------------------------


def _prepare(look: Look) -> DayStep:
    step = DayStep(4, _("Preparing the scanning station"), StepState.NOW, "keys.load")
    (key,), cards, row = look.own.of("key"), look.own.of("card"), look.own.exam.key_row
    printing = _posts(look, "print")
    left = standing(cards)
    step.tallies = [Tally(_("Access key"), 2 if key.settled else 1 if row else 0, 2)]
    if printing:
        opened = sum(post.served and not post.sealed for post in printing)
        step.tallies.append(Tally(_("Numbers from the print journals"), opened, len(printing)))
    step.tallies.append(Tally(_("Room cards"), len(cards) - len(left), len(cards)))
    keys, scanning = look.link("keys"), look.link("scanning")
    if not key.settled:
        step.rule = key.rule
        step.missing.append(str(key.text))
        label = _("Load the key") if row is None else _("Activate the key")
        step.action = Action(label, keys)
    else:
        step.rule = "scanning.edit"
        step.action = Action(_("Fill in the cards"), scanning)
    step.missing += judged.texts(left)
    if key.settled and not left:
        step.state = StepState.DONE
        step.said = (
            _("the key is active until %s, the cards are filled in") % look.clock(row.until)
            if row is not None and row.active
            else _("the cards are filled in")
        )
    return step


def _scan(look: Look) -> DayStep:
    step = DayStep(5, _("Scanning and “Transfer answer forms”"), StepState.NOW, "scanning.edit")
    rooms, packets = look.own.of("room"), look.own.of(*table.PLACES)
    cards = {card.room: card for card in look.own.exam.cards}
    closed = [row for row in rooms if not row.stands or (row.place in cards and cards[row.place].closed)]
    reached = sum(look.own.reached(row) for row in packets)
    step.tallies = [
        Tally(_("Rooms and HQ closed"), len(closed), len(rooms)),
        Tally(_("Packets transferred"), reached, len(packets)),
    ]
    step.missing = [_room_line(look, row) for row in rooms if row not in closed]
    # Also those that a voice journal may still name: with every packet at the centre the step is not over.
    lost = standing(look.own.of("sets_unplaced"))
    step.missing += [_cured(row) for row in lost if row.state == Owed.OPEN or reached >= len(packets)]
    if reached >= len(packets) and not standing(rooms) and not lost:
        step.state, step.said = StepState.DONE, _("every packet has reached the regional centre")
        return step
    signing = [row for row in packets if row.stands and row.rule == "transfers.sign"]
    build = [row for row in rooms if row.stands and row.rule == "transfers.build"]
    if signing:
        step.rule = "transfers.sign"
        said = ngettext(
            "%d packet waits for a GEK member's signature",
            "%d packets wait for a GEK member's signature",
            len(signing),
        )
        step.missing = [said % len(signing), *step.missing]
        step.action = Action(_("Sign packets"), look.link("transfers"))
    elif len(closed) < len(rooms):
        step.action = Action(_("Scan"), look.link("scanning"))
        if not look.own.of("key")[0].settled and not closed:
            step.state = StepState.BLOCKED
            step.why = [Why(_("The access key is not active: the form numbers are sealed."), look.link("keys"))]
    elif build:
        step.rule = "transfers.build"
        step.missing = judged.texts(build)
        step.action = Action(_("Transfer answer forms"), look.link("transfers"))
    elif lost:
        step.action = Action(_("Go there"), link_of(lost[0]))
    else:
        _on_the_way(look, step, [row for row in packets if not look.own.reached(row)])
    return step


def _on_the_way(look: Look, step: DayStep, rows: list[Obligation]) -> None:
    """Nothing is to be scanned, packed or signed: what is left travels, or waits for somebody to look."""
    step.action = Action(_("Look at the packets"), look.link("transfers"))
    step.missing = [_packet_line(look, row) for row in rows]
    people = [row for row in rows if row.state == Owed.OPEN]
    step.state = StepState.NOW if people else StepState.WAITING
    if people:
        step.rule = people[0].rule
    step.said = _carried(look, rows)


def _room_line(look: Look, row: Obligation) -> str:
    card = look.own.exam.card(row.place)
    if card is None:
        return str(row.text)
    name = _("HQ") if card.hq else _("room %s") % card.room
    count = len(card.differences)
    differences = ngettext("%d difference", "%d differences", count) % count
    state = str(card.label).lower()
    if count:
        state = differences if card.state == "discrepant" else f"{state}: {differences}"
    return f"{name} — {state}" + (f". {card.again}" if card.again else "")


def _packet_line(look: Look, row: Obligation) -> str:
    pack = look.own.packet(row.place)
    if row.code in ("room_open_again", "room_balance", "room_at_work"):
        state = _("open again, a new version is awaited") if row.code == "room_open_again" else str(row.text)
    else:
        state = str(pack.label) if pack else _("not built yet")
    return f"{room_words(row.place)} — {state}"


def _confirmed(look: Look) -> DayStep:
    step = DayStep(6, _("Regional centre: «Подтвержден» (confirmed)"), StepState.WAITING, "transfers.build")
    packets = look.own.of(*table.PLACES)
    left = standing(packets)
    made: list[Pack] = [pack for row in packets if (pack := look.own.packet(row.place)) is not None]
    step.tallies = [Tally(_("Packets confirmed"), len(packets) - len(left), len(packets))]
    step.action = Action(_("Look at the packets"), look.link("transfers"))
    step.missing = [_packet_line(look, row) for row in left if look.own.packet(row.place) is not None]
    refused = [row for row in left if row.code == "packet" and row.rule in ("transfers.retry", "scanning.edit")]
    again = [row for row in left if row.code in ("room_open_again", "room_at_work")]
    if not left:
        step.state, step.said, step.missing = StepState.DONE, _("the regional centre has confirmed every packet"), []
    elif refused:
        step.state = StepState.NOW
        step.action = Action(_("Look into the refusal"), look.link("transfers"))
    elif again:
        # Nothing comes by itself: a person opens, mends and closes the room.
        step.state = StepState.BLOCKED
        step.why = [Why(_cured(row), link_of(row)) for row in again]
    elif not made:
        step.state = StepState.BLOCKED
        step.why = [Why(_("No packet has been built yet."), look.link("transfers"))]
    else:
        step.said = _carried(look, left)
    if there := look.own.open_there:
        named = ", ".join(str(pack.label_of_status) or room_words(pack.room) for pack in there)
        told = _("confirmed, and something is open at the regional centre: %s") % named
        step.said = f"{step.said}; {told}" if step.said else told
    return step
