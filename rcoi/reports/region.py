"""Summary of a region for a day: every point, what is confirmed, what is late."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from reportlab.platypus import Flowable, Spacer

from audit.log import Actor
from common.paper import layout
from rcoi import board
from rcoi.board import SittingBoard, StatusCell
from rcoi.models import Report
from rcoi.reports.registered import Stamp, formed, paper
from stations.models import Region, Sitting


@paper
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
        title=f"Сводка по региону {region.code} за {day:%d.%m.%Y}",
        actor=actor,
    )


def _data(boards: Sequence[SittingBoard]) -> dict[str, Any]:
    return {
        each.sitting.key: {
            "cells": [[cell.label, cell.state, cell.packet.sha256 if cell.packet else ""] for cell in each.cells],
            "statuses": [[status.status, status.words] for status in each.statuses],
            "open": [[matter.packet.sha256, matter.text] for matter in each.open],
            "covered": [[matter.packet.sha256, matter.text] for matter in each.covered],
        }
        for each in boards
    }


def _story(region: Region, day: date, boards: Sequence[SittingBoard], stamp: Stamp) -> list[Flowable]:
    closed = sum(each.closed for each in boards)
    cells = [cell for each in boards for cell in each.cells]
    done = sum(cell.done for cell in cells)
    good = bool(boards) and all(each.clean for each in boards)
    open_matters, covered = sum(len(each.open) for each in boards), sum(len(each.covered) for each in boards)
    lines = [f"{region.code} {region.name}", f"День экзамена: {day:%d.%m.%Y}"]
    verdict = f"Закрыто экзаменов: {closed} из {len(boards)}. Пакетов «Подтвержден»: {done} из {len(cells)}."
    verdict += f" Не разобрано: {open_matters}." if open_matters else ""
    verdict += f" Покрыто актом или разобрано: {covered}." if covered else ""
    return [
        *layout.head(
            title="Сводка по региону",
            lines=lines,
            qr=f"PPE1|REGION|{region.code}|{day}|{stamp.number}|{stamp.data_sha256[:32]}",
        ),
        layout.verdict(verdict, good=good or None),
        Spacer(1, 4),
        *layout.table(
            "Пункты проведения экзамена", _COLUMNS, [_row(each, stamp) for each in boards], empty="Экзаменов нет."
        ),
        *_missing(boards),
        *_open(boards),
        layout.signatures(
            ["Оператор РЦОИ", "Региональный координатор"],
            f"Напечатано: {stamp.when(stamp.at)} ({stamp.zone}). Журнал событий: {stamp.head}.",
        ),
    ]


_COLUMNS = [
    ("ППЭ", 20),
    ("Предмет", 36),
    ("Подтверждено", 26),
    ("Листов", 16),
    ("Аудио", 14),
    ("Не разобрано", 20),
    ("Экзамены завершены", 24),
    ("Бланки переданы", 24),
]


def _row(each: SittingBoard, stamp: Stamp) -> list[str]:
    packets = [cell.packet for cell in each.cells if cell.packet and cell.done]
    counts = [packet.counts for packet in packets]
    return [
        each.sitting.point.key,
        each.sitting.subject.name,
        f"{each.done} из {len(each.cells)}" + (" — Подтвержден" if not each.missing else ""),
        str(sum(count.get("sheets", 0) + count.get("forms", 0) for count in counts)),
        str(sum(count.get("recordings", 0) for count in counts) or "—"),
        str(len(each.open) or "—"),
        *(_status(status, stamp) for status in each.statuses),
    ]


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
    columns = [("ППЭ", 20), ("Предмет", 50), ("Не подтверждено", 110)]
    return layout.table("Чего ещё нет", columns, rows, empty="Все пакеты подтверждены.")


def _open(boards: Sequence[SittingBoard]) -> list[Flowable]:
    rows = [
        [each.sitting.point.key, each.sitting.subject.name, f"{matter.packet.room or 'Штаб'}: {matter.text}"]
        for each in boards
        for matter in each.open
    ]
    columns = [("ППЭ", 20), ("Предмет", 50), ("Не разобрано", 110)]
    return layout.table("Не разобрано", columns, rows, empty="") if rows else []
