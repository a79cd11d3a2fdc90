"""The two doors of the centre: uploads of purpose ``packet``, and flash drives."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from audit.log import Actor, record
from common import files as store_files
from common import flash, space
from common.errors import told, words
from rcoi.answering import feed, receipts
from rcoi.errors import NothingToImportError
from rcoi.models import InboxChannel, InboxPacket
from rcoi.receiving import inbox
from rcoi.states import InboxState
from stations.models import ExamPoint
from uploads import handlers
from uploads.models import Upload
from wire import durable, packet
from wire.errors import PpeError
from wire.messages import Message
from wire.packet import volumes as pieces
from wire.packet.volumes import Volumes
from wire.pki import CertificateRole, Identity

PURPOSE = "packet"
SUFFIX = ".ppe"
DEPTH = 3
MOST = 2000


def connect() -> None:
    """Take the uploads of purpose ``packet`` on a centre."""
    if settings.PPE_NODE == "rcoi":
        handlers.register(PURPOSE, take_upload, roles={CertificateRole.HQ})


def take_upload(upload: Upload) -> dict[str, Any]:
    """Receive a complete upload; the result is the latest receipt of these bytes.

    Raises:
        PpeError: For the moment only.
    """
    sender = Identity.parse(upload.owner_urn)
    row = inbox.receive(
        path=upload.path,
        name=upload.filename or f"{upload.uid}{SUFFIX}",
        door=InboxChannel.NETWORK,
        sender=sender,
        actor=Actor(sender.urn, "api", certificate=upload.certificate),
        sha256=upload.sha256 or None,
    )
    answer = receipts.latest(row.sha256)
    return receipts.answer(answer) if answer else {"level": "", "number": 0, "sha256": row.sha256, "receipt": ""}


def write_feed(*, point: ExamPoint, folder: str, actor: Actor) -> Path:
    """Write the feed of a point to a flash drive, and read it back before calling it done.

    Raises:
        NoSuchFolderError: The folder is not on one of the node's drives.
        DiskError: The drive is full, read-only or failing.
        CopyMismatchError: What was read back is not what was written.
    """
    name, data = feed.bundle(point)
    path = flash.folder_of(folder) / name
    digest = durable.write_durable(path, data)
    if durable.sha256_file(path) != digest:
        path.unlink(missing_ok=True)
        raise durable.CopyMismatchError(
            Message("The feed file was written wrongly and removed."),
            remedy=Message("Take another drive."),
        )
    record("rcoi.file", about=point, subject=name, actor=actor, data={"sha256": digest})
    return path


@dataclass(frozen=True)
class ImportedFile:
    """What came of one file of an import."""

    name: str
    packet: InboxPacket | None
    again: bool
    refusal: PpeError | None

    @property
    def refused(self) -> bool:
        """Whether the centre answered with a rejected receipt."""
        return self.packet is not None and self.packet.state == InboxState.REJECTED

    @property
    def line(self) -> str:
        """The verdict in one line."""
        if self.refusal is not None:
            return f"{self.name}: {words(self.refusal)}"
        if self.packet is None:
            return self.name
        if self.refused:
            why = told(self.packet.reasons[0]) if self.packet.reasons else ""
            return _("%(name)s: rejected. %(why)s") % {"name": self.name, "why": why}
        said = _("%(name)s: had come already — %(title)s") if self.again else _("%(name)s: accepted — %(title)s")
        return said % {"name": self.name, "title": self.packet.title}


def volumes_in(folder: Path) -> list[Volumes]:
    """Return the packets that lie in pieces in a folder and the folders below it."""
    return pieces.grouped(_below(folder, f"*{SUFFIX}.*of*"))


def packets_in(folder: Path) -> list[Path]:
    """Return the packet files of a folder and the folders below it, by name; links are not followed."""
    return _below(folder, f"*{SUFFIX}")


def _below(folder: Path, pattern: str) -> list[Path]:
    root = folder.resolve()
    found = []
    for path in root.rglob(pattern):
        if len(path.relative_to(root).parts) <= DEPTH and not path.is_symlink() and path.is_file():
            found.append(path)
    return sorted(found)[:MOST]


def import_folder(*, folder: str, actor: Actor) -> list[ImportedFile]:
    """Take in every packet of a folder on a flash drive.

    Raises:
        NoSuchFolderError: The folder is not on one of the node's drives.
        NothingToImportError: It holds no packet.
    """
    root = flash.folder_of(folder)
    found = [*packets_in(root), *(path for each in volumes_in(root) for path in each.paths.values())]
    return import_files(files=[(each.name, each) for each in found], actor=actor)


def import_files(*, files: Iterable[tuple[str, Path]], actor: Actor) -> list[ImportedFile]:
    """Take in files one by one; a bad one never stops the others.

    Raises:
        NothingToImportError: There is no file at all.
    """
    listed = list(files)
    cut = {path for name, path in listed if pieces.whole_name(name) is not None}
    taken = [_import_one(flash.shown(name), path, actor) for name, path in listed if path not in cut]
    taken += [_import_volumes(each, actor) for each in _grouped(listed)]
    if not taken:
        raise NothingToImportError(
            Message("There are no .ppe packets here."),
            remedy=Message("See whether it is the right drive."),
        )
    return taken


def _grouped(listed: Iterable[tuple[str, Path]]) -> list[Volumes]:
    """Return the pieces among files, by the names they came under: a browser's files lie under names of our own."""
    by_name = {Path(str(path.parent)) / name: path for name, path in listed}
    return [
        Volumes(each.name, each.count, {number: by_name[path] for number, path in each.paths.items()})
        for each in pieces.grouped(by_name)
    ]


def _import_volumes(each: Volumes, actor: Actor) -> ImportedFile:
    name = flash.shown(each.name)
    part = store_files.folder("tmp") / f"{secrets.token_hex(16)}.ppe"
    try:
        space.require(sum(flash.size_of(path) for path in each.paths.values()))
        pieces.join(each, part)
        return _import_one(name, part, actor)
    except PpeError as refusal:
        return ImportedFile(name, None, False, refusal)
    finally:
        part.unlink(missing_ok=True)


def _import_one(name: str, path: Path, actor: Actor) -> ImportedFile:
    try:
        # What has not even the shape of a packet is not carried into the store: a photo, or two sparse gigabytes.
        packet.read_header(path)
        digest = durable.sha256_file(path)
        again = InboxPacket.objects.filter(sha256=digest).exists()
        row = inbox.receive(path=path, name=name, door=InboxChannel.FLASH, actor=actor, sha256=digest)
        return ImportedFile(name, row, again, None)
    except PpeError as refusal:
        record(
            "rcoi.refused",
            actor=actor,
            subject=name,
            data={"code": refusal.code, "text": refusal.text("ru")[:1000], "door": str(InboxChannel.FLASH)},
        )
        return ImportedFile(name, None, False, refusal)
