"""What is so at this moment of a sitting, read once for a page. Everything shown is concluded from this."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils.translation import gettext as _

from common.work.clock import now
from journals.expected import Expected, expected_set, scan_expected
from journals.forms import undone
from journals.models import Journal
from keys.models import AccessKey
from keys.states import AccessKeyState
from monitoring.words import room_words
from scanning.models import Discrepancy, Finding, RoomCard
from stations.models import Sitting
from transfers.finished import Ending
from transfers.gates import Gate, Owed, gate, newest_packets, owed_packets
from transfers.models import Packet, PointStatus

#: The condition of a gate that a status was not declared before.
DECLARED_BEFORE = "already_declared"
FINISHED, TRANSFERRED = "exams_finished", "blanks_transferred"


@dataclass(frozen=True)
class SittingFacts:
    """The state of a sitting."""

    sitting: Sitting
    at: datetime

    @cached_property
    def room_posts(self) -> list[Expected]:
        """The print and voice stations that owe a journal."""
        return _rooms_first(expected_set(self.sitting, kinds=("print", "voice")))

    @cached_property
    def print_posts(self) -> list[Expected]:
        """The print stations that owe a journal."""
        return [row for row in self.room_posts if row.post.station.kind == "print"]

    @cached_property
    def voice_posts(self) -> list[Expected]:
        """The voice stations that owe a journal."""
        return [row for row in self.room_posts if row.post.station.kind == "voice"]

    @cached_property
    def scan_posts(self) -> list[Expected]:
        """The scanning stations that owe a journal."""
        return _rooms_first(scan_expected(self.sitting))

    @cached_property
    def journals(self) -> list[Journal]:
        """The journals of the sitting, newest first."""
        rows = Journal.objects.filter(sitting=self.sitting).select_related("station", "room", "superseded_by")
        return list(rows.order_by("-received_at", "-pk"))

    @cached_property
    def sealed(self) -> set[int]:
        """The accepted journals whose form numbers are still sealed."""
        return set(undone(self.sitting).values_list("pk", flat=True))

    @property
    def opened_journals(self) -> int:
        """How many print stations have their form numbers open, or an act instead."""
        return served(self.print_posts) - sum(
            row.state == "accepted" and row.journal is not None and row.journal.pk in self.sealed
            for row in self.print_posts
        )

    @cached_property
    def keys(self) -> list[AccessKey]:
        """The access keys of the sitting, newest first."""
        return list(AccessKey.objects.filter(sitting=self.sitting).order_by("-version"))

    @cached_property
    def active_key(self) -> AccessKey | None:
        """The newest active access key."""
        rows = (k for k in self.keys if k.state == AccessKeyState.ACTIVATED and k.until > self.at)
        return next(rows, None)

    @cached_property
    def loaded_key(self) -> AccessKey | None:
        """The newest access key that waits for its activation."""
        return next((k for k in self.keys if k.state == AccessKeyState.LOADED), None)

    @cached_property
    def cards(self) -> list[RoomCard]:
        """The room cards, the HQ last."""
        rows = RoomCard.objects.filter(sitting=self.sitting).select_related("room", "sitting__subject")
        return sorted(rows, key=lambda card: (card.is_hq, card.room.number))

    @cached_property
    def open_problems(self) -> Counter[int]:
        """Card → how many discrepancies are open on it."""
        return Counter(row.card_id for row in self.discrepancies)

    @cached_property
    def room_numbers(self) -> list[str]:
        """The rooms of the sitting."""
        return [row.room.number for row in self.sitting.rooms.select_related("room").order_by("room__number")]

    @cached_property
    def packets(self) -> list[Packet]:
        """The newest version of each packet."""
        return list(self._newest.values())

    @cached_property
    def _newest(self) -> dict[tuple[str, str], Packet]:
        return newest_packets(self.sitting)

    @cached_property
    def owed(self) -> list[Owed]:
        """Every packet that the last status needs."""
        return owed_packets(self.sitting, self._newest)

    @cached_property
    def paper_packets(self) -> list[Packet]:
        """The packets with blanks, forms and recordings."""
        return [row for row in self.packets if row.kind != Packet.Kind.STATUS]

    @cached_property
    def declared(self) -> list[PointStatus]:
        """Every declared status with its packets, undone ones too, newest first."""
        rows = PointStatus.objects.filter(sitting=self.sitting).prefetch_related("packets__receipts")
        return list(rows.order_by("-at", "-pk"))

    @cached_property
    def statuses(self) -> dict[str, PointStatus]:
        """The standing statuses by name; an undone one does not count."""
        return {row.status: row for row in self.declared if row.state != PointStatus.State.UNDONE}

    @cached_property
    def discrepancies(self) -> list[Discrepancy]:
        """What is still open on the cards."""
        rows = Discrepancy.objects.filter(
            card__sitting=self.sitting, resolved_at__isnull=True, severity=Finding.Severity.PROBLEM
        )
        return list(rows.select_related("card__room")[:500])

    def confirmed(self, status: str) -> bool:
        """Return whether the centre acknowledged a standing status."""
        row = self.statuses.get(status)
        return row is not None and row.state == PointStatus.State.ACCEPTED

    def receipt_words(self, status: str) -> str:
        """Return ``receipt No. …`` of a standing status."""
        row = self.statuses.get(status)
        numbers = [each.receipt_number for each in row.packets.all() if each.receipt_number] if row else []
        return _("receipt no. %d") % max(numbers) if numbers else _("accepted by the regional centre")

    @cached_property
    def ending(self) -> Ending:
        """How far the sitting and the day are from their end."""
        return Ending(self.sitting)

    def place_of(self, packet: Packet) -> str:
        """Return where a packet comes from, in words."""
        if packet.kind == Packet.Kind.STATUS:
            return str(packet)
        return room_words(packet.room.number if packet.room else None)

    def gate(self, status: str) -> Gate:
        """Return the conditions of a status; asked once per page."""
        kept: dict[str, Gate] = self.__dict__.setdefault("_gates", {})
        if status not in kept:
            kept[status] = gate(self.sitting, status)
        return kept[status]


def facts_of(sitting: Sitting) -> SittingFacts:
    """Return the facts of a sitting at this moment."""
    return SittingFacts(sitting, now())


def _rooms_first(rows: Iterable[Expected]) -> list[Expected]:
    """Return posts room by room; stations that never had a room last."""
    return sorted(rows, key=lambda row: (row.post.station.kind, row.post.room_id is None))


def served(rows: Iterable[Expected]) -> int:
    """Return how many posts have their journal or act."""
    return sum(row.served for row in rows)


def unserved(rows: Iterable[Expected]) -> list[Expected]:
    """Return the posts that still owe a journal."""
    return [row for row in rows if not row.served]
