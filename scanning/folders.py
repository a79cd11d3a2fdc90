"""Watched folders: the scanner's own software writes files into them, each is taken into its room once.

A file is taken when it has stopped changing and nobody holds it open for writing. It is moved aside only after its
bytes and its row are durable in our store; a refused one is moved aside too, with its reason beside it, and kept.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from audit.log import Actor, record
from audit.moves import move
from common import flash
from common.stored import stored
from scanning import sources
from scanning.cards import lock, require_editable
from scanning.errors import AlreadyTakenError, FolderBusyError, FolderMissingError, FolderNotAllowedError
from scanning.models import Batch, RoomCard, WatchedFolder
from scanning.recognition.errors import DecoderStoppedError
from scanning.states import EDITABLE, BatchState, FolderState
from wire.durable import fsync_dir
from wire.errors import PpeError
from wire.messages import Both

TAKEN, REFUSED = "Принято", "Не принято"
#: A file must look the same for so long; where nobody can say whether its writer is done, for longer.
QUIET_SECONDS = 2.0
QUIET_SECONDS_BLIND = 15.0
#: How long one look may take in files before it lets the other chores of the watchdog have their turn.
LOOK_SECONDS = 3.0
_KEPT_VERDICTS = 30
#: Kept as it stands; the page says it in the reader's language.
GONE = stored("The folder is not there now: see whether the scanner's drive is connected.")


@dataclass(frozen=True)
class FolderVerdict:
    """What became of one file."""

    name: str
    taken: bool
    words: str


def roots() -> list[Path]:
    """Return the folders inside which a room's folder may lie (`PPE_SCAN_DIRS`)."""
    return [root for root in map(Path, settings.PPE_SCAN_DIRS) if root.is_dir()]


def choices() -> list[Path]:
    """Return the folders that may be watched: the roots and what lies right in them."""
    found = []
    for root in roots():
        found.append(root)
        with contextlib.suppress(OSError):
            below = sorted(path for path in root.iterdir() if path.is_dir() and not path.is_symlink())
            found += [path for path in below if path.name not in (TAKEN, REFUSED) and flash.shown(path) == path.name]
    return found[:200]


def _allowed(value: str) -> Path:
    """The folder that a form names, proven to lie in an allowed one and to be ours to write.

    Raises:
        FolderNotAllowedError, FolderMissingError: As their names say.
    """
    try:
        path = Path(value).resolve(strict=True)
    except (OSError, ValueError) as error:
        raise FolderMissingError(value[:200]) from error
    if not any(path.is_relative_to(root.resolve()) for root in roots()):
        raise FolderNotAllowedError(value[:200])
    if not path.is_dir() or not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise FolderMissingError(value[:200])
    return path


def begin(*, card: RoomCard, path: str, actor: Actor) -> WatchedFolder:
    """Watch a folder for a room; a folder of another room changes hands once nothing of that room waits in it.

    Raises:
        CardIsClosedError: The room is closed.
        FolderNotAllowed, FolderMissing, FolderBusy: The folder cannot be this room's.
    """
    folder = _allowed(path)
    with transaction.atomic():
        card = lock(card)
        require_editable(card)
        for other in WatchedFolder.objects.filter(path=str(folder), state=FolderState.WATCHED).select_related("card"):
            if other.card_id == card.pk:
                return other
            waiting = len(list(_waiting(folder)))
            if waiting:
                raise FolderBusyError(str(other.card), waiting)
            _set(other, FolderState.ENDED, actor)
        made = WatchedFolder.objects.create(card=card, path=str(folder), made_by=actor.name[:200])
        _tell(made, "scanning.folder_state", actor, {"to": FolderState.WATCHED})
    return made


def end(*, folder: WatchedFolder, actor: Actor) -> None:
    """Stop watching a folder; what lies in it stays there.

    Raises:
        IllegalMoveError: It is not watched.
    """
    with transaction.atomic():
        fresh = WatchedFolder.objects.select_for_update(of=("self",)).get(pk=folder.pk)
        _set(fresh, FolderState.ENDED, actor)


def _set(folder: WatchedFolder, state: FolderState, actor: Actor) -> None:
    move(folder, state, actor=actor)


def _tell(folder: WatchedFolder, kind: str, actor: Actor, data: dict[str, Any]) -> None:
    record(kind, about=folder, actor=actor, data=data)


def look_at_all() -> None:
    """Look into every watched folder once."""
    until = time.monotonic() + LOOK_SECONDS
    rows = WatchedFolder.objects.filter(state=FolderState.WATCHED, card__state__in=EDITABLE)
    for folder in rows.select_related("card__sitting__point__region", "card__sitting__subject", "card__room"):
        look(folder, until=until)


def _waiting(folder: Path) -> Iterator[Path]:
    for path in flash.listed(folder):
        # Programs write under such names until they are done.
        if path.suffix.lower() not in (".part", ".tmp", ".crdownload", ".filepart"):
            yield path


#: A file that ended its reader so often is set aside: the machine had its chances.
MOST_ENDED = 4


