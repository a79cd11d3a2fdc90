"""The two doors of the centre: uploads of purpose ``packet``, and flash drives."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from audit.log import Actor
from common.refusals import tell
from rcoi import inbox, receipts
from rcoi.errors import FolderRefused, NothingToImport
from rcoi.models import Door, InboxPacket
from uploads import handlers
from uploads.models import Upload
from wire import durable, packet
from wire.pki import Identity, Role
from wire.refusals import Refusal

PURPOSE = "packet"
SUFFIX = ".ppe"
DEPTH = 3
MOST = 2000


def connect() -> None:
    """Take the uploads of purpose ``packet`` on a centre."""
    if settings.PPE_NODE == "rcoi":
        handlers.register(PURPOSE, take_upload, roles={Role.HQ})


def take_upload(upload: Upload) -> dict[str, Any]:
    """Receive a complete upload; the result is the latest receipt of these bytes.

    Raises:
        Refusal: For the moment only.
    """
    sender = Identity.parse(upload.owner_urn)
    row = inbox.receive(
        path=upload.path,
        name=upload.filename or f"{upload.uid}{SUFFIX}",
        door=Door.NETWORK,
        sender=sender,
        actor=Actor(sender.urn, "api", certificate=upload.certificate),
        sha256=upload.sha256 or None,
    )
    answer = receipts.latest(row.sha256)
    return receipts.answer(answer) if answer else {"level": "", "number": 0, "sha256": row.sha256, "receipt": ""}


@dataclass(frozen=True)
class Taken:
    """What came of one file of an import."""

    name: str
    packet: InboxPacket | None
    again: bool
    refusal: Refusal | None

    @property
    def line(self) -> str:
        """The verdict in one line."""
        if self.refusal is not None:
            return f"{self.name}: {self.refusal.text('ru')}"
        if self.packet is None:
            return self.name
        words = "уже был получен" if self.again else "принят"
        if self.packet.state == "rejected":
            words = "отклонён" if not self.again else "уже был отклонён"
        return f"{self.name}: {words} — {self.packet.title}"


def drives() -> list[Path]:
    """Return the folders that this node may read packets from."""
    return [folder for folder in settings.PPE_FLASH_DIRS if folder.is_dir()]


def listing() -> list[Path]:
    """Return the packet files on the drives, newest names last."""
    found: list[Path] = []
    for drive in drives():
        found += packets_in(drive)
    return found[:MOST]


def packets_in(folder: Path) -> list[Path]:
    """Return the packet files of a folder and the folders below it; links are not followed."""
    root = folder.resolve()
    found = [
        path
        for path in root.rglob(f"*{SUFFIX}")
        if len(path.relative_to(root).parts) <= DEPTH and path.is_file() and not path.is_symlink()
    ]
    return sorted(found)[:MOST]


def import_folder(*, folder: str, actor: Actor) -> list[Taken]:
    """Take in every packet of a folder on a flash drive.

    Raises:
        FolderRefused: The folder is not on one of the node's drives.
        NothingToImport: It holds no packet.
    """
    path = Path(folder).resolve()
    if not any(path.is_relative_to(drive.resolve()) for drive in settings.PPE_FLASH_DIRS) or not path.is_dir():
        raise FolderRefused(
            f"Папки «{folder}» нет среди флеш-накопителей этого узла.",
            f"{folder} is not a flash drive of this node.",
            cure_ru="Вставьте накопитель и выберите его из списка.",
            cure_en="Insert the drive and choose it in the list.",
        )
    return import_files(files=[(each.name, each) for each in packets_in(path)], actor=actor)


def import_files(*, files: Iterable[tuple[str, Path]], actor: Actor) -> list[Taken]:
    """Take in files one by one; a bad one never stops the others.

    Raises:
        NothingToImport: There is no file at all.
    """
    taken = [_import_one(name, path, actor) for name, path in files]
    if not taken:
        raise NothingToImport(
            "Пакетов .ppe здесь нет.",
            "There are no .ppe packets here.",
            cure_ru="Проверьте, тот ли накопитель вставлен.",
            cure_en="See whether it is the right drive.",
        )
    return taken


def _import_one(name: str, path: Path, actor: Actor) -> Taken:
    try:
        # What has not even the shape of a packet is not carried into the store: a photo, or two sparse gigabytes.
        packet.read_header(path)
        digest = durable.sha256_file(path)
        again = InboxPacket.objects.filter(sha256=digest).exists()
        row = inbox.receive(path=path, name=name, door=Door.FLASH, actor=actor, sha256=digest)
        return Taken(name, row, again, None)
    except Refusal as refusal:
        tell(refusal, None)
        return Taken(name, None, False, refusal)
