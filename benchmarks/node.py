"""A point's node in this process, with many print stations and their journals."""

import os
import random
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from wire.pki import CertificateRole

SEATS = "\N{CYRILLIC CAPITAL LETTER A}\N{CYRILLIC CAPITAL LETTER BE}"
TEMP = Path(tempfile.mkdtemp(prefix="ppe-bench-"))


def set_up(database: str = "") -> Any:
    """Make Django ready on an empty database and return the keys of a day."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="ppe_portal.settings",
        PPE_NODE="hq",
        PPE_DATA_DIR=str(TEMP),
        PPE_TOKEN_DIRS=str(TEMP / "tokens"),
        PPE_FLASH_DIRS=str(TEMP / "flash"),
    )
    if database:
        os.environ["PPE_DATABASE_URL"] = database
    (TEMP / "tokens").mkdir(exist_ok=True)
    django.setup()
    call_command("migrate", verbosity=0)
    from tests.support import factories  # noqa: PLC0415 - models exist only now
    from tests.support.keys import make_keys  # noqa: PLC0415

    return make_keys(factories.make_day(), TEMP / "tokens")


def stations(keys: Any, count: int) -> list[str]:
    """Register that many print stations, each with its certificate; return their numbers."""
    from tests.support import factories  # noqa: PLC0415 - models exist only now

    day, numbers = keys.day, []
    rooms = [room for number, room in day.rooms.items() if number != "HQ"]
    for number in range(1001, 1001 + count):
        name = f"{number:04d}"
        station = factories.StationFactory(point=day.point, kind="print", number=name, serial=f"SN-print-{name}")
        factories.StationAssignmentFactory(sitting=day.sitting, station=station, room=rooms[number % len(rooms)])
        keys.certify(CertificateRole.PRINT, name)
        numbers.append(name)
    return numbers


def journal_of(keys: Any, number: str, entries: int, seed: int) -> tuple[str, bytes]:
    """A closed journal of that many entries, with sealed numbers when a key is active."""
    made = station_with(keys, number, entries - 1, seed)
    return made.name, made.close()


def station_with(keys: Any, number: str, entries: int, seed: int) -> Any:
    """A print station that has written that many entries and not closed yet."""
    from tests.support.journals import JournalStation, sets  # noqa: PLC0415 - models exist only now

    rooms = [room for name, room in keys.day.rooms.items() if name != "HQ"]
    draw = random.Random(f"{seed}/{number}")
    made = JournalStation(keys, "print", number, room=rooms[int(number) % len(rooms)].number)
    made.add("software_started", version="1").add("exam_started")
    sealed = bool(keys.access_certificates())
    for ordinal in range(entries - 2 - sealed):
        made.add("set_printed", set=ordinal, seat=f"{ordinal + 1}{draw.choice(SEATS)}")
    if sealed:
        made.seal(sets(15))
    return made


def clean() -> None:
    shutil.rmtree(TEMP, ignore_errors=True)


def note(text: str) -> None:
    print(f"    {text}", file=sys.stderr, flush=True)


def require(held: bool, said: str) -> None:
    """End the benchmark when what it measures went wrong."""
    if not held:
        raise SystemExit(said)
