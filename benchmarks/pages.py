"""200 browsers with “Today” open: their live questions to one real node, on a day of 60 rooms that changes at times.

The node is the one that `manage.py run_node` starts (web, two clusters, watchdog; SQLite). A browser asks as `live.js`
does: the live part with the tag of the last answer, every 3 seconds as just after something was done (20 times; later
it is once a minute), each time a little earlier or later, and later still after a slow answer. Somebody has just done
something on each of the 200: that is the most they ever ask. The pages are open already: what each asks first is not
counted. The browsers are tasks of one process on the same machine; whatever they take of its cores is missing to the
node.
"""

import asyncio
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.burst import _cpu, _run
from benchmarks.figures import ROOT, Figure, share
from benchmarks.node import note, require
from demo.nodes import DemoNode, free_port

BROWSERS, ROOMS, PEOPLE, SECONDS, EVERY, CHANGE = 200, 60, 16, 60.0, 3.0, 15.0
SPREAD, MOST = 0.2, 30.0
LIMIT = 0.3


@dataclass
class Asked:
    """What the browsers saw."""

    seconds: list[float] = field(default_factory=list)
    drawn: list[float] = field(default_factory=list)
    wrong: int = 0


def measure(seed: int) -> list[Figure]:
    root = Path(tempfile.mkdtemp(prefix="ppe-pages-"))
    settings = {"PPE_MODE": "live", "DJANGO_SETTINGS_MODULE": "ppe_portal.settings"}
    node = DemoNode("hq", root / "hq", root / "logs", free_port(), settings=settings)
    node.data.mkdir()
    try:
        _run(node, "manage.py", "migrate", "-v0")
        made = json.loads(_run(node, "-m", "benchmarks.pages_point", str(BROWSERS), str(ROOMS), str(PEOPLE)))
        node.start()
        node.wait()
        return _measured(node, made, seed)
    except BaseException:
        note(node.last_words())
        raise
    finally:
        node.stop()
        shutil.rmtree(root, ignore_errors=True)


def _measured(node: DemoNode, made: dict[str, Any], seed: int) -> list[Figure]:
    changer = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.pages_point", "change", str(CHANGE)],
        cwd=ROOT,
        env=node.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    require(changer.stdin is not None and changer.stdout is not None, "no pipes")
    try:
        changer.stdout.readline()  # type: ignore[union-attr]  # it is ready
        before = _cpu(node)
        seen = asyncio.run(_browsers(node.url, made, seed))
        spent = _cpu(node) - before
    finally:
        changer.stdin.close()  # type: ignore[union-attr]
        changer.wait(30)
    require(not seen.wrong, f"{seen.wrong} answers were neither 200 nor 304")
    rows = len(seen.seconds)
    return [
        Figure(f"a live question of {BROWSERS} open pages, p50", share(seen.seconds, 0.50), "s"),
        Figure(f"a live question of {BROWSERS} open pages, p95", share(seen.seconds, 0.95), "s", LIMIT),
        Figure(f"a live question of {BROWSERS} open pages, max", max(seen.seconds), "s"),
        Figure(
            "of these with news, p95",
            share(seen.drawn, 0.95),
            "s",
            note=f"{len(seen.drawn)} of {rows} answers were 200",
        ),
        Figure("questions", rows / SECONDS, "/s", note=f"a change every {CHANGE:g} s, {ROOMS} rooms"),
        Figure("CPU of the node for a question", 1000 * spent / rows, "ms"),
    ]


async def _browsers(url: str, made: dict[str, Any], seed: int) -> Asked:
    seen, until = Asked(), time.monotonic() + SECONDS
    where = urlsplit(url)
    await asyncio.gather(
        *(
            _page(str(where.hostname), int(where.port or 80), made, cookie, random.Random(f"{seed}/{at}"), until, seen)
            for at, cookie in enumerate(made["cookies"])
        )
    )
    return seen


async def _page(
    host: str, port: int, made: dict[str, Any], cookie: str, draw: random.Random, until: float, seen: Asked
) -> None:
    """One open page: it was opened at some moment of the last few seconds and asks until the end.

    It speaks HTTP by itself, each question on a new line: a library's own work would be taken for the node's.
    """
    tag = ""
    await asyncio.sleep(draw.random() * EVERY)
    while time.monotonic() < until:
        lines = [
            f"GET {made['path']} HTTP/1.1",
            f"Host: {host}:{port}",
            f"Cookie: {made['name']}={cookie}",
            "X-Requested-With: fetch",
            "Accept-Language: ru",
            "Connection: close",
            *([f"If-None-Match: {tag}"] if tag else []),
        ]
        begun = time.monotonic()
        reader, writer = await asyncio.open_connection(host, port)
        writer.write("\r\n".join([*lines, "", ""]).encode())
        status, fields = _head(await reader.readuntil(b"\r\n\r\n"))
        if length := int(fields.get("content-length", "0")):
            await reader.readexactly(length)
        took = time.monotonic() - begun
        writer.close()
        if tag:  # the first question belongs to the opening of the page
            seen.seconds.append(took)
            if status == HTTPStatus.OK:
                seen.drawn.append(took)
        if status == HTTPStatus.OK:
            tag = fields["etag"]
        elif status != HTTPStatus.NOT_MODIFIED:
            seen.wrong += 1
        pause = max(EVERY, min(MOST, 5 * took)) * (1 - SPREAD + 2 * SPREAD * draw.random())
        await asyncio.sleep(pause)


def _head(data: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = data.decode("latin-1").strip().split("\r\n")
    fields = {name.strip().lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), fields
