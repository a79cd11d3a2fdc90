"""What is open at a point again after its statuses, as the point says it: one numbered, signed word about a day."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wire import canonical
from wire.cms import SignedBy, Signer
from wire.documents.anchor import AnchoredHead, head_json
from wire.documents.signed import read_signed, same_place, write_signed
from wire.messages import Both, Message
from wire.pki import CertificateRole, TrustStore

FORMAT = "ppe-standing/1"
#: Letters of a sentence, and matters of one exam, beyond which nothing is said.
LONGEST, MOST = 2000, 300


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """One thing that is open at the point.

    Attributes:
        code: Kind of the obligation (docs/day.md).
        place: The room, the station or the name of the status that it is about.
        text: What it is, in words.
        since: Since when, where the point knows it.
    """

    code: str
    place: str
    text: Message
    since: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class SittingStanding:
    """What is open of one exam; nothing when it is settled again."""

    sitting: str
    open: tuple[OpenMatter, ...] = ()


@dataclass(frozen=True, slots=True)
class StandingDocument:
    """One word of a node about a day of its point; which node, its certificate says.

    Attributes:
        number: Grows from word to word of this node about this day: the highest one counts.
        head: The last event of the point's log that it rests on; None where the log is empty.
    """

    number: int
    mode: str
    region: str
    point: str
    date: dt.date
    at: dt.datetime
    sittings: tuple[SittingStanding, ...]
    head: AnchoredHead | None = None


def write(said: StandingDocument, signers: Sequence[Signer]) -> bytes:
    """Sign a word.

    Raises:
        SchemaError: A field does not agree with the schema.
    """
    document: dict[str, Any] = {
        "format": FORMAT,
        "number": said.number,
        "mode": said.mode,
        "region": said.region,
        "point": said.point,
        "date": said.date.isoformat(),
        "at": canonical.stamp(said.at),
        "sittings": [
            {"sitting": each.sitting, "open": [matter_json(matter) for matter in each.open[:MOST]]}
            for each in said.sittings
        ],
    }
    if said.head is not None:
        document["head"] = head_json(said.head)
    return write_signed("standing", document, signers=signers)


def matter_json(matter: OpenMatter) -> dict[str, Any]:
    """Return an open matter as JSON."""
    said = {
        "code": matter.code,
        "place": matter.place,
        "ru": matter.text.ru[:LONGEST],
        "en": matter.text.en[:LONGEST],
    }
    return said | ({"since": canonical.stamp(matter.since)} if matter.since else {})


def read(blob: bytes, trust: TrustStore, *, at: dt.datetime | None = None) -> tuple[StandingDocument, SignedBy]:
    """Read a word and who signed it.

    Raises:
        PpeError: The signature does not hold, the signer is no node of that point, or the shape is wrong.
    """
    document, signed_by = read_signed("standing", blob, trust=trust, roles={CertificateRole.HQ}, at=at)
    same_place(signed_by, region=document["region"], point=document["point"])
    head = document.get("head")
    return StandingDocument(
        number=document["number"],
        mode=document["mode"],
        region=document["region"],
        point=document["point"],
        date=dt.date.fromisoformat(document["date"]),
        at=canonical.parse_stamp(document["at"]),
        sittings=tuple(
            SittingStanding(each["sitting"], tuple(read_matter(one) for one in each["open"]))
            for each in document["sittings"]
        ),
        head=AnchoredHead(**head) if head else None,
    ), signed_by


def read_matter(said: dict[str, Any]) -> OpenMatter:
    """Return an open matter out of JSON that agrees with the schema."""
    since = canonical.parse_stamp(said["since"]) if "since" in said else None
    return OpenMatter(said["code"], said["place"], Both(said["ru"], said["en"]), since)
