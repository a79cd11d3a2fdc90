"""What a status packet holds: `status.json`, the journals and acts of its stations."""

from collections.abc import Iterable
from pathlib import Path

from common import files
from journals.models import Act, Journal
from transfers.models import Packet, PointStatus
from wire import canonical, filenames
from wire.durable import write_durable
from wire.packet import TarFile

_FORMAT = "ppe-status/2"
TEST_BYTES = 64 << 10


def files_for(packet: Packet, folder: Path) -> tuple[list[TarFile], dict[str, int]]:
    """Return the files of a status packet and the counts for its header.

    What goes in was fixed when the packet was begun (`Packet.contents`): a journal that comes later makes the next
    version.
    """
    row = packet.status
    assert row is not None  # noqa: S101 (a packet of this kind has its status)
    wanted = set(packet.contents)
    journals = list(Journal.objects.filter(sitting=row.sitting, sha256__in=wanted).order_by("name", "pk"))
    acts = list(Act.objects.filter(sitting=row.sitting, sha256__in=wanted).order_by("made_at", "pk"))
    document = folder / f"{packet.uid}.status.json"
    write_durable(document, _document(row, journals, acts))
    listed = [TarFile("status.json", "status", document)]
    taken: set[str] = set()
    for journal in journals:
        name = _free(f"journals/{filenames.plain(journal.original_name)}", taken)
        listed.append(TarFile(name, "journal", files.inside(journal.path)))
    for act in acts:
        listed.append(TarFile(_free(f"acts/{filenames.plain(act.name)}", taken), "act", files.inside(act.path)))
        if act.photo:
            photo = files.inside(act.photo)
            listed.append(TarFile(_free(f"acts/{filenames.plain(photo.name)}", taken), "act", photo))
    counts = {
        "journals": sum(each.kind == "journal" for each in listed),
        "acts": sum(each.kind == "act" for each in listed),
    }
    return listed, counts


def test_file(packet: Packet, folder: Path) -> TarFile:
    """Return what a test packet holds: who made it, and some padding, so that the line carries something."""
    path = folder / f"{packet.uid}.test.json"
    said = {"format": "ppe-test/1", "sitting": packet.sitting.key, "by": packet.made_by, "padding": "0" * TEST_BYTES}
    write_durable(path, canonical.dumps(said))
    return TarFile("test.json", "test", path)


def _document(row: PointStatus, journals: Iterable[Journal], acts: Iterable[Act]) -> bytes:
    return canonical.dumps(
        {
            "format": _FORMAT,
            "sitting": row.sitting.key,
            "status": row.status,
            "at": canonical.stamp(row.at),
            "by": row.by,
            "journals": [each.name or each.original_name for each in journals],
            "acts": [each.name for each in acts],
        }
    )


def _free(name: str, taken: set[str]) -> str:
    """Return a name that no other file of the packet has: two stations may have sent files of one name."""
    path, number = Path(name), 1
    while name.casefold() in taken:
        number += 1
        name = f"{path.parent}/{path.stem} {number}{path.suffix}"
    taken.add(name.casefold())
    return name
