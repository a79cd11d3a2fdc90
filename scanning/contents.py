"""What of a closed room goes into its packet: sheets, forms, recordings, its act, and `room.json`."""

from collections import Counter

from audit.log import Actor
from audit.moves import move
from common import files
from common.work.clock import now
from scanning import pictures
from scanning.errors import PicturesGoneError
from scanning.expected_forms import read_expected_forms
from scanning.models import RoomCard, Sheet
from scanning.states import ACTIVE, ACTIVE_RECORDINGS, CardState, RecordingState, SheetState
from wire import canonical, filenames
from wire.durable import sha256_file, write_durable
from wire.forms import CATALOGUE, check_number
from wire.packet import TarFile

_FORMAT = "ppe-room/2"


def files_for(card: RoomCard) -> list[TarFile]:
    """Return the files of a card's packet in their order; `room.json` is written beside the scans.

    Unreadable sheets of a room closed with an act are among them: the centre decides about them.

    Raises:
        PicturesGoneError: A sheet has no picture, or the file is not the one that was read.
    """
    require_pictures(card)
    found = [*_sheets(card), *_recordings(card), *_acts(card)]
    path = files.folder("scans", card.sitting.key, card.room.number) / "room.json"
    write_durable(path, canonical.dumps(_room(card, found)))
    return [TarFile("room.json", "room", path), *found]


def gone(card: RoomCard) -> list[str]:
    """Return the names of the sheets whose picture is not there, or is not the one that was read."""
    rows = card.sheets.filter(state__in=ACTIVE).exclude(state=SheetState.RECEIVED).select_related("source")
    return [str(each) for each in rows if not pictures.there(each.path) or _other(each)]


def forget_altered(card: RoomCard) -> None:
    """Take pictures that are not the ones that were read for no pictures: their sheets are read again."""
    rows = card.sheets.filter(state__in=ACTIVE).exclude(state=SheetState.RECEIVED).exclude(path="")
    altered = [each.pk for each in rows if pictures.there(each.path) and _other(each)]
    Sheet.objects.filter(pk__in=altered).update(path="")


def _other(sheet: Sheet) -> bool:
    return sha256_file(files.data_dir() / sheet.path) != sheet.sha256


def require_pictures(card: RoomCard) -> None:
    """Refuse to pack a room that lacks the picture of a sheet.

    Raises:
        PicturesGoneError: With every such sheet.
    """
    if missing := gone(card):
        raise PicturesGoneError(card.room.number, missing)


def counts_for(card: RoomCard) -> dict[str, int]:
    """Return the counts of a card's packet, the way its header carries them."""
    return _counts([*_sheets(card), *_recordings(card), *_acts(card)], card)


def _sheets(card: RoomCard) -> list[TarFile]:
    rows = card.sheets.filter(state__in=ACTIVE).exclude(state=SheetState.RECEIVED).exclude(path="")
    found = []
    for place, sheet in enumerate(rows.order_by("source_id", "page"), start=1):
        form = CATALOGUE.get(sheet.kind)
        kind = "sheet" if form is None or form.scope == "participant" else "form"
        label = sheet.number or "unread"
        found.append(
            TarFile(
                f"sheets/{place:04d}_{label}.tif",
                kind,  # type: ignore[arg-type]
                files.inside(sheet.path),
                (sheet.number,) if sheet.number else (),
                sheet.reading.get("record"),
            )
        )
    return found


def _recordings(card: RoomCard) -> list[TarFile]:
    rows = card.recordings.filter(state__in=ACTIVE_RECORDINGS).exclude(state=RecordingState.RECEIVED)
    return [
        TarFile(
            f"recordings/{place:03d}_{filenames.plain(row.name)}",
            "recording",
            files.inside(row.path),
            (row.answer.registration_number,) if row.answer and row.answer.registration_number else (),
        )
        for place, row in enumerate(rows.select_related("answer").order_by("name"), start=1)
    ]


def _acts(card: RoomCard) -> list[TarFile]:
    return [TarFile(f"acts/{card.act.name}", "act", files.inside(card.act.path))] if card.act else []


def _counts(found: list[TarFile], card: RoomCard) -> dict[str, int]:
    kinds = Counter(each.kind for each in found)
    counts = {
        "sheets": kinds["sheet"],
        "forms": kinds["form"],
        "recordings": kinds["recording"],
        "journals": 0,
        "acts": kinds["act"],
    }
    rows = card.sheets.filter(state__in=ACTIVE).exclude(state=SheetState.RECEIVED).exclude(path="").exclude(kind="")
    return counts | dict(sorted(Counter(rows.values_list("kind", flat=True)).items()))


def _room(card: RoomCard, found: list[TarFile]) -> dict[str, object]:
    names = ("registration_count", "dbo_count", "absent_count", "not_finished_count")
    return {
        "format": _FORMAT,
        "sitting": card.sitting.key,
        "room": "HQ" if card.is_hq else card.room.number,
        "card": {name: getattr(card, name) for name in names},
        "counts": _counts(found, card),
        "sheets": _recognised(card),
        "sets": _used_sets(card),
        "balance": card.balance,
        "acts": [each.name for each in found if each.kind == "act"],
        "closed_with_act": card.act is not None,
    }


def _recognised(card: RoomCard) -> dict[str, list[str]]:
    """Return the numbers that the desk recognised, by kind: asked of the rows alone, so that a lost file is missed."""
    numbers: dict[str, list[str]] = {}
    rows = card.sheets.filter(state__in=ACTIVE).exclude(state=SheetState.RECEIVED).exclude(number="")
    for number in rows.order_by("number").values_list("number", flat=True):
        kind = check_number(number)
        if kind is not None:
            numbers.setdefault(kind.code, []).append(number)
    return numbers


def _used_sets(card: RoomCard) -> dict[str, list[int]]:
    """Return the sets that print journals list as used, by station: the centre holds later journals against them."""
    found: dict[str, list[int]] = {}
    register = read_expected_forms(card.sitting)
    own = register.of_room(card.room.number)
    if register.unplaced:
        # What the preparation room printed and no voice journal names lies where it was scanned.
        own = [each for each in own if each not in register.unplaced]
        lying = set(card.sheets.filter(state__in=ACTIVE).values_list("number", flat=True))
        own = own + [each for each in register.unplaced if set(each.sheets.values()) & lying]
    for each in own:
        if each.used:
            found.setdefault(each.station, []).append(each.ordinal)
    return {station: sorted(set(ordinals)) for station, ordinals in sorted(found.items())}


def mark_packed(card: RoomCard, actor: Actor) -> None:
    """Say that a closed room was packed.

    Raises:
        IllegalMoveError: The room is not closed.
    """
    move(card, CardState.PACKED, actor=actor)
    # What once went into a packet is never deleted as a batch, also when the room is opened again.
    card.batches.filter(sealed_at__isnull=True).update(sealed_at=now())
