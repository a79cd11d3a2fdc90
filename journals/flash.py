"""Journals on a flash drive."""

from audit.log import Actor
from common import flash
from journals.arrivals import OnDrive, ingest_all
from journals.verdicts import Verdict
from stations.models import ExamPoint

SUFFIXES = (".dat",)


def folders() -> list[flash.Folder]:
    """Return the drives and their folders with journals."""
    return flash.folders(SUFFIXES)


def take_folder(*, folder: str, actor: Actor, point: ExamPoint | None = None) -> list[Verdict]:
    """Take in every journal of a folder; a file that is refused does not stop the others.

    Raises:
        NoSuchFolderError: The folder is not on a drive.
    """
    paths = flash.listed(flash.folder_of(folder), SUFFIXES)
    return ingest_all(map(OnDrive, paths), door="flash", actor=actor, point=point)
