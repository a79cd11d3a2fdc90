"""Forming the `.dat`: sign the log, write it to a drive, read it back, and only then say that it is safe."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from station_client.home import StationHome, refuse
from wire import durable, names
from wire.journal import JournalLog, read
from wire.journal.name import name_of
from wire.messages import Message


@dataclass(frozen=True, slots=True)
class Closed:
    """A journal that stands on the drive and was read back."""

    path: Path
    sha256: str
    entries: int


def close(station: StationHome, log_path: Path, out: Path, *, person: str | None = None) -> Closed:
    """Close one log and write its journal into a folder.

    Raises:
        PpeError: no certificate, a broken log, a drive that is full, read-only or gone, or a copy that differs.
    """
    signer = station.signer
    with JournalLog.open(log_path) as log:
        if not log.closed and log.last_event != "exam_finished":
            log.append("exam_finished", person=person)
        blob = log.close(signer)
        name = names.write(name_of(log.header))
    document = read(blob, trust=station.exam().trust())
    if document.signed_by is None or document.problems:
        problems = [part.message for part in document.problems]
        raise refuse(Message("The journal did not pass the check: {problems}.", problems=problems))
    own = station.folder / "journals"
    own.mkdir(exist_ok=True)
    durable.write_durable(own / name, blob)
    with durable.disk_errors():
        out.mkdir(parents=True, exist_ok=True)
    digest = durable.copy_verified(own / name, out / name)
    return Closed(out / name, digest, len(document.entries))


def close_all(
    station: StationHome, out: Path, *, wanted: Callable[[Path], bool] = lambda _: True, person: str | None = None
) -> list[Closed]:
    """Close every log of the station.

    Raises:
        StationError: there is nothing to close.
    """
    logs = [path for path in station.logs() if wanted(path)]
    if not logs:
        raise refuse(
            Message("No log is started."),
            remedy=Message("Run: ppe-station print DIR start --subject … --room …"),
        )
    return [close(station, path, out, person=person) for path in logs]


def formed(station: StationHome) -> list[Path]:
    """The journals formed so far, as they stand in the station's own folder."""
    return sorted((station.folder / "journals").glob("END_*.dat"))
