"""A point with a thousand print stations, for `burst`: ``make FOLDER COUNT SEED`` in the node's own environment, then
``check``: what the node has kept, told as JSON.
"""

import hashlib
import json
import sys
from collections import Counter
from pathlib import Path

import django

django.setup()

from cryptography.hazmat.primitives import serialization  # noqa: E402
from django.conf import settings  # noqa: E402

from audit.log import first_broken  # noqa: E402
from benchmarks import node  # noqa: E402
from common import files  # noqa: E402
from journals.models import Journal  # noqa: E402
from tests.support import factories  # noqa: E402
from tests.support.keys import Keys, make_keys  # noqa: E402
from wire import journal, pki  # noqa: E402

ENTRIES = 200


def make(folder: Path, count: int, seed: int) -> None:
    """Register the stations and write for each its key, certificate and the log of its day, all but the last word."""
    tokens = Path(settings.PPE_TOKEN_DIRS[0])
    tokens.mkdir(parents=True, exist_ok=True)
    factories.NodeFactory(kind="hq", points=["0001"])
    keys = make_keys(factories.make_day(), tokens)
    for number in node.stations(keys, count):
        _station(keys, folder / number, number, seed)


def _station(keys: Keys, folder: Path, number: str, seed: int) -> None:
    folder.mkdir(parents=True)
    key, form = keys.keys[f"print-{number}"], serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "station.key").write_bytes(private)
    (folder / "station.pem").write_text(pki.pem(keys.certificates[f"print-{number}"]))
    made = node.station_with(keys, number, ENTRIES - 1, seed)
    (folder / "day.log").write_bytes(journal.join(made.lines))
    (folder / "name").write_text(made.name)


def check() -> None:
    """Say what stands in the database and on the disk after the burst."""
    rows = list(Journal.objects.all())
    whole = sum(hashlib.sha256(files.inside(row.path).read_bytes()).hexdigest() == row.sha256 for row in rows)
    said = {
        "rows": len(rows),
        "whole": whole,
        "states": Counter(row.state for row in rows),
        "stations": len({row.station_id for row in rows}),
        "hashes": sorted(row.sha256 for row in rows),
        "chain": first_broken("78-0001") is None and first_broken("node") is None,
    }
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        check()
