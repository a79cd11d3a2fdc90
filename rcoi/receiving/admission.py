"""Whether a packet may come in: what can be judged before its content is opened.

Container, signatures, who must sign and the hash of the content are held by `wire.packet.verify`; here stand the rules
that need the registry, and the grace for certificates that ended on the way: a drive may travel over midnight, a line
may be down for a day. What is signed says itself when it was signed, so the grace is short, and a certificate that was
revoked since is refused as always.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from rcoi.errors import ForeignPointError, UnknownSittingError, WrongModeError
from rcoi.models import InboxKind
from stations.models import ExamPoint, Sitting, parse_key_date
from wire import canonical, packet
from wire.cms import SignedBy
from wire.messages import Message
from wire.packet import CheckedPacket, PacketHeader
from wire.pki import Identity
from wire.pki.trust import CertificateExpiredError, TrustStore

GRACE = timedelta(days=3)
MODES = {"live": Message("exam"), "training": Message("rehearsal")}


@dataclass(frozen=True)
class Destination:
    """Where a packet belongs."""

    sitting: Sitting
    room: str


def verify(path: Path, *, trust: TrustStore, at: datetime) -> CheckedPacket:
    """Check a packet as `wire.packet.verify` does, at a moment not long after its signers' certificates ended.

    Raises:
        PpeError: As `wire.packet.verify`.
    """
    try:
        return packet.verify(path, trust=trust, at=at)
    except CertificateExpiredError as expired:
        checked = packet.verify(path, trust=trust)  # each signer at its own signing time
        for signed in checked.signers:
            ended = signed.certificate.not_valid_after_utc
            if at - ended > GRACE:
                raise expired from None
            trust.check(signed.certificate, at=min(at, ended), signing=True)  # not revoked up to its end
        return checked


def header_dict(header: PacketHeader) -> dict[str, Any]:
    """Return an open header as JSON for the row."""
    fields = asdict(header)
    return {name: _plain(value) for name, value in fields.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return canonical.stamp(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def signers_list(signers: Sequence[SignedBy]) -> list[dict[str, str]]:
    """Return who signed, for the row and its pages."""
    return [
        {
            "urn": signer.identity.urn,
            "role": str(signer.identity.role.value),
            "name": _common_name(signer),
            "at": canonical.stamp(signer.signed_at) if signer.signed_at else "",
        }
        for signer in signers
    ]


def _common_name(signer: SignedBy) -> str:
    names = [attribute.value for attribute in signer.certificate.subject if attribute.rfc4514_attribute_name == "CN"]
    return str(names[0]) if names else signer.identity.ident


def evaluate(checked: CheckedPacket, *, sender: Identity | None) -> Destination:
    """Hold a packet whose signature and hash are right to the rules of this centre.

    Args:
        checked: What `wire.packet.verify` returned.
        sender: The machine that delivered it; None from a flash drive.

    Returns:
        The sitting and room it belongs to.

    Raises:
        PacketError: With the rule that does not hold.
    """
    header = checked.header
    _mode(header)
    if sender is not None and (sender.region, sender.point) != (header.region, header.point):
        raise ForeignPointError(
            Message(
                "A packet of {region}-{point} came in the name of {region2}-{point2}.",
                region=header.region,
                point=header.point,
                region2=sender.region,
                point2=sender.point,
            ),
        )
    return _place(header)


def _mode(header: PacketHeader) -> None:
    if header.mode != settings.PPE_MODE:
        raise WrongModeError(
            Message(
                "The packet's mode is {mode}; this centre works in «{own}».",
                mode=MODES.get(header.mode, header.mode),
                own=MODES[settings.PPE_MODE],
            )
        )


def _place(header: PacketHeader) -> Destination:
    point = ExamPoint.objects.filter(region__code=header.region, code=header.point).select_related("region").first()
    if point is None:
        raise UnknownSittingError(
            Message("No point {region}-{point} here.", region=header.region, point=header.point),
        )
    region, code, day, subject = header.sitting.split("-")
    sitting = (
        Sitting.objects.filter(point=point, date=parse_key_date(day), subject__code=subject)
        .select_related("point__region", "subject")
        .first()
    )
    if sitting is None or (region, code) != (header.region, header.point) or header.subject != subject:
        raise UnknownSittingError(
            Message("No sitting {sitting} at point {point} in the registry.", sitting=header.sitting, point=point.key)
        )
    room = header.room or ""
    if header.kind in (InboxKind.BLANKS, InboxKind.AUDIO):
        known = sitting.rooms.filter(room__number=room).first()
        if known is None:
            raise UnknownSittingError(
                Message("Room {room} is not in the exam {sitting}.", room=room or "—", sitting=sitting.key)
            )
    return Destination(sitting, room)
