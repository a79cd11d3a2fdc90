"""44 kinds of damage and random mixtures of them, beside zxing-cpp on the whole page of the same sheets."""

import secrets
import sys
from collections import defaultdict

import pytest

from tests.scanning import measured
from tests.scanning.measured import MeasuredOutcome, keep, run
from tests.support.damage import KINDS, MIXTURE

SEED = 20260529
SHEETS = 12
MIXTURES = 240


def say(words: str) -> None:
    sys.stdout.write(words + "\n")


def total(rows: list[MeasuredOutcome], name: str) -> int:
    return sum(getattr(row, name) for row in rows)


def test_the_grid_has_all_its_kinds():
    assert len({kind.name for kind in KINDS}) == 44


@pytest.mark.slow
def test_one_sheet_of_every_third_kind_is_read_and_none_wrongly():
    jobs = [(kind.name, 3) for kind in KINDS[::3]]
    rows = list(run(SEED, jobs, workers=1))
    assert [row.kind for row in rows if not row.found] == []
    assert not total(rows, "wrong")


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_every_kind_is_read_as_well_as_before_and_as_the_rival():
    rows = defaultdict(list)
    for row in run(SEED, [(kind.name, index) for kind in KINDS for index in range(SHEETS)]):
        rows[row.kind].append(row)
    beside = {
        name: f"{total(of, 'found')} : {total(of, 'rival_found')} of {len(of)}, "
        f"{1000 * sum(row.seconds for row in of) / len(of):.0f} : "
        f"{1000 * sum(row.rival_seconds for row in of) / len(of):.0f} ms"
        for name, of in rows.items()
    }
    for name, words in beside.items():
        say(f"{name:36} ours : zxing-cpp, whole page  {words}")
    every = [row for of in rows.values() for row in of]
    say(f"of {len(every)}: ours {total(every, 'found')}, zxing-cpp {total(every, 'rival_found')}")
    assert [(row.kind, row.sheet) for row in every if row.wrong] == []
    assert [name for name, of in rows.items() if total(of, "found") < total(of, "rival_found")] == []
    assert max(row.seconds for row in every) < 2.0
    assert all(row.doubts for row in every if not row.found)
    counts = {name: total(of, "found") for name, of in rows.items()}
    keep("recognition-grid", seed=SEED, counts=counts, notes={"sheets a kind": SHEETS, "beside zxing-cpp": beside})


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_fresh_mixtures_are_identified_and_none_wrongly():
    seed = secrets.randbelow(10**9)
    rows = list(run(seed, [(MIXTURE, index) for index in range(MIXTURES)]))
    found, rival = total(rows, "found"), total(rows, "rival_found")
    say(
        f"seed {seed}: ours {found} of {MIXTURES} ({found / MIXTURES:.1%}), wrong {total(rows, 'wrong')}; zxing-cpp "
        f"{rival} ({rival / MIXTURES:.1%}), wrong {total(rows, 'rival_wrong')}; "
        f"slowest {max(row.seconds for row in rows):.2f} s"
    )
    assert not total(rows, "wrong"), seed
    assert found >= 0.93 * MIXTURES, seed
    assert found >= rival, seed
    assert all(row.doubts for row in rows if not row.found), seed
    assert max(row.seconds for row in rows) < 2.0, seed


def test_a_drop_of_a_saved_count_fails_and_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(measured, "RESULTS", tmp_path)
    keep("counts", seed=1, counts={"a": 3, "b": 2}, notes={})
    keep("counts", seed=1, counts={"a": 3, "b": 4}, notes={})
    before = (tmp_path / "counts.json").read_text()
    for worse in ({"a": 2, "b": 4}, {"a": 3}):
        with pytest.raises(AssertionError, match="fewer"):
            keep("counts", seed=1, counts=worse, notes={})
    with pytest.raises(AssertionError, match="another seed"):
        keep("counts", seed=2, counts={"a": 9, "b": 9}, notes={})
    assert (tmp_path / "counts.json").read_text() == before
