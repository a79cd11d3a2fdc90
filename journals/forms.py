"""What the journals say was printed and recorded: rows of sets, sheets and answers, opened with the access key."""

import logging
from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet

from audit.log import SYSTEM, hold, record
from common import files
from common.work.clock import now
from journals.models import Journal, JournalAnswer, JournalSet, JournalSheet
from keys import access
from keys.models import AccessKey
from keys.states import AccessKeyState
from stations.models import Room, Sitting
from wire import cms, journal
from wire.cms import Recipient
from wire.errors import PpeError
from wire.journal import FormSet, FormsMalformedError, JournalDocument, SealedFormsError
from wire.journal.lines import Lines
from wire.messages import NOTHING, Message

log = logging.getLogger(__name__)


# --- asking -----------------------------------------------------------------------------------------------------------


def undone(sitting: Sitting) -> QuerySet[Journal]:
    """Return the accepted journals whose form numbers are still sealed."""
    return Journal.objects.filter(sitting=sitting).sealed().select_related("room", "station")


# --- writing ----------------------------------------------------------------------------------------------------------


def list_answers(row: Journal, document: JournalDocument | Lines) -> None:
    """Write the rows of the answers that a voice journal lists; registration numbers come with the opened forms."""
    default = row.station_said.rpartition("-")[2]
    found: dict[tuple[int, str], JournalAnswer] = {}
    for entry in document.entries:
        if entry.event != "answer_finished":
            continue
        data = entry.data
        try:
            ordinal, name = int(data["set"]), str(data["file_name"])[:255]
            # A second entry about the same file holds: the answer was recorded again.
            found[ordinal, name] = JournalAnswer(
                journal=row,
                ordinal=ordinal,
                place=str(data.get("place", default))[:8],
                file_name=name,
                seconds=float(data["seconds"]),
                sha256=str(data["sha256"])[:64],
            )
        except (KeyError, TypeError, ValueError):
            continue  # it stands among the journal's problems
    JournalAnswer.objects.bulk_create(found.values())


def sealed_count(document: JournalDocument | Lines) -> int:
    """Return how many sets of forms stand sealed in a journal."""
    counts = (entry.data.get("count") for entry in document.entries if entry.event == "forms_sealed")
    return sum(count for count in counts if type(count) is int and 0 < count < 1_000_000)


def open_forms(row: Journal, document: JournalDocument | Lines, recipients: Sequence[Recipient]) -> bool:
    """Open the form numbers of an accepted journal and write their rows. Call inside a transaction.

    Returns:
        Whether they are open now.
    """
    if row.forms_opened_at is not None or not row.sealed_sets:
        return True
    if not recipients:
        return False
    try:
        sets = journal.open_forms(document, recipients=recipients)
    except SealedFormsError as refusal:
        row.forms_problem = refusal.message
        row.save(update_fields=["forms_problem"])
        return False
    _write(row, sets)
    # Entries that tell of a set once more are no further sets.
    row.forms_opened_at, row.forms_problem, row.sealed_sets = now(), NOTHING, len(sets)
    row.save(update_fields=["forms_opened_at", "forms_problem", "sealed_sets"])
    record(
        "journals.forms_opened",
        about=row,
        actor=SYSTEM,
        data={"sets": len(sets), "sheets": sum(len(each.sheets) for each in sets)},
    )
    return True


def _write(row: Journal, sets: Sequence[FormSet]) -> None:
    JournalSet.objects.filter(journal=row).delete()
    made = JournalSet.objects.bulk_create(
        JournalSet(journal=row, ordinal=each.ordinal, spoiled=each.spoiled, unused=each.unused) for each in sets
    )
    JournalSheet.objects.bulk_create(
        (
            JournalSheet(journal=row, set=stored, kind=kind, number=number)
            for stored, each in zip(made, sets, strict=True)
            for kind, number in sorted(each.sheets.items())
        ),
        batch_size=500,
    )
    for each in sets:
        JournalAnswer.objects.filter(journal=row, ordinal=each.ordinal).update(
            registration_number=each.sheets.get("R"), spoiled=each.spoiled, unused=each.unused
        )


def never_opens(row: Journal) -> bool:
    """Whether no key of the point will ever open the form numbers of a journal, whatever is activated."""
    if not row.sealed_sets or row.forms_opened_at is not None or row.sitting is None:
        return False
    certificates = access.certificates_of(row.sitting)
    try:
        lines = read_lines(row)
        if certificates and journal.sealed_warnings(lines, certificates=certificates):
            return True
        journal.open_forms(lines, recipients=access.recipients_for(row.sitting))
    except FormsMalformedError:
        return True
    except PpeError:
        return False
    return False


def unopenable(sitting: Sitting, room: Room | None = None) -> Journal | None:
    """Return a journal of a sitting, or of one of its rooms, whose form numbers were tried and do not open."""
    waiting = undone(sitting) if room is None else undone(sitting).filter(room=room)
    return next((row for row in waiting if row.forms_problem), None)


def why_sealed(sitting: Sitting, room: Room | None = None) -> Message:
    """Return why form numbers of a sitting, or of one of its rooms, are not open: what is wrong, not what is usual."""
    told = unopenable(sitting, room)
    if told is not None:
        return Message(
            "the numbers of the journal {name} do not open: {problem}", name=told.name, problem=told.forms_problem
        )
    if access.recipients_for(sitting):
        return Message("the numbers are being opened")
    return Message("the access key is not active")


def read_lines(row: Journal) -> Lines:
    """Read the entries of a journal again from its file; its signature was judged when it came.

    Raises:
        PpeError: The file is gone or is not what was taken in.
    """
    blob = file_bytes(row)
    content = blob if blob[:1] == b"{" else cms.unverified_content(blob)
    return journal.read_lines(content)


def file_bytes(row: Journal) -> bytes:
    """Return a journal's file as received.

    Raises:
        PpeError: The file is gone from the disk.
    """
    try:
        return files.inside(row.path).read_bytes()
    except OSError as error:
        raise PpeError(Message("The journal is not on the node's disk.")) from error


def open_one(pk: int, recipients: Sequence[Recipient]) -> bool:
    """Open the form numbers of one journal, if it still waits; it may run twice or be killed at any point."""
    try:
        with transaction.atomic():
            known = Journal.objects.sealed().select_related("point__region").filter(pk=pk).first()
            if known is None:
                return True
            hold(known)
            row = (
                Journal.objects.sealed()
                .select_for_update(of=("self",))
                .select_related("point__region", "station", "room")
                .filter(pk=pk)
                .first()
            )
            return row is None or open_forms(row, read_lines(row), recipients)
    except PpeError as refusal:
        Journal.objects.filter(pk=pk).update(forms_problem=refusal.message)
        return False


def open_activated(sitting: Sitting) -> None:
    """Open what an activation lets open; `keys.access` calls it."""
    open_all(sitting)


def open_all(sitting: Sitting) -> int:
    """Open what can be opened with the active access keys of a sitting; return how many journals were."""
    waiting = list(undone(sitting).values_list("pk", flat=True))
    if not waiting:
        return 0
    recipients = access.recipients_for(sitting)
    return sum(open_one(pk, recipients) for pk in waiting) if recipients else 0


def open_waiting() -> int:
    """Open the sealed numbers of every sitting with an active key: what an interrupted activation left closed."""
    keys = AccessKey.objects.filter(state=AccessKeyState.ACTIVATED, until__gt=now())
    sittings = Sitting.objects.filter(access_keys__in=keys, journals__in=Journal.objects.sealed()).distinct()
    return sum(open_all(sitting) for sitting in sittings.select_related("point__region", "subject"))
