"""Asking the HQ for the station's day, and telling it how the station is."""

import datetime as dt
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from station_client import sending
from station_client.day import SOFTWARE
from station_client.home import StationHome
from wire import canonical

_BATTERIES = Path("/sys/class/power_supply")


def configuration(station: StationHome, url: str) -> dict[str, Any]:
    """Return what the HQ says of the station's day.

    Raises:
        SendError: no answer, or a refusal.
    """
    with sending.session(station, url) as client:
        return sending.ask(client, "GET", "/api/v1/station/configuration/")


def measured(station: StationHome) -> dict[str, Any]:
    """Return what the station can measure itself: clock, free disk, battery."""
    found: dict[str, Any] = {
        "at": canonical.stamp(dt.datetime.now(dt.UTC)),
        "disk_free": shutil.disk_usage(station.folder).free,
        "software": SOFTWARE,
    }
    charge = battery()
    return found if charge is None else found | {"battery": charge}


def battery(folder: Path = _BATTERIES) -> int | None:
    """Return the charge of the weakest battery in per cent; None on a machine without one."""
    charges = []
    for file in sorted(folder.glob("BAT*/capacity")):
        try:
            charges.append(min(100, int(file.read_text().strip())))
        except (OSError, ValueError):
            continue
    return min(charges, default=None)


def tell(
    station: StationHome,
    url: str,
    said: dict[str, Any],
    *,
    every: float = 0.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[dict[str, Any]]:
    """Tell the HQ how the station is: once, or again and again.

    Args:
        station: Who speaks.
        url: The HQ.
        said: `state`, and what the person knows: `paper`, `toner`, `note`.
        every: Seconds between two signs; 0 speaks once.
        sleep: Waits.

    Raises:
        SendError: no answer, or a refusal; in a row of signs a bad line is passed over, the next sign is newer.
    """
    while True:
        try:
            with sending.session(station, url) as client:
                while True:
                    yield _one(client, station, said)
                    if not every:
                        return
                    sleep(every)
        except (sending.SendError, httpx.HTTPError):
            if not every:
                raise
            sleep(every)


def _one(client: httpx.Client, station: StationHome, said: dict[str, Any]) -> dict[str, Any]:
    body = {**measured(station), **said}
    return sending.ask(client, "POST", "/api/v1/station/heartbeat/", json=body)
