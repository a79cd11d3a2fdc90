"""The open header of a packet and the list of its files, as values and as JSON."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from wire import canonical, schema
from wire.documents.anchor import AnchoredHead
from wire.errors import MalformedDocumentError
from wire.messages import Message

FORMAT = "ppe-packet/2"
MANIFEST_FORMAT = "ppe-manifest/2"
MANIFEST_NAME = "manifest.json"
PacketKind = Literal["status", "blanks", "forms", "audio", "test"]
FileKind = Literal["sheet", "form", "recording", "journal", "act", "room", "status", "test"]
RoomKind = Literal["written", "voice", "preparation"]
Record = Literal["bilevel", "grey"]
KINDS: tuple[PacketKind, ...] = ("status", "blanks", "forms", "audio", "test")


@dataclass(frozen=True, slots=True)
class ScanHead:
    """The last line of a node's scan journal: the station, the entry's number and the SHA-256 of its line."""

    station: str
    number: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PacketHeader:
    """What is said openly about a packet.

    Attributes:
        prev: SHA-256 of the node's previous packet, empty for the first.
        room_kind: What the room was for; None of an older point, and where there is no room.
        scan_head: The end of the node's scan journal when the packet was signed; END_SCAN must hold it.
        audit_head: The last event of the point's log at that moment.
        epoch: How often the node's database was put back from an older copy, counted from 1.
    """

    uid: str
    version: int
    part: int
    parts: int
    kind: PacketKind
    mode: str
    region: str
    point: str
    date: dt.date
    subject: str
    sitting: str
    room: str | None
    counts: Mapping[str, int]
    content_sha256: str
    content_size: int
    recipients: tuple[str, ...]
    node: str
    sequence: int
    prev: str
    created_at: dt.datetime
    supersedes: str | None = None
    room_kind: RoomKind | None = None
    scan_head: ScanHead | None = None
    audit_head: AnchoredHead | None = None
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file of a packet; `record` says of a sheet whether its picture is the bi-level or the grey one."""

    name: str
    kind: FileKind
    size: int
    sha256: str
    sheet_codes: tuple[str, ...] = ()
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """All files of a packet, in their order."""

    files: tuple[ManifestFile, ...]


def header_bytes(header: PacketHeader) -> bytes:
    """The bytes of `packet.json`.

    Raises:
        SchemaError: a field does not agree with the schema.
    """
    document = _said(asdict(header)) | {
        "format": FORMAT,
        "room": header.room,
        "supersedes": header.supersedes,
        "date": header.date.isoformat(),
        "counts": dict(header.counts),
        "recipients": list(header.recipients),
        "created_at": canonical.stamp(header.created_at),
    }
    schema.validate("packet", document)
    return canonical.dumps(document)


def _said(document: dict[str, Any]) -> dict[str, Any]:
    """What is known of a document; an optional field without a value does not stand in it."""
    return {name: value for name, value in document.items() if value is not None}


def parse_header(data: bytes) -> PacketHeader:
    """Read `packet.json`.

    Raises:
        PpeError: not JSON, not of the schema, or its fields contradict each other.
    """
    document: dict[str, Any] = canonical.loads(data)
    schema.validate("packet", document)
    del document["format"]
    try:
        document["date"] = dt.date.fromisoformat(document["date"])
    except ValueError as error:
        raise _contradiction("date", str(document["date"])) from error
    document["recipients"] = tuple(document["recipients"])
    document["created_at"] = canonical.parse_stamp(document["created_at"])
    if "scan_head" in document:
        document["scan_head"] = ScanHead(**document["scan_head"])
    if "audit_head" in document:
        document["audit_head"] = AnchoredHead(**document["audit_head"])
    header = PacketHeader(**document)
    _check(header)
    return header


def _check(header: PacketHeader) -> None:
    sitting = f"{header.region}-{header.point}-{header.date:%d%m%y}-{header.subject}"
    if header.sitting != sitting:
        raise _contradiction("sitting", header.sitting)
    if header.part > header.parts:
        raise _contradiction("part", str(header.part))
    if (header.room is not None) != (header.kind in ("blanks", "audio")):
        raise _contradiction("room", str(header.room))


def _contradiction(name: str, found: str) -> MalformedDocumentError:
    return MalformedDocumentError(
        Message("The packet's header contradicts itself: {name} = {found}.", name=name, found=found),
    )


def manifest_bytes(manifest: Manifest) -> bytes:
    """The bytes of `manifest.json`.

    Raises:
        SchemaError: a field does not agree with the schema.
    """
    rows = [_said(asdict(file)) | {"sheet_codes": list(file.sheet_codes)} for file in manifest.files]
    document = {"format": MANIFEST_FORMAT, "files": rows}
    schema.validate("manifest", document)
    return canonical.dumps(document)


def parse_manifest(data: bytes) -> Manifest:
    """Read `manifest.json`.

    Raises:
        PpeError: not JSON, or not of the schema.
    """
    document = canonical.loads(data)
    schema.validate("manifest", document)
    return Manifest(
        tuple(ManifestFile(**(row | {"sheet_codes": tuple(row["sheet_codes"])})) for row in document["files"])
    )
