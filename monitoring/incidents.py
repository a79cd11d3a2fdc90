"""What needs attention, as the evaluation of the day and the stations say; the worst first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from common import space
from common.obligations import ObligationState, standing
from common.web.obligations import link_of, show
from day import rules
from day.judged import Day
from journals.states import JournalState
from monitoring import words
from monitoring.heartbeats import trouble_words
from monitoring.steps import Look
from scanning.models import Source
from stations.models import Heartbeat, Sitting
from transfers.models import StandingReport

#: More differences of one room than these stand on its own page.
_DIFFERENCES = 20
MAX_SKEW = 60
ICONS = {"bad": "error", "warn": "warning", "info": "info"}
_ORDER = {"bad": 0, "warn": 1, "info": 2}


@dataclass(frozen=True)
class Incident:
    """One line of “Needs attention”."""

    level: str
    text: str
    url: str = ""
    detail: str = ""

    @property
    def icon(self) -> str:
        """The level as an icon."""
        return ICONS[self.level]


def incidents_of(
    sitting: Sitting,
    day: Day,
    at: datetime,
    heartbeats: Sequence[Heartbeat],
    contact: tuple[datetime | None, str],
) -> list[Incident]:
    """Return what is wrong at a sitting, the worst first.

    Args:
        sitting: The exam.
        day: What the day still owes.
        at: The moment of looking.
        heartbeats: The heartbeats of the point's stations.
        contact: When the centre last answered, and what stood in the way since.
    """
    look = Look(sitting, day)
    found = [
        *_opened_again(look),
        *_journals(look),
        *_rooms(look),
        *_packets(look),
        *_open_there(look),
        *_parked(look),
        *_key(look, at),
        *_line(look, contact),
        *_heartbeats(look, heartbeats),
        *_disk(),
    ]
    return sorted(found, key=lambda one: _ORDER[one.level])


def _opened_again(look: Look) -> list[Incident]:
    """What was opened after the centre had accepted the last status: nobody may go home."""
    if not look.own.opened_again:
        return []
    lead, told = _("Opened after “Blanks transferred”: %s"), _told(look)
    rows = show(look.own.open, look.sitting.point.timezone)
    return [
        Incident("bad", lead % each.text, each.link, " ".join(part for part in (each.cure, each.detail, told) if part))
        for each in rows
    ]


def _told(look: Look) -> str:
    """Whether the centre knows that something is open again."""
    row = StandingReport.objects.filter(point=look.sitting.point, date=look.sitting.date).first()
    if row is None or look.sitting.key not in row.said:
        return ""
    if row.told_at is not None:
        return _("The centre was told at %s.") % look.clock(row.told_at)
    return _("The centre is told by itself. %s") % row.problem if row.problem else _("The centre is told by itself.")


def _journals(look: Look) -> list[Incident]:
    found = []
    url = look.link("monitoring", "#quarantine")
    for journal in look.own.exam.journals:
        if journal.state == JournalState.QUARANTINED:
            whose = str(journal.words) + (f", {words.room_words(journal.room)}" if journal.room else "")
            text = _("A journal waits for a decision: %s") % whose
            found.append(Incident("bad", text, url, "; ".join(str(each) for each in journal.doubts[:2])))
        if journal.state != JournalState.ACCEPTED:
            continue
        if journal.problem:
            text = _("%(name)s: the form numbers are not open. %(why)s") % {
                "name": journal.name,
                "why": journal.problem,
            }
            found.append(Incident("bad", text, look.link("keys")))
        for told in journal.elsewhere:
            found.append(Incident("bad", f"{journal.name}: {told}", look.link("monitoring", "#journals-section")))
        if abs(journal.skew) > MAX_SKEW:
            text = skew_of(str(journal.words), journal.skew)
            found.append(Incident("warn", text, look.link("monitoring", "#journals-section")))
    return found


def skew_of(station: str, seconds: float) -> str:
    """Say how far a station's clock is off."""
    said = _("fast") if seconds > 0 else _("slow")
    return _("%(station)s: its clock is %(said)s by %(n)d min; entries are ordered by their numbers.") % {
        "station": station,
        "said": said,
        "n": round(abs(seconds) / 60),
    }


