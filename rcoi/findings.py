"""Remarks about what arrived: gaps, clocks. They never block, and are looked at again when the next packet comes."""

from collections.abc import Sequence
from datetime import timedelta

from common.clock import now
from rcoi.models import InboxFinding, InboxPacket
from wire import canonical
from wire.cms import SignedBy

SKEW = timedelta(minutes=5)


def say(packet: InboxPacket, code: str, ru: str, en: str, *, number: str = "", room: str = "") -> None:
    """Write a remark once, in both languages."""
    InboxFinding.objects.get_or_create(
        packet=packet,
        code=code,
        number=number[:13],
        text=ru[:1000],
        defaults={"text_en": en[:1000], "room": room or packet.room, "found_at": now()},
    )


def sequence(packet: InboxPacket) -> None:
    """Look at the numbers of a node anew: gaps are shown, not guessed, and vanish when the packet comes."""
    chain = list(
        InboxPacket.objects.filter(point=packet.point, node=packet.node, sequence__isnull=False).order_by("sequence")
    )
    InboxFinding.objects.filter(packet__in=chain, code__in=("sequence_gap", "chain_broken")).delete()
    before: InboxPacket | None = None
    for each in chain:
        last = before.sequence if before else 0
        assert each.sequence is not None  # noqa: S101 (the query says so)
        if each.sequence > (last or 0) + 1:
            lost = _span(last or 0, each.sequence)
            say(
                each,
                "sequence_gap",
                f"Перед этим пакетом не получены пакеты узла с номерами {lost}.",
                f"Before this packet, those of the node with numbers {lost} have not come.",
            )
        elif before is not None and each.header.get("prev") not in ("", before.sha256):
            say(
                each,
                "chain_broken",
                f"Пакет ссылается не на тот предыдущий пакет, который получен под № {last}.",
                f"The packet names another predecessor than the one that came as no. {last}.",
            )
        before = each


def _span(last: int, number: int) -> str:
    return str(last + 1) if number == last + 2 else f"{last + 1}–{number - 1}"


def arrival(packet: InboxPacket) -> None:
    """Remark on clocks: order follows numbers, not time, so a wrong clock is only shown."""
    stamps = [packet.header.get("created_at"), *(signer.get("at") for signer in packet.signers)]
    if any(canonical.parse_stamp(stamp) > packet.received_at + SKEW for stamp in stamps if stamp):
        say(
            packet,
            "clock_skew",
            "Часы узла ППЭ спешат: пакет создан или подписан позже, чем получен.",
            "The point's clock is fast: the packet was made or signed after it came.",
        )


def late(packet: InboxPacket, signers: Sequence[SignedBy]) -> None:
    """Remark on certificates that ended between the signing and the arrival."""
    for signed in signers:
        ended = signed.certificate.not_valid_after_utc
        if ended < packet.received_at:
            say(
                packet,
                "certificate_ended",
                f"Сертификат {signed.identity.unit} закончился {ended:%d.%m.%Y %H:%M} UTC, до получения пакета; "
                f"подписано {signed.signed_at:%d.%m.%Y %H:%M} UTC.",
                f"The certificate of {signed.identity.urn} ended at {ended:%Y-%m-%d %H:%M} UTC, before this came; "
                f"signed at {signed.signed_at:%Y-%m-%d %H:%M} UTC.",
            )
