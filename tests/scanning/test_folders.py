"""Watched folders: only finished files, each once, refused in words, never gone before they are safe."""

import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

from audit.models import Event
from scanning import folders, sources
from scanning.errors import CardIsClosedError, FolderBusyError, FolderMissingError, FolderNotAllowedError
from scanning.folders import REFUSED, TAKEN
from scanning.models import RoomCard, Source, WatchedFolder
from scanning.recognition import decode
from scanning.recognition.decoder import decoder
from scanning.states import CardState
from tests.scanning.conftest import ACTOR
from tests.scanning.dying import die_in_the_middle


@pytest.fixture
def inbox(tmp_path, settings):
    place = tmp_path / "сканер" / "входящие"
    place.mkdir(parents=True)
    settings.PPE_SCAN_DIRS = [tmp_path / "сканер"]
    return place


@pytest.fixture
def quick(monkeypatch):
    """A clock that a test moves on by hand."""
    at = {"now": time.time()}
    monkeypatch.setattr(folders.time, "time", lambda: at["now"])

    def later(seconds=12):
        at["now"] += seconds

    return later


def begin(desk, inbox, room="0101"):
    return folders.begin(card=desk.card(room), path=str(inbox), actor=ACTOR)


def sheet(desk, serial=0):
    return decode.encode_g4(desk.page(desk.journal(station="0001")[serial]["R"]), 300)


def settle(folder, later):
    folders.look(folder)
    later()
    return folders.look(folder)


def test_a_file_is_taken_once_it_is_finished_and_moved_aside_only_then(desk, inbox, quick):
    folder = begin(desk, inbox)
    data = sheet(desk)
    path = inbox / "лист 1.tif"
    with path.open("wb") as writer:
        writer.write(data[:1000])
        writer.flush()
        assert settle(folder, quick) == []  # unchanged, but its writer holds it
        writer.write(data[1000:])
    assert folders.look(folder) == []  # changed since
    assert not Source.objects.exists()
    quick(40)
    (verdict,) = folders.look(folder)
    assert verdict.taken
    source = Source.objects.get()
    assert (source.name, source.batch.door) == ("лист 1.tif", "folder")
    assert not path.exists()
    assert (inbox / TAKEN / "лист 1.tif").read_bytes() == data
    assert settle(folder, quick) == []
    assert WatchedFolder.objects.get().taken == 1


def test_files_of_one_pile_gather_in_one_batch(desk, inbox, quick):
    folder = begin(desk, inbox)
    sets = desk.journal()
    for number, kind in enumerate(("R", "AB", "C1")):
        (inbox / f"{number}.tif").write_bytes(decode.encode_g4(desk.page(sets[0][kind]), 300))
    assert len(settle(folder, quick)) == 3
    assert {source.batch.number for source in Source.objects.all()} == {1}


def test_a_refused_file_is_kept_with_its_reason(desk, inbox, quick):
    folder = begin(desk, inbox)
    (inbox / "пусто.tif").write_bytes(b"")
    (inbox / "фото.tif").write_bytes(b"\x07" * 900)
    assert [each.name for each in settle(folder, quick)] == ["фото.tif"]
    assert folder.seen["trouble"] == folders.HALF
    quick(folders.PATIENCE_SECONDS)
    assert [each.taken for each in folders.look(folder)] == [False]
    assert (inbox / REFUSED / "пусто.tif").exists()
    assert "пустой" in (inbox / REFUSED / "пусто.tif.txt").read_text("utf-8")
    assert Event.objects.filter(kind="scanning.file_refused").count() == 2
    assert "ни одного байта" in folders.said(WatchedFolder.objects.get())[0].words
    assert settle(folder, quick) == []