def _heartbeats(look: Look, heartbeats: Sequence[Heartbeat]) -> list[Incident]:
    """Stations that stopped, fell silent, or will soon need paper, toner, power or space."""
    # A replaced station has said its last word, and one whose journal is here may be switched off.
    owing = {post.key for post in look.own.exam.posts if not post.served and not post.replaced}
    found = []
    for heartbeat in heartbeats:
        if heartbeat.station_id in owing and (said := trouble_words(heartbeat)):
            level = "bad" if heartbeat.state == heartbeat.State.FAULT else "warn"
            text = f"{heartbeat.station}: {', '.join(said)}"
            found.append(Incident(level, text, look.link("monitoring", "#stations")))
    return found


def _rooms(look: Look) -> list[Incident]:
    base = look.link("scanning")
    found = []
    for card in look.own.exam.cards:
        # After the last status what was opened stands above already.
        again = card.again and not card.closed and not look.own.opened_again
        said = [_("open again. %s") % card.again] if again else []
        said += [str(each) for each in card.differences[:_DIFFERENCES]]
        room = words.room_words(card.room)
        found += [Incident("bad", f"{room}: {each}", f"{base}{card.room}/" if base else "") for each in said]
    for row in look.own.of("room_balance", "room_at_work"):
        found.append(Incident("bad", str(row.text), link_of(row), str(row.cure)))
    return found


def _packets(look: Look) -> list[Incident]:
    """Packets that wait for a person, and those that lie on a drive until their receipt comes."""
    said = {"stuck": _("the packet needs help"), "rejected": _("the regional centre rejected the packet")}
    found = []
    url = look.link("transfers")
    for pack in look.own.exam.packets.values():
        place = str(pack.label_of_status) if pack.kind == "status" else words.room_words(pack.room)
        if pack.state in said:
            found.append(Incident("bad", f"{place}: {said[pack.state]}", url))
        elif pack.state == "handed_over":
            text = _("%(place)s: lies on the drive %(drive)s since %(time)s, no receipt yet") % {
                "place": place,
                "drive": pack.drive or "—",
                "time": look.clock(pack.at),
            }
            who = _("%s: take the drive to the centre, or see whether the line is back")
            found.append(Incident("warn", text, url, who % words.roles_words("transfers.flash")))
    return found


def _open_there(look: Look) -> list[Incident]:
    """What was open at the centre about confirmed packets: they count, and somebody there looks into it."""
    return [
        Incident(
            "warn",
            _("%(place)s: confirmed; open at the regional centre: %(what)s")
            % {
                "place": str(pack.label_of_status) or words.room_words(pack.room),
                "what": rules.open_there(pack),
            },
            look.link("transfers"),
            str(rules.SETTLED_THERE),
        )
        for pack in look.own.open_there
    ]


def _line(look: Look, contact: tuple[datetime | None, str]) -> list[Incident]:
    """A line that is down while something has to travel: whose work it is, until the receipts are here."""
    waiting = [row for row in look.own.obligations if row.state == ObligationState.ON_ITS_WAY]
    answered, trouble = contact
    if not trouble or not waiting:
        return []
    text = _("No line to the regional centre since %(time)s; on its way: %(count)d") % {
        "time": look.clock(answered),
        "count": len(waiting),
    }
    who = _("%s: write the packets to a drive, and tell the status by telephone")
    return [Incident("warn", text, look.link("transfers"), who % words.roles_words("transfers.flash"))]


def _parked(look: Look) -> list[Incident]:
    base = look.link("scanning")
    parked = list(look.own.exam.parked)
    if standing(look.own.of("room")):  # in packed rooms nothing is read any more
        rows = Source.objects.filter(card__sitting=look.sitting, parked_at__isnull=False)
        parked += rows.values_list("card__room__number", "name", "parked_reason")
    return [
        Incident("bad", f"{words.room_words(room)}, {name}: {_(reason)}", f"{base}{room}/" if base else "")
        for room, name, reason in parked
    ]


def _key(look: Look, at: datetime) -> list[Incident]:
    key = look.own.exam.key_row
    if key is None or not key.active or not standing(look.own.of("room")):
        return []
    left = key.until - at
    if left.total_seconds() > 3600:
        return []
    text = _("The access key is valid for another %s.") % words.span(left)
    return [Incident("warn", text, look.link("keys"))]


def _disk() -> list[Incident]:
    if not space.level():
        return []
    free = space.free()
    return [Incident("bad", _("%.1f GB are left on the node's disk: free some space.") % (free / 1024**3))]
