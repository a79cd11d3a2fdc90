"""What a power cut cannot take: the order of writing, syncing and promising, as the kernel saw it (`strace`).

A byte is promised by the answer. Before the answer leaves: the data was synced after it was written, then the row was
written, then the database's log was synced. Before a complete file is promised: its new name is synced, too.
"""

import hashlib
import random
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.needs import missing
from tests.support.upload_node import UploadNode
from tests.uploads.conftest import begin, send

pytestmark = [pytest.mark.slow]

CALLS = "pwrite64,write,writev,sendto,sendmsg,fdatasync,fsync,rename,renameat,renameat2,ftruncate"
MIB = 1 << 20
#: pid, name(, the first argument with its path as -y shows it, the rest.
LINE = re.compile(r"^\d+\s+(\w+)\((?:AT_FDCWD[^,]*, )?(?:\d+<([^>]*)>|\"([^\"]*)\")(.*)")


@dataclass(frozen=True)
class Call:
    name: str
    path: str
    rest: str


@pytest.fixture
def traced(blank, tmp_path):
    if shutil.which("strace") is None:
        missing("strace")
    shutil.copytree(blank, tmp_path / "data")
    log = tmp_path / "trace"
    # Threads must not interleave within a line: -ff would lose their order, so one file, and lines are joined below.
    under = ["strace", "-f", "-y", "-s", "40", "-e", f"trace={CALLS}", "-e", "signal=none", "-o", str(log)]
    node = UploadNode(tmp_path / "data", under=under).start()
    yield node, log
    node.kill()


def calls(log: Path) -> list[Call]:
    """Finished calls in the order in which they returned, unfinished and resumed lines joined."""
    begun: dict[str, str] = {}
    found = []
    for line in log.read_text(errors="replace").splitlines():
        pid, _, said = line.partition(" ")
        if said.endswith("<unfinished ...>"):
            begun[pid] = line.removesuffix("<unfinished ...>")
            continue
        resumed = re.match(r"\s*<\.\.\. \w+ resumed>(.*)", said)
        if resumed:
            line = begun.pop(pid, "") + resumed[1]
        if match := LINE.match(line):
            found.append(Call(match[1], match[2] or match[3] or "", match[4]))
    return found


def last_before(listed: list[Call], end: int, name: str, path: str) -> int:
    found = [at for at, call in enumerate(listed[:end]) if call.name in name.split("|") and path in call.path]
    assert found, f"no {name} of {path}"
    return found[-1]


def answers(listed: list[Call], status: str) -> list[int]:
    return [
        at
        for at, call in enumerate(listed)
        if call.name in ("sendto", "write", "writev", "sendmsg") and f"HTTP/1.1 {status}" in call.rest
    ]


def test_nothing_is_promised_before_it_is_durable(traced):
    node, log = traced
    data = random.Random(12).randbytes(3 * MIB)
    with node.client() as client:
        location = begin(client, len(data))
        for at in range(0, len(data), MIB):
            assert send(client, location, at, data[at : at + MIB]).status_code == 204
        assert client.get(location).json()["sha256"] == hashlib.sha256(data).hexdigest()
    uid, listed = location.split("/")[-2], calls(log)
    promised = answers(listed, "204")[-3:]
    assert len(promised) == 3, "the answers were not seen"
    for end in promised:
        written = last_before(listed, end, "pwrite64", f"incoming/{uid}")
        synced = last_before(listed, end, "fdatasync|fsync", f"incoming/{uid}")
        counted = last_before(listed, end, "pwrite64", "db.sqlite3-wal")
        sealed = last_before(listed, end, "fdatasync|fsync", "db.sqlite3-wal")
        assert written < synced < counted < sealed < end
    renamed = last_before(listed, promised[-1], "rename|renameat|renameat2", f"incoming/{uid}")
    assert last_before(listed, renamed, "fdatasync|fsync", f"incoming/{uid}") < renamed, "named before it was synced"
    folders = [
        last_before(listed, promised[-1], "fsync", folder) for folder in ("uploads/complete", "uploads/incoming")
    ]
    assert renamed < min(folders), "the name itself was not synced"
    assert max(folders) < last_before(listed, promised[-1], "fdatasync|fsync", "db.sqlite3-wal"), "promised too early"


def test_a_new_upload_is_on_the_disk_before_its_address_is_told(traced):
    node, log = traced
    with node.client() as client:
        location = begin(client, MIB)
    uid, listed = location.split("/")[-2], calls(log)
    (told,) = answers(listed, "201")
    made = last_before(listed, told, "fsync", f"incoming/{uid}")
    named = last_before(listed, told, "fsync", "uploads/incoming")
    assert made <= named < last_before(listed, told, "fdatasync|fsync", "db.sqlite3-wal") < told