def test_the_same_bytes_again_are_no_second_sheet_and_never_overwrite(desk, inbox, quick):
    folder = begin(desk, inbox)
    data = sheet(desk)
    for _again in range(2):
        (inbox / "a.tif").write_bytes(data)
        settle(folder, quick)
    assert Source.objects.count() == 1
    assert sorted(path.name for path in (inbox / TAKEN).iterdir()) == ["a (2).tif", "a.tif"]


def test_a_worker_killed_between_the_row_and_the_move_takes_nothing_twice(desk, inbox, quick, monkeypatch):
    folder = begin(desk, inbox)
    (inbox / "a.tif").write_bytes(sheet(desk))

    class Killed(BaseException):
        pass

    def killed(*_args, **_more):
        raise Killed

    folders.look(folder)
    quick()
    with monkeypatch.context() as patch:
        patch.setattr(folders, "_aside", killed)
        with pytest.raises(Killed):
            folders.look(folder)
    assert (inbox / "a.tif").exists()
    assert not (inbox / TAKEN).exists()
    folder.refresh_from_db()
    settle(folder, quick)
    assert Source.objects.count() == 1
    assert (inbox / TAKEN / "a.tif").exists()


def test_a_full_disk_leaves_the_file_where_it_is(desk, inbox, quick, monkeypatch):
    folder = begin(desk, inbox)
    (inbox / "a.tif").write_bytes(sheet(desk))
    monkeypatch.setattr(sources.space, "reserve", lambda: 1 << 62)
    assert settle(folder, quick) == []
    assert (inbox / "a.tif").exists()
    assert "На диске узла" in WatchedFolder.objects.get().seen["trouble"]
    monkeypatch.undo()
    monkeypatch.setattr(folders, "QUIET_SECONDS", 0.0)
    monkeypatch.setattr(folders, "QUIET_SECONDS_PAGES", -1.0)
    assert folders.look(folder)[0].taken


def test_links_and_unfinished_names_are_not_touched(desk, inbox, quick, tmp_path):
    folder = begin(desk, inbox)
    secret = tmp_path / "secret"
    secret.write_bytes(sheet(desk))
    (inbox / "link.tif").symlink_to(secret)
    (inbox / "half.tif.part").write_bytes(b"x")
    os.mkfifo(inbox / "pipe.tif")
    assert settle(folder, quick) == []


def test_only_allowed_folders_of_this_node(desk, inbox, tmp_path):
    for path, refusal in (
        (tmp_path, FolderNotAllowedError),
        ("/etc", FolderNotAllowedError),
        (inbox / ".." / ".." / "data", FolderNotAllowedError),
        (inbox / "нет", FolderMissingError),
        ("\0", FolderMissingError),
    ):
        with pytest.raises(refusal):
            folders.begin(card=desk.card(), path=str(path), actor=ACTOR)
    link = inbox / "ссылка"
    link.symlink_to("/etc")
    with pytest.raises(FolderNotAllowedError):
        folders.begin(card=desk.card(), path=str(link), actor=ACTOR)
    assert inbox in folders.choices()
    assert Path("/etc") not in folders.choices()


def test_a_folder_changes_rooms_when_nothing_waits_in_it(desk, inbox, quick):
    first = begin(desk, inbox)
    (inbox / "a.tif").write_bytes(sheet(desk))
    with pytest.raises(FolderBusyError, match="0101"):
        begin(desk, inbox, "0102")
    settle(first, quick)
    second = begin(desk, inbox, "0102")
    assert begin(desk, inbox, "0102") == second
    first.refresh_from_db()
    assert (first.state, second.state) == ("ended", "watched")


def test_a_closed_room_takes_nothing_from_its_folder(desk, inbox, quick):
    folder = begin(desk, inbox)
    (inbox / "a.tif").write_bytes(sheet(desk))
    RoomCard.objects.filter(pk=folder.card_id).update(state=CardState.CLOSED)
    folders.look_at_all()
    quick()
    folders.look_at_all()
    assert (inbox / "a.tif").exists()
    with pytest.raises(CardIsClosedError):
        begin(desk, inbox)


