"""Every file that the day left behind, verified by the station's own program, or named with the reason why not."""

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from demo import checks
from demo.checks import CheckFailedError
from demo.harness import Harness
from demo.interpreter import ROOT
from demo.report import DemoStep
from wire import journal, names, pki
from wire.journal.name import name_of

#: What is no document for anybody to verify, by its path below the folder of the day; everything else must hold.
ASIDE: dict[str, str] = {
    r"python/.*|logs/.*|report\.json|truth\.csv|\.exam-day": "the played day's own: its interpreter, logs and truth",
    r"data/\w+/(static|run)/.*": "working files of a node",
    r"data/\w+/(db\.sqlite3.*|numbers\.jsonl.*|secret-key|first-run-code)": "a node's own, never handed over",
    r"data/\w+/keys/.*|pki/.*\.(key|p12|txt)|tokens/.*\.p12|stations/.*\.key": "secrets: keys, tokens and their PINs",
    r"data/\w+/access-keys/.*\.p7m": "an access key, sealed to a token: nobody else can look into it",
    r"pki/.*\.pem|tokens/CSR_.*\.pem|stations/.*\.pem": "certificates and requests: what verification rests on",
    r"stations/.*/(station\.json|logs/.*|scan\.log)": "a station's memory: its journal is what it hands over",
    r"scans/.*|flash/\w+/audio/.*|stations/.*\.(wav|ogg)": "the paper and the voices themselves",
    r"data/hq/scans/.*": "scanned pages and recordings: the manifest of their packet names the hash of each",
    r"data/hq/packets/.*\.status\.json": "what a status says, before its packet seals it",
    r"data/rcoi/opened/.*/(sheets|forms|recordings|audio)/.*": "members of a packet: its manifest vouches for them",
    r"data/rcoi/opened/.*/(manifest|room|status)\.json": "members of a packet: its manifest vouches for them",
}


def verify(stage: Harness, step: DemoStep) -> None:
    """Walk everything that the day left on disks and drives, and have `ppe-station verify` hold it, offline.

    Raises:
        CheckFailedError: It does not answer 0, or does not know a file that nothing here excuses.
    """
    _bring_feeds(stage)
    with tempfile.TemporaryDirectory(prefix="ppe-check-") as name:
        files = [_named(path, Path(name)) for path in documents(stage.folders.root)]
        kinds = _verified(files, stage.folders.pki / "ca.pem")
    lost = {"Packet", "Electronic journal", "Receipt", "The centre's feed", "Act", "Exam package"} - kinds.keys()
    if lost:
        raise CheckFailedError(f"the day left none of {sorted(lost)}")
    step.facts += [f"{kind}: {count}" for kind, count in sorted(kinds.items())]


def _verified(files: list[Path], ca: Path) -> Counter[str]:
    """Return how many files of each kind the station's program holds good."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "station_client",
            "--lang",
            "en",
            "--json",
            "verify",
            "--ca",
            ca,
            *files,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        said = json.loads(done.stdout)
    except ValueError:
        raise CheckFailedError(f"ppe-station verify ended with {done.returncode}: {done.stderr[-1500:]}") from None
    rows = said if isinstance(said, list) else [said]
    if len(rows) != len(files) or any("verdict" not in row for row in rows):
        raise CheckFailedError(f"ppe-station verify ended with {done.returncode}: {done.stdout[-1500:]}")
    bad = [
        f"{path}: {row['kind']}: {row['problems']}" for path, row in zip(files, rows, strict=True) if row["problems"]
    ]
    if done.returncode != 0 or bad:
        raise CheckFailedError(f"ppe-station verify ended with {done.returncode}: " + "; ".join(bad)[:1500])
    return Counter(row["kind"] for row in rows)


def documents(root: Path) -> Iterator[Path]:
    """Yield every document of the day once: of copies with the same bytes, the one with a name for people."""
    aside = re.compile("|".join(f"(?:{pattern})" for pattern in ASIDE))
    found: dict[str, Path] = {}
    for path in checks.files_of([root]):
        if aside.fullmatch(path.relative_to(root).as_posix()):
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        # A node keeps files under their hash; a name is judged where a person reads it.
        if digest not in found or _kept_by_hash(found[digest]):
            found[digest] = path
    yield from sorted(found.values())


def _kept_by_hash(path: Path) -> bool:
    return re.fullmatch(r"[0-9a-f]{32,}", path.stem) is not None


def _named(path: Path, folder: Path) -> Path:
    """Return a file, or the copy of a journal that a node keeps under its hash alone: as it would give it out."""
    if path.suffix != ".dat" or not _kept_by_hash(path):
        return path
    data = path.read_bytes()
    target = folder / path.stem / names.write(name_of(journal.read(data, trust=pki.TrustStore([])).header))
    target.parent.mkdir()
    target.write_bytes(data)
    return target


def _bring_feeds(stage: Harness) -> None:
    """Download the feed of each point as the centre gives it out: its items lie in databases alone."""
    folder = stage.folders.feeds
    folder.mkdir(exist_ok=True)
    for code in dict.fromkeys(exam.code for exam in stage.plan.exams):
        name, data = stage.centre["rcoi_operator"].browser.download(f"/centre/feed/{stage.plan.region}-{code}/")
        (folder / name).write_bytes(data)
