"""One upload of the `netem` benchmark, inside the network namespace: a node, a file, our client until it is whole."""

import hashlib
import json
import os
import sys
import time
from pathlib import Path

import httpx

from tests.support.upload_node import HQ, UploadNode, migrated
from wire import tus
from wire.tus_errors import ExchangeError


def main(folder: Path, size: int) -> None:
    source, data = folder / "source", folder / "data"
    source.write_bytes(os.urandom(size))
    data.mkdir(mode=0o700)
    migrated(data)
    node = UploadNode(data).start()
    again, location, begin = 0, None, time.monotonic()
    try:
        with httpx.Client(base_url=node.url, headers={"Authorization": f"Bearer {HQ}"}, timeout=30) as client:
            while time.monotonic() - begin < 500:
                try:
                    done = tus.upload(
                        client, "/api/v1/uploads/", source, metadata={"purpose": "probe"}, location=location
                    )
                    location = done.location
                    break
                except ExchangeError as refusal:
                    again, location = again + 1, refusal.location or location
            seconds = time.monotonic() - begin
            told = tus.answer(client, location or "") or {}
    finally:
        node.kill()
    if told.get("sha256") != hashlib.sha256(source.read_bytes()).hexdigest():
        raise SystemExit("the file did not arrive whole")
    print(json.dumps({"bytes": size, "seconds": seconds, "again": again}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) << 20)
