"""The eight steps of the day (docs/journey.md), each concluded from facts; nobody ticks them by hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.errors import told
from journals.expected import MISSING, Expected
from monitoring.facts import DECLARED_BEFORE, FINISHED, TRANSFERRED, SittingFacts, served, unserved
from monitoring.words import assignment_words, clock_of, roles_words, room_words
from scanning import scan_journal
from stations.models import User
from stations.rules import allowed


class StepState(StrEnum):
    """How a step stands."""

    DONE = "done"
    NOW = "now"
    WAITING = "waiting"
    BLOCKED = "blocked"
    LATER = "later"
    ABSENT = "absent"


WORDS = {
    StepState.DONE: gettext_lazy("done"),
    StepState.NOW: gettext_lazy("can be done now"),
    StepState.WAITING: gettext_lazy("waiting, retries go by themselves"),
    StepState.BLOCKED: gettext_lazy("not available yet"),
    StepState.LATER: gettext_lazy("not begun yet"),
    StepState.ABSENT: gettext_lazy("not needed"),
}
ICONS = {
    StepState.DONE: "check_circle",
    StepState.NOW: "play_circle",
    StepState.WAITING: "hourglass_top",
    StepState.BLOCKED: "lock",
    StepState.LATER: "circle",
    StepState.ABSENT: "do_not_disturb_on",
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
        return {StepState.NOW: "info", StepState.WAITING: "warn"}.get(self.state, "")

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


def steps_of(facts: SittingFacts, user: User) -> list[DayStep]:
    """Return the eight steps of a sitting as one person sees them."""
    makers: Sequence[Callable[[SittingFacts], DayStep]] = (
        _print,
        _voice,
        _finished,
        _prepare,
        _scan,
        _confirmed,
        _scan_journals,
        _transferred,
    )
    rows = [make(facts) for make in makers]
    for row in rows:
        row.may = allowed(user, row.rule, facts.sitting)
    return rows


def current(rows: Sequence[DayStep]) -> DayStep | None:
    """Return the step that the day stands at: the first that waits for a person, else the first not done."""
    open_rows = [row for row in rows if not row.folded]
    return next((row for row in open_rows if row.state == StepState.NOW), open_rows[0] if open_rows else None)


def link(name: str, facts: SittingFacts, anchor: str = "") -> str:
    """Return the address of a page of the sitting; empty when its room does not serve it."""
    try:
        return reverse(name, kwargs={"key": facts.sitting.key}) + anchor
    except NoReverseMatch:
        return ""


def named(rows: Sequence[Expected]) -> list[str]:
    """Return posts by name with what is wrong there."""
    return [assignment_words(row.post) + ("" if row.state == MISSING else f" — {row.label}") for row in rows]


def _journals(facts: SittingFacts, number: int, title: str, rows: list[Expected], label: str, absent: str) -> DayStep:
    step = DayStep(number, title, StepState.NOW, "journals.take_in")
    if not rows:
        step.state, step.said = StepState.ABSENT, absent
        return step
    done = served(rows)
    acts = sum(row.state == "act" for row in rows)
    step.tallies = [Tally(label, done, len(rows))]
    step.missing = named(unserved(rows))
    step.action = Action(_("Load journals"), link("monitoring", facts, "#journals-section"))
    if done == len(rows):
        step.state = StepState.DONE
        step.said = _("all journals are here")
        if acts:
            step.said = ngettext("an act stands for %d journal", "acts stand for %d journals", acts) % acts
    return step


def _print(facts: SittingFacts) -> DayStep:
    return _journals(
        facts,
        1,
        _("Journals of the print stations"),
        facts.print_posts,
        _("Print journals"),
        _("this exam has no print stations"),
    )


def _voice(facts: SittingFacts) -> DayStep:
    return _journals(
        facts,
        2,
        _("Journals of the voice stations"),
        facts.voice_posts,
        _("Voice journals"),
        _("this exam has no voice stations"),
    )


def _status(facts: SittingFacts, number: int, title: str, name: str, label: str) -> DayStep:
    """Show a status: declared, on its way, confirmed; or what it waits for."""
    step = DayStep(number, title, StepState.NOW, "transfers.status")
    step.action = Action(label, link("monitoring", facts, "#statuses"))
    said = facts.statuses.get(name)
    if said is not None:
        packet = next((each for each in facts.packets if each.status_id == said.pk), None)
        when = clock_of(said.at, facts.sitting.point)
        if facts.confirmed(name):
            step.state = StepState.DONE
            if name == TRANSFERRED and facts.ending.opened_again:
                step.state = StepState.WAITING
                step.missing = [each.text for each in facts.ending.open]
            step.said = _("declared at %(time)s, %(receipt)s") % {"time": when, "receipt": facts.receipt_words(name)}
            return step
        step.state = StepState.WAITING
        step.said = _("declared at %(time)s, not at the centre yet; waiting for the receipt") % {"time": when}
        if packet is not None:
            step.said += f" ({packet.get_state_display()})"
        step.action = Action(_("Look"), link("monitoring", facts, "#statuses"))
        return step
    gate = facts.gate(name)
    conditions = [each for each in gate.conditions if each.code != DECLARED_BEFORE]
    step.tallies = [Tally(_("Conditions"), sum(each.ok for each in conditions), len(conditions))]
    if not gate.open:
        step.state = StepState.BLOCKED
        step.why = [Why(b.text, b.link) for b in gate.blockers]
    return step


def _finished(facts: SittingFacts) -> DayStep:
    return _status(facts, 3, _("Status «Экзамены завершены» (exams finished)"), FINISHED, _("Declare the status"))


def _prepare(facts: SittingFacts) -> DayStep:
    step = DayStep(4, _("Preparing the scanning station"), StepState.NOW, "keys.load")
    rooms = [card for card in facts.cards if not card.is_hq]
    total = len(facts.room_numbers)
    filled = sum(card.filled for card in rooms)
    key = facts.active_key
    step.tallies = [Tally(_("Access key"), 2 if key else 1 if facts.loaded_key else 0, 2)]
    if facts.print_posts:
        step.tallies.append(Tally(_("Numbers from the print journals"), facts.opened_journals, len(facts.print_posts)))
    step.tallies.append(Tally(_("Room cards"), filled, total))
    keys, scanning = link("keys", facts), link("scanning", facts)
    if key is None and facts.loaded_key is None:
        step.missing.append(_("the access key is not loaded"))
        step.action = Action(_("Load the key"), keys)
    elif key is None:
        step.rule = "keys.activate"
        step.missing.append(_("the key is loaded and waits for a GEK member's token"))
        step.action = Action(_("Activate the key"), keys)
    else:
        step.rule = "scanning.edit"
        step.action = Action(_("Fill in the cards"), scanning)
    unfilled = set(facts.room_numbers) - {card.room.number for card in rooms if card.filled}
    step.missing += [_("the card of room %s is not filled in") % number for number in sorted(unfilled)]
    if key and not unfilled:
        step.state = StepState.DONE
        step.said = _("the key is active until %s, the cards are filled in") % clock_of(key.until, facts.sitting.point)
    return step


def _scan(facts: SittingFacts) -> DayStep:
    step = DayStep(5, _("Scanning and “Transfer answer forms”"), StepState.NOW, "scanning.edit")
    cards = facts.cards
    total = len(facts.owed)
    closed = sum(card.closed for card in cards)
    sent = sum(each.sent for each in facts.owed)
    step.tallies = [Tally(_("Rooms and HQ closed"), closed, total), Tally(_("Packets transferred"), sent, total)]
    for card in cards:
        if not card.closed:
            name = _("HQ") if card.is_hq else _("room %s") % card.room.number
            step.missing.append(
                f"{name} — {card.get_state_display().lower()}" + _problems(facts.open_problems[card.pk])
            )
    waiting = [p for p in facts.paper_packets if p.state == "awaiting_signature"]
    if sent >= total:
        step.state, step.said = StepState.DONE, _("every packet is at the regional centre")
        step.missing = []
    elif waiting:
        step.rule = "transfers.sign"
        step.missing = [
            ngettext(
                "%d packet waits for a GEK member's signature",
                "%d packets wait for a GEK member's signature",
                len(waiting),
            )
            % len(waiting),
            *step.missing,
        ]
        step.action = Action(_("Sign packets"), link("transfers", facts))
    elif cards and closed >= total:
        step.rule = "transfers.build"
        step.action = Action(_("Transfer answer forms"), link("transfers", facts))
    else:
        step.action = Action(_("Scan"), link("scanning", facts))
        if facts.active_key is None and not closed:
            step.state = StepState.BLOCKED
            step.why = [Why(_("The access key is not active: the form numbers are sealed."), link("keys", facts))]
    return step


def _problems(count: int) -> str:
    return ": " + ngettext("%d difference", "%d differences", count) % count if count else ""


def _confirmed(facts: SittingFacts) -> DayStep:
    step = DayStep(6, _("Regional centre: «Подтвержден» (confirmed)"), StepState.WAITING, "transfers.build")
    total = len(facts.owed)
    good = sum(each.confirmed for each in facts.owed)
    step.tallies = [Tally(_("Packets confirmed"), good, total)]
    step.action = Action(_("Look at the packets"), link("transfers", facts))
    for each in facts.owed:
        if each.packet is not None and not each.confirmed:
            state = _("open again, a new version is awaited") if each.open_again else each.packet.get_state_display()
            step.missing.append(f"{room_words(each.place)} — {state}")
    stuck = [p for p in facts.paper_packets if p.state in ("stuck", "rejected")]
    if good >= total:
        step.state, step.said, step.missing = StepState.DONE, _("the regional centre has confirmed every packet"), []
    elif stuck:
        step.state = StepState.NOW
        step.action = Action(_("Look into the refusal"), link("transfers", facts))
    elif not facts.paper_packets:
        step.state = StepState.BLOCKED
        step.why = [Why(_("No packet has been built yet."), link("transfers", facts))]
    return step


def _scan_journals(facts: SittingFacts) -> DayStep:
    step = _journals(
        facts,
        7,
        _("Journals of the scanning stations"),
        facts.scan_posts,
        _("Scan journals"),
        _("this exam has no scanning stations"),
    )
    accepted = [row for row in facts.scan_posts if row.state == "accepted" and row.journal is not None]
    behind = [row for row in accepted if row.journal and scan_journal.lags(row.journal)]
    if step.folded and not behind:
        return step
    if behind:
        done = served(facts.scan_posts) - len(behind)
        step.state, step.said = StepState.NOW, ""
        step.tallies = [Tally(_("Scan journals"), done, len(facts.scan_posts))]
        step.missing += [
            _("%s — the journal was formed before the station's last entries") % assignment_words(r.post)
            for r in behind
        ]
    step.rule = "scanning.end"
    step.action = Action(_("Form the journal"), link("scanning", facts))
    rooms = scan_journal.unfinished(facts.sitting)
    if rooms:
        step.state = StepState.BLOCKED
        why = _("The journal is formed when every room and the HQ are closed. Not closed: %s.")
        named_rooms = "; ".join(told(each.words) for each in rooms[:6]) + ("…" if len(rooms) > 6 else "")
        step.why = [Why(why % named_rooms, link("scanning", facts))]
    return step


def _transferred(facts: SittingFacts) -> DayStep:
    return _status(
        facts, 8, _("Status «Бланки переданы в РЦОИ» (answer forms transferred)"), TRANSFERRED, _("Declare the status")
    )
