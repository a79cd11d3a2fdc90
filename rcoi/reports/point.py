"""Closing act of a point: one sheet of paper that says what was transferred, confirmed, and what went wrong."""

from typing import Any

from reportlab.platypus import Flowable, Spacer

from audit.log import Actor
from common.paper import layout
from rcoi import board
from rcoi.board import Cell, SittingBoard
from rcoi.checking.standing import Matter
from rcoi.models import (
    InboxAct,
    InboxFinding,
    InboxJournal,
    InboxPacket,
    IssuedReceipt,
    Report,
    RescanRequest,
)
from rcoi.reports.registered import Stamp, formed, paper
from rcoi.states import FindingState, PacketState
from stations.models import Sitting, StationKind

_SIGN = ["Руководитель ППЭ", "Член ГЭК", "Технический специалист ППЭ", "Оператор РЦОИ"]


@paper
def point_report(sitting: Sitting, *, actor: Actor) -> Report:
    """Return the closing act of a sitting as it stands now."""
    (shown,) = board.boards([sitting])
    facts = Facts(shown)
    return formed(
        kind=Report.Kind.POINT,
        key=sitting.key,
        data=facts.data(),
        draw=facts.story,
        region=sitting.point.region,
        point=sitting.point,
        title=f"Акт закрытия ППЭ {sitting.point.key}: {sitting.subject.name}, {sitting.date:%d.%m.%Y}",
        actor=actor,
        receipts=facts.receipts.values(),
    )


