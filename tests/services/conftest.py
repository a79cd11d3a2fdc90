"""Real servers, started for the tests that need them. Without `PPE_REQUIRE_ALL` a missing one skips, with it fails."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.support.needs import missing
from tests.support.postgresql import free_port, server


def wait_for_port(port: int, seconds: float = 120.0) -> None:
    """Return once somebody listens."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens on {port}")


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The address of an empty PostgreSQL server."""
    with server() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty Redis server."""
    if shutil.which("redis-server") is None:
        missing("redis-server")
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=tmp_path_factory.mktemp("redis")) as server:
        wait_for_port(port)
        yield f"redis://127.0.0.1:{port}/0"
        server.terminate()
