"""What a power cut takes: whatever was written to a node's folder and never synced.

Of a file the bytes up to the length of its last sync stay, of a folder the names of its last sync. Folders themselves
stay once something in them was synced, as a journalling file system keeps them. The database is kept by its own
commits (``synchronous=FULL``) and is not touched here; a name that was removed stays removed.
"""

import os
from pathlib import Path

DATABASE = "db.sqlite3"


class Disk:
    """The folder of a node as it would be found after a power cut."""

    def __init__(self, data: Path, log: Path) -> None:
        self.data, self.log = data, log
        self.lengths: dict[int, int] = {}
        self.names: dict[str, set[str]] = {}

    def all_is_safe(self) -> None:
        """Take everything that lies there for synced: a day begins, or the power has come back."""
        self.log.write_bytes(b"")
        self.lengths, self.names = {}, {}
        for folder, folders, files in os.walk(self.data):
            self.names[folder] = {*folders, *files}
            for name in files:
                told = Path(folder, name).stat()
                self.lengths[told.st_ino] = told.st_size

    def cut(self) -> list[str]:
        """Take what was never synced; return what it was."""
        self._read()
        taken = []
        for folder, _folders, files in os.walk(self.data):
            known = self.names.get(folder, set())
            for name in sorted(files):
                path = Path(folder, name)
                if name.startswith(DATABASE):
                    continue
                told = path.stat()
                if name not in known:
                    path.unlink()
                    taken.append(str(path.relative_to(self.data)))
                elif told.st_size > (length := self.lengths.get(told.st_ino, 0)):
                    os.truncate(path, length)
                    taken.append(f"{path.relative_to(self.data)} beyond {length}")
        self.all_is_safe()
        return taken

    def _read(self) -> None:
        for line in self.log.read_text(encoding="utf-8").split("\n"):
            if not line:
                continue
            kind, path, *rest = line.split("\x1e")
            if kind == "d":
                self.names[path] = set(rest[0].split("\x1f"))
            else:
                self.lengths[int(rest[0])] = int(rest[1])
