"""Confirmation of one packet: what «Подтвержден» was said about, by whom it was signed, and where to check it."""

from typing import Any

from reportlab.platypus import Flowable, Spacer

from audit.log import Actor
from common.paper import layout
from rcoi.checking import standing
from rcoi.checking.standing import Standing
from rcoi.errors import RequestRefused
from rcoi.models import InboxPacket, IssuedReceipt, Report
from rcoi.reports.registered import Stamp, formed, paper
from rcoi.states import PacketState
from wire.canonical import parse_stamp
from wire.forms import CATALOGUE
from wire.messages import Message

_COUNTS = {
    "sheets": "Бланков участников",
    "forms": "Форм ППЭ",
    "recordings": "Аудиозаписей ответов",
    "journals": "Электронных журналов",
    "acts": "Актов",
}


@paper
def packet_report(packet: InboxPacket, *, actor: Actor) -> Report:
    """Return the report of a decided packet.

    Raises:
        RequestRefused: The centre has not decided yet, or the file was never taken in as a packet.
    """
    receipt = packet.receipts.order_by("-number").first()
    if packet.is_working or receipt is None or packet.sitting is None or packet.uid is None:
        raise RequestRefused(Message("There is no decision about this packet yet."))
    point = packet.sitting.point
    stands = standing.of_packet(packet)
    return formed(
        kind=Report.Kind.PACKET,
        key=packet.uid,
        data=_data(packet, receipt, stands),
        draw=lambda stamp: _story(packet, receipt, stamp, stands),
        region=point.region,
        point=point,
        title=f"РЦОИ о пакете: {packet.title}",
        actor=actor,
        receipts=[receipt],
    )


def _data(packet: InboxPacket, receipt: IssuedReceipt, stands: Standing) -> dict[str, Any]:
    return {
        "packet": packet.uid,
        "sha256": packet.sha256,
        "state": packet.state,
        "receipt": receipt.number,
        "receipt_sha256": receipt.body_sha256,
        "counts": packet.counts,
        "signers": packet.signers,
        "reasons": packet.reasons,
        "superseded_by": packet.superseded_by.uid if packet.superseded_by else "",
        "open": [each.text for each in stands.open],
        "covered": [each.text for each in stands.covered],
    }


def _story(packet: InboxPacket, receipt: IssuedReceipt, stamp: Stamp, stands: Standing) -> list[Flowable]:
    sitting = packet.sitting
    assert sitting is not None  # noqa: S101 (checked by the caller)
    point, good = sitting.point, packet.state == PacketState.ACKNOWLEDGED
    lines = [
        f"{point.region.code} {point.region.name}, ППЭ {point.key} «{point.name}»",
        f"{sitting.subject.code} {sitting.subject.name}, {sitting.date:%d.%m.%Y}",
    ]
    qr = f"PPE1|RECEIPT|{point.key}|{receipt.number}|{packet.sha256[:32]}|{receipt.body_sha256[:32]}"
    title = "Подтверждение РЦОИ о приёме пакета" if good else "Отказ РЦОИ в приёме пакета"
    return [
        *layout.head(title=title, lines=lines, qr=qr),
        _verdict(packet, stands),
        Spacer(1, 8),
        *_remarks(stands),
        layout.facts(_facts(packet, receipt, stamp)),
        *layout.table(
            "Состав пакета", [("Что", 130), ("Количество", 50)], _counts(packet), empty="Состав не сосчитан."
        ),
        *_reasons(packet),
        *layout.table(
            "Пакет подписали",
            [("Кто", 100), ("Роль", 35), ("Время подписи", 45)],
            [[s["name"], _role(s["role"]), _signed_at(s, stamp)] for s in packet.signers],
            empty="Подписей нет.",
        ),
        layout.signatures(["Оператор РЦОИ"], f"Журнал событий: {stamp.head}."),
    ]


def _verdict(packet: InboxPacket, stands: Standing) -> Flowable:
    """Return the decision; green only where nothing about the packet is open or had to be covered."""
    said = str(packet.get_state_display())
    if packet.state != PacketState.ACKNOWLEDGED:
        return layout.verdict(said, good=False)
    parts = [f"не разобрано: {len(stands.open)}"] if stands.open else []
    parts += [f"покрыто актом или разобрано: {len(stands.covered)}"] if stands.covered else []
    return layout.verdict(f"{said}; {', '.join(parts)}" if parts else said, good=None if parts else True)


def _remarks(stands: Standing) -> list[Flowable]:
    rows = [["не разобрано", each.text] for each in stands.open]
    rows += [["покрыто актом или разобрано", each.text] for each in stands.covered]
    if not rows:
        return []
    columns = [("Состояние", 40), ("Что", 140)]
    return [*layout.table("Расхождения и замечания", columns, rows, empty=""), Spacer(1, 8)]


def _facts(packet: InboxPacket, receipt: IssuedReceipt, stamp: Stamp) -> list[tuple[str, str]]:
    room = packet.room or ("Штаб" if packet.kind == "forms" else "—")
    rows = [
        ("Вид пакета", str(packet.get_kind_display())),
        ("Аудитория", room),
        ("Пакет", f"{packet.uid}, версия {packet.version}, № {packet.sequence} узла {packet.node}"),
        ("Файл", packet.name),
        ("SHA-256 файла", packet.sha256),
        ("Получен", f"{stamp.when(packet.received_at)}, {packet.get_door_display()}"),
        ("Расшифрован", stamp.when(packet.opened_at)),
        ("Решение принято (время перехода)", stamp.when(packet.decided_at)),
        ("Квитанция", f"№ {receipt.number} от {stamp.when(receipt.issued_at)}"),
        ("SHA-256 квитанции", receipt.body_sha256),
        ("Напечатано", f"{stamp.when(stamp.at)} ({stamp.zone})"),
    ]
    if packet.superseded_by:
        rows.append(("Заменён", f"пакетом {packet.superseded_by.uid}, версия {packet.superseded_by.version}"))
    return rows


def _counts(packet: InboxPacket) -> list[list[str]]:
    rows = [[words, str(packet.counts[key])] for key, words in _COUNTS.items() if packet.counts.get(key)]
    rows += [
        [f"· {CATALOGUE[key].title.ru}", str(number)]
        for key, number in sorted(packet.counts.items())
        if key in CATALOGUE
    ]
    return rows


def _reasons(packet: InboxPacket) -> list[Flowable]:
    if not packet.reasons:
        return []
    rows = [[reason["code"], reason["ru"], reason.get("sheet") or ""] for reason in packet.reasons]
    return layout.table("Причины отказа", [("Код", 35), ("Причина", 115), ("Лист", 30)], rows, empty="")


def _role(role: str) -> str:
    return {"hq": "Узел Штаба ППЭ", "gek": "Член ГЭК"}.get(role, role)


def _signed_at(signer: dict[str, str], stamp: Stamp) -> str:
    return stamp.when(parse_stamp(signer["at"])) if signer.get("at") else "—"
