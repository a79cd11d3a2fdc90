"""A running node for the tests that speak to it as other makers' programs do."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.support.upload_node import ROOT, UploadNode, migrated


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any) -> Path:
    """A data folder with an empty, migrated database: a copy of the one that the tests of this process have."""
    folder: Path = tmp_path_factory.mktemp("blank")
    if connection.vendor != "sqlite":
        migrated(folder)
        return folder
    with django_db_blocker.unblock(), closing(sqlite3.connect(folder / "db.sqlite3")) as copy:
        connection.ensure_connection()
        connection.connection.backup(copy)
    return folder


def seed(node: UploadNode, module: str, *words: str) -> dict[str, Any]:
    """Fill the data folder of a node; return what the module prints of it."""
    command = [sys.executable, "-m", module, *words]
    done = subprocess.run(command, cwd=ROOT, env=node.env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def portal(folder: Path, kind: str, server: str = "granian") -> UploadNode:
    """Return a node of a kind over a data folder, not started yet."""
    tokens = folder.parent / "tokens"
    tokens.mkdir(exist_ok=True)
    return UploadNode(
        folder,
        server=server,
        app="ppe_portal.wsgi:application",
        PPE_NODE=kind,
        PPE_TOKEN_DIRS=str(tokens),
        PPE_STATIC_ROOT=str(folder),
    )


@pytest.fixture(scope="module")
def point(tmp_path_factory: pytest.TempPathFactory, blank: Path) -> Iterator[tuple[UploadNode, str]]:
    """A point behind the shipped server, and the token of a station that is logged in."""
    folder = tmp_path_factory.mktemp("point") / "data"
    folder.mkdir()
    (folder / "db.sqlite3").write_bytes((blank / "db.sqlite3").read_bytes())
    node = portal(folder, "hq")
    token = seed(node, "tests.hostile.seed")["token"]
    yield node.start(), token
    node.kill()
