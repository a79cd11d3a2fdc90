"""Many files at one door: a verdict for each in its order, whatever the others are."""

import pytest
from django.db import DatabaseError

from audit.log import first_broken
from common import files
from journals import arrivals, intake
from journals.arrivals import OnDrive, Uploaded, ingest_all
from journals.models import Journal
from tests.support.journals import print_station, sets
from tests.support.keys import OPERATOR
from wire import durable
from wire.durable import DiskFullError
from wire.messages import Both

pytestmark = pytest.mark.django_db


def taken(*named):
    def one(data):
        return lambda most: data[:most]

    return ingest_all([Uploaded(name, one(data)) for name, data in named], door="browser", actor=OPERATOR)


def growing(keys, number="0001", room="0101"):
    """Return the shorter and the longer journal of a station."""
    station = print_station(keys, number, room=room)
    short = station.close()
    return station.name, short, station.add("journal_reopened", reason="ещё").close()


def test_each_gets_its_verdict_in_its_order(keys):
    name, short, long = growing(keys)
    other, _short, whole = growing(keys, "0002", "0102")
    verdicts = taken(
        (name, long),
        ("пусто.dat", b""),
        (other, whole),
        ("фото.dat", b"\xff\xd8\xff" * 9),
        (name, long),
        (name, short),
        ("\x1b[31mкопия (1).dat", whole),
    )
    assert [each.state for each in verdicts] == [
        "accepted",
        "refused",
        "accepted",
        "refused",
        "accepted",
        "quarantined",
        "accepted",
    ]
    assert [each.repeated for each in verdicts] == [False, False, False, False, True, False, True]
    assert "короче" in verdicts[5].line
    assert verdicts[4].journal.pk == verdicts[0].journal.pk
    assert "\x1b" not in verdicts[6].line
    assert Journal.objects.count() == 3
    assert first_broken(f"78-{keys.day.point.code}") is None


def test_a_longer_one_in_the_same_armful_supersedes(keys):
    name, short, long = growing(keys)
    first, second = taken((name, short), (name, long))
    first.journal.refresh_from_db()
    assert (first.journal.state, second.state) == ("superseded", "accepted")
    assert files.inside(first.journal.path).read_bytes() == short


def test_an_armful_is_kept_by_one_sync_and_its_numbers_open_after_it(keys, monkeypatch):
    keys.activate()
    kept = []
    monkeypatch.setattr(
        intake,
        "write_durable_all",
        lambda blobs, *, mode: (kept.append(len(blobs)), durable.write_durable_all(blobs, mode=mode)),
    )
    made = [print_station(keys).seal(sets(2)), print_station(keys, "0002", room="0102").seal(sets(3))]
    verdicts = taken(*((each.name, each.close()) for each in made))
    assert kept == [2]
    assert [each.journal.sets.count() for each in verdicts] == [2, 3]


@pytest.mark.parametrize("error", [DiskFullError(Both("нет места", "full")), DatabaseError("locked")])
def test_one_that_cannot_be_kept_stops_no_other(keys, monkeypatch, error):
    """The disk or the database fails whenever the second journal is among those to be kept."""
    name, _short, whole = growing(keys)
    second, _short, bad = growing(keys, "0002", "0102")
    real = durable.write_durable_all

    def failing(blobs, *, mode):
        if bad in blobs.values():
            raise error
        real(blobs, mode=mode)

    monkeypatch.setattr(intake, "write_durable_all", failing)
    if isinstance(error, DatabaseError):
        with pytest.raises(DatabaseError):
            taken((name, whole), (second, bad))
    else:
        verdicts = taken((name, whole), (second, bad))
        assert [each.state for each in verdicts] == ["accepted", "refused"]
        assert verdicts[1].refusal.code == "disk_full"
    assert [row.original_name for row in Journal.objects.all()] == [name]


def test_what_a_failed_transaction_concluded_is_void(keys, monkeypatch):
    name, short, long = growing(keys)
    other, _short, whole = growing(keys, "0002", "0102")
    taken((name, long))
    real, calls = intake.store, []

    def flaky(pending, *, actor):
        calls.append(len(pending))
        if len(calls) == 1:
            for each in pending:
                each.row.doubts.append({"field": "void", "ru": "void", "en": "void", "blocks": True})
            raise DatabaseError("once")
        return real(pending, actor=actor)

    monkeypatch.setattr(intake, "store", flaky)
    verdicts = taken((name, short), (other, whole))
    assert calls == [2, 1, 1]
    assert [each.state for each in verdicts] == ["quarantined", "accepted"]
    assert "void" not in [doubt["field"] for row in Journal.objects.all() for doubt in row.doubts]


def test_more_than_an_armful(keys, monkeypatch):
    monkeypatch.setattr(arrivals, "TOGETHER", 3)
    lines = []
    for index in range(8):
        station = print_station(keys, "0001", room="0101")
        station.add("note_written", text=f"{index}")
        lines.append((station.name, station.close()))
    verdicts = taken(*lines)
    assert [each.state for each in verdicts] == ["accepted"] + ["quarantined"] * 7
    assert all("ПРОТИВОРЕЧИТ" in each.line for each in verdicts[1:])


def test_a_drive_that_does_not_give_a_file(keys, tmp_path):
    station = print_station(keys)
    good = tmp_path / station.name
    good.write_bytes(station.close())
    endless = tmp_path / "sparse.dat"
    with endless.open("wb") as file:
        file.truncate(2 << 30)
    gone, folder = tmp_path / "gone.dat", tmp_path / "folder.dat"
    folder.mkdir()
    verdicts = ingest_all(map(OnDrive, (gone, folder, endless, good)), door="flash", actor=OPERATOR)
    assert [each.state for each in verdicts] == ["refused", "refused", "refused", "accepted"]
    assert "не читается" in verdicts[0].line
    assert verdicts[2].refusal.code == "journal_too_big"
