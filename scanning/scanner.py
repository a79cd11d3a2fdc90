"""SANE's `scanimage`: which devices there are, what a preset becomes on each, and one pass as a process."""

import ctypes
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scanning.errors import (
    CoverOpenError,
    FeederEmptyError,
    NoScannerError,
    PaperJamError,
    PassBrokenOffError,
    PresetUnavailableError,
    ScannerBusyError,
    ScannerDeniedError,
    ScannerFailedError,
    ScannerRefusedError,
    ScannerSoftwareMissingError,
)

LIST_SECONDS = 40
OPTION_SECONDS = 20
_A4 = ("-l", "0", "-t", "0", "-x", "210", "-y", "297")
_PR_SET_PDEATHSIG = 1
_SAID = 300
#: What `scanimage` prints when it takes no further page; a driver may still hang as it closes the device.
_LAST_WORDS = "Batch terminated"

#: Exit codes of `scanimage` are SANE's statuses.
_STATUSES: dict[int, type[ScannerRefusedError]] = {
    3: ScannerBusyError,
    6: PaperJamError,
    7: FeederEmptyError,
    8: CoverOpenError,
    9: ScannerFailedError,
    11: ScannerDeniedError,
}
_WORDS: dict[str, type[ScannerRefusedError]] = {
    "feeder jammed": PaperJamError,
    "out of documents": FeederEmptyError,
    "cover is open": CoverOpenError,
    "Device busy": ScannerBusyError,
    "Error during device I/O": ScannerFailedError,
    "Access to resource has been denied": ScannerDeniedError,
}


@dataclass(frozen=True)
class Preset:
    """A way of scanning that a person chooses by its name.

    Attributes:
        code: Stored word.
        title: What the person reads.
        sources: Names of the paper source, best first, as pieces of the drivers' own words.
        grey: Whether greys are kept; else black and white.
        feeder: Whether it goes on until the feeder is empty.
        resolution: Dots an inch.
    """

    code: str
    title: "str | Promise"
    sources: tuple[str, ...]
    grey: bool = False
    feeder: bool = True
    resolution: int = 300


_ONE_SIDE = ("adf front", "adf simplex", "automatic document feeder", "adf", "feeder")
PRESETS: dict[str, Preset] = {
    each.code: each
    for each in (
        Preset("duplex", _("A4 · two sides · b/w · 300 dpi"), ("duplex", "both sides")),
        Preset("simplex", _("A4 · one side · b/w · 300 dpi"), _ONE_SIDE),
        Preset("glass", _("Glass · one sheet · b/w · 300 dpi"), ("flatbed", "glass"), feeder=False),
        Preset("glass_grey", _("Glass · faint sheet · grey"), ("flatbed",), grey=True, feeder=False),
    )
}


@dataclass(frozen=True)
class Device:
    """A scanner that answers."""

    name: str
    label: str


def _program() -> str:
    found = shutil.which("scanimage")
    if found is None:
        raise ScannerSoftwareMissingError
    return found


