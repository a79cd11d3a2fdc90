"""What “Transfer answer forms” shows: one row a packet, the sums, one callout for a cause that hits all."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from common.errors import told
from common.work.clock import local, now
from stations.models import Sitting
from transfers import build, link, pausing, phone, receipts
from transfers.models import FeedCursor, Packet, PacketKind, PointStatus
from transfers.states import ON_THE_WAY, SENDING, PacketState
from wire.canonical import stamp

#: The centre answers within seconds, a flash drive takes its time: after the first silence a receipt is late, after the
#: second one it is overdue and a person has to act.
DEADLINES: dict[str, tuple[timedelta, timedelta]] = {
    PacketState.DELIVERED: (timedelta(minutes=15), timedelta(hours=1)),
    PacketState.HANDED_OVER: (timedelta(hours=2), timedelta(hours=6)),
}


#: Troubles of this node, not of the line.
OWN_TROUBLE = frozenset({"node_busy", "disk_full", "disk_failed", "disk_read_only", "stale_state"})


@dataclass(frozen=True)
class Row:
    """A packet in the table."""

    packet: Packet
    queue_place: int = 0
    next_version: int = 0

    @property
    def pages(self) -> int:
        """Sheets and forms in it."""
        return int(self.packet.counts.get("sheets", 0)) + int(self.packet.counts.get("forms", 0))

    @property
    def parts(self) -> list[str]:
        """What it holds: a phrase for each kind of file."""
        names = (
            ("sheets", pgettext("number", "sheets")),
            ("forms", _("forms")),
            ("recordings", pgettext("short", "recordings")),
            ("journals", _("journals")),
            ("acts", pgettext("number", "acts")),
        )
        return [f"{words}: {self.packet.counts[name]}" for name, words in names if self.packet.counts.get(name)]

    @property
    def holds(self) -> str:
        """What it holds, in one line."""
        return ", ".join(self.parts)

    @property
    def detail(self) -> str:
        """What stands behind the state: percent, place in the queue, the next try, the reason."""
        packet = self.packet
        if self.next_version:
            return _("version %d replaces it once that is confirmed") % self.next_version
        if packet.state == PacketState.SEALING:
            return f"{packet.progress} %"
        if packet.state == PacketState.HANDED_OVER:
            return ". ".join(each for each in (self._by_network, self._silence) if each)
        if packet.state in SENDING and packet.last_error:
            seconds = max(0, round((packet.next_try_at - now()).total_seconds()))
            again = _("next in %d s") % seconds if seconds else _("trying again")
            return _("attempt %(n)d failed, %(again)s") % {"n": packet.attempts, "again": again}
        if packet.state == PacketState.QUEUED:
            return _("no. %d in the queue") % self.queue_place if self.queue_place else ""
        if packet.state == PacketState.UPLOADING:
            return f"{packet.percent} %"
        if packet.state in ON_THE_WAY and self._silence:
            return self._silence
        if packet.state == PacketState.REJECTED:
            return " ".join(told(each) for each in packet.reasons[:3])
        if self.open_there:
            return _("open at the regional centre: %s") % self.open_there
        return ""

    @property
    def open_there(self) -> str:
        """What was open about a confirmed packet at the centre; its page names all of it."""
        packet = self.packet
        if packet.state != PacketState.ACKNOWLEDGED or self.next_version:
            return ""
        return " ".join(told(each) for each in packet.open_there[:3])

    @property
    def _by_network(self) -> str:
        """What the network does for a packet that lies on a drive."""
        if not link.has_centre():
            return ""
        if pausing.paused():
            return _("sending by network is paused")
        seconds = max(0, round((self.packet.next_try_at - now()).total_seconds()))
        return _("by network: again in %d s") % seconds if seconds else _("by network: being sent")

    @property
    def _silence(self) -> str:
        return _("no answer of the regional centre for %d min") % self.overdue_minutes if self.overdue_minutes else ""

    @property
    def overdue_minutes(self) -> int:
        """For how many minutes the centre has been silent about a packet that it should have answered; 0 when not."""
        since = self.packet.delivered_at or self.packet.handed_over_at
        if since is None or self.packet.state not in DEADLINES:
            return 0
        silent = now() - since
        return int(silent.total_seconds() // 60) if silent > DEADLINES[self.packet.state][0] else 0

    @property
    def overdue(self) -> str:
        """State of an awaited receipt: nothing while it may still come, ``late``, then ``overdue``."""
        if not self.overdue_minutes:
            return ""
        hard = timedelta(minutes=self.overdue_minutes) >= DEADLINES[self.packet.state][1]
        return "overdue" if hard else "late"

    @property
    def overdue_words(self) -> str:
        """The same in words."""
        words = {"late": _("the receipt is late"), "overdue": _("the receipt is overdue")}
        return words.get(self.overdue, "")

    @property
    def may_retry(self) -> bool:
        """Whether “Repeat” changes something for it."""
        if self.packet.state in SENDING:
            # It waits for the next try, or for a person's word that delivery goes on: then there is no try to bring on.
            return link.has_centre() and not pausing.paused()
        return self.packet.state in _RETRIABLE or (
            self.packet.state == PacketState.REJECTED and self.packet.kind == PacketKind.STATUS
        )


_RETRIABLE = frozenset({PacketState.STUCK, PacketState.DELIVERED})


class Overview:
    """Everything about the packets of a sitting, read once for a page."""

    def __init__(self, sitting: Sitting) -> None:
        self.sitting = sitting

    @cached_property
    def packets(self) -> list[Packet]:
        """Every version of every packet, newest version first within its kind and room."""
        rows = Packet.objects.filter(sitting=self.sitting).exclude(kind=PacketKind.TEST).full()
        return sorted(
            rows, key=lambda p: (_ORDER[p.kind], p.room.number if p.room else "", p.status_id or 0, -p.version)
        )

    @cached_property
    def rows(self) -> list[Row]:
        """The current packets as rows of the table."""
        queued = [p.pk for p in sorted(self.packets, key=lambda p: p.next_try_at) if p.state == PacketState.QUEUED]
        standing = [packet for packet in self.packets if packet.state != PacketState.SUPERSEDED]
        later = {packet.supersedes_id: packet.version for packet in standing if packet.supersedes_id}
        return [
            Row(packet, queued.index(packet.pk) + 1 if packet.pk in queued else 0, later.get(packet.pk, 0))
            for packet in standing
        ]

    @cached_property
    def old(self) -> list[Packet]:
        """Versions that newer ones have replaced."""
        return [packet for packet in self.packets if packet.state == PacketState.SUPERSEDED]

    @cached_property
    def ready(self) -> list[build.Ready]:
        """Closed rooms without a packet."""
        return build.ready(self.sitting)

    @property
    def sums(self) -> dict[str, int]:
        """The line of sums; a version that another one is about to replace is counted with it."""
        current = [row for row in self.rows if not row.next_version]
        rows = [row.packet for row in current]
        return {
            "total": len(rows),
            "acknowledged": sum(p.state == PacketState.ACKNOWLEDGED for p in rows),
            "sheets": sum(row.pages for row in current),
            "recordings": sum(int(p.counts.get("recordings", 0)) for p in rows),
            "size": sum(p.size for p in rows),
            "here": len({(p.kind, p.room_id, p.status_id) for p in self.packets if p.is_signed}),
            "there": sum(p.delivered_at is not None or p.state == PacketState.ACKNOWLEDGED for p in rows),
        }

    @cached_property
    def cursor(self) -> FeedCursor | None:
        """How the line to the centre is."""
        return FeedCursor.objects.filter(point=self.sitting.point).first()

    @cached_property
    def alarms(self) -> int:
        """How many receipts speak of files that this node never sent."""
        return receipts.alarms(self.sitting.point).count()

    @property
    def overdue(self) -> int:
        """How many receipts are overdue: a person has to act."""
        return sum(row.overdue == "overdue" for row in self.rows)

    @property
    def callout(self) -> str:
        """One sentence for a cause that hits every packet."""
        on_the_way = any(packet.state in ON_THE_WAY for packet in self.packets)
        if not link.has_centre():
            return _("The regional centre's address is not set: packets go by flash drive.") if on_the_way else ""
        if self.cursor is None or not self.cursor.trouble:
            return ""
        if self.cursor.trouble_code in OWN_TROUBLE:
            said = _("The centre's answer came but was not stored: %s It is tried again by itself.")
            return said % str(self.cursor.trouble)
        since = self.cursor.answered_at
        if self.cursor.trouble == link.NO_LINE:
            # The lead says it already.
            return self._no_line(since)
        if since is None:
            said = _("The regional centre has not answered yet: %s Retries go by themselves.")
            return said % str(self.cursor.trouble)
        said = _("The regional centre has not answered since %(time)s: %(why)s Retries go by themselves.")
        return said % {"time": self._clock(since), "why": self.cursor.trouble}

    def _no_line(self, since: datetime | None) -> str:
        if since is None:
            return _("The regional centre has not answered yet: there is no line to it. Retries go by themselves.")
        said = _("No line to the regional centre since %(time)s. Retries go by themselves.")
        return said % {"time": self._clock(since)}

    def _clock(self, moment: datetime) -> str:
        return f"{local(moment, self.sitting.point.timezone):%H:%M}"

    @cached_property
    def statuses(self) -> list[PointStatus]:
        """The statuses of the sitting, undone ones too."""
        rows = list(PointStatus.objects.filter(sitting=self.sitting).order_by("at"))
        for row in rows:
            row.told = phone.told(self.sitting, row.status) if row.state == PointStatus.State.DECLARED else None
        return rows

    def as_json(self) -> dict[str, Any]:
        """Return the page's facts for machines and for the page's own refreshing."""
        return {
            "sitting": self.sitting.key,
            "packets": [packet_json(packet) for packet in self.packets],
            "ready": [{"room": each.card.room.number, "kind": each.kind} for each in self.ready],
            "sums": self.sums,
            "callout": self.callout,
            "statuses": {
                row.status: {"state": row.state, "at": stamp(row.at), "by": row.by}
                for row in self.statuses
                if row.state != PointStatus.State.UNDONE
            },
            "feed": {
                "number": self.cursor.number if self.cursor else 0,
                "answered_at": _stamp(self.cursor.answered_at if self.cursor else None),
            },
        }


_ORDER: dict[str, int] = {PacketKind.STATUS: 3, PacketKind.FORMS: 1, PacketKind.BLANKS: 0, PacketKind.AUDIO: 2}


def _stamp(moment: Any) -> str | None:
    return stamp(moment) if moment else None


def packet_json(packet: Packet) -> dict[str, Any]:
    """Return a packet's facts."""
    row = Row(packet)
    return {
        "uid": packet.uid,
        "kind": packet.kind,
        "room": packet.room.number if packet.room else None,
        "status": packet.status.status if packet.status else None,
        "version": packet.version,
        "state": packet.state,
        "label": packet.get_state_display(),
        "colour": packet.colour,
        "detail": row.detail,
        "sha256": packet.sha256,
        "name": packet.name,
        "number": packet.receipt_number,
        "size": packet.size,
        "offset": packet.offset,
        "progress": packet.progress,
        "counts": packet.counts,
        "supersedes": packet.supersedes.uid if packet.supersedes else None,
        "error": str(packet.last_error),
        "overdue": row.overdue,
        "reasons": packet.reasons,
        "open": packet.open_there,
        "delivered_at": _stamp(packet.delivered_at),
        "answered_at": _stamp(packet.answered_at),
    }
