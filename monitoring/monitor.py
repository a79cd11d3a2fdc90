"""What the page “Monitoring” shows to one person."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.flash import roots
from common.obligations import ObligationState
from common.stored import stored
from common.web.obligations import ShownObligation, show
from day import judged
from journals import flash, verdict_list
from journals.models import Journal
from journals.states import JournalState
from keys.pin import private_channel
from keys.tokens import list_tokens
from monitoring import words
from monitoring.facts import FINISHED, TRANSFERRED, SittingFacts, facts_of
from monitoring.head import NAMES, deadline_of
from monitoring.incidents import MAX_SKEW
from monitoring.matrix import matrix_of, owing
from stations.models import ExamPoint, Sitting, StationAssignment, User
from stations.rules import RULES, allowed
from transfers import phone
from transfers.models import PointStatus, ReceiptRecord
from transfers.states import PacketState
from transfers.statuses import evidence

#: An act is a Russian paper: the value of a choice is the Russian wording, its label the reader's.
REASONS = (
    stored("Reserve station, not used"),
    stored("The station broke down, its journal cannot be formed"),
    stored("The drive with the journal is lost or cannot be read"),
    stored("Another reason (given under circumstances)"),
)


#: So many conditions of a status are shown at once, the rest is unfolded.
SHOWN_CONDITIONS = 10


@dataclass(frozen=True)
class Doubtful:
    """A journal that waits for a person."""

    journal: Journal
    signed: bool
    doubts: list[dict[str, str]]


@dataclass(frozen=True)
class ShownJournal:
    """A journal in the table."""

    journal: Journal
    level: str
    icon: str
    received: str
    skew: str


@dataclass(frozen=True)
class Condition:
    """A condition of a status: red is what a deadline has passed over or what was open again, nothing before it."""

    row: ShownObligation
    late: bool

    @property
    def state(self) -> str:
        """How it stands: what another station evaluates is never called met, what may still come is no fault."""
        state = self.row.obligation.state
        return "to_do" if state == ObligationState.OPEN and not self.late else str(state)

    @property
    def look(self) -> str:
        """Class of its line."""
        return _CONDITIONS[self.state][0]

    @property
    def icon(self) -> str:
        """The state as an icon."""
        return _CONDITIONS[self.state][1]

    @property
    def words(self) -> str:
        """The state in words, before the text, for whoever sees no colour."""
        return str(_CONDITIONS[self.state][2])


_CONDITIONS = {
    "settled": ("met", "check", gettext_lazy("met:")),
    "unknown_here": ("idle", "help", gettext_lazy("not evaluated here:")),
    "not_due": ("idle", "schedule", gettext_lazy("not due yet:")),
    "to_do": ("idle", "radio_button_unchecked", gettext_lazy("to do:")),
    "on_its_way": ("warn", "hourglass_top", gettext_lazy("on its way:")),
    "open": ("unmet", "close", gettext_lazy("not met:")),
}


@dataclass
class StatusView:
    """A status with its gate, or what became of it."""

    name: str
    title: str
    declared: bool = False
    confirmed: bool = False
    words: str = ""
    level: str = "idle"
    icon: str = "circle"
    conditions: list[Condition] = field(default_factory=list)
    cures: list[str] = field(default_factory=list)
    open: bool = False
    sent: list[str] = field(default_factory=list)
    history: list[dict[str, str]] = field(default_factory=list)
    deadline: str = ""

    @property
    def met(self) -> int:
        """How many conditions hold."""
        return sum(each.row.obligation.settled for each in self.conditions)

    @property
    def first(self) -> list[Condition]:
        """Those that are shown at once; what stands in the way comes first."""
        return self.conditions[:SHOWN_CONDITIONS]

    @property
    def rest(self) -> list[Condition]:
        """Those that are unfolded."""
        return self.conditions[SHOWN_CONDITIONS:]


STATE_LOOKS = {
    JournalState.RECEIVED: ("info", "hourglass_top"),
    JournalState.ACCEPTED: ("ok", "check_circle"),
    JournalState.QUARANTINED: ("warn", "warning"),
    JournalState.REFUSED: ("bad", "block"),
    JournalState.SUPERSEDED: ("idle", "content_copy"),
}


def context_of(request: HttpRequest, sitting: Sitting) -> dict[str, Any]:
    """Return everything the page shows."""
    user: User = request.user  # type: ignore[assignment]
    facts = facts_of(sitting)
    may = {rule.replace(".", "_"): allowed(user, rule, sitting) for rule in RULES if not rule.startswith("rcoi.")}
    return {
        "sitting": sitting,
        "point": sitting.point,
        "facts": facts,
        "may": may,
        "roles": {rule.replace(".", "_"): words.roles_words(rule) for rule in RULES},
        "matrix": matrix_of(facts),
        "owing": owing(facts),
        "reasons": REASONS,
        "doubtful": doubtful_of(facts),
        "listed": listed_of(facts),
        "verdicts": verdict_list.shown(request, sitting),
        "folders": flash.folders(),
        "drive": bool(roots()),
        "tokens": list_tokens() if may["journals_act"] else [],
        "private": private_channel(request),
        "deadline": deadline_of(sitting, facts.day, facts.at),
        "statuses": [status_of(facts, name) for name in (FINISHED, TRANSFERRED)],
        "others": list(Sitting.objects.filter(point=sitting.point, date=sitting.date).exclude(pk=sitting.pk)),
        "replaceable": replaceable(sitting),
        "spares": spares(sitting),
        "page_title": _("Monitoring: %s") % sitting.key,
    }


def doubtful_of(facts: SittingFacts) -> list[Doubtful]:
    """Return the journals in quarantine with their doubts in words."""
    return [
        Doubtful(journal, journal.signed, list(journal.doubts))
        for journal in facts.journals
        if journal.state == JournalState.QUARANTINED
    ]


def listed_of(facts: SittingFacts) -> list[ShownJournal]:
    """Return every journal of the sitting, newest first."""
    rows = []
    for journal in facts.journals:
        level, icon = STATE_LOOKS[JournalState(journal.state)]
        skew = journal.skew_seconds
        said = ""
        if skew is not None and abs(skew) > MAX_SKEW:
            said = _("%+d min") % round(skew / 60)
        rows.append(ShownJournal(journal, level, icon, words.clock_of(journal.received_at, facts.sitting.point), said))
    return rows


def replaceable(sitting: Sitting) -> list[StationAssignment]:
    """Return the posts whose station may be replaced: they work in a room and were not replaced yet."""
    rows = sitting.posts.filter(room__isnull=False, replaced_by__isnull=True).select_related("station", "room")
    return [post for post in rows if post.station.kind in ("print", "voice", "scan")]


def spares(sitting: Sitting) -> list[StationAssignment]:
    """Return the reserve stations."""
    seen: dict[int, StationAssignment] = {}
    for post in sitting.posts.filter(duty="reserve").select_related("station", "room"):
        seen.setdefault(post.station_id, post)
    return list(seen.values())


def status_of(facts: SittingFacts, name: str) -> StatusView:
    """Return a status with its conditions, or with what the centre said to it."""
    view = StatusView(name, str(NAMES[name]))
    point = facts.sitting.point
    due = facts.sitting.deadline(name)
    view.deadline = words.clock_of(due, point) if due else ""
    row = facts.statuses.get(name)
    view.history = history_of(facts, name)
    if row is None:
        rows = show(facts.day.conditions(facts.sitting.key, name), point.timezone)
        view.open = facts.day.declarable(facts.sitting.key, name)
        # What is missing comes first; that it was not declared before goes without saying.
        late = due is not None and due <= facts.at
        view.conditions = [Condition(each, late) for each in sorted(rows, key=lambda each: each.ok)]
        view.cures = list(dict.fromkeys(each.cure for each in rows if not each.ok and each.cure))
        view.words, view.level, view.icon = (
            (_("can be declared"), "info", "play_circle") if view.open else (_("not available yet"), "idle", "lock")
        )
        return view
    owed = facts.own.status(name)
    view.declared, view.confirmed = True, judged.accepted(facts.own.exam, name)
    if view.confirmed and facts.own.opened_again and name == TRANSFERRED:
        view.words, view.level, view.icon = _("receipt received, open again since"), "bad", "lock_open"
        view.conditions = [Condition(each, late=True) for each in show(facts.own.open, point.timezone)]
    elif view.confirmed and not owed.settled:
        view.words, view.level, view.icon = str(owed.text), "warn", "hourglass_top"
    elif view.confirmed:
        view.words, view.level, view.icon = _("declared, receipt received"), "ok", "check_circle"
    elif phone.told(facts.sitting, name):
        view.words, view.level, view.icon = _("told by telephone, waiting for the packet"), "warn", "call"
    else:
        view.words, view.level, view.icon = _("on its way, waiting for the receipt"), "warn", "hourglass_top"
    view.sent = sent_with(row)
    return view


def history_of(facts: SittingFacts, name: str) -> list[dict[str, str]]:
    """Return what was declared and what the centre answered, in words, newest first."""
    point, lines = facts.sitting.point, []
    for row in facts.declared:
        if row.status != name:
            continue
        if row.state == PointStatus.State.UNDONE:
            said = _("%(time)s undone: %(by)s. %(reason)s") % {
                "time": words.clock_of(row.undone_at, point),
                "by": row.undone_by,
                "reason": row.undone_reason,
            }
            lines.append({"icon": "undo", "text": said})
        for packet in sorted(row.packets.all(), key=lambda each: -each.version):
            lines += [_receipt_line(receipt, point) for receipt in packet.receipts.all()]
            if packet.state != PacketState.ACKNOWLEDGED:
                lines.append({"icon": "package_2", "text": f"{packet}: {packet.get_state_display()}"})
        said = _("%(time)s declared: %(by)s") % {"time": words.clock_of(row.at, point), "by": row.by}
        lines.append({"icon": "flag", "text": said})
    return lines


def _receipt_line(receipt: ReceiptRecord, point: ExamPoint) -> dict[str, str]:
    levels = {
        "delivered": ("move_to_inbox", _("delivered")),
        "acknowledged": ("verified", _("«Подтвержден» (confirmed)")),
        "rejected": ("block", _("rejected")),
        "withdrawn": ("undo", _("revoked")),
    }
    icon, said = levels.get(receipt.level, ("receipt", receipt.level))
    text = _("%(time)s receipt no. %(number)d: %(said)s") % {
        "time": words.clock_of(receipt.issued_at, point),
        "number": receipt.number,
        "said": said,
    }
    return {"icon": icon, "text": text}


def sent_with(row: PointStatus) -> list[str]:
    """Return the names of the journals and acts that went with a status."""
    journals, made = evidence(row)
    return [*(str(each) for each in journals), *(str(each) for each in made)]
