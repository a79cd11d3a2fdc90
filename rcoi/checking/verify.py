"""Confirmation: header, room.json and files agree. The rules of automatic acknowledgement, nothing else."""

from collections import Counter
from typing import Any

from rcoi.checking.content import OpenedContent
from rcoi.errors import CountsDifferError, SheetHasNoPictureError, WrongContentError
from rcoi.models import InboxKind, InboxPacket, PointStatusRecord
from wire import canonical
from wire.errors import FieldError, PpeError
from wire.forms import CATALOGUE, check_number
from wire.messages import Message
from wire.packet.counts import KNOWN, counted_in

MAX_PARTS = 50
_HEADER = Message("{what}: the header says {said}, the packet has {found}")
_CARD = Message("{what}: the card says {said}, the packet has {found}")


def hold(packet: InboxPacket, content: OpenedContent) -> None:
    """Hold an opened packet to the rules.

    Raises:
        CountsDifferError: Header, room.json and files do not agree; each difference is a part.
        SheetHasNoPictureError: A sheet's file is empty or holds no picture; each is a part.
        WrongContentError: A mandatory document is missing or speaks of another place.
    """
    _pictures(content)
    _header(packet, content)
    if packet.kind == InboxKind.STATUS:
        _status(packet, content.status)
    if packet.kind in (InboxKind.BLANKS, InboxKind.AUDIO) or content.room:
        _room(packet, content)


def _pictures(content: OpenedContent) -> None:
    """A sheet without a picture is no sheet: it is never confirmed."""
    parts = [
        FieldError(
            "sheet" if each.number else "file",
            each.number or each.name,
            "a picture",
            Message("The file {each_name} is empty or no picture", each_name=each.name),
        )
        for each in content.blind[:MAX_PARTS]
    ]
    if parts:
        raise SheetHasNoPictureError(
            Message("Sheets of the packet have no picture: {parts}.", parts=[part.message for part in parts]),
            parts=parts,
            remedy=Message("Scan these sheets again and form the packet again."),
        )


def _header(packet: InboxPacket, content: OpenedContent) -> None:
    parts = differences(_HEADER, packet.header.get("counts", {}), content.counts)
    if parts:
        raise _differ(
            Message("The packet does not agree with its header: {parts}.", parts=[part.message for part in parts]),
            parts,
        )


def differences(where: Message, said: dict[str, Any], found: dict[str, int]) -> list[FieldError]:
    """Return where counts that were said differ from those that were found; unknown keys are only shown."""
    return [
        FieldError(
            f"counts.{key}",
            str(found.get(key, 0)),
            str(number),
            Message(where.text, what=counted_in(key), said=number, found=found.get(key, 0)),
        )
        for key, number in said.items()
        if key in KNOWN and number != found.get(key, 0)
    ]


def _differ(message: Message, parts: list[FieldError]) -> CountsDifferError:
    return CountsDifferError(
        message,
        parts=parts,
        remedy=Message("Form the packet again."),
    )


def _room(packet: InboxPacket, content: OpenedContent) -> None:
    room = content.room
    if not room:
        raise WrongContentError(Message("The packet has no room.json."))
    expected = (packet.header["sitting"], packet.room or "HQ")
    if (room.get("sitting"), room.get("room") or "HQ") != expected:
        raise WrongContentError(
            Message(
                "room.json speaks of another room: {sitting}, {room}.",
                sitting=room.get("sitting"),
                room=room.get("room"),
            )
        )
    said = room.get("counts")
    parts = differences(_CARD, said if isinstance(said, dict) else {}, content.counts)
    parts += _card(packet, content) + _numbers(content) + _acts(content)
    if parts:
        raise _differ(
            Message(
                "The packet does not agree with the card of its room: {parts}.", parts=[part.message for part in parts]
            ),
            parts,
        )


def _card(packet: InboxPacket, content: OpenedContent) -> list[FieldError]:
    """Hold the card's own numbers to the sheets; a signed act excuses the difference."""
    card = content.room.get("card")
    if (
        packet.kind == InboxKind.FORMS
        or not isinstance(card, dict)
        or any(each.kind != "attachment" for each in content.acts)
    ):
        return []
    said = {"R": card.get("registration_count"), "DBO": card.get("dbo_count")}
    return differences(_CARD, {key: number for key, number in said.items() if number is not None}, content.counts)


def _numbers(content: OpenedContent) -> list[FieldError]:
    """Hold the numbers that the desk recognised to the files: each has its file, and each file was recognised.

    Cards of older points do not list them; there the counts have to do.
    """
    said = content.room.get("sheets")
    if said is None:
        return []
    if not isinstance(said, dict) or not all(_are_numbers(numbers) for numbers in said.values()):
        raise WrongContentError(Message("The sheets in room.json cannot be read."))
    listed = Counter((str(code), number) for code, numbers in said.items() for number in numbers)
    found = Counter((sheet.form, sheet.number) for sheet in content.sheets if sheet.number)
    parts = [
        _numbered(
            number,
            Message("{title} no. {number}: on the card, not in the packet", title=_title(code), number=number),
        )
        for code, number in (listed - found).elements()
    ]
    parts += [
        _numbered(
            number,
            Message("{title} no. {number}: in the packet, not on the card", title=_title(code), number=number),
        )
        for code, number in (found - listed).elements()
    ]
    return parts[:MAX_PARTS]


def _are_numbers(numbers: Any) -> bool:
    return isinstance(numbers, list) and all(isinstance(each, str) and check_number(each) for each in numbers)


def _title(code: str) -> Message:
    return counted_in(code) if code in CATALOGUE else Message("Sheet")


def _numbered(number: str, message: Message) -> FieldError:
    return FieldError("sheet", number, "room.json", message)


def _acts(content: OpenedContent) -> list[FieldError]:
    """The acts that the card names are in the packet."""
    said = content.room.get("acts")
    names = [each for each in said if isinstance(each, str)] if isinstance(said, list) else []
    missing = sorted(set(names) - {each.name for each in content.acts})
    if content.room.get("closed_with_act") and not content.acts:
        missing = missing or ["—"]
    return [
        FieldError("acts", "", name, Message("act {name} is not there", name=name[:80])) for name in missing[:MAX_PARTS]
    ]


def _status(packet: InboxPacket, status: dict[str, Any]) -> None:
    if not status:
        raise WrongContentError(Message("The packet has no status.json."))
    if status.get("sitting") != packet.header["sitting"] or status.get("status") not in PointStatusRecord.Status.values:
        raise WrongContentError(
            Message(
                "status.json names an unknown status or another sitting: {status}, {sitting}.",
                status=status.get("status"),
                sitting=status.get("sitting"),
            )
        )
    try:
        canonical.parse_stamp(status.get("at", ""))
    except PpeError as refusal:
        raise WrongContentError(Message("status.json has no moment.")) from refusal
