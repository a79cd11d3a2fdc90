"""Many files at one door: judged one by one, kept some at a time, a verdict for each; one that fails stops no other."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.db import DatabaseError

from audit.log import Actor
from common import flash
from journals import intake
from journals.errors import CannotDecideError
from journals.intake import MAX_SIZE
from journals.lookups import Lookups
from journals.verdicts import Pending, Verdict
from stations.models import ExamPoint
from wire.errors import PpeError
from wire.messages import Message

#: So many journals, or bytes of them, are kept by one sync of the disk and one transaction.
TOGETHER, TOGETHER_SIZE = 16, 16 << 20


class Arrived(Protocol):
    """A file that stands at the door."""

    @property
    def name(self) -> str:
        """Its name, as a person may read it."""

    def read(self) -> bytes:
        """Return it, or its first `MAX_SIZE` + 1 bytes.

        Raises:
            PpeError: It cannot be read.
        """


@dataclass(frozen=True)
class OnDrive:
    """A file of a flash drive; it is read when its turn comes."""

    path: Path

    @property
    def name(self) -> str:
        """Its name; a drive may carry names that are no text."""
        return flash.shown(self.path)

    def read(self) -> bytes:
        """Return the file.

        Raises:
            CannotDecideError: The drive does not give it.
        """
        try:
            with self.path.open("rb") as file:
                return file.read(MAX_SIZE + 1)
        except OSError as error:
            raise CannotDecideError(
                Message("Cannot read {self_name}: {strerror}.", self_name=self.name, strerror=error.strerror or error),
                remedy=Message("Check the drive, then repeat."),
            ) from error


@dataclass(frozen=True)
class Uploaded:
    """A file of a form."""

    name: str
    read_some: Callable[[int], bytes]

    def read(self) -> bytes:
        """Return the file."""
        return self.read_some(MAX_SIZE + 1)


def ingest_all(arrived: Iterable[Arrived], *, door: str, actor: Actor, point: ExamPoint | None = None) -> list[Verdict]:
    """Take in many files.

    Args:
        arrived: The files, each read when its turn comes.
        door: As of `intake.ingest`.
        actor: Who brought them.
        point: The point whose door they came through; None accepts every point of the node.

    Returns:
        A verdict for each, in their order.
    """
    verdicts: dict[int, Verdict] = {}
    waiting: dict[int, Pending] = {}
    lookups = Lookups()

    def keep() -> None:
        verdicts.update(zip(waiting, _store(list(waiting.values()), actor, point), strict=True))
        waiting.clear()

    for number, file in enumerate(arrived):
        try:
            judged = intake.evaluate(
                data=file.read(), name=file.name, door=door, actor=actor, point=point, lookups=lookups
            )
        except PpeError as refusal:
            judged = intake.turn_away(refusal=refusal, name=file.name, door=door, actor=actor, point=point)
        if isinstance(judged, Verdict):
            verdicts[number] = judged
            continue
        waiting[number] = judged
        if len(waiting) >= TOGETHER or sum(len(each.data) for each in waiting.values()) >= TOGETHER_SIZE:
            keep()
    keep()
    return [verdicts[number] for number in sorted(verdicts)]


def _store(pending: list[Pending], actor: Actor, point: ExamPoint | None) -> Iterator[Verdict]:
    try:
        yield from intake.store(pending, actor=actor)
    except (PpeError, DatabaseError):
        # Nothing of them was kept: each by itself, so that the one at fault gets its own verdict.
        for each in pending:
            yield _alone(each, actor, point)


def _alone(pending: Pending, actor: Actor, point: ExamPoint | None) -> Verdict:
    name, door = pending.row.original_name, pending.row.door
    try:
        # Judged again: what the failed transaction had concluded is void.
        return intake.ingest(data=pending.data, name=name, door=door, actor=actor, point=point)
    except PpeError as refusal:
        return intake.turn_away(refusal=refusal, name=name, door=door, actor=actor, point=point)
