"""The thousand stations of `burst` in one process: each closes its log and sends it with the client of `ppe-station`.

argv: the folder that `burst_point` made, the address of the node, the file for the answers.
"""

import hashlib
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives import serialization

from station_client import sending
from station_client.home import StationHome
from wire import durable, pki
from wire.cms import Signer
from wire.journal import JournalLog


class Prepared:
    """A station whose key is read before the start: a real one has a machine of its own for that."""

    def __init__(self, folder: Path) -> None:
        (certificate,) = pki.load_pem_certificates((folder / "station.pem").read_bytes())
        key = serialization.load_pem_private_key((folder / "station.key").read_bytes(), None)
        self.signer = Signer(certificate, cast(pki.PrivateKey, key))


def one(folder: Path, station: Prepared, url: str, start: threading.Event, said: list[dict[str, Any]]) -> None:
    start.wait()
    begin = time.perf_counter()
    with JournalLog.open(folder / "day.log") as log:
        blob = log.close(station.signer)
    path = folder / (folder / "name").read_text()
    durable.write_durable(path, blob)
    closed, tries = time.perf_counter(), []

    def sleep(seconds: float) -> None:
        tries.append(seconds)
        time.sleep(seconds)

    try:
        (sent,) = sending.send(cast(StationHome, station), url, [path], sleep=sleep)
        state, line = sent.state, sent.line
    except Exception as error:  # whatever it was, it is counted
        state, line = "failed", repr(error)
    end = time.perf_counter()
    said.append(
        {
            "state": state,
            "line": line,
            "sha256": hashlib.sha256(blob).hexdigest(),
            "retries": len(tries),
            "sent_seconds": end - closed,
            "seconds": end - begin,
            "end": end,
        }
    )


def main(folder: Path, url: str, out: Path) -> None:
    threading.stack_size(512 * 1024)
    start = threading.Event()
    said: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=one, args=(each, Prepared(each), url, start, said)) for each in sorted(folder.iterdir())
    ]
    for thread in threads:
        thread.start()
    begin, cpu = time.perf_counter(), time.process_time()
    start.set()
    for thread in threads:
        thread.join()
    cpu = time.process_time() - cpu
    seconds = max(each["end"] for each in said) - begin
    out.write_text(json.dumps({"seconds": seconds, "client_cpu": cpu, "stations": said}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
