"""Summary of a region for a day: every point, what is confirmed, what is late."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from reportlab.platypus import Flowable, Spacer

from audit.log import Actor
from common.paper import layout
from common.paper.language import in_russian
from rcoi import board
from rcoi.board import SittingBoard, StatusCell
from rcoi.models import Report
from rcoi.reports.registered import Stamp, formed
from stations.models import Region, Sitting


@in_russian
def region_report(region: Region, day: date, sittings: Sequence[Sitting], *, actor: Actor) -> Report:
    """Return the summary of a region's day over the sittings in the asker's scope."""
    boards = board.boards(sittings)
    return formed(
        kind=Report.Kind.REGION,
        key=f"{region.code}-{day.isoformat()}",
        data=_data(boards),
        draw=lambda stamp: _story(region, day, boards, stamp),
        region=region,
        point=None,
        title=_("Summary of region %(region)s for %(day)s") % {"region": region.code, "day": f"{day:%d.%m.%Y}"},
        actor=actor,
    )


def _data(boards: Sequence[SittingBoard]) -> dict[str, Any]:
    return {
        each.sitting.key: {
            "cells": [[cell.label, cell.state, cell.packet.sha256 if cell.packet else ""] for cell in each.cells],
            "statuses": [[status.status, status.words] for status in each.statuses],
            "open": [[matter.packet.sha256, matter.text] for matter in each.open],
            "covered": [[matter.packet.sha256, matter.text] for matter in each.covered],
            "at_point": [[matter.text, matter.since] for matter in each.at_point],
        }
        for each in boards
    }


def _story(region: Region, day: date, boards: Sequence[SittingBoard], stamp: Stamp) -> list[Flowable]:
    closed = sum(each.closed for each in boards)
    cells = [cell for each in boards for cell in each.cells]
    done = sum(cell.done for cell in cells)
    good = bool(boards) and all(each.clean for each in boards)
    open_matters, covered = sum(each.open_count for each in boards), sum(len(each.covered) for each in boards)
    lines = [f"{region.code} {region.name}", _("Day of the exam: %(day)s") % {"day": f"{day:%d.%m.%Y}"}]
    parts = [
        _("Exams closed: %(done)d of %(all)d.") % {"done": closed, "all": len(boards)},
        _("Packets confirmed: %(done)d of %(all)d.") % {"done": done, "all": len(cells)},
        _("Not settled: %(count)d.") % {"count": open_matters} if open_matters else "",
        _("Covered by an act or settled: %(count)d.") % {"count": covered} if covered else "",
    ]
    return [
        *layout.head(
            title=_("Summary of a region"),
            lines=lines,
            qr=f"PPE1|REGION|{region.code}|{day}|{stamp.number}|{stamp.data_sha256[:32]}",
        ),
        layout.verdict(" ".join(part for part in parts if part), good=good or None),
        Spacer(1, 4),
        *layout.table(
            pgettext("paper", "Exam points"),
            _columns(),
            [_row(each, stamp) for each in boards],
            empty=pgettext("paper", "No exams."),
        ),
        *_missing(boards),
        *_open(boards),
        layout.signatures(
            [_("Operator of the regional centre"), _("Regional coordinator")],
            _("Printed: %(at)s (%(zone)s). Event log: %(head)s.")
            % {"at": stamp.when(stamp.at), "zone": stamp.zone, "head": stamp.head},
        ),
    ]


def _columns() -> list[tuple[str, float]]:
    return [
        (_("Exam point"), 20),
        (_("Subject"), 36),
        (pgettext("paper", "Confirmed"), 26),
        (pgettext("number", "Sheets"), 16),
        (_("Audio"), 14),
        (_("Not settled"), 20),
        (pgettext("paper", "Exams finished"), 24),
        (pgettext("paper", "Answer forms transferred"), 24),
    ]


def _row(each: SittingBoard, stamp: Stamp) -> list[str]:
    packets = [cell.packet for cell in each.cells if cell.packet and cell.done]
    counts = [packet.counts for packet in packets]
    return [
        each.sitting.point.key,
        each.sitting.subject.name,
        _done(each),
        str(sum(count.get("sheets", 0) + count.get("forms", 0) for count in counts)),
        str(sum(count.get("recordings", 0) for count in counts) or "—"),
        str(each.open_count or "—"),
        *(_status(status, stamp) for status in each.statuses),
    ]


def _done(each: SittingBoard) -> str:
    counts = {"done": each.done, "all": len(each.cells)}
    return _("%(done)d of %(all)d") % counts if each.missing else _("%(done)d of %(all)d — confirmed") % counts


def _status(status: StatusCell, stamp: Stamp) -> str:
    return stamp.when(status.record.reported_at)[11:16] if status.reported and status.record else status.words


def _missing(boards: Sequence[SittingBoard]) -> list[Flowable]:
    rows = [
        [
            each.sitting.point.key,
            each.sitting.subject.name,
            ", ".join(f"{cell.label} ({cell.words})" for cell in each.missing),
        ]
        for each in boards
        if each.missing
    ]
    columns = [(_("Exam point"), 20), (_("Subject"), 50), (pgettext("paper", "Not confirmed"), 110)]
    return layout.table(_("What is still missing"), columns, rows, empty=_("All packets are confirmed."))


def _open(boards: Sequence[SittingBoard]) -> list[Flowable]:
    hq = _("HQ")
    rows = [
        [each.sitting.point.key, each.sitting.subject.name, f"{matter.packet.room or hq}: {matter.text}"]
        for each in boards
        for matter in each.open
    ]
    rows += [
        [each.sitting.point.key, each.sitting.subject.name, matter.text] for each in boards for matter in each.at_point
    ]
    columns = [(_("Exam point"), 20), (_("Subject"), 50), (_("Not settled"), 110)]
    return layout.table(_("Not settled"), columns, rows, empty="") if rows else []