def _ask(arguments: Sequence[str], seconds: float) -> str:
    try:
        said = subprocess.run(
            [_program(), *arguments], capture_output=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise NoScannerError from error
    return said.stdout.decode(errors="replace")


def devices() -> list[Device]:
    """Return the scanners that SANE finds now.

    Raises:
        ScannerSoftwareMissingError, NoScannerError: As their names say.
    """
    found = []
    for line in _ask(["--formatted-device-list=%d|%v %m%n"], LIST_SECONDS).splitlines():
        name, _bar, label = line.partition("|")
        if name and not name.startswith("-"):
            found.append(Device(name, " ".join(label.split()) or name))
    if not found:
        raise NoScannerError
    return found


def choose(wanted: str) -> Device:
    """Return the device of a name that SANE lists, or the first one when no name is given.

    Raises:
        NoScannerError: It is not among those that answer.
    """
    found = devices()
    chosen = next((each for each in found if each.name == wanted), None) if wanted else found[0]
    if chosen is None:
        raise NoScannerError(wanted[:80])
    return chosen


def _choices(said: str, option: str) -> list[str]:
    """The values of an option in `scanimage -A`: ``--mode Gray|Color [Gray]``."""
    found = re.search(rf"^\s+--{option} (.+?)(?: \[.*)?$", said, re.MULTILINE)
    return [each.strip() for each in found[1].split("|")] if found else []


def options(device: Device, preset: Preset) -> list[str]:
    """Return the options that make a preset of this device.

    Raises:
        PresetUnavailableError: The device has no such source of paper.
    """
    said = _ask(["-d", device.name, "-A"], OPTION_SECONDS)
    made = ["--resolution", str(preset.resolution), *_A4]
    sources = _choices(said, "source")
    picked = next((each for word in preset.sources for each in sources if word in each.lower()), None)
    if picked:
        made += ["--source", picked]
    elif preset.feeder:
        raise PresetUnavailableError(device.label)
    made += _colours(_choices(said, "mode"), _choices(said, "depth"), grey=preset.grey)
    if "--page-width" in said:
        made += ["--page-width", "210", "--page-height", "297"]
    return made


def _colours(modes: list[str], depths: list[str], *, grey: bool) -> list[str]:
    words = ("gray", "grey") if grey else ("lineart", "black & white", "binary", "halftone")
    mode = next((each for word in words for each in modes if word in each.lower()), None)
    if mode:
        return ["--mode", mode]
    # A device without line art may still give one bit a pixel of its greys; the TIFF of record is made of either.
    plain = next((each for each in modes if "gray" in each.lower() or "grey" in each.lower()), None)
    return [*(["--mode", plain] if plain else []), *(["--depth", "1"] if "1" in depths and not grey else [])]


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Pass:
    """A running `scanimage`: whole pages appear in its folder under their last names, one after another."""

    def __init__(self, device: Device, preset: Preset, folder: Path) -> None:
        command = [
            _program(),
            "-d",
            device.name,
            "--format=tiff",
            f"--batch={folder}/%04d.tif",
            *options(device, preset),
            *([] if preset.feeder else ["--batch-count=1"]),
        ]
        self.folder, self.preset = folder, preset
        self._said = folder / "said.log"
        with self._said.open("wb") as out:
            # The name of a device may hold spaces and signs; it is one argument, and no shell reads it.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent,
                env={**os.environ, "LC_ALL": "C"},
            )

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._process.poll() is None

    @property
    def over(self) -> bool:
        """Whether it has said that no further page comes, even if its driver never lets it end."""
        return _LAST_WORDS in self._heard()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def stop(self) -> None:
        """Let the scanner finish its movement and end; kill what does not listen."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(5)

    def refusal(self, pages: int) -> ScannerRefusedError | None:
        """Return what kept it from ending well, if anything did."""
        code = self._process.wait()
        heard = self._heard()
        said, signal_came, _rest = heard.partition("received signal")
        over = _LAST_WORDS in said
        if code == 0 and not signal_came:
            return None if pages else FeederEmptyError()
        if code < 0 and not over:
            return PassBrokenOffError()
        # A `scanimage` that stumbles over its own driver ends with 0; its words still tell why.
        kind = _STATUSES.get(code) or next((each for words, each in _WORDS.items() if words in said), None)
        if (kind is FeederEmptyError and pages) or (kind is None and over):
            return None if pages else FeederEmptyError()
        if kind is None or kind is ScannerFailedError:
            line = next((each for each in reversed(heard.splitlines()) if each.startswith("scanimage: ")), "")
            return ScannerFailedError(line.removeprefix("scanimage: ")[:_SAID])
        return kind()

    def _heard(self) -> str:
        return self._said.read_bytes()[-4000:].decode(errors="replace") if self._said.exists() else ""