class Facts:
    """Everything that the act shows, read once, so that its hash and its pages speak of the same."""

    def __init__(self, shown: SittingBoard) -> None:
        self.board, self.sitting = shown, shown.sitting
        current = InboxPacket.objects.filter(sitting=self.sitting, superseded_by=None, state=PacketState.ACKNOWLEDGED)
        journals = InboxJournal.objects.filter(packet__in=current).order_by("kind", "room", "station", "pk")
        # A later status carries the journals of the earlier one again.
        self.journals = list({row.sha256: row for row in journals}.values())
        acts = InboxAct.objects.filter(packet__in=current).exclude(kind="attachment").order_by("made_at", "pk")
        self.acts = list(acts)
        self.findings = list(
            InboxFinding.objects.filter(packet__sitting=self.sitting, packet__superseded_by=None).order_by("pk")
        )
        self.rescans = list(RescanRequest.objects.filter(sitting=self.sitting).order_by("at"))
        self.rejected = [packet for packet in shown.packets if packet.state == PacketState.REJECTED]
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
            "findings": [[row.code, row.number, row.text, row.state, row.settled_reason] for row in self.findings],
            "open": [[each.packet.sha256, each.text] for each in self.board.open],
            "covered": [[each.packet.sha256, each.text] for each in self.board.covered],
            "rescans": [[row.pk, row.state] for row in self.rescans],
            "rejected": [row.sha256 for row in self.rejected],
        }

    def story(self, stamp: Stamp) -> list[Flowable]:
        """Return the pages."""
        sitting, point = self.sitting, self.sitting.point
        lines = [
            f"{point.region.code} {point.region.name}, ППЭ {point.key} «{point.name}»",
            point.address,
            f"{sitting.subject.code} {sitting.subject.name}, {sitting.date:%d.%m.%Y}",
        ]
        qr = f"PPE1|ACT|{sitting.key}|{stamp.number}|{stamp.data_sha256[:32]}"
        return [
            *layout.head(title="Акт закрытия ППЭ", lines=[line for line in lines if line], qr=qr),
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
                _SIGN,
                f"Время перехода: {self._closed_at(stamp)}. Напечатано: {stamp.when(stamp.at)} ({stamp.zone}). "
                f"Журнал событий: {stamp.head}.",
            ),
        ]

    def _verdict(self) -> str:
        if self.board.closed:
            said = f"Все пакеты ({len(self.board.cells)}): Подтвержден. Статусы переданы."
            return said if self.board.clean else f"{said} Покрыто актом или разобрано: {len(self.board.covered)}."
        missing = ", ".join(cell.label for cell in self.board.missing)
        late = ", ".join(f"«{each.label}»" for each in self.board.statuses if not each.reported)
        parts = ([f"не подтверждены: {missing}"] if missing else []) + ([f"нет статусов: {late}"] if late else [])
        parts += [f"не разобрано: {len(self.board.open)}"] if self.board.open else []
        return "ППЭ не закрыт — " + "; ".join(parts)

    def _open(self) -> list[Flowable]:
        """Return what keeps the sitting open, and what an act covers, straight under the verdict."""
        rows = [[_where(each), "не разобрано", each.text] for each in self.board.open]
        rows += [[_where(each), "покрыто актом или разобрано", each.text] for each in self.board.covered]
        columns = [("Пакет", 46), ("Состояние", 34), ("Что", 100)]
        return layout.table("Расхождения и замечания", columns, rows, empty="") if rows else []

    def _closed_at(self, stamp: Stamp) -> str:
        moments = [cell.packet.decided_at for cell in self.board.cells if cell.done and cell.packet]
        moments += [each.record.reported_at for each in self.board.statuses if each.reported and each.record]
        return stamp.when(max((each for each in moments if each), default=None))

    def _receipt(self, cell: Cell) -> int:
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
        columns = [("Статус", 48), ("Состояние", 24), ("Объявлен в ППЭ", 36), ("Принят РЦОИ", 36), ("Кто объявил", 36)]
        return layout.table("Статусы ППЭ", columns, rows, empty="")

    def _packets(self, stamp: Stamp) -> list[Flowable]:
        columns = [
            ("Аудитория", 21),
            ("Рассажено", 19),
            ("По карточке рег./ДБО", 22),
            ("Не явились / не закончили", 24),
            ("Листов", 14),
            ("Аудио", 13),
            ("Состояние", 27),
            ("Квитанция", 20),
            ("Пакет SHA-256", 20),
        ]
        seats = {each.room.number: each.seats for each in self.sitting.rooms.all()}
        rows = [self._packet(cell, seats) for cell in self.board.cells]
        return layout.table("Аудитории и формы", columns, rows, empty="")

    def _packet(self, cell: Cell, seats: dict[str, int]) -> list[str]:
        packet = cell.packet
        label = cell.label if cell.room else "Штаб"
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
            str(packet.get_state_display()) + (" (запрошено пересканирование)" if cell.state == "rescan" else ""),
            f"№ {self._receipt(cell)}" if self._receipt(cell) else "",
            f"{packet.sha256[:8]}…",
        ]

    def _journals(self, stamp: Stamp) -> list[Flowable]:
        words = dict(StationKind.choices)
        rows = [
            [
                str(words.get(row.kind, row.kind or "не прочитан")),
                row.station or row.name,
                row.room or "—",
                str(row.entry_count),
                stamp.when(row.closed_at),
                "подписан" if row.signed_by else "не подписан",
            ]
            for row in self.journals
        ]
        columns = [("Журнал", 50), ("Станция", 34), ("Аудитория", 20), ("Записей", 17), ("Закрыт", 36), ("Подпись", 23)]
        return layout.table("Электронные журналы", columns, rows, empty="Журналы не получены.")

    def _acts(self, stamp: Stamp) -> list[Flowable]:
        rows = [
            [
                row.kind_words,
                row.room or row.station or "—",
                row.reason + (f"\n{row.text}" if row.text else ""),
                row.signed_by,
                stamp.when(row.made_at),
            ]
            for row in self.acts
        ]
        columns = [("Акт", 40), ("Где", 20), ("Причина", 62), ("Подписал", 30), ("Составлен", 28)]
        return layout.table("Акты", columns, rows, empty="Актов нет.")

    def _incidents(self, stamp: Stamp) -> list[Flowable]:
        rows = [
            [stamp.when(row.decided_at), f"Отклонён: {row.title}", row.reasons[0]["ru"] if row.reasons else ""]
            for row in self.rejected
        ]
        rows += [
            [stamp.when(row.at), f"Пересканирование ({row.get_state_display()}): {row.room or 'Штаб'}", row.reason]
            for row in self.rescans
        ]
        rows += [
            [stamp.when(row.found_at), f"Замечание{f', {row.room}' if row.room else ''}", _finding(row)]
            for row in self.findings
        ]
        columns = [("Время", 36), ("Что", 62), ("Подробно", 82)]
        return layout.table("Нештатное", columns, rows, empty="Нештатных событий нет.")

    def _enclosed(self, stamp: Stamp) -> list[Flowable]:
        """Name every receipt inside the file, those of statuses and replaced versions too: what is signed is said."""
        packets = {packet.pk: packet for packet in self.board.packets}
        rows = [
            [
                f"№ {row.number}",
                str(row.get_level_display()),
                packets[row.packet_id].title,
                f"{row.sha256[:8]}…",
                stamp.when(row.issued_at),
            ]
            for row in self.receipts.values()
        ]
        columns = [("Квитанция", 24), ("Решение", 30), ("Пакет", 64), ("Пакет SHA-256", 26), ("Выдана", 36)]
        return layout.table("Квитанции, вложенные в файл", columns, rows, empty="Квитанций ещё нет.")


def _where(matter: Matter) -> str:
    packet = matter.packet
    return f"{packet.get_kind_display()}{f' {packet.room}' if packet.room else ''}, версия {packet.version}"


def _finding(row: InboxFinding) -> str:
    settled = row.state == FindingState.SETTLED
    return f"{row.text}\nРазобрано ({row.settled_by}): {row.settled_reason}" if settled else row.text


def _two(card: dict[str, Any], first: str, second: str) -> str:
    """Return two numbers of a card; one that does not apply (ДБО of an oral exam) is a dash."""
    return " / ".join("—" if card.get(name) is None else str(card[name]) for name in (first, second)) if card else "—"
