"""Closing act of a point, printed at the point from the receipts in its hands.

The centre's act says what the centre knows; this one says what was proven to the point. The receipts travel inside the
PDF as the centre signed them, so that every line can be checked without either node.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from reportlab.platypus import Flowable, Spacer

from audit.log import Actor, record
from audit.models import ChainHead, Event
from common.obligations import standing
from common.paper import layout as paper
from common.paper import pdf
from common.paper.language import in_russian
from common.web.obligations import lines
from common.work.clock import local, now
from day.evaluate import locked
from day.judged import Day, SittingDay, accepted
from journals.expected import Expected, expected_set, scan_expected
from stations.models import Room, Sitting, StationKind
from transfers.models import Packet, PacketKind, PointStatus, ReceiptLevel, ReceiptRecord, StatusName
from transfers.newest import newest_packets
from transfers.phone import told
from transfers.states import StatusState
from wire import canonical
from wire.messages import Message
from wire.names.files import receipt_name

_PRINTED = "transfers.closing_act"
_STATUSES = (StatusName.EXAMS_FINISHED, StatusName.BLANKS_TRANSFERRED)


@dataclass(frozen=True)
class ClosingAct:
    """A printed act."""

    name: str
    data: bytes
    data_sha256: str


@in_russian
@transaction.atomic
def closing_act(*, sitting: Sitting, actor: Actor) -> ClosingAct:
    """Return the closing act of a sitting as it stands now; it is a Russian paper, whoever prints it.

    Args:
        sitting: The exam.
        actor: Who prints it.
    """
    point, name = sitting.point, _name(sitting)
    facts = _Facts(sitting, locked(sitting))
    digest = hashlib.sha256(canonical.dumps(facts.data())).hexdigest()
    at = now()
    footer = _("Closing act %(sitting)s · data SHA-256 %(digest)s… · printed %(at)s") % {
        "sitting": sitting.key,
        "digest": digest[:16],
        "at": _when(at, sitting),
    }
    title = _("Closing act of exam point %(point)s: %(subject)s, %(day)s") % {
        "point": point.key,
        "subject": sitting.subject.name,
        "day": f"{sitting.date:%d.%m.%Y}",
    }
    data = pdf.document(
        facts.story(digest, at),
        title=title,
        footer=footer,
        training=settings.PPE_MODE == "training",
        attachments=facts.attachments(),
    )
    record(
        _PRINTED,
        about=sitting,
        subject=name,
        actor=actor,
        data={"data_sha256": digest, "sha256": hashlib.sha256(data).hexdigest(), "closed": facts.closed},
    )
    return ClosingAct(name, data, digest)


def _name(sitting: Sitting) -> str:
    return f"CLOSING_{sitting.key.replace('-', '_')}.pdf"


def _when(moment: datetime | None, sitting: Sitting) -> str:
    return f"{local(moment, sitting.point.timezone):%d.%m.%Y %H:%M:%S}" if moment else "—"


class _Facts:
    """Everything that the act shows, read once, so that its hash and its pages speak of the same."""

    def __init__(self, sitting: Sitting, day: Day) -> None:
        self.sitting = sitting
        newest = newest_packets(sitting)
        self.packets = [packet for packet in newest if packet.kind != PacketKind.STATUS]
        self.packets.sort(key=lambda each: (each.kind == PacketKind.FORMS, each.room.number if each.room else ""))
        rows = PointStatus.objects.filter(sitting=sitting, status__in=_STATUSES).exclude(state=StatusState.UNDONE)
        self.statuses = {row.status: row for row in rows}
        self.status_packets = {packet.status.status: packet for packet in newest if packet.status is not None}
        self.receipts = self._receipts([*self.packets, *self.status_packets.values()])
        self.posts: list[Expected] = [*expected_set(sitting), *scan_expected(sitting)]
        rooms = {row.room_id: row.seats for row in sitting.rooms.all()}
        self.seats = rooms
        self.awaited = self._awaited()
        self.day = day
        self.own = day.sitting(sitting.key)

    @staticmethod
    def _receipts(packets: list[Packet]) -> dict[int, ReceiptRecord]:
        rows = ReceiptRecord.objects.filter(packet__in=packets).order_by("number")
        return {row.packet_id: row for row in rows if row.packet_id is not None}

    def _awaited(self) -> list[str]:
        """Return the rooms whose packet was never made."""
        have = {packet.room_id for packet in self.packets}
        rooms = [
            str(row.room) for row in self.sitting.rooms.collecting().select_related("room") if row.room_id not in have
        ]
        return rooms + ([] if any(each.kind == PacketKind.FORMS for each in self.packets) else [_("HQ")])

    @property
    def unconfirmed(self) -> list[Packet]:
        """The packets whose last word the centre has not confirmed: a room that is open again has said none."""
        left = self.own.unconfirmed
        return [packet for packet in self.packets if packet.uid in left]

    @property
    def closed(self) -> bool:
        """Whether everything of this sitting has its receipt and nothing was opened since."""
        return self.own.over

    def data(self) -> dict[str, Any]:
        """Return what the hash of the act speaks of."""
        return {
            "sitting": self.sitting.key,
            "packets": [[p.uid, p.version, p.state, p.sha256, self._number(p)] for p in self.packets],
            "statuses": [
                [name, row.state, canonical.stamp(row.at), row.by] for name, row in sorted(self.statuses.items())
            ],
            "receipts": sorted(row.sha256 for row in self.receipts.values()),
            "journals": [[str(row.post), row.state] for row in self.posts],
            "awaited": self.awaited,
            "open": sorted(str(each.text) for each in self.own.open),
            "open_there": self.open_there,
            "others": [each.exam.key for each in self._others],
        }

    def attachments(self) -> dict[str, bytes]:
        """Return the receipts as they were signed, by name."""
        return {
            receipt_name(row.packet.name if row.packet else row.file_sha256, row.level): bytes(row.document)
            for row in self.receipts.values()
        }

    def story(self, digest: str, at: datetime) -> list[Flowable]:
        """Return the pages."""
        sitting, point = self.sitting, self.sitting.point
        lines = [
            _("%(region)s, exam point %(key)s “%(name)s”")
            % {"region": f"{point.region.code} {point.region.name}", "key": point.key, "name": point.name},
            point.address,
            f"{sitting.subject.code} {sitting.subject.name}, {sitting.date:%d.%m.%Y}",
        ]
        head = ChainHead.objects.filter(chain=point.key).first()
        log = "—"
        if head:
            log = _("%(chain)s, record No. %(number)d, %(hash)s") % {
                "chain": head.chain,
                "number": head.number,
                "hash": head.hash,
            }
        made = _("Made at the exam point from the receipts of the regional centre, which are inside the file.")
        printed = _("Printed: %(at)s (%(zone)s). Event log: %(head)s.") % {
            "at": _when(at, sitting),
            "zone": point.timezone,
            "head": log,
        }
        printed += self._replaced(digest)
        return [
            *paper.head(
                title=_("Closing act of the exam point"),
                lines=[line for line in lines if line],
                qr=f"PPE1|CLOSING|{sitting.key}|{digest[:32]}",
            ),
            paper.verdict(self._verdict(), good=(self.closed and not self.open_there) or None),
            Spacer(1, 4),
            *self._open(),
            *self._statuses(),
            *self._packets(),
            *self._journals(),
            *self._open_there(),
            *self._enclosed(),
            paper.signatures(
                [
                    _("Head of the exam point"),
                    pgettext("capital", "GEK member"),
                    _("Technical specialist of the exam point"),
                ],
                f"{made} {printed}",
            ),
        ]

    def _verdict(self) -> str:
        if self.closed:
            if self.day.over(self.sitting.key):
                return _(
                    "All packets (%(count)d): confirmed. The regional centre accepted the status, everybody may leave."
                ) % {"count": len(self.packets)}
            others = ", ".join(each.exam.title for each in self._others)
            return _(
                "All packets (%(count)d): confirmed. The regional centre accepted the status. "
                "Other exams of the day are not over: %(others)s."
            ) % {"count": len(self.packets), "others": others}
        awaited, unconfirmed = ", ".join(self.awaited), ", ".join(map(str, self.unconfirmed))
        parts = [
            *([_("not built: %(what)s") % {"what": awaited}] if awaited else []),
            *([_("not confirmed: %(what)s") % {"what": unconfirmed}] if unconfirmed else []),
            *(
                _("status not accepted: “%(name)s”") % {"name": name.label}
                for name in _STATUSES
                if not accepted(self.own.exam, name)
            ),
            *([_("opened again after the last status")] if self.own.opened_again else []),
        ]
        return _("The exam point is not closed — %(why)s") % {"why": "; ".join(parts)}

    @property
    def _others(self) -> tuple[SittingDay, ...]:
        return self.day.others(self.sitting.key)

    def _open(self) -> list[Flowable]:
        """Everything between the exam and its end, in the words of every page; nothing once it is over."""
        rows = [[line] for line in lines(self.own.open, self.sitting.point.timezone)]
        return paper.table(_("What is still open"), [(_("Obligation"), 180)], rows, empty="") if rows else []

    def _replaced(self, digest: str) -> str:
        """Name the act of other facts that this one replaces."""
        rows = Event.objects.filter(chain=self.sitting.point.key, kind=_PRINTED, subject=_name(self.sitting))
        last = rows.order_by("-number").first()
        if last is None or last.data.get("data_sha256") == digest:
            return ""
        there = local(last.at, self.sitting.point.timezone)
        return " " + _("Replaces the act of %(at)s (data SHA-256 %(digest)s…).") % {
            "at": f"{there:%d.%m.%Y %H:%M}",
            "digest": last.data["data_sha256"][:16],
        }

    def _number(self, packet: Packet) -> int:
        row = self.receipts.get(packet.pk)
        return row.number if row else 0

    def _statuses(self) -> list[Flowable]:
        rows = [self._status(name) for name in _STATUSES]
        columns = [
            (_("Status"), 48),
            (_("State"), 34),
            (pgettext("paper", "Declared"), 36),
            (_("Accepted by the regional centre"), 36),
            (_("Receipt"), 26),
        ]
        return paper.table(_("Statuses"), columns, rows, empty="")

    def _status(self, name: str) -> list[str]:
        row, packet = self.statuses.get(name), self.status_packets.get(name)
        if row is None:
            return [str(StatusName(name).label), pgettext("paper", "not handed over"), "—", "—", "—"]
        phoned = row.state == StatusState.DECLARED and told(self.sitting, name)
        state = _("told by telephone") if phoned else str(row.get_state_display())
        number = self._number(packet) if packet else 0
        return [
            str(row.get_status_display()),
            state,
            f"{_when(row.at, self.sitting)}\n{row.by}",
            _when(row.accepted_at, self.sitting),
            f"№ {number}" if number else "—",
        ]

    def _packets(self) -> list[Flowable]:
        columns = [
            (pgettext("paper", "Place"), 26),
            (_("Seated"), 20),
            (pgettext("number", "Sheets"), 16),
            (_("Audio"), 14),
            (_("Acts"), 12),
            (_("Version"), 15),
            (_("State"), 28),
            (_("Receipt"), 27),
            ("SHA-256", 22),
        ]
        rows = [self._packet(packet) for packet in self.packets]
        rows += [[name, "", "", "", "", "", pgettext("paper", "not built"), "—", ""] for name in self.awaited]
        # No packet of theirs is missing: what was printed there is in the packets of the voice rooms.
        rows += [
            [str(each.words), "", "", "", "", "", pgettext("paper", "prints only"), "—", ""]
            for each in self.own.exam.printing
            if each.room
        ]
        return paper.table(_("Rooms and forms"), columns, rows, empty=_("No packets."))

    def _packet(self, packet: Packet) -> list[str]:
        counts, row = packet.counts, self.receipts.get(packet.pk)
        hq = packet.room is None or packet.room.kind == Room.Kind.HQ
        return [
            _("HQ") if hq else str(packet.room),
            "—" if hq else str(self.seats.get(packet.room_id or 0, "—")),
            str(counts.get("sheets", 0) + counts.get("forms", 0)),
            str(counts.get("recordings", 0) or "—"),
            str(counts.get("acts", 0) or "—"),
            str(packet.version),
            self._state(packet),
            f"№ {row.number}\n{local(row.issued_at, self.sitting.point.timezone):%d.%m %H:%M:%S}" if row else "—",
            f"{packet.sha256[:8]}…" if packet.sha256 else "—",
        ]

    @property
    def open_there(self) -> list[list[str]]:
        """What was open about confirmed packets at the centre, as their receipts say it."""
        return [
            [str(row.packet), Message.from_json(each).ru]
            for row in self.receipts.values()
            if row.level == ReceiptLevel.ACKNOWLEDGED
            for each in row.open
        ]

    def _open_there(self) -> list[Flowable]:
        """Name what the receipts say was open; what the centre found or settled later is not in them."""
        columns = [(_("Packet"), 60), (_("Open at the regional centre when it confirmed"), 120)]
        return (
            paper.table(_("Open at the regional centre"), columns, self.open_there, empty="") if self.open_there else []
        )

    def _state(self, packet: Packet) -> str:
        """How the last version stands; a room that is open again says so beside it."""
        words = [str(packet.get_state_display())]
        place = packet.room.number if packet.room else "HQ"
        if any(each.place == place for each in standing(self.own.of("room_open_again"))):
            words.append(pgettext("paper", "room open again"))
        return "\n".join(words)

    def _enclosed(self) -> list[Flowable]:
        """Name every receipt inside the file, those of statuses too: what is signed is said."""
        rows = [
            [
                f"№ {row.number}",
                str(row.get_level_display()),
                str(row.packet or "—"),
                f"{row.file_sha256[:8]}…",
                _when(row.issued_at, self.sitting),
            ]
            for row in self.receipts.values()
        ]
        columns = [
            (_("Receipt"), 24),
            (_("Decision"), 30),
            (_("Packet"), 64),
            (_("Packet SHA-256"), 26),
            (pgettext("paper", "Issued"), 36),
        ]
        return paper.table(_("Receipts inside the file"), columns, rows, empty=_("No receipts yet."))

    def _label(self, row: Expected) -> str:
        """How a journal stands; one that does not hold all that was done at its station says so beside it."""
        words = [str(row.label)]
        if row.post.station.kind == StationKind.SCAN:
            codes = {each.code for each in self.own.open if each.place == row.post.station.number}
            if "scan_journal_rewritten" in codes:
                words.append(pgettext("paper", "written anew after packets were signed"))
            elif "scan_journal_behind" in codes:
                words.append(pgettext("paper", "not all of the station's entries are in it"))
        return "\n".join(words)

    def _journals(self) -> list[Flowable]:
        rows = [
            [str(row.post.station), str(row.post.room or "—"), self._label(row), row.act.name if row.act else ""]
            for row in self.posts
        ]
        columns = [(_("Station"), 64), (_("Room"), 28), (_("Journal"), 38), (_("Act"), 50)]
        return paper.table(_("Electronic journals"), columns, rows, empty=_("No journals."))
