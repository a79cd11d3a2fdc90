"""Closing act of a point: one sheet of paper that says what was transferred, confirmed, and what went wrong."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from reportlab.platypus import Flowable, Spacer

from audit.log import Actor
from common.paper import layout
from common.paper.language import in_russian
from rcoi import board
from rcoi.board import AwaitedItem, SittingBoard
from rcoi.day.evaluation import Matter
from rcoi.models import (
    InboxAct,
    InboxFinding,
    InboxJournal,
    InboxPacket,
    IssuedReceipt,
    Report,
    RescanRequest,
)
from rcoi.reports.registered import Stamp, formed
from rcoi.states import FindingState, InboxState
from stations.models import Sitting, SittingRoom, StationKind


@in_russian
def point_report(sitting: Sitting, *, actor: Actor) -> Report:
    """Return the closing act of a sitting as it stands now."""
    (shown,) = board.boards([sitting])
    facts = PointFacts(shown)
    return formed(
        kind=Report.Kind.POINT,
        key=sitting.key,
        data=facts.data(),
        draw=facts.story,
        region=sitting.point.region,
        point=sitting.point,
        title=_("Closing act of exam point %(point)s: %(subject)s, %(day)s")
        % {"point": sitting.point.key, "subject": sitting.subject.name, "day": f"{sitting.date:%d.%m.%Y}"},
        actor=actor,
        receipts=facts.receipts.values(),
    )


class PointFacts:
    """Everything that the act shows, read once, so that its hash and its pages speak of the same."""

    def __init__(self, shown: SittingBoard) -> None:
        self.board, self.sitting = shown, shown.sitting
        current = InboxPacket.objects.filter(sitting=self.sitting, superseded_by=None, state=InboxState.ACKNOWLEDGED)
        journals = InboxJournal.objects.filter(packet__in=current).order_by("kind", "room", "station", "pk")
        # A later status carries the journals of the earlier one again.
        self.journals = list({row.sha256: row for row in journals}.values())
        acts = InboxAct.objects.filter(packet__in=current).exclude(kind="attachment").order_by("made_at", "pk")
        self.acts = list(acts)
        self.findings = list(
            InboxFinding.objects.filter(packet__sitting=self.sitting, packet__superseded_by=None).order_by("pk")
        )
        self.rescans = list(RescanRequest.objects.filter(sitting=self.sitting).order_by("at"))
        self.rejected = [packet for packet in shown.packets if packet.state == InboxState.REJECTED]
        rows = IssuedReceipt.objects.filter(packet__in=shown.packets).order_by("number")
        self.receipts = {row.packet_id: row for row in rows}

    def data(self) -> dict[str, Any]:
        """Return the data that decide whether this act has been formed before."""
        return {
            "sitting": self.sitting.key,
            "cells": [
                [cell.label, cell.state, cell.packet.sha256 if cell.packet else "", self._receipt(cell)]
                for cell in self.board.cells
            ],
            "statuses": [
                [each.status, each.record.state, each.record.declared_at.isoformat()] if each.record else [each.status]
                for each in self.board.statuses
            ],
            "receipts": sorted(row.number for row in self.receipts.values()),
            "journals": [row.sha256 for row in self.journals],
            "acts": [row.sha256 for row in self.acts],
            "findings": [[row.code, row.number, row.text.ru, row.state, row.settled_reason] for row in self.findings],
            "open": [[each.packet.sha256, each.text] for each in self.board.open],
            "covered": [[each.packet.sha256, each.text] for each in self.board.covered],
            "at_point": [[each.text, each.since] for each in self.board.at_point],
            "rescans": [[row.pk, row.state] for row in self.rescans],
            "rejected": [row.sha256 for row in self.rejected],
        }

    def story(self, stamp: Stamp) -> list[Flowable]:
        """Return the pages."""
        sitting, point = self.sitting, self.sitting.point
        lines = [
            _("%(region)s, exam point %(key)s “%(name)s”")
            % {"region": f"{point.region.code} {point.region.name}", "key": point.key, "name": point.name},
            point.address,
            f"{sitting.subject.code} {sitting.subject.name}, {sitting.date:%d.%m.%Y}",
        ]
        qr = f"PPE1|ACT|{sitting.key}|{stamp.number}|{stamp.data_sha256[:32]}"
        return [
            *layout.head(title=_("Closing act of the exam point"), lines=[line for line in lines if line], qr=qr),
            layout.verdict(self._verdict(), good=self.board.clean or None),
            Spacer(1, 4),
            *self._open(),
            *self._statuses(stamp),
            *self._packets(stamp),
            *self._journals(stamp),
            *self._acts(stamp),
            *self._incidents(stamp),
            *self._enclosed(stamp),
            layout.signatures(
                [
                    _("Head of the exam point"),
                    pgettext("capital", "GEK member"),
                    _("Technical specialist of the exam point"),
                    _("Operator of the regional centre"),
                ],
                _("Time of the change: %(moment)s. Printed: %(at)s (%(zone)s). Event log: %(head)s.")
                % {
                    "moment": self._closed_at(stamp),
                    "at": stamp.when(stamp.at),
                    "zone": stamp.zone,
                    "head": stamp.head,
                },
            ),
        ]

    def _verdict(self) -> str:
        if self.board.closed:
            said = _("All packets (%(count)d): confirmed. The statuses are handed over.") % {
                "count": len(self.board.cells)
            }
            if self.board.clean:
                return said
            return f"{said} " + _("Covered by an act or settled: %(count)d.") % {"count": len(self.board.covered)}
        missing = ", ".join(cell.label for cell in self.board.missing)
        late = ", ".join(f"«{each.label}»" for each in self.board.statuses if not each.reported)
        parts = [_("not confirmed: %(what)s") % {"what": missing}] if missing else []
        parts += [_("no status: %(what)s") % {"what": late}] if late else []
        if self.board.open_count:
            parts.append(_("not settled: %(count)d") % {"count": self.board.open_count})
        return _("The exam point is not closed — %(why)s") % {"why": "; ".join(parts)}

    def _open(self) -> list[Flowable]:
        """Return what keeps the sitting open, and what an act covers, straight under the verdict."""
        rows = [[_where(each), _("not settled"), each.text] for each in self.board.open]
        rows += [
            [_("Exam point"), _("since %(time)s") % {"time": each.since}, each.text] for each in self.board.at_point
        ]
        rows += [[_where(each), _("covered by an act or settled"), each.text] for each in self.board.covered]
        columns = [(_("Packet"), 46), (_("State"), 34), (_("What"), 100)]
        return layout.table(_("Differences and warnings"), columns, rows, empty="") if rows else []

    def _closed_at(self, stamp: Stamp) -> str:
        moments = [cell.packet.decided_at for cell in self.board.cells if cell.done and cell.packet]
        moments += [each.record.reported_at for each in self.board.statuses if each.reported and each.record]
        return stamp.when(max((each for each in moments if each), default=None))

    def _receipt(self, cell: AwaitedItem) -> int:
        row = self.receipts.get(cell.packet.pk) if cell.packet else None
        return row.number if row else 0

    def _statuses(self, stamp: Stamp) -> list[Flowable]:
        rows = [
            [
                each.label,
                each.words,
                stamp.when(each.record.declared_at) if each.record else "—",
                stamp.when(each.record.reported_at) if each.record else "—",
                each.record.declared_by if each.record else "",
            ]
            for each in self.board.statuses
        ]
        columns = [
            (_("Status"), 48),
            (_("State"), 24),
            (_("Declared at the point"), 36),
            (_("Accepted by the regional centre"), 36),
            (_("Declared by"), 36),
        ]
        return layout.table(_("Statuses of the exam point"), columns, rows, empty="")

    def _packets(self, stamp: Stamp) -> list[Flowable]:
        columns = [
            (_("Room"), 21),
            (_("Seated"), 19),
            (_("By the card: reg./extra"), 22),
            (_("Absent / not finished"), 24),
            (pgettext("number", "Sheets"), 14),
            (_("Audio"), 13),
            (_("State"), 27),
            (_("Receipt"), 20),
            (_("Packet SHA-256"), 20),
        ]
        seats = {each.room.number: each.seats for each in self.sitting.rooms.select_related("room")}
        rows = [self._packet(cell, seats) for cell in self.board.cells]
        preparing = self.sitting.rooms.filter(kind=SittingRoom.Kind.PREPARATION).select_related("room")
        rows += [
            [each.room.number, "", "", "", "", "", str(each.get_kind_display()), "", ""]
            for each in preparing.order_by("room__number")
        ]
        return layout.table(_("Rooms and forms"), columns, rows, empty="")

    def _packet(self, cell: AwaitedItem, seats: dict[str, int]) -> list[str]:
        packet = cell.packet
        label = cell.label if cell.room else _("HQ")
        if packet is None:
            return [label, str(seats.get(cell.room, "")), "", "", "", "", cell.words, "", ""]
        card = packet.document.get("card", {}) if cell.room else {}
        counts = packet.counts
        sheets = counts.get("sheets", 0) + counts.get("forms", 0)
        return [
            label,
            str(seats.get(cell.room, "—")),
            _two(card, "registration_count", "dbo_count"),
            _two(card, "absent_count", "not_finished_count"),
            str(sheets),
            str(counts.get("recordings", 0) or "—"),
            self._state(cell, packet),
            f"№ {self._receipt(cell)}" if self._receipt(cell) else "",
            f"{packet.sha256[:8]}…",
        ]

    @staticmethod
    def _state(cell: AwaitedItem, packet: InboxPacket) -> str:
        state = str(packet.get_state_display())
        return _("%(state)s (asked to be scanned again)") % {"state": state} if cell.state == "rescan" else state

    def _journals(self, stamp: Stamp) -> list[Flowable]:
        words = dict(StationKind.choices)
        rows = [
            [
                str(words.get(row.kind, row.kind or _("not read"))),
                row.station or row.name,
                self._place(row.room) or "—",
                str(row.entry_count),
                stamp.when(row.closed_at),
                _("signed") if row.signed_by else _("not signed"),
            ]
            for row in self.journals
        ]
        columns = [
            (_("Journal"), 50),
            (_("Station"), 34),
            (_("Room"), 20),
            (pgettext("number", "Entries"), 17),
            (_("Closed"), 36),
            (_("Signature"), 23),
        ]
        return layout.table(_("Electronic journals"), columns, rows, empty=_("No journal has come."))

    def _acts(self, stamp: Stamp) -> list[Flowable]:
        rows = [
            [
                row.kind_words,
                self._place(row.room) or row.station or "—",
                row.reason + (f"\n{row.text}" if row.text else ""),
                row.signed_by,
                stamp.when(row.made_at),
            ]
            for row in self.acts
        ]
        columns = [
            (_("Act"), 40),
            (_("Where"), 20),
            (_("Reason"), 62),
            (_("Signed by"), 30),
            (pgettext("paper", "Made at"), 28),
        ]
        return layout.table(_("Acts"), columns, rows, empty=_("No acts."))

    def _place(self, room: str) -> str:
        """Return the number of a room; a preparation room says that it is one."""
        kind = SittingRoom.Kind.PREPARATION
        return f"{kind.label} {room}" if room in self.board.standing.preparing else room

    def _incidents(self, stamp: Stamp) -> list[Flowable]:
        rows = [
            [
                stamp.when(row.decided_at),
                _("Rejected: %(title)s") % {"title": row.title},
                row.reasons[0]["ru"] if row.reasons else "",
            ]
            for row in self.rejected
        ]
        rows += [
            [
                stamp.when(row.at),
                _("Scanning again (%(state)s): %(room)s")
                % {"state": row.get_state_display(), "room": row.room or _("HQ")},
                row.reason,
            ]
            for row in self.rescans
        ]
        rows += [
            [
                stamp.when(row.found_at),
                _("Warning, %(room)s") % {"room": row.room} if row.room else pgettext("paper", "Warning"),
                _finding(row),
            ]
            for row in self.findings
        ]
        columns = [(_("Time"), 36), (_("What"), 62), (_("In detail"), 82)]
        return layout.table(_("Out of the ordinary"), columns, rows, empty=_("Nothing out of the ordinary."))

    def _enclosed(self, stamp: Stamp) -> list[Flowable]:
        """Name every receipt inside the file, those of statuses and replaced versions too: what is signed is said."""
        packets = {packet.pk: packet for packet in self.board.packets}
        rows = [
            [
                f"№ {row.number}",
                _decision(row),
                packets[row.packet_id].title,
                f"{row.sha256[:8]}…",
                stamp.when(row.issued_at),
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
        return layout.table(_("Receipts inside the file"), columns, rows, empty=_("No receipts yet."))


def _decision(receipt: IssuedReceipt) -> str:
    """Return what a receipt says, and how much was open about its packet."""
    said = str(receipt.get_level_display())
    return said + "\n" + _("open: %(count)d") % {"count": len(receipt.open)} if receipt.open else said


def _where(matter: Matter) -> str:
    packet = matter.packet
    what = f"{packet.get_kind_display()} {packet.room}".rstrip()
    return _("%(what)s, version %(version)d") % {"what": what, "version": packet.version}


def _finding(row: InboxFinding) -> str:
    text = str(row.text.ru)
    if row.state != FindingState.SETTLED:
        return text
    settled = _("Settled (%(who)s): %(reason)s") % {"who": row.settled_by, "reason": row.settled_reason}
    return f"{text}\n{settled}"


def _two(card: dict[str, Any], first: str, second: str) -> str:
    """Return two numbers of a card; one that does not apply (additional forms of an oral exam) is a dash."""
    return " / ".join("—" if card.get(name) is None else str(card[name]) for name in (first, second)) if card else "—"
