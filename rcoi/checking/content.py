"""What a packet holds, once opened: the files become rows, the documents are read, everything is counted."""

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.errors import both
from keys import node, trust
from rcoi.checking import pictures
from rcoi.errors import WrongContentError
from rcoi.models import InboxAct, InboxJournal, InboxKind, InboxPacket, InboxRecording, InboxSheet
from wire import canonical, journal
from wire.documents import act
from wire.errors import PpeError
from wire.forms import check_number, parse_sheet_code
from wire.journal import JournalDocument
from wire.messages import Message
from wire.packet import Manifest, ManifestFile
from wire.packet.counts import COUNTED

#: Kind of packet → kinds of files that may stand in it.
MAY_HOLD: dict[str, frozenset[str]] = {
    InboxKind.STATUS: frozenset({"status", "journal", "act"}),
    InboxKind.BLANKS: frozenset({"sheet", "form", "room", "act"}),
    InboxKind.FORMS: frozenset({"sheet", "form", "room", "act"}),
    InboxKind.AUDIO: frozenset({"sheet", "form", "recording", "room", "act"}),
    InboxKind.TEST: frozenset({"test"}),
}
MAX_DOCUMENT = 4 * 1024 * 1024
#: Event of a print journal → what it says of its set.
_SET_EVENTS = {
    "set_printed": "printed",
    "set_reprinted": "printed",
    "set_spoiled": "spoiled",
    "set_unused": "unused",
}


@dataclass
class OpenedContent:
    """An opened packet: rows not yet saved, documents, counts."""

    folder: Path
    counts: dict[str, int] = field(default_factory=dict)
    sheets: list[InboxSheet] = field(default_factory=list)
    recordings: list[InboxRecording] = field(default_factory=list)
    journals: list[InboxJournal] = field(default_factory=list)
    acts: list[InboxAct] = field(default_factory=list)
    room: dict[str, Any] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    #: Sheets whose files hold no picture.
    blind: list[InboxSheet] = field(default_factory=list)


def read(packet: InboxPacket, folder: Path, manifest: Manifest) -> OpenedContent:
    """Read an opened packet.

    Raises:
        WrongContentError: A file has no place in such a packet, or room.json or status.json is repeated or not
            readable.
    """
    content = OpenedContent(folder)
    _places(packet, manifest.files)
    for ordinal, each in enumerate(manifest.files, 1):
        fields: dict[str, Any] = {
            "packet": packet,
            "ordinal": ordinal,
            "name": each.name,
            "size": each.size,
            "sha256": each.sha256,
        }
        match each.kind:
            case "sheet" | "form":
                content.sheets.append(_sheet(each, fields))
                if not pictures.is_picture(folder / each.name):
                    content.blind.append(content.sheets[-1])
            case "recording":
                content.recordings.append(InboxRecording(**fields, number=_number(each.sheet_codes)))
            case "journal":
                content.journals.append(_journal(folder / each.name, fields))
            case "act":
                content.acts.append(_act(folder / each.name, fields))
    content.room = _document(folder, manifest.files, "room")
    content.status = _document(folder, manifest.files, "status")
    content.counts = _count(manifest.files, content.sheets)
    return content


def save(packet: InboxPacket, content: OpenedContent) -> None:
    """Write the rows of a content; what an earlier attempt wrote is replaced. Call inside a transaction."""
    for model, rows in (
        (InboxSheet, content.sheets),
        (InboxRecording, content.recordings),
        (InboxJournal, content.journals),
        (InboxAct, content.acts),
    ):
        model.objects.filter(packet=packet).delete()
        model.objects.bulk_create(rows, batch_size=500)  # type: ignore[arg-type]


def _places(packet: InboxPacket, files: Sequence[ManifestFile]) -> None:
    strange = [each for each in files if each.kind not in MAY_HOLD[packet.kind]]
    if strange:
        names = ", ".join(each.name for each in strange[:5])
        raise WrongContentError(
            Message(
                "A packet of kind «{kind}» may not hold: {names}.",
                kind=both(lambda: str(packet.get_kind_display())),
                names=names,
            )
        )


def _count(files: Sequence[ManifestFile], sheets: Sequence[InboxSheet]) -> dict[str, int]:
    counts = dict.fromkeys(COUNTED.values(), 0)
    for each in files:
        if each.kind in COUNTED:
            counts[COUNTED[each.kind]] += 1
    counts |= Counter(sheet.form for sheet in sheets if sheet.form)
    return counts


def _number(codes: Sequence[str]) -> str:
    """Return the first of a file's codes that is a sheet number, bare or inside a DataMatrix text."""
    for code in codes:
        if check_number(code):
            return code
        read = parse_sheet_code(code)
        if read is not None:
            return read.number
    return ""


