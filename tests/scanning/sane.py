"""SANE's own `test` and `pnm` backends as scanners, each configured in a folder of its own."""

import shutil
from pathlib import Path

from tests.support.needs import missing

LIBRARIES = Path("/usr/lib/x86_64-linux-gnu/sane")
_KNOWN = Path("/etc/sane.d/test.conf")
#: Where the `pnm` backend finds its picture.
PICTURE = Path("/tmp/input.ppm")


def configure(folder: Path, monkeypatch, *backends: str, status: str = "Default", delay: int = 0) -> None:
    """Let `scanimage` see these backends only.

    Args:
        folder: Where the configuration is written.
        monkeypatch: Sets the environment.
        backends: ``test``, ``pnm``, or none: no scanner at all.
        status: What every read of the `test` backend answers, e.g. ``SANE_STATUS_JAMMED``.
        delay: Microseconds it waits after each 64 KiB.
    """
    if shutil.which("scanimage") is None or not _KNOWN.exists():
        missing("sane-utils")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dll.conf").write_text("\n".join(backends) + "\n")
    # The default of the glass must not be the feeder of the file's author.
    text = _KNOWN.read_text().replace('read-status-code "Default"', f'read-status-code "{status}"')
    text = text.replace("geometry_max 200.0", "geometry_max 300.0").replace('"Solid black"', '"Grid"')
    if delay:
        text = text.replace("read-delay false", "read-delay true")
        text = text.replace("read-delay-duration 1000", f"read-delay-duration {delay}")
    (folder / "test.conf").write_text(text)
    monkeypatch.setenv("SANE_CONFIG_DIR", str(folder))
