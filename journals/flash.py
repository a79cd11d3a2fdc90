"""Journals on a flash drive."""

from pathlib import Path

from audit.log import Actor
from common import flash
from journals import intake
from journals.intake import Verdict
from journals.lookups import Lookups
from stations.models import ExamPoint
from wire.refusals import Refusal

SUFFIXES = (".dat", ".ppe", ".p7m")


def folders() -> list[flash.Folder]:
    """Return the drives and their folders with files that the portal takes in."""
    return flash.folders(SUFFIXES)


def take_folder(*, folder: str, actor: Actor, point: ExamPoint | None = None) -> list[Verdict]:
    """Take in every journal of a folder; a file that is refused does not stop the others.

    Raises:
        NoSuchFolder: The folder is not on a drive.
    """
    lookups = Lookups()
    return [_one(path, actor, point, lookups) for path in flash.listed(flash.folder_of(folder), (".dat",))]


def _one(path: Path, actor: Actor, point: ExamPoint | None, lookups: Lookups) -> Verdict:
    try:
        return intake.take_in_file(path=path, door="flash", actor=actor, point=point, lookups=lookups)
    except Refusal as refusal:
        return intake.turn_away(refusal=refusal, name=path.name, door="flash", actor=actor, point=point)
