"""A small disk: a tmpfs of its own, filled to the last byte and emptied again at will."""

import errno
import os
import random
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.support.needs import missing


class Volume:
    """A mounted tmpfs; whatever stands on it is lost with it."""

    def __init__(self, path: Path, mib: int) -> None:
        self.path, self.ballast = path, path / "ballast"
        path.mkdir(parents=True, exist_ok=True)
        said = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "ppe-small", str(path)], capture_output=True, check=False
        )
        if said.returncode:
            missing("a small volume: mounting one needs root")

    @property
    def free(self) -> int:
        room = os.statvfs(self.path)
        return room.f_bavail * room.f_frsize

    def fill(self, leave: int = 0) -> None:
        """Leave so many bytes; with 0, write until the disk itself says no."""
        with self.ballast.open("ab", buffering=0) as file:
            while self.free > leave:
                try:
                    file.write(bytes(min(1 << 20, max(self.free - leave, 4096))))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    return

    def empty(self) -> None:
        self.ballast.unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.path)], check=False)


class Droughts:
    """Fills disks to the last byte again and again, one at a time, in an order and for a time that the seed draws."""

    def __init__(self, volumes: Sequence[Volume], seed: int, *, times: int) -> None:
        rng = random.Random(f"droughts {seed}")
        self.plan = [(rng.choice(volumes), rng.uniform(0.5, 2), rng.uniform(3, 6)) for _ in range(times)]
        self.happened = 0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopped.set()
        self.thread.join(30)

    def _run(self) -> None:
        for volume, before, during in self.plan:
            if self.stopped.wait(before):
                return
            volume.fill()
            self.happened += 1
            self.stopped.wait(during)
            volume.empty()
