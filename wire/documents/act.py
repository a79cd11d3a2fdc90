"""Acts: a GEK member's signed word about a journal that cannot be had or a room closed with a difference."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from wire import canonical
from wire.cms import SignedBy, Signer
from wire.documents.signed import read_signed, same_place, write_signed
from wire.pki import CertificateRole, TrustStore

FORMAT = "ppe-act/1"
Kind = Literal["journal_missing", "room_difference"]
KINDS: tuple[Kind, ...] = ("journal_missing", "room_difference")


@dataclass(frozen=True, slots=True)
class ActDocument:
    """What an act says."""

    kind: Kind
    mode: str
    region: str
    point: str
    sitting: str
    room: str | None
    station: str | None
    station_kind: str | None
    reason: str
    text: str
    numbers: tuple[str, ...]
    difference: Mapping[str, Any]
    made_at: dt.datetime
    photo_sha256: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def write(act: ActDocument, signer: Signer) -> bytes:
    """Sign an act with the GEK member's token.

    Raises:
        SchemaError: a field does not agree with the schema.
    """
    document: dict[str, Any] = {
        "format": FORMAT,
        "kind": act.kind,
        "mode": act.mode,
        "region": act.region,
        "point": act.point,
        "sitting": act.sitting,
        "room": act.room,
        "station": act.station,
        "station_kind": act.station_kind,
        "reason": act.reason,
        "text": act.text,
        "numbers": list(act.numbers),
        "difference": dict(act.difference),
        "made_at": canonical.stamp(act.made_at),
        "photo_sha256": act.photo_sha256,
    }
    if act.extra:
        document["extra"] = dict(act.extra)
    return write_signed("act", document, signers=[signer])


def read(blob: bytes, trust: TrustStore, *, at: dt.datetime | None = None) -> tuple[ActDocument, SignedBy]:
    """Read an act and who signed it.

    Raises:
        PpeError: the signature does not hold, the signer is no GEK member of this point, or the shape is wrong.
    """
    document, signed_by = read_signed("act", blob, trust=trust, roles={CertificateRole.GEK}, at=at)
    same_place(signed_by, region=document["region"], point=document["point"])
    del document["format"]
    document["numbers"] = tuple(document["numbers"])
    document["made_at"] = canonical.parse_stamp(document["made_at"])
    return ActDocument(**document), signed_by
