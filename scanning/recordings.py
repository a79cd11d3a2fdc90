"""Recorded answers: taken in as received, decoded to the end, held against the voice journals, decided about."""

import uuid
from pathlib import Path
from typing import Any, BinaryIO

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from audit.log import SYSTEM, Actor, hold, record
from audit.moves import move
from common import files
from common.errors import in_words
from common.stored import stored
from common.work import jobs, leases
from common.work.clock import now
from scanning import findings, recording_checks, scan_journal, steps
from scanning.cards import lock, open_card, require_editable
from scanning.errors import AlreadyTakenError, DecisionRefusedError
from scanning.expected_forms import read_expected_forms
from scanning.models import Decision, Recording, RoomCard
from scanning.recognition.decoder import decoder
from scanning.recognition.errors import EmptyFileError, FileRefusedError, NotARecordingError, PassingTroubleError
from scanning.reconcile import go, reconcile
from scanning.sources import store_part
from scanning.states import ACTIVE_RECORDINGS, CLOSED, CardState, RecordingState
from stations.models import SittingRoom
from wire.durable import replace_durable, sha256_file
from wire.filenames import folded
from wire.messages import Message

LEASE_SECONDS = 240
PAUSE_SECONDS = 15.0
#: Kept as it stands; the page says it in the reader's language.
REPLACED_BY_SOUND = stored("replaced by a sound copy")
_MAX_ATTEMPTS = 3
#: JPEG, PNG, GIF, PDF, ZIP, TIFF, HTML, programs.
_OTHER_KINDS = (
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"GIF8",
    b"%PDF",
    b"PK\x03\x04",
    b"II*\0",
    b"MM\0*",
    b"<",
    b"MZ",
    b"\x7fELF",
)
_SUFFIXES = frozenset({".wav", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".flac"})


def ingest(
    *, card: RoomCard, name: str, content: "Path | UploadedFile | BinaryIO", actor: Actor
) -> tuple[Recording, str]:
    """Take one recording into a voice room; it is decoded in the background.

    Returns:
        The row, and a line about it.

    Raises:
        EmptyFile, NotARecording, AlreadyTaken, CardIsClosed, DecisionRefused: As their names say.
    """
    require_editable(card)
    name = Path(name.replace("\\", "/")).name[:255] or Message("without a name").ru
    _require_voice(card)
    if Path(name).suffix.lower() not in _SUFFIXES:
        raise DecisionRefusedError(
            Message("{name} is not a recording.", name=name),
        )
    part = store_part(content)
    try:
        size = part.stat().st_size
        _require_sound(part, size)
        digest = sha256_file(part)
        _refuse_same(card, digest)
        folder = files.folder("scans", card.sitting.key, card.room.number)
        final = folder / f"{uuid.uuid4().hex}{Path(name).suffix.lower()}"
        replace_durable(part, final)
    finally:
        part.unlink(missing_ok=True)
    try:
        with transaction.atomic():
            card = lock(card)
            require_editable(card)
            _refuse_same(card, digest)
            row = Recording.objects.create(card=card, name=name, path=files.relative(final), sha256=digest, size=size)
            _tell(card, row, actor)
    except BaseException:
        final.unlink(missing_ok=True)
        raise
    return row, _("%(name)s: accepted") % {"name": name}


def _tell(card: RoomCard, row: Recording, actor: Actor) -> None:
    record("scanning.recording_taken", about=row, actor=actor, data={"sha256": row.sha256})
    open_card(card, actor=actor)
    go(card, CardState.SCANNING, actor=actor)
    jobs.enqueue("scanning.listen", row.pk)


def _require_voice(card: RoomCard) -> None:
    if not card.sitting.rooms.filter(room=card.room, kind=SittingRoom.Kind.VOICE).exists():
        raise DecisionRefusedError(Message("{card} is not a voice room: there are no recordings here.", card=card))


def _require_sound(path: Path, size: int) -> None:
    """Refuse what is certainly something else: a photo under the name of an answer is told at the door.

    Bytes of no known kind are kept and become a finding: they may be all that is left of somebody's answer.
    """
    if size == 0:
        raise EmptyFileError
    with path.open("rb") as file:
        if file.read(8).startswith(_OTHER_KINDS):
            raise NotARecordingError


def _refuse_same(card: RoomCard, digest: str) -> None:
    rows = Recording.objects.filter(card__sitting=card.sitting, sha256=digest, state__in=ACTIVE_RECORDINGS)
    same = rows.select_related("card__room").first()
    if same is not None:
        raise AlreadyTakenError(
            Message("This recording is here already: {name}, {card}.", name=same.name, card=same.card)
        )


