"""Files that survive: whole or not at all, read back, and typed refusals of a disk that does not take them."""

import errno
import hashlib
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wire import durable
from wire.durable import CopyMismatchError, DiskError, DiskFullError, DiskReadOnlyError, FileMissingError

CONTENT = b"content" * 100_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def test_it_writes_bytes_and_pieces(tmp_path: Path) -> None:
    for data in (CONTENT, iter([CONTENT[:10], b"", CONTENT[10:]]), [CONTENT]):
        path = tmp_path / "файл.dat"
        assert durable.write_durable(path, data) == DIGEST
        assert path.read_bytes() == CONTENT
        assert durable.sha256_file(str(path)) == DIGEST
    assert [entry.name for entry in tmp_path.iterdir()] == ["файл.dat"]


def test_it_sets_the_mode_before_there_is_content(tmp_path: Path) -> None:
    seen: list[int] = []

    def pieces() -> Iterator[bytes]:
        yield b"secret"
        seen.extend(stat.S_IMODE(entry.stat().st_mode) for entry in tmp_path.iterdir())

    durable.write_durable(tmp_path / "node.key", pieces(), mode=0o600)
    assert seen == [0o600]
    assert stat.S_IMODE((tmp_path / "node.key").stat().st_mode) == 0o600


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    durable.write_durable(path, b"old")

    def pieces() -> Iterator[bytes]:
        yield b"new"
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(DiskError) as refusal:
        durable.write_durable(path, pieces())
    assert refusal.value.code == "disk_failed"
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_longest_cyrillic_name_is_written(tmp_path: Path) -> None:
    name = "я" * 127
    durable.write_durable(tmp_path / name, b"x")
    durable.copy_verified(tmp_path / name, tmp_path / ("ю" * 127))
    with pytest.raises(FileMissingError):
        durable.write_durable(tmp_path / ("я" * 128), b"x")


def test_it_copies_and_reads_back(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "flash" / "target"
    target.parent.mkdir()
    source.write_bytes(CONTENT)
    assert durable.copy_verified(source, target) == DIGEST
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_a_drive_that_gives_back_something_else_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = tmp_path / "source", tmp_path / "flash" / "target"
    target.parent.mkdir()
    source.write_bytes(CONTENT)
    fsync = os.fsync

    def lying(handle: int) -> None:
        """Say that it is written, and keep something else."""
        fsync(handle)
        if stat.S_ISREG(os.fstat(handle).st_mode):
            os.pwrite(handle, b"!", 5)

    monkeypatch.setattr(os, "fsync", lying)
    with pytest.raises(CopyMismatchError, match="не совпала"):
        durable.copy_verified(source, target)
    assert list(target.parent.iterdir()) == []


def test_missing_things_are_refusals(tmp_path: Path) -> None:
    for action in (
        lambda: durable.sha256_file(tmp_path / "none"),
        lambda: durable.sha256_file(tmp_path),
        lambda: durable.copy_verified(tmp_path / "none", tmp_path / "copy"),
        lambda: durable.write_durable(tmp_path / "no" / "folder", b""),
        lambda: durable.fsync_dir(tmp_path / "none"),
        lambda: durable.replace_durable(tmp_path / "none", tmp_path / "x"),
    ):
        with pytest.raises(FileMissingError):
            action()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "refusal", "words"),
    [
        (errno.ENOSPC, DiskFullError, "не осталось места"),
        (errno.EDQUOT, DiskFullError, "не осталось места"),
        (errno.EROFS, DiskReadOnlyError, "Запись запрещена"),
        (errno.EACCES, DiskReadOnlyError, "Запись запрещена"),
        (errno.EIO, DiskError, "Диск не отвечает"),
    ],
)
def test_errors_of_the_disk_are_said_in_russian(number: int, refusal: type[DiskError], words: str) -> None:
    with pytest.raises(refusal, match=words) as caught, durable.disk_errors():
        raise OSError(number, os.strerror(number), "/flash/file")
    assert "/flash/file" in caught.value.message.ru
    assert caught.value.remedy_text()
    assert not caught.value.permanent


def test_a_really_full_disk_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    """GIVEN a process that may not write more than 64 KiB (the kernel's own limit, as a small drive would be)."""
    source, folder = tmp_path / "source", tmp_path / "flash"
    source.write_bytes(bytes(100_000))
    folder.mkdir()
    program = f"""
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from wire import durable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
for action in (
    lambda: durable.write_durable({str(folder / "a")!r}, b"x" * 100_000),
    lambda: durable.write_durable({str(folder / "a")!r}, (b"x" * 1000 for _ in range(100))),
    lambda: durable.copy_verified({str(source)!r}, {str(folder / "a")!r}),
):
    try:
        action()
    except durable.DiskFullError:
        continue
    raise SystemExit("no refusal")
raise SystemExit(sum(1 for _ in Path({str(folder)!r}).iterdir()))
"""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("target", ["/proc/version", "/sys/kernel/x"])
def test_a_folder_that_cannot_be_written_is_refused(target: str) -> None:
    with pytest.raises((DiskReadOnlyError, FileMissingError, DiskError)):
        durable.write_durable(target, b"x")


def test_many_files_are_written_whole_or_leave_nothing_half(tmp_path: Path) -> None:
    good = {tmp_path / f"{number}.dat": bytes([number]) * 1000 for number in range(5)}
    durable.write_durable_all(good, mode=0o600)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == good
    assert {stat.S_IMODE(path.stat().st_mode) for path in good} == {0o600}
    with pytest.raises(FileMissingError):
        durable.write_durable_all({tmp_path / "5.dat": b"5", tmp_path / "none" / "6.dat": b"6"})
    assert set(tmp_path.iterdir()) == set(good)


def test_what_killed_writers_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "78-0001"
    folder.mkdir()
    old, fresh = folder / ".0123456789abcdef.part", folder / ".fedcba9876543210.part"
    others = [folder / "END.dat", folder / ".other.part", folder / "x.part"]
    for path in (old, fresh, *others):
        path.write_bytes(b"half")
    for path in (old, *others):
        os.utime(path, (1, 1))
    assert durable.forget_parts(tmp_path, older=3600) == 1
    assert set(folder.iterdir()) == {fresh, *others}
    assert durable.forget_parts(tmp_path / "none", older=0) == 0
