"""The mini day comes to the same end whichever process of either node is killed on the way."""

import shutil

import pytest

from demo.mini import MiniDays

QUICK, LONG = 3, 30


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    # pytest keeps its folders to itself; the HQ's user must be able to enter its own.
    root = tmp_path_factory.mktemp("mini") / "day"
    for folder in (root.parent, root.parent.parent):
        folder.chmod(0o755)
    days = MiniDays(root)
    try:
        days.prepare()
        yield days
    finally:
        days.close()
        shutil.rmtree(root, ignore_errors=True)


def expected(final):
    return {
        "sheets": final["truth"],
        "truth": final["truth"],
        "rooms": {"0101": "packed", "HQ": "packed"},
        "packets": [
            ("blanks", "0101", "", "acknowledged"),
            ("forms", "HQ", "", "acknowledged"),
            ("status", "", "blanks_transferred", "acknowledged"),
            ("status", "", "exams_finished", "acknowledged"),
        ],
        "inbox": [
            ("blanks", "0101", "acknowledged"),
            ("forms", "", "acknowledged"),
            ("status", "", "acknowledged"),
        ],
    }


def play(days, *, seed, kills):
    final, killed = days.run(seed=seed, kills=kills)
    assert len(final["truth"]) == 12
    assert final == expected(final), killed


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_killed_process_changes_nothing(days):
    # One test for all runs: workers of a parallel test run would each prepare a morning of their own.
    for seed in range(1, QUICK + 1):
        play(days, seed=seed, kills=1)


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(100, 100 + LONG))
def test_thirty_storms_change_nothing(days, seed):
    play(days, seed=seed, kills=2)
