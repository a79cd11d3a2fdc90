"""Thousands of drawn sheets through decoding, reading and comparison: every planted trouble found, none invented."""

import datetime as dt
import sys
from collections import Counter, defaultdict

import pytest

from drawing.large import RATES, large_day
from drawing.plan import HQ
from scanning.expected_forms import ExpectedForms
from tests.scanning.measured import keep, read_scans
from wire.forms import form_set
from wire.messages import Both
from wire.room import PrintedSet, RoomFacts, RoomPlace, SeenSheet, balance

DAY = dt.date(2026, 5, 29)
SEED = 20260529
SOUND = ("unreadable_code", "wrong_side", "foreign_paper")
#: Troubles that comparing a room with its journals names, and how.
NAMED = {"missing_sheet": "missing", "foreign_sheet": "foreign", "unknown_number": "unknown", "scanned_twice": "twice"}


def register(point):
    return ExpectedForms(
        [
            PrintedSet(room.number, each.station, each.ordinal, each.spoiled, each.unused, each.sheets)
            for room in point.rooms
            for each in room.sets
        ]
    )


def judge(plan, point, scans):
    """Compare each room of a point with its journals; `scans` is (scan, read) pairs."""
    known, piles = register(point), defaultdict(list)
    for pk, (scan, read) in enumerate(scans):
        piles[scan.pile].append(
            SeenSheet(
                pk, read.number or "", read.kind or "", read.address, read.picture_hash, Both(f"{pk}"), read.problem
            )
        )
    rooms = tuple(room.number for room in point.rooms)
    found = []
    for pile, sheets in piles.items():
        place = RoomPlace(
            plan.region,
            point.code,
            plan.date.isoformat(),
            point.subject,
            form_set(point.subject),
            False,
            pile,
            pile == HQ,
            rooms,
        )
        elsewhere = {each.number: room for room, others in piles.items() if room != pile for each in others}
        facts = RoomFacts(
            place, sheets=sheets, sets=known.of_room(pile), by_number=known.by_number, elsewhere=elsewhere
        )
        found += [(pile, each) for each in balance(facts).found]
    return found, {pile: Counter(each.kind for each in sheets) for pile, sheets in piles.items()}


def unfound(plan, reads):
    """The planted troubles that nobody names, and the differences that nobody planted."""
    lost, invented = [], []
    for point in plan.points:
        scans = [(scan, reads[point.code, index]) for index, scan in enumerate(point.scans)]
        found, counts = judge(plan, point, scans)
        named = {(each.kind, pile, each.number) for pile, each in found}
        faults = [fault for fault in plan.faults if fault.point == point.code]
        said = {(scan.note, scan.spec.number): read for scan, read in scans if scan.note}
        for fault in faults:
            extra = fault.kind == "missing_sheet" and fault.number.startswith("05")
            if extra:
                # No journal lists additional forms: their number on the card tells.
                held = counts[fault.room]["DBO"] < len(point.room(fault.room).dbo)
            elif fault.kind in NAMED:
                held = (NAMED[fault.kind], fault.room, fault.number) in named
            else:
                held = _told(fault, said[fault.kind, fault.number])
            lost += [] if held else [fault]
        planted = {kind: {f.number for f in faults if f.kind == kind} for kind in RATES}
        gone = {
            f.number for f in faults if f.kind in ("missing_sheet", "foreign_sheet", "unreadable_code", "wrong_side")
        }
        allowed = {
            "foreign": planted["foreign_sheet"],
            "unknown": planted["unknown_number"],
            "missing": gone,
            "twice": planted["scanned_twice"],
        }
        invented += [
            (point.code, pile, each)
            for pile, each in found
            if each.kind in allowed and each.number not in allowed[each.kind] and not each.form.startswith("1")
        ]
    return lost, invented


def _told(fault, read):
    """Whether the reading of the sheet itself names its trouble."""
    number, doubt = {
        "upside_down": (fault.number, "upside_down"),
        "cut_corner": (fault.number, "corner_missing"),
        "unreadable_code": (None, "unreadable"),
        "wrong_side": (None, "empty_page"),
        "foreign_paper": (None, "foreign_code"),
    }[fault.kind]
    return read.number == number and doubt in read.doubts


def play(plan, *, workers):
    jobs = [(point.code, index, scan) for point in plan.points for index, scan in enumerate(point.scans)]
    reads = read_scans([scan.spec for _point, _index, scan in jobs], workers=workers)
    keyed = {(point, index): read for (point, index, _scan), read in zip(jobs, reads, strict=True)}
    wrong = [
        (scan.spec.kind, scan.spec.number, read.number)
        for (_point, _index, scan), read in zip(jobs, reads, strict=True)
        if read.number not in (None, scan.spec.number) or (read.number and scan.spec.side != "form")
    ]
    paired = [(scan, read) for (_point, _index, scan), read in zip(jobs, reads, strict=True)]
    return paired, keyed, wrong


def test_a_large_day_is_the_same_every_time_and_as_big_as_asked():
    first = large_day(points=2, rooms=3, seats=5, date=DAY)
    assert first == large_day(points=2, rooms=3, seats=5, date=DAY)
    assert [len(point.rooms) for point in first.points] == [3, 3]
    none = large_day(points=1, rooms=2, seats=5, date=DAY, rates={})
    assert not none.faults
    with pytest.raises(ValueError, match="a day has"):
        large_day(points=0, rooms=1, seats=1)
    with pytest.raises(ValueError, match="shares"):
        large_day(points=1, rooms=1, seats=1, rates={"missing_sheet": 1.5})


@pytest.mark.slow
def test_every_trouble_of_a_small_day_is_found_and_none_invented():
    rates = dict.fromkeys(RATES, 0.05)
    plan = large_day(points=1, rooms=2, seats=6, seed=3, date=DAY, rates=rates)
    paired, keyed, wrong = play(plan, workers=1)
    assert wrong == []
    assert unfound(plan, keyed) == ([], [])
    assert len({fault.kind for fault in plan.faults}) >= 6
    assert all(read.number for scan, read in paired if scan.note not in SOUND)


@pytest.mark.prove
@pytest.mark.timeout(2400)
def test_five_thousand_sheets():
    plan = large_day(points=5, rooms=16, seats=15, seed=SEED, date=DAY)
    paired, keyed, wrong = play(plan, workers=2)
    readable = [(scan, read) for scan, read in paired if scan.note not in SOUND]
    identified = sum(read.number == scan.spec.number for scan, read in readable)
    lost, invented = unfound(plan, keyed)
    slowest = max(read.seconds for _scan, read in paired)
    faults = Counter(fault.kind for fault in plan.faults)
    sys.stdout.write(
        f"{len(paired)} sheets, {len(readable)} with a code of ours: identified {identified} "
        f"({identified / len(readable):.2%}), wrong {len(wrong)}; planted {dict(faults)}, lost {len(lost)}, invented "
        f"{len(invented)}; a sheet {1000 * sum(read.seconds for _s, read in paired) / len(paired):.1f} ms CPU, "
        f"slowest {slowest:.2f} s\n"
    )
    assert len(paired) >= 5000
    assert wrong == []
    assert identified >= 0.99 * len(readable)
    assert all(read.doubts for scan, read in paired if not read.number)
    assert (lost, invented) == ([], [])
    assert slowest < 2.0
    keep(
        "recognition-day",
        seed=SEED,
        counts={"identified": identified, "troubles found": len(plan.faults)},
        notes={"sheets": len(paired), "with a code of ours": len(readable), "planted": dict(faults)},
    )