def _sheet(each: ManifestFile, fields: dict[str, Any]) -> InboxSheet:
    number = _number(each.sheet_codes)
    kind = check_number(number) if number else None
    return InboxSheet(**fields, kind=each.kind, number=number, form=kind.code if kind else "")


def _journal(path: Path, fields: dict[str, Any]) -> InboxJournal:
    row = InboxJournal(**fields, line_digests=b"")
    try:
        document = journal.read(path.read_bytes(), trust=trust.trust_store())
    except PpeError as refusal:
        row.problems = [{"ru": refusal.text("ru"), "en": refusal.text("en")}]
        return row
    header = document.header
    row.kind, row.station, row.room = header.kind, header.station[:16], (header.room or "")[:4]
    row.serial, row.opened_at, row.closed_at = header.serial[:64], header.opened_at, document.closed_at
    row.entry_count = len(document.entries)
    row.signed_by = document.signed_by.identity.urn if document.signed_by else ""
    row.problems = [{"ru": part.message.ru, "en": part.message.en} for part in document.problems]
    row.sets = _sets(document)
    if row.kind == "scan":
        row.line_digests = _line_digests(document)
    return row


def _line_digests(document: JournalDocument) -> bytes:
    """Return the hashes of the lines; of lines that the station itself did not sign, nothing: they prove nothing."""
    own = document.signed_by is not None and not any(part.field.startswith("signer.") for part in document.problems)
    return journal.line_digests(document.lines) if own else b""


def _sets(document: JournalDocument) -> list[dict[str, Any]]:
    """Return the sets that a print journal lists in its open entries; with numbers, where a key of ours opens them.

    They are sealed to the access keys, whose private half the centre does not keep.
    """
    if document.header.kind != "print":
        return []
    found: dict[int, dict[str, Any]] = {}
    for entry in document.entries:
        flag = _SET_EVENTS.get(entry.event)
        ordinal = entry.data.get("set")
        if flag is not None and isinstance(ordinal, int):
            found.setdefault(ordinal, {"set": ordinal})[flag] = True
        if entry.event == "set_reprinted" and isinstance(entry.data.get("instead_of"), int):
            found.setdefault(entry.data["instead_of"], {"set": entry.data["instead_of"]})["spoiled"] = True
    with contextlib.suppress(journal.SealedFormsError):
        for each in journal.open_forms(document, recipients=node.node_recipients()):
            row = found.setdefault(each.ordinal, {"set": each.ordinal, "printed": True})
            row |= {"spoiled": each.spoiled, "unused": each.unused, "sheets": dict(each.sheets)}
    return [found[ordinal] for ordinal in sorted(found) if found[ordinal].get("printed")]


def _act(path: Path, fields: dict[str, Any]) -> InboxAct:
    row = InboxAct(**fields)
    if path.suffix != ".p7m":
        # The photo of a paper act lies beside the signed document.
        row.kind = "attachment"
        return row
    try:
        document, signed_by = act.read(path.read_bytes(), trust.trust_store())
    except PpeError as refusal:
        row.problem = refusal.message
        return row
    row.kind, row.room, row.station = document.kind, (document.room or "")[:4], (document.station or "")[:16]
    row.reason, row.text, row.made_at = document.reason[:200], document.text, document.made_at
    row.signed_by = _person(signed_by)
    row.sets = _named_sets(document.difference.get("sets"))
    return row


def _named_sets(said: Any) -> list[list[Any]] | None:
    """Return the sets that an act names, or None where it names none that can be read."""
    if not isinstance(said, list) or not said:
        return None
    shapes = [[type(part) for part in each] if isinstance(each, list) else [] for each in said]
    return said if all(shape == [str, str, int] for shape in shapes) else None


def _person(signed_by: Any) -> str:
    names = [item.value for item in signed_by.certificate.subject if item.rfc4514_attribute_name == "CN"]
    return str(names[0]) if names else str(signed_by.identity.urn)


def _document(folder: Path, files: Sequence[ManifestFile], kind: str) -> dict[str, Any]:
    found = [each for each in files if each.kind == kind]
    if not found:
        return {}
    if len(found) > 1 or found[0].size > MAX_DOCUMENT:
        raise WrongContentError(Message("Not exactly one {kind}.json.", kind=kind))
    try:
        document = canonical.loads((folder / found[0].name).read_bytes())
    except PpeError as refusal:
        raise WrongContentError(Message("{name}: {reason}", name=found[0].name, reason=refusal.message)) from refusal
    if not isinstance(document, dict):
        raise WrongContentError(Message("{name} is not an object.", name=found[0].name))
    return document
