"""SIGKILL between every two steps of sealing, signing, sending, receiving and receipting: the same end each time."""

import itertools
import re
import shutil
from pathlib import Path

import pytest

from tests.proofs.nodes import ROOT, Pair

ROOMS = ("transfers", "uploads", "rcoi")
HERE = re.compile(r'faultpoints\.here\(f?"([^"]+)"\)')
LEVELS = ("delivered", "acknowledged")
SIZES = [1000, 3 << 20]


def points(*rooms: str) -> list[str]:
    """Every fault point that stands in the code of some rooms, of all when none is named.

    Wiping comes long after the day: tests/transfers/test_keeping.py breaks it off.
    """
    found = set()
    for path in (each for room in rooms or ROOMS for each in (ROOT / room).rglob("*.py")):
        for name in HERE.findall(path.read_text(encoding="utf-8")):
            if "{" in name:
                found |= {re.sub(r"\{[^}]+\}", level, name) for level in LEVELS}
            elif not name.startswith("wipe."):
                found.add(name)
    return sorted(found)


@pytest.fixture(scope="module")
def morning(tmp_path_factory):
    """Two prepared nodes, never started."""
    made = Pair(tmp_path_factory.mktemp("morning"))
    made.prepare(SIZES, "status")
    made.proxy.close()
    return made


@pytest.fixture
def pair(morning, tmp_path):
    for name in ("hq", "rcoi", "tokens"):
        shutil.copytree(morning.root / name, tmp_path / name)
    (tmp_path / "points").mkdir()
    made = Pair(tmp_path, settings={"PPE_FAULT_POINTS": str(tmp_path / "points")})
    made.packets = morning.packets
    yield made
    made.stop()


def ended(pair: Pair) -> list[object]:
    """What must be the same whatever was killed: states, and how often each thing was done."""
    hq = "select kind, state, version, sequence, length(sha256) from transfers_packet order by 1, 4"
    inbox = "select kind, state, sequence, version from rcoi_inboxpacket order by 1, 3"
    told = "select level, count(*) from rcoi_issuedreceipt group by 1"
    kept = "select level, count(*) from transfers_receiptrecord where level = 'acknowledged' group by 1"
    status = "select status, state from transfers_pointstatus"
    return [
        pair.rows(pair.hq, hq),
        pair.rows(pair.rcoi, inbox),
        pair.rows(pair.rcoi, told),
        pair.rows(pair.hq, kept),
        pair.rows(pair.hq, status),
    ]


def play(pair: Pair, seconds: float) -> list[object]:
    pair.start()
    assert pair.wait(pair.all_acknowledged, seconds), pair.story()
    pair.assert_one_effect_each()
    return ended(pair)


def quiet(folder: Path, *, but: tuple[str, ...]) -> None:
    """Let only these points strike."""
    for name in points():
        if name not in but:
            (folder / name).touch()


def test_a_point_does_nothing_by_itself(monkeypatch, tmp_path):
    from common.work import faultpoints

    monkeypatch.delenv("PPE_FAULT_POINTS", raising=False)
    faultpoints.here("seal.begun")
    monkeypatch.setenv("PPE_FAULT_POINTS", str(tmp_path))
    (tmp_path / "seal.begun").touch()
    faultpoints.here("seal.begun")


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_a_day_survives_a_kill_at_every_step_one_after_another(pair):
    play(pair, 200)
    struck = {path.name for path in (pair.root / "points").iterdir()}
    assert struck == set(points())


def strikes() -> list[tuple[str, ...]]:
    """One kill on each node, every point once."""
    both = itertools.zip_longest(points("transfers"), points("uploads", "rcoi"))
    return [tuple(filter(None, each)) for each in both]


def ending(morning: Pair, root: Path, names: tuple[str, ...]) -> list[object]:
    """Play the day from its morning with these kills alone."""
    for part in ("hq", "rcoi", "tokens"):
        shutil.copytree(morning.root / part, root / part)
    (root / "points").mkdir()
    quiet(root / "points", but=names)
    pair = Pair(root, settings={"PPE_FAULT_POINTS": str(root / "points")})
    pair.packets = morning.packets
    try:
        ended_so = play(pair, 90)
        assert all((root / "points" / name).exists() for name in names), f"{names}: one was never reached"
    finally:
        pair.stop()
    shutil.rmtree(root)
    return ended_so


@pytest.fixture(scope="module")
def undisturbed(morning, tmp_path_factory):
    """How the day ends without a kill."""
    return ending(morning, tmp_path_factory.mktemp("calm") / "day", ())


@pytest.mark.prove
@pytest.mark.timeout(300)
@pytest.mark.parametrize("names", strikes(), ids="+".join)
def test_a_kill_on_each_node_ends_as_a_day_without_kills(morning, undisturbed, tmp_path, names):
    assert ending(morning, tmp_path / "day", names) == undisturbed
