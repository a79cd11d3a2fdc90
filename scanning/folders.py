"""Watched folders: the scanner's own software writes files into them, each is taken into its room once.

A file is taken when it reaches its own end, has stopped changing and nobody holds it open for writing. It is claimed
by a name of ours first, so that no program finds it any more; what changed all the same gets its name back and is
looked at again. It lies aside only after its bytes and its row are durable in our store; a refused one is moved aside
too, with its reason beside it, and kept.
"""

import contextlib
import fcntl
import os
import shutil
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
from scanning.whole import many_pages, whole
from wire.durable import fsync_dir, sha256_file
from wire.errors import PpeError
from wire.messages import Both

TAKEN, REFUSED = "Принято", "Не принято"
#: A file must look the same for so long; where nobody can say whether its writer is done, for longer.
QUIET_SECONDS = 2.0
QUIET_SECONDS_BLIND = 15.0
#: Kinds to which a program may add pages rest longer: between two pages the file is whole and nobody has it open.
QUIET_SECONDS_PAGES = 8.0
#: A file that was seen to grow rests so many times the longest pause of its writer, but never longer than this.
_PAUSES = 3.0
_LONGEST_QUIET = 180.0
_BYTES_A_SECOND = 8 << 20
#: What does not reach its own end is waited for so long, then told as what it is.
PATIENCE_SECONDS = 300.0
_CLAIMED = ".ppe-claimed"
_UNFINISHED = frozenset({".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".download", ".!ut"})
_LITTER = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r"})
#: How long one look may take in files before it lets the other chores of the watchdog have their turn.
LOOK_SECONDS = 3.0
_KEPT_VERDICTS = 30
#: Kept as it stands; the page says it in the reader's language.
GONE = stored("The folder is not there now: see whether the scanner's drive is connected.")
HALF = stored("A file is not there to its end yet: it is taken when the scanner's program has written all of it.")
HELD = stored("A file cannot be moved: another program holds it, or the folder may not be written. It is tried again.")
BELOW = stored(
    "There are files in sub-folders: they are not taken. Have the scanner write into the folder itself, "
    "or move the files there."
)


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
            found += [
                path for path in below if path.name not in (TAKEN, REFUSED, _CLAIMED) and flash.shown(path) == path.name
            ]
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
        # Programs write under such names until they are done; systems and editors leave the others behind.
        if path.suffix.lower() not in _UNFINISHED and not _litter(path.name):
            yield path


def _litter(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower() in _LITTER


def _below(folder: Path) -> bool:
    """Whether files lie in folders inside this one, as programs make one for each day."""
    with contextlib.suppress(OSError):
        ours = (TAKEN, REFUSED, _CLAIMED)
        below = [place for place in folder.iterdir() if place.is_dir() and not place.is_symlink()]
        return any(place.name not in ours and any(_waiting(place)) for place in below)
    return False


def _give_back(folder: Path) -> None:
    """Give files their names back that a look claimed which was killed."""
    with contextlib.suppress(OSError):
        for path in (folder / _CLAIMED).iterdir():
            _put(path, folder)
        (folder / _CLAIMED).rmdir()


#: A file that ended its reader so often is set aside: the machine had its chances.
MOST_ENDED = 4


def look(folder: WatchedFolder, *, until: float = float("inf")) -> list[FolderVerdict]:
    """Take in every file of a folder that has stopped changing since the last look."""
    place = Path(folder.path)
    before: dict[str, Any] = folder.seen.get("files", {})
    verdicts: list[FolderVerdict] = []
    files: dict[str, Any] = {}
    waiting = half = ""
    _give_back(place)
    for path in _waiting(place):
        try:
            mark = _mark(path)
        except OSError:
            continue
        name = flash.shown(path)
        files[name] = known = _known(before.get(name), mark)
        if not known.get("done") and time.monotonic() < until and _settled(path, known):
            try:
                if not _reaches_its_end(path, known["since"]):
                    half = HALF
                    continue
                verdict = _take(folder, path, mark)
                if verdict is None:
                    # Somebody wrote into it, or holds it: it rests anew.
                    files[name], half = {**known, "since": time.time()}, HELD
                    continue
                verdicts.append(verdict)
            except DecoderStoppedError as refusal:
                # It ended its reader: the files behind it do not wait for it, and in the end it is set aside.
                files[name] = {**known, "ended": known.get("ended", 0) + 1}
                if files[name]["ended"] < MOST_ENDED or getattr(refusal, "harmless", False):
                    waiting = str(refusal)
                    continue
                verdicts.append(_refused(folder, path, place, refusal))
            except PpeError as refusal:
                # The disk or the room takes nothing just now: the file stays where it is, and is looked at again.
                waiting = str(refusal)
                break
            # What could not be moved aside is not taken again.
            files[name] = {**known, "done": True}
            if not path.exists():
                files.pop(name)
    trouble = waiting or half or (BELOW if _below(place) else "")
    _remember(folder, {**before, **files} if waiting else files, verdicts, trouble if place.is_dir() else GONE)
    return verdicts


def _known(before: dict[str, Any] | None, mark: list[int]) -> dict[str, Any]:
    """What is known of a file: since when it is as it is, and the longest pause after which it changed again."""
    if before and before.get("mark") == mark:
        return before
    pause = max(before.get("pause", 0.0), time.time() - before["since"]) if before and before["mark"][0] else 0.0
    return {"mark": mark, "since": time.time(), "pause": pause}


def _mark(path: Path) -> list[int]:
    facts = path.stat()
    return [facts.st_size, facts.st_mtime_ns, facts.st_ino]


def _settled(path: Path, known: dict[str, Any]) -> bool:
    quiet = time.time() - known["since"]
    if quiet < QUIET_SECONDS:
        return False
    try:
        wanted = QUIET_SECONDS_PAGES if many_pages(path) else QUIET_SECONDS
        wanted += path.stat().st_size / _BYTES_A_SECOND
    except OSError:
        return False
    if quiet < max(wanted, min(known.get("pause", 0.0) * _PAUSES, _LONGEST_QUIET)):
        return False
    free = writer_gone(path)
    return quiet >= QUIET_SECONDS_BLIND if free is None else free


def _reaches_its_end(path: Path, since: float) -> bool:
    if time.time() - since >= PATIENCE_SECONDS:
        return True
    try:
        return whole(path) is not False
    except OSError:
        return False


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


def _take(folder: WatchedFolder, path: Path, mark: list[int]) -> FolderVerdict | None:
    """Take one file in, then move it aside: only now is it safe elsewhere. None when it is not at rest after all."""
    place = path.parent
    claimed = place / _CLAIMED / path.name
    try:
        claimed.parent.mkdir(exist_ok=True)
        path.rename(claimed)
    except OSError:
        return None
    part: Path | None = None
    try:
        part = sources.store_part(claimed)
        digest = sha256_file(part)
        # Here nobody opens it; whoever had it open before is seen by the lease, or by what he wrote.
        if writer_gone(claimed) is False or _mark(claimed) != mark or sha256_file(claimed) != digest:
            return None
        verdict = _ingest(folder, part, claimed, place)
        if verdict.taken and claimed.exists():
            # What was written behind our back waits under its old name; what was taken in lies aside.
            _aside(claimed if sha256_file(claimed) == digest else _copy_of(part, claimed), place / TAKEN)
    except OSError:
        return None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
        _give_back(place)
    return verdict


def _ingest(folder: WatchedFolder, part: Path, claimed: Path, place: Path) -> FolderVerdict:
    actor = Actor(folder.made_by, "page")
    name = flash.shown(claimed)
    try:
        taken = sources.ingest(
            card=folder.card, name=name, content=part, door="folder", actor=actor, batch=_batch(folder)
        )
    except AlreadyTakenError as refusal:
        # Also what is left of a look that was killed between the row and the move.
        return FolderVerdict(name, taken=True, words=refusal.text("ru"))
    except PpeError as refusal:
        if refusal.permanent:
            return _refused(folder, claimed, place, refusal)
        raise
    return FolderVerdict(name, taken=True, words=taken.line)


def _copy_of(part: Path, claimed: Path) -> Path:
    """A copy of what was taken in, under the file's name, beside the one that was written into."""
    place = claimed.parent.parent / TAKEN / _CLAIMED
    place.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(part, place / claimed.name))


def _refused(folder: WatchedFolder, path: Path, place: Path, refusal: PpeError) -> FolderVerdict:
    """Set a file aside with its reason."""
    name = flash.shown(path)
    _aside(path, place / REFUSED, reason=f"{refusal.text('ru')} {refusal.remedy_text('ru')}".strip())
    actor = Actor(folder.made_by, "page")
    _tell(folder, "scanning.file_refused", actor, {"file": name, "code": refusal.code})
    return FolderVerdict(name, taken=False, words=f"{refusal.text('ru')}\n{refusal.text('en')}")


def _batch(folder: WatchedFolder) -> Batch | None:
    """The batch that this folder's files gather in, until something else comes into the room."""
    last = folder.card.batches.order_by("-number").first()
    mine = last is not None and last.door == "folder" and last.state == BatchState.OPEN and last.sealed_at is None
    return last if mine else None


def _aside(path: Path, place: Path, *, reason: str = "") -> None:
    """Move a file into a folder; never over another one."""
    with contextlib.suppress(OSError):
        place.mkdir(exist_ok=True)
        target = _put(path, place)
        if reason:
            target.with_name(f"{target.name}.txt").write_text(reason + "\n", "utf-8")
        fsync_dir(place)
        fsync_dir(path.parent)


def _put(path: Path, place: Path) -> Path:
    """Move a file into a folder under its name, or the next free one."""
    target, count = place / path.name, 1
    while True:
        try:
            # A link is refused where a name is taken; a renaming would go over what was written there just now.
            target.hardlink_to(path)
        except FileExistsError:
            count += 1
            target = place / f"{path.stem} ({count}){path.suffix}"
            continue
        except OSError:
            if target.exists():
                count += 1
                target = place / f"{path.stem} ({count}){path.suffix}"
                continue
            path.rename(target)
            return target
        path.unlink()
        return target


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