def look(folder: WatchedFolder, *, until: float = float("inf")) -> list[FolderVerdict]:
    """Take in every file of a folder that has stopped changing since the last look."""
    place = Path(folder.path)
    before: dict[str, Any] = folder.seen.get("files", {})
    verdicts: list[FolderVerdict] = []
    files: dict[str, Any] = {}
    waiting = ""
    for path in _waiting(place):
        try:
            mark = _mark(path)
        except OSError:
            continue
        name = flash.shown(path)
        known = before.get(name, {})
        if known.get("mark") != mark:
            known = {"mark": mark, "since": time.time()}
        files[name] = known
        if not known.get("done") and time.monotonic() < until and _settled(path, known["since"]):
            try:
                verdicts.append(_take(folder, path))
            except DecoderStoppedError as refusal:
                # It ended its reader: the files behind it do not wait for it, and in the end it is set aside.
                files[name] = {**known, "ended": known.get("ended", 0) + 1}
                if files[name]["ended"] < MOST_ENDED or getattr(refusal, "harmless", False):
                    waiting = str(refusal)
                    continue
                verdicts.append(_refused(folder, path, refusal))
            except PpeError as refusal:
                # The disk or the room takes nothing just now: the file stays where it is, and is looked at again.
                waiting = str(refusal)
                break
            # What could not be moved aside is not taken again.
            files[name] = {**known, "done": True}
            if not path.exists():
                files.pop(name)
    _remember(folder, {**before, **files} if waiting else files, verdicts, waiting if place.is_dir() else GONE)
    return verdicts


def _mark(path: Path) -> list[int]:
    facts = path.stat()
    return [facts.st_size, facts.st_mtime_ns, facts.st_ino]


def _settled(path: Path, since: float) -> bool:
    quiet = time.time() - since
    if quiet < QUIET_SECONDS:
        return False
    free = writer_gone(path)
    return quiet >= QUIET_SECONDS_BLIND if free is None else free


def writer_gone(path: Path) -> bool | None:
    """Return whether no process has a file open for writing; None where the kernel cannot say (network drives)."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        # The kernel grants a read lease only while nobody writes.
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return False
    except OSError:
        return None
    else:
        return True
    finally:
        os.close(handle)


def _take(folder: WatchedFolder, path: Path) -> FolderVerdict:
    """Take one file in, then move it aside: only now is it safe elsewhere."""
    actor = Actor(folder.made_by, "page")
    name = flash.shown(path)
    try:
        taken = sources.ingest(
            card=folder.card, name=name, content=path, door="folder", actor=actor, batch=_batch(folder)
        )
    except AlreadyTakenError as refusal:
        # Also what is left of a look that was killed between the row and the move.
        _aside(path, TAKEN)
        return FolderVerdict(name, taken=True, words=refusal.text("ru"))
    except PpeError as refusal:
        if refusal.permanent:
            return _refused(folder, path, refusal)
        raise
    _aside(path, TAKEN)
    return FolderVerdict(name, taken=True, words=taken.line)


def _refused(folder: WatchedFolder, path: Path, refusal: PpeError) -> FolderVerdict:
    """Set a file aside with its reason."""
    name = flash.shown(path)
    _aside(path, REFUSED, reason=f"{refusal.text('ru')} {refusal.remedy_text('ru')}".strip())
    actor = Actor(folder.made_by, "page")
    _tell(folder, "scanning.file_refused", actor, {"file": name, "code": refusal.code})
    return FolderVerdict(name, taken=False, words=f"{refusal.text('ru')}\n{refusal.text('en')}")


def _batch(folder: WatchedFolder) -> Batch | None:
    """The batch that this folder's files gather in, until something else comes into the room."""
    last = folder.card.batches.order_by("-number").first()
    mine = last is not None and last.door == "folder" and last.state == BatchState.OPEN and last.sealed_at is None
    return last if mine else None


def _aside(path: Path, name: str, *, reason: str = "") -> None:
    """Move a file into a folder beside it; never over another one."""
    place = path.parent / name
    with contextlib.suppress(OSError):
        place.mkdir(exist_ok=True)
        target, count = place / path.name, 1
        while target.exists():
            count += 1
            target = place / f"{path.stem} ({count}){path.suffix}"
        path.rename(target)
        if reason:
            target.with_name(f"{target.name}.txt").write_text(reason + "\n", "utf-8")
        fsync_dir(place)
        fsync_dir(path.parent)


def _remember(folder: WatchedFolder, files: dict[str, Any], verdicts: list[FolderVerdict], trouble: str) -> None:
    said = [{"name": each.name, "taken": each.taken, "words": each.words} for each in verdicts]
    seen = {"files": files, "said": [*folder.seen.get("said", []), *said][-_KEPT_VERDICTS:], "trouble": trouble}
    if seen == folder.seen:
        return
    folder.seen = seen
    folder.taken += sum(each.taken for each in verdicts)
    folder.refused += sum(not each.taken for each in verdicts)
    WatchedFolder.objects.filter(pk=folder.pk).update(seen=seen, taken=folder.taken, refused=folder.refused)


def said(folder: WatchedFolder) -> list[FolderVerdict]:
    """Return the last verdicts of a folder, newest first, in the reader's language."""
    found = []
    for each in reversed(folder.seen.get("said", [])):
        ru, _line, en = str(each["words"]).partition("\n")
        found.append(FolderVerdict(each["name"], bool(each["taken"]), str(Both(ru, en))))
    return found
