"""A PostgreSQL server of one's own, on loopback, gone afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.needs import missing


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """The address of an empty server; unless it is to be `durable`, it does not wait for the disk."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not homes:
        missing("postgresql")
    tools = homes[-1].parent
    # PostgreSQL refuses to run as root; the package brings a user of its own.
    as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="ppe-pg-"))
    if as_user:
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    data, port = folder / "data", free_port()

    def tool(name: str, *arguments: object) -> None:
        command = [*as_user, str(tools / name), "-D", str(data), *map(str, arguments)]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, cwd="/")

    try:
        tool("initdb", "-U", "ppe", "-A", "trust", "-E", "UTF8")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=200"
        tool("pg_ctl", "-w", "-l", folder / "log", "-o", options + ("" if durable else " -c fsync=off"), "start")
        try:
            yield f"postgres://ppe@127.0.0.1:{port}/postgres"
        finally:
            tool("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
