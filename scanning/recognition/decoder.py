"""The worker's half of the decoding child: start it, ask it, end it when it is late, start another."""

import base64
import json
import os
import select
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, cast

from scanning.recognition.errors import DecoderStoppedError, DiskWantingError, PassingTroubleError
from scanning.recognition.protocol import LENGTH, MAX_MESSAGE, Told, told_refusal, write_message
from wire.messages import Message

#: Processor time a request may take; a busy machine must not make a sheet unreadable.
SHEET_SECONDS = 2.0
INSPECT_SECONDS = 10.0
LISTEN_SECONDS = 120.0
_START_SECONDS = 60.0
_WAIT_SECONDS = 20.0  # beyond the processor time, for a machine that is busy elsewhere
_SLICE = 0.2
_TICKS = os.sysconf("SC_CLK_TCK")
_ROOT = Path(__file__).resolve().parents[2]
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "HOME", "TMPDIR")


class Decoder:
    """One decoding child process and the pipe to it. Safe to use from several threads, one request at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        # The kernel ends the child when the thread that started it ends, so that thread must last.
        self._starter = ThreadPoolExecutor(1, "decoder")

    @property
    def pid(self) -> int | None:
        """The process id of the child, if one is running."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def warm(self) -> None:
        """Have the child ready before the first request.

        Raises:
            DecoderStoppedError: it cannot be started.
        """
        with self._lock:
            self._ready()

    def inspect(self, path: Path, name: str) -> Told:
        """Ask what the headers of a file say.

        Raises:
            FileRefusedError: what the child refused, or `DecoderStoppedError`.
        """
        return self.ask(INSPECT_SECONDS, operation="inspect", path=str(path), name=name)

    def read(self, path: Path, page: int, record: Path, *, seconds: float = SHEET_SECONDS) -> Told:
        """Ask for one page to be read and its TIFF of record written.

        Raises:
            FileRefusedError: what the child refused, or `DecoderStoppedError`.
        """
        return self.ask(seconds, operation="read", path=str(path), page=page, record=str(record))

    def listen(self, path: Path, name: str) -> Told:
        """Ask for a recording to be decoded to its end.

        Raises:
            FileRefusedError: what the child refused, or `DecoderStoppedError`.
        """
        return self.ask(LISTEN_SECONDS, operation="listen", path=str(path), name=name)

    def picture(self, path: Path, page: int, width: int) -> bytes:
        """Ask for a small PNG of a page.

        Raises:
            FileRefusedError: what the child refused, or `DecoderStoppedError`.
        """
        told = self.ask(SHEET_SECONDS, operation="picture", path=str(path), page=page, width=width)
        return base64.b64decode(told["png"])

    def ask(self, seconds: float, **request: object) -> Told:
        """Send a request and wait for its answer.

        Raises:
            FileRefusedError: the child refused the bytes.
            DecoderStoppedError: no answer in time, or the child fell; the next request gets a new child.
        """
        with self._lock:
            process = self._ready()
            try:
                write_message(cast(BinaryIO, process.stdin), dict(request))
                answer = _receive(process, _Limit(process.pid, seconds))
            except BrokenPipeError:
                answer = None
            except TimeoutError:
                self._end()
                raise DecoderStoppedError(
                    Message("The file was not read within {seconds} s.", seconds=f"{seconds:.0f}")
                ) from None
            if answer is None:
                self._end()
                raise PassingTroubleError(
                    Message("Reading of the file broke off: memory was too short, or the file is damaged."),
                )
        if "refused" in answer:
            raise told_refusal(answer["refused"])
        if answer.get("passing") == "disk":
            raise DiskWantingError
        if answer.get("passing"):
            raise PassingTroubleError(Message("Memory was too short to read the file."))
        if "failed" in answer:
            raise DecoderStoppedError(Message("The file is not read: {answer}", answer=answer["failed"]))
        result: Told = answer["ok"]
        return result

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end()
            self._starter.shutdown()

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = self._starter.submit(_start).result()
            # Loading the libraries is not the first sheet's fault.
            if _receive(self._process, _Limit(self._process.pid, _START_SECONDS)) is None:
                self._end()
                raise PassingTroubleError(Message("The decoding process did not start."))
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        process.wait()


def _start() -> subprocess.Popen[bytes]:
    # No secret of the node reaches the process that reads hostile bytes.
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(_ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "scanning.recognition.child", str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=_ROOT,
        env=environment,
    )


class _Limit:
    """Processor time of the child from now on, and a generous limit on the clock."""

    def __init__(self, pid: int, seconds: float) -> None:
        self._pid, self._seconds = pid, seconds
        self._began, self._used = time.monotonic(), _processor_seconds(pid)

    def check(self) -> None:
        """Raise TimeoutError when the limit is used up."""
        if _processor_seconds(self._pid) - self._used > self._seconds:
            raise TimeoutError
        if time.monotonic() - self._began > self._seconds + _WAIT_SECONDS:
            raise TimeoutError


def _processor_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _receive(process: subprocess.Popen[bytes], limit: _Limit) -> Told | None:
    """Read one answer; None when the child is gone.

    Raises:
        TimeoutError: the limit is used up.
    """
    assert process.stdout is not None  # noqa: S101 - opened as a pipe
    head = _exactly(process.stdout.fileno(), LENGTH.size, limit)
    if head is None:
        return None
    (size,) = LENGTH.unpack(head)
    body = _exactly(process.stdout.fileno(), size, limit) if size <= MAX_MESSAGE else None
    return None if body is None else json.loads(body)


def _exactly(descriptor: int, size: int, limit: _Limit) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        if not select.select([descriptor], [], [], _SLICE)[0]:
            limit.check()
            continue
        block = os.read(descriptor, size - len(data))
        if not block:
            return None
        data += block
    return bytes(data)


_decoders: dict[int, Decoder] = {}


def decoder() -> Decoder:
    """The decoding child of this worker process; a forked worker gets its own."""
    return _decoders.setdefault(os.getpid(), Decoder())