def listen(pk: int) -> None:
    """Decode a recording; safe to run twice or be killed anywhere."""
    rows = Recording.objects.filter(state=RecordingState.RECEIVED)
    row = leases.claim(rows, pk, seconds=LEASE_SECONDS, max_attempts=_MAX_ATTEMPTS + 1)
    if row is None:
        return
    try:
        reading, doubts = _hear(row)
    except PassingTroubleError as trouble:
        # No verdict about the recording: it is heard again.
        leases.release(row, retry_in=PAUSE_SECONDS, reset_attempts=trouble.harmless)
        return
    register = read_expected_forms(row.card.sitting)
    answers = register.answers_of(row.card.room.number)
    answer = recording_checks.match(row, answers)
    doubts += recording_checks.warnings_of(row, reading.get("seconds"), answer, listed=bool(answers))
    heard = {"seconds": reading["seconds"]} if "seconds" in reading else {}
    with transaction.atomic():
        hold(row)
        locked = rows.select_for_update(of=("self",)).filter(pk=pk).first()
        if locked is None:
            return
        problem = findings.store(doubts, recording=locked)
        card = RoomCard.objects.select_related("sitting__point__region", "room").get(pk=locked.card_id)
        move(
            locked,
            RecordingState.PROBLEM if problem else RecordingState.READ,
            actor=SYSTEM,
            data={"findings": len(doubts)},
            seconds=reading.get("seconds"),
            reading=reading,
            lease_until=None,
            answer_id=answer.pk if answer else None,
        )
        if not problem:
            _replace_doubtful(card, locked)
        scan_journal.note(
            sitting=card.sitting,
            event="recording_taken",
            room=card.room.number,
            sha256=locked.sha256,
            file_name=locked.name,
            findings=len(doubts),
            **heard,
        )
    if not card.recordings.filter(state=RecordingState.RECEIVED).exists() and card.state not in CLOSED:
        reconcile(card, register=register)


def _replace_doubtful(card: RoomCard, good: Recording) -> None:
    """A sound copy under the same name takes the place of one that was cut or damaged."""
    for old in card.recordings.filter(state=RecordingState.PROBLEM).exclude(pk=good.pk):
        if folded(old.name) == folded(good.name):
            move(
                old,
                RecordingState.DISCARDED,
                actor=SYSTEM,
                data={"by": good.pk},
                reason=REPLACED_BY_SOUND,
                decided_at=now(),
            )


def _hear(row: Recording) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    try:
        if row.attempts > _MAX_ATTEMPTS:
            raise FileRefusedError(Message("Reading of the recording broke off several times."))
        reading = decoder().listen(files.data_dir() / row.path, row.name)
    except PassingTroubleError as trouble:
        if trouble.harmless or row.attempts < _MAX_ATTEMPTS:
            raise
        return {}, [{"kind": trouble.code, "severity": "problem", "value": trouble.message}]
    except FileRefusedError as refusal:
        return {}, [{"kind": refusal.code, "severity": "problem", "value": refusal.message}]
    return reading, reading.pop("doubts")


def decide(*, recording: Recording, action: str, reason: str, actor: Actor) -> Recording:
    """Accept a doubtful recording with a reason, or leave it out with a reason.

    Raises:
        CardIsClosedError: The room is closed.
        DecisionRefusedError: No such action, no reason, or the recording is still being decoded.
    """
    states = {"accept": RecordingState.ACCEPTED, "discard": RecordingState.DISCARDED}
    if action not in states:
        raise DecisionRefusedError(Message("No such action."))
    if not in_words(reason):
        raise DecisionRefusedError(Message("Give the reason in words."))
    with steps.undoable(card=recording.card, kind=Decision.Kind.RECORDING, what=recording.name, actor=actor):
        card = lock(recording.card)
        require_editable(card)
        row = Recording.objects.select_for_update(of=("self",)).get(pk=recording.pk)
        move(
            row,
            states[action],
            actor=actor,
            data={"reason": reason.strip()[:500]},
            reason=reason.strip(),
            decided_by=actor.name[:200],
            decided_at=now(),
        )
        scan_journal.note(
            sitting=card.sitting,
            event="note_written",
            person=actor.name,
            room=card.room.number,
            text=Message(
                "recording {name}: {action}, {reason}", name=row.name, action=action, reason=reason.strip()
            ).ru[:1000],
        )
        reconcile(card, actor=actor)
    return row