def test_a_file_that_ends_its_reader_stops_none_behind_it_and_is_set_aside(desk, inbox, quick, monkeypatch):
    folder = begin(desk, inbox)
    data = sheet(desk)
    (inbox / "a killer.tif").write_bytes(data + b"\0")
    (inbox / "b good.tif").write_bytes(data)
    real = decoder().inspect

    def inspect(path, name):
        if "killer" in name:
            die_in_the_middle()
        return real(path, name)

    monkeypatch.setattr(decoder(), "inspect", inspect)
    verdicts = settle(folder, quick)
    assert [each.name for each in verdicts if each.taken] == ["b good.tif"]
    for _ in range(folders.MOST_ENDED):
        verdicts += folders.look(WatchedFolder.objects.get(pk=folder.pk))
    assert [each.name for each in verdicts if not each.taken] == ["a killer.tif"]
    assert (inbox / REFUSED / "a killer.tif").exists()


def appended(path, data):
    """Piece by piece, closed in between."""
    step = len(data) // 9 + 1
    for start in range(0, len(data), step):
        with path.open("ab") as file:
            file.write(data[start : start + step])
        time.sleep(0.06)


def stalled(path, data):
    path.write_bytes(data[: len(data) // 2])
    time.sleep(1.2)
    with path.open("ab") as file:
        file.write(data[len(data) // 2 :])


def renamed(path, data):
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data[:-9])
    time.sleep(0.6)
    part.write_bytes(data)
    part.rename(path)


def held(path, data):
    """All there, and then written anew by who holds it."""
    with path.open("wb") as file:
        file.write(data[:-1] + b"\x01" if data[-1] != 1 else data[:-1] + b"\x02")
        file.flush()
        time.sleep(0.8)
        file.seek(0)
        file.write(data)


def placeholder(path, data):
    path.touch()
    time.sleep(0.7)
    path.write_bytes(bytes(len(data)))
    time.sleep(0.7)
    with path.open("r+b") as file:
        file.write(data)


def backwards(path, data):
    """The place is kept first, the end is written before the beginning."""
    path.write_bytes(bytes(len(data) // 2) + data[len(data) // 2 :])
    time.sleep(0.7)
    with path.open("r+b") as file:
        file.write(data[: len(data) // 2])


def late(path, data):
    time.sleep(1.5)
    path.write_bytes(data)


WRITERS = (appended, stalled, renamed, held, placeholder, backwards, late)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("coarse", [False, True], ids=["local", "coarse stamps"])
def test_whatever_writers_do_nothing_is_half_lost_or_refused(desk, inbox, monkeypatch, coarse):
    """Writers at work while the folder is looked into all the time; the clock runs twentyfold.

    The network drive is a stand-in: stamps of two seconds, no numbers of files, and no word about who has one open.
    """
    monkeypatch.setattr(folders, "QUIET_SECONDS", 0.1)
    monkeypatch.setattr(folders, "QUIET_SECONDS_PAGES", 0.4)
    monkeypatch.setattr(folders, "QUIET_SECONDS_BLIND", 1.0)
    if coarse:
        monkeypatch.setattr(folders, "_mark", lambda path: [path.stat().st_size, int(path.stat().st_mtime) // 2, 0])
        monkeypatch.setattr(folders, "writer_gone", lambda path: None if path.exists() else False)
    folder = begin(desk, inbox)
    pages = [decode.encode_g4(desk.page(each[kind]), 300) for each in desk.journal() for kind in ("R", "AB", "C1")]
    pages.append(pages[0] + b"\0")
    wanted = {f"{writer.__name__}.tif": page for writer, page in zip(WRITERS, pages[-len(WRITERS) :], strict=True)}
    threads = [
        threading.Thread(target=writer, args=(inbox / f"{writer.__name__}.tif", wanted[f"{writer.__name__}.tif"]))
        for writer in WRITERS
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 25
    while time.monotonic() < until and (any(map(threading.Thread.is_alive, threads)) or Source.objects.count() < 7):
        folders.look(folder)
        time.sleep(0.03)
    folders.look(folder)
    assert {path.name: path.read_bytes() for path in (inbox / TAKEN).iterdir() if path.is_file()} == wanted
    digests = sorted(hashlib.sha256(data).hexdigest() for data in wanted.values())
    assert sorted(Source.objects.values_list("sha256", flat=True)) == digests
    assert not (inbox / REFUSED).exists()
    assert [path.name for path in inbox.iterdir()] == [TAKEN]


def test_a_program_that_adds_pages_is_waited_for_between_two_of_them(desk, inbox, quick):
    folder = begin(desk, inbox)
    path = inbox / "пачка.tif"
    sets = desk.journal()
    pages = [decode.encode_g4(desk.page(sets[0][kind]), 300) for kind in ("R", "AB")]
    path.write_bytes(pages[0])
    assert folders.look(folder) == []
    quick(folders.QUIET_SECONDS_PAGES - 1)
    assert folders.look(folder) == []
    path.write_bytes(pages[1] + b"\0")
    assert folders.look(folder) == []
    quick(folders.QUIET_SECONDS_PAGES + 2)
    assert folders.look(folder) == []  # its writer was seen to rest for seven seconds
    quick(3 * folders.QUIET_SECONDS_PAGES)
    assert [each.taken for each in folders.look(folder)] == [True]


def test_what_is_written_while_it_is_taken_in_is_not_lost(desk, inbox, quick, monkeypatch):
    """Somebody who has the file open all along, where nobody can say so."""
    folder = begin(desk, inbox)
    monkeypatch.setattr(folders, "writer_gone", lambda _path: None)
    first, other = (decode.encode_g4(desk.page(each["R"]), 300) for each in desk.journal()[:2])
    real = sources.ingest
    with (inbox / "a.tif").open("wb") as writer:
        writer.write(first)
        writer.flush()

        def ingest(**more):
            taken = real(**more)
            writer.seek(0)
            writer.truncate()
            writer.write(other)
            writer.flush()
            return taken

        monkeypatch.setattr(sources, "ingest", ingest)
        folders.look(folder)
        quick(20)
        assert [each.taken for each in folders.look(folder)] == [True]
        monkeypatch.setattr(sources, "ingest", real)
    assert (inbox / TAKEN / "a.tif").read_bytes() == first
    assert (inbox / "a.tif").read_bytes() == other
    folders.look(folder)
    quick(60)
    folders.look(folder)
    assert (inbox / TAKEN / "a (2).tif").read_bytes() == other
    assert Source.objects.count() == 2


def test_a_look_that_was_killed_gives_the_name_back(desk, inbox, quick):
    folder = begin(desk, inbox)
    (inbox / ".ppe-claimed").mkdir()
    (inbox / ".ppe-claimed" / "a.tif").write_bytes(sheet(desk))
    assert [each.taken for each in settle(folder, quick)] == [True]
    assert (inbox / TAKEN / "a.tif").exists()


def test_litter_stays_and_files_of_sub_folders_are_told(desk, inbox, quick):
    folder = begin(desk, inbox)
    for name in ("Thumbs.db", ".DS_Store", "~$лист.tif", "desktop.ini", "a.tif.partial"):
        (inbox / name).write_bytes(b"x" * 100)
    assert settle(folder, quick) == []
    assert folder.seen.get("trouble", "") == ""
    (inbox / "2026-06-01").mkdir()
    (inbox / "2026-06-01" / "a.tif").write_bytes(sheet(desk))
    assert settle(folder, quick) == []
    assert folder.seen["trouble"] == folders.BELOW
    assert (inbox / "2026-06-01" / "a.tif").exists()
    assert not (inbox / REFUSED).exists()
