"""Reading a file that says it is a journal: what stands in it, whose it is, and every doubt in words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from journals import places
from journals.errors import ForeignJournalError, NotAJournalError
from journals.lookups import Lookups
from keys import access
from keys.trust import trust_store
from stations.matching import assignment_in, assignment_of, is_hq, plain, station_of
from stations.models import ExamPoint, Node, Room, Sitting, Station, StationAssignment, Subject, parse_key_date
from wire import cms, journal, names
from wire.errors import FieldError, PpeError
from wire.journal import Header, JournalDocument, times, told_twice
from wire.journal import name as journal_name
from wire.messages import NOTHING, Message, Several

#: A station whose clock is ahead of ours by more than this is told of.
SKEW = timedelta(seconds=90)

#: Problems of the content that keep a journal in quarantine; the rest are remarks.
_BLOCKING = ("signature", "signer.", told_twice.FIELD)


@dataclass
class ParsedJournal:
    """A file that was read.

    Attributes:
        header: First line of the journal.
        document: The whole of it; None when its chain is broken.
        sitting: The sitting.
        station: The station, when the registry knows it.
        room: The room it worked in, None for none.
        name: The official name.
        doubts: Parts that keep it in quarantine.
        misnamed: Those that speak of nothing but the name of the file; they keep it in quarantine too.
        remarks: Parts that are only odd.
    """

    header: Header
    document: JournalDocument | None
    sitting: Sitting
    station: Station | None = None
    room: Room | None = None
    post: StationAssignment | None = None
    name: str = ""
    doubts: list[FieldError] = field(default_factory=list)
    misnamed: list[FieldError] = field(default_factory=list)
    remarks: list[FieldError] = field(default_factory=list)

    @property
    def signed_by(self) -> str:
        """URN of the signer; empty when the signature does not hold."""
        signer = self.document.signed_by if self.document else None
        return signer.identity.urn if signer else ""

    def doubts_json(self) -> list[dict[str, Any]]:
        """Return doubts and remarks as they are kept."""
        return [
            *({**part.as_dict(), "blocks": True} for part in self.doubts),
            *({**part.as_dict(), "blocks": True, "name": True} for part in self.misnamed),
            *({**part.as_dict(), "blocks": False} for part in self.remarks),
        ]


def read(
    data: bytes, name: str, *, point: ExamPoint | None, at: datetime, lookups: Lookups | None = None
) -> ParsedJournal:
    """Read a file and hold it against the registry and its own name.

    Args:
        data: The file.
        name: The name it came with.
        point: The point whose door it came through; None when the door serves every point of the node.
        at: Server time.
        lookups: What the registry said a moment ago, when many files are read in a row.

    Raises:
        NotAJournalError: The bytes are something else.
        ForeignJournalError: Another region, point, exam or mode.
    """
    ask = lookups or Lookups(many=False)
    header, document, broken = _content(data, ask)
    sitting = _sitting(header, point, ask)
    found = ParsedJournal(header, document, sitting)
    if broken is not None:
        # The sentence of the refusal names the first bad entry.
        found.doubts.append(FieldError("entry", "", "", broken.message))
    if document is not None:
        _evaluate_content(found, document)
        _evaluate_sealed(found, document, ask)
    _evaluate_registry(found, ask)
    if document is not None:
        rooms = ask.once(("rooms", sitting.pk), lambda: places.rooms_of(sitting))
        found.doubts += places.evaluate(document, found.room, found.post, rooms)
    _evaluate_name(found, name, ask)
    _evaluate_clock(found, at)
    return found


def _content(data: bytes, ask: Lookups) -> tuple[Header, JournalDocument | None, PpeError | None]:
    """Read the document; when its chain is broken, at least the header and the reason."""
    try:
        document = journal.read(data, trust=ask.once("trust", trust_store))
    except PpeError as refusal:
        return _header_of(data, refusal), None, refusal
    return document.header, document, None


def _header_of(data: bytes, reason: PpeError) -> Header:
    try:
        content = data if data[:1] == b"{" else cms.unverified_content(data)
        return journal.read_header(content.split(b"\n", 1)[0])
    except PpeError:
        if (whole := _announced(data)) > len(data):
            raise NotAJournalError(
                Message("The journal was not written whole: {count} bytes of {whole}.", count=len(data), whole=whole),
                remedy=Message(
                    "Copy the file from the station again and wait for the message that the drive may be removed."
                ),
                parts=reason.parts,
            ) from None
        message = _looks_like(data)
        raise NotAJournalError(
            Message("This is not the electronic journal of a station{reason}.", reason=message),
            remedy=Message("Choose the END_….dat file that the station formed."),
            parts=reason.parts,
        ) from None


_MAGIC = (
    (b"\xff\xd8\xff", Message(": it is a JPEG photo")),
    (b"\x89PNG", Message(": it is a PNG picture")),
    (b"%PDF", Message(": it is a PDF document")),
    (b"PK\x03\x04", Message(": it is a ZIP archive")),
    (b"II*\x00", Message(": it is a TIFF scan")),
    (b"MM\x00*", Message(": it is a TIFF scan")),
    (
        b"\x00" * 16,
        Message(": it is filled with zeros, writing to the drive was not finished"),
    ),
)


#: The first letters of a CMS message: its kind, signed data.
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")


def _announced(data: bytes) -> int:
    """Return how many bytes a signed message says it has; 0 for whatever is none, or says no length."""
    width = data[1] - 0x80 if len(data) > 1 else 0
    if data[:1] != b"\x30" or not 1 <= width <= 4 or data[2 + width :][: len(_SIGNED_DATA)] != _SIGNED_DATA:
        return 0
    return 2 + width + int.from_bytes(data[2 : 2 + width], "big")


def _looks_like(data: bytes) -> Message:
    return next((message for magic, message in _MAGIC if data.startswith(magic)), NOTHING)


def _foreign(message: Message, parts: Iterable[FieldError] = ()) -> ForeignJournalError:
    return ForeignJournalError(
        Message("The journal is not accepted: {reason}.", reason=message),
        remedy=Message("Bring this file to where its exam took place."),
        parts=list(parts),
    )


def _sitting(header: Header, door: ExamPoint | None, ask: Lookups) -> Sitting:
    """Find the sitting that a journal speaks of.

    Raises:
        ForeignJournalError: It is not one of this node, or of another mode.
    """
    node = ask.once("node", Node.objects.first)
    served = node is None or (node.region == header.region and (node.kind != "hq" or header.point in node.points))
    at_door = door is None or (door.region.code, door.code) == (header.region, header.point)
    if not served or not at_door:
        here = door.key if door else f"{node.region}-{', '.join(node.points)}" if node else ""
        raise _foreign(
            Message(
                "it is of region {region}, point {point}; this is {here}",
                region=header.region,
                point=header.point,
                here=here,
            ),
        )
    place = (header.region, header.point, header.sitting, header.subject)
    sitting = ask.once(("sitting", *place), lambda: _registered(header))
    if sitting is None or header.sitting != sitting.key:
        raise _foreign(
            Message(
                "this point has no exam {sitting} (subject {subject})", sitting=header.sitting, subject=header.subject
            ),
        )
    if header.mode != sitting.mode:
        raise _foreign(
            Message("it is of a rehearsal, and this is the exam itself")
            if header.mode == "training"
            else Message("it is of the exam itself, and this is a rehearsal")
        )
    return sitting


def _registered(header: Header) -> Sitting | None:
    day = _day_of(header)
    if day is None:
        return None
    rows = Sitting.objects.filter(point__region__code=header.region, point__code=header.point)
    rows = rows.filter(date=day, subject__code=header.subject).select_related("point__region", "subject")
    return rows.order_by("pk").first()


def _day_of(header: Header) -> date | None:
    try:
        return parse_key_date(header.sitting.split("-")[2])
    except (ValueError, IndexError):
        return None


def _evaluate_content(found: ParsedJournal, document: JournalDocument) -> None:
    for part in document.problems:
        # An unfinished journal may still grow: it waits for the whole one or for a person.
        blocks = part.field.startswith(_BLOCKING) or part.field == "entries"
        (found.doubts if blocks else found.remarks).append(part)


def _evaluate_sealed(found: ParsedJournal, document: JournalDocument, ask: Lookups) -> None:
    """Numbers that no key of this point will ever open are a doubt: the sheets would stay unknown for good."""
    sitting = found.sitting
    certificates = ask.once(("access", sitting.pk), lambda: access.certificates_of(sitting))
    # Before the exam package has come nothing is known of the keys; the journal is judged again when it comes.
    if certificates:
        found.doubts += journal.sealed_warnings(document, certificates=certificates)


def _evaluate_registry(found: ParsedJournal, ask: Lookups) -> None:
    """Find station, room and post; what the registry does not know is a doubt."""
    header, sitting = found.header, found.sitting
    point, room = sitting.point, _room_said(found)
    if room:
        rooms = Room.objects.filter(point=point, number=room)
        found.room = ask.once(("room", point.pk, room), rooms.first)
        if found.room is None:
            found.doubts.append(_part("room", room, "", Message("no room {room} at the point", room=room)))
    # Nearly every journal names its station as the registry does: station, post and room come in one question.
    exact = ask.posts(sitting, header.kind, journal.station_ident(header))
    if exact:
        found.station = exact[0].station
    else:
        found.station = station_of(point, header.kind, header.station, room=header.room)
    if found.station is None:
        found.doubts.append(
            _part(
                "station",
                header.station,
                "",
                Message("station {station} is not in the registry", station=header.station),
            )
        )
        return
    if header.serial and found.station.serial and header.serial != found.station.serial:
        found.remarks.append(
            FieldError(
                "serial",
                header.serial,
                found.station.serial,
                Message(
                    "serial number {serial}, the registry says {serial2}",
                    serial=header.serial,
                    serial2=found.station.serial,
                ),
            )
        )
    _find_post(found, exact)


def _room_said(found: ParsedJournal) -> str | None:
    """Return the room that the journal names; a reserve station that never had one writes 0000."""
    said = found.header.room
    return None if said == journal_name.NO_ROOM else said


def _find_post(found: ParsedJournal, exact: list[StationAssignment]) -> None:
    station = found.station
    if station is None or (_room_said(found) and found.room is None):
        return
    room = found.header.room
    found.post = assignment_in(exact, room) if exact else assignment_of(found.sitting, station, room)
    if found.post is not None:
        found.room = found.post.room
        return
    posts = list(StationAssignment.objects.filter(sitting=found.sitting, station=station).select_related("room"))
    said, known = found.header.room or "—", [post.room.number if post.room else "—" for post in posts]
    assigned = Several([_at(each) for each in known], ", ") if known else Message("does not assign it")
    found.doubts.append(
        FieldError(
            "post",
            said,
            ", ".join(known),
            Message(
                "station {station_number}: the journal says {at}, the registry {assigned}; if it was"
                " moved, record the replacement",
                station_number=station.number,
                at=_at(said),
                assigned=assigned,
            ),
        )
    )


def _at(room: str) -> Message:
    if room == "—":
        return Message("no room")
    return Message("HQ") if room == "HQ" else Message("room {room}", room=room)


def _part(field_name: str, value: str, expected: str, message: Message) -> FieldError:
    return FieldError(field_name, value, expected, message)


def _evaluate_name(found: ParsedJournal, name: str, ask: Lookups) -> None:
    """Hold the name it came with against the content."""
    subjects = ask.once("subjects", lambda: dict(Subject.objects.values_list("code", "name")))
    base = name.replace("\\", "/").rpartition("/")[2]
    reading = names.read(base, subjects=subjects)
    try:
        found.name = names.write(journal_name.name_of(found.header, subjects=subjects))
    except PpeError:
        found.name = reading.proposed or base[:255]
    if reading.name is None:
        found.misnamed += reading.doubts or [
            FieldError("name", base[:120], found.name, Message("the file name breaks the rules"))
        ]
        return
    (found.remarks if reading.certain else found.misnamed).extend(reading.doubts)
    found.misnamed += [
        part for part in journal_name.compare(reading.name, found.header) if not _same_place(part, found)
    ]


def _same_place(part: FieldError, found: ParsedJournal) -> bool:
    """Return whether a difference is only one of spelling: 0000 for no room, 1 for 0001."""
    if part.field == "station":
        return plain(part.found) == plain(part.expected)
    if part.field == "room":
        return {part.found, part.expected} <= {"", "0000"} or (
            part.found in ("", "0000") and is_hq(found.room) and not found.header.room
        )
    return False


def _evaluate_clock(found: ParsedJournal, at: datetime) -> None:
    document = found.document
    if document is None or not document.entries:
        return
    found.doubts += times.of_another_day(document.exam, found.header, found.sitting.point.zone)
    latest = max(entry.at for entry in document.entries)
    future = times.ahead(latest, at)
    found.doubts += future
    if latest > at + SKEW and not future:
        seconds = int((latest - at).total_seconds())
        found.remarks.append(
            FieldError(
                "clock",
                str(seconds),
                "0",
                Message("the station's clock is at least {seconds} s ahead", seconds=seconds),
            )
        )


def measured_skew(found: ParsedJournal, at: datetime) -> float | None:
    """Return by how many seconds the station's clock is ahead: as it measured itself, or as the last entry proves."""
    if found.document is None:
        return None
    for entry in reversed(found.document.entries):
        value = entry.data.get("skew_seconds") if entry.event == "clock_measured" else None
        if isinstance(value, int | float) and abs(value) < 10**9:
            return float(value)
    latest = found.document.entries[-1].at if found.document.entries else None
    return (latest - at).total_seconds() if latest is not None and latest > at + SKEW else None
