"""1 GiB sealed and opened, hash and signature included, beside `openssl cms` and `age` doing the same work in turn.

Every run is a whole process (or a chain of processes), start-up included; the runs of the three alternate, so that a
machine that is busy with other things is busy for all of them. Everything lies in memory (`/dev/shm`), and every party
writes over its own file of the round before: a virtual machine whose host takes freed pages back pays more for touching
new ones than for all the cryptography, and pays it to whoever happens to come next.
"""

import filecmp
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from benchmarks.figures import ROOT, Figure
from tests.support.authority import Authority, Holder, rsa_key
from tests.support.needs import missing
from wire import pki
from wire.pki import CertificateRole

SIZE = int(os.environ.get("PPE_BENCH_MIB", "1024")) << 20
RUNS = int(os.environ.get("PPE_BENCH_RUNS", "5"))
ADDRESS_SPACE_MIB = 320
OAEP = "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256 -keyopt rsa_mgf1_md:sha256"

SEAL_OPENSSL = (
    "openssl cms -encrypt -binary -stream -aes-256-gcm -outform DER -in content"
    f" -recip rsa.pem {OAEP} -recip ec.pem -keyopt ecdh_kdf_md:sha256 1<>theirs.p7m"
    " && openssl dgst -sha256 -r -out theirs.sum theirs.p7m"
    " && openssl cms -sign -binary -nodetach -md sha256 -in theirs.sum -signer by.pem -inkey by.key -outform DER"
    " -out theirs.p7s"
)
OPEN_OPENSSL = (
    "openssl cms -verify -binary -inform DER -in theirs.p7s -CAfile ca.pem -out theirs.said 2>/dev/null"
    " && openssl dgst -sha256 -r -out theirs.sum theirs.p7m && cmp theirs.said theirs.sum"
    " && openssl cms -decrypt -binary -inform DER -in theirs.p7m -recip ec.pem -inkey ec.key 1<>theirs.out"
)
SEAL_AGE = "age -R age.pub content 1<>age.sealed && sha256sum age.sealed > age.sum"
OPEN_AGE = "sha256sum -c --status age.sum && age -d -i age.key age.sealed 1<>age.out"
#: The rivals: sealing and opening. age signs nothing; that is in its favour.
CHAINS = {"openssl": (SEAL_OPENSSL, OPEN_OPENSSL), "age": (SEAL_AGE, OPEN_AGE)}
#: What each writes, sealing and opening.
WRITTEN = {
    "ours": ("ours.p7m", "ours.out"),
    "openssl": ("theirs.p7m", "theirs.out"),
    "age": ("age.sealed", "age.out"),
}


@dataclass(frozen=True)
class Run:
    wall: float
    cpu: float
    inner: float = 0.0
    peak_mb: float = 0.0


def measure(seed: int) -> list[Figure]:
    for tool in ("openssl", "age", "age-keygen"):
        if shutil.which(tool) is None:
            missing(tool)
    with tempfile.TemporaryDirectory(prefix="ppe-cms-", dir="/dev/shm") as name:
        folder = Path(name)
        _prepare(folder)
        figures = [*_direction(folder, 0, "seal", "sealing"), *_direction(folder, 1, "open", "opening")]
        for path in folder.glob("*.out"):
            path.unlink()
        return [*figures, *_packet(folder)]


def _prepare(folder: Path) -> None:
    with (folder / "content").open("wb") as file:
        for _ in range(SIZE >> 24 or 1):
            file.write(os.urandom(min(SIZE, 1 << 24)))
    region = Authority()
    _keep(folder, "ca", region.certificate)
    for name, holder in {
        "ec": region.issue(CertificateRole.RCOI, point="0000"),
        "rsa": region.issue(CertificateRole.RCOI, point="0000", key=rsa_key()),
        "by": region.issue(CertificateRole.HQ),
    }.items():
        _keep(folder, name, holder.certificate, holder)
    subprocess.run(["age-keygen", "-o", "age.key"], cwd=folder, check=True, capture_output=True)
    subprocess.run(["age-keygen", "-y", "-o", "age.pub", "age.key"], cwd=folder, check=True)


def _keep(folder: Path, name: str, certificate: object, holder: Holder | None = None) -> None:
    (folder / f"{name}.pem").write_text(pki.pem(certificate))  # type: ignore[arg-type]
    if holder is not None:
        form = serialization.PrivateFormat.PKCS8
        data = holder.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        (folder / f"{name}.key").write_bytes(data)


def _ours(work: str, folder: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.cms_work", work, str(folder), str(ADDRESS_SPACE_MIB)]


def _direction(folder: Path, which: int, work: str, title: str) -> list[Figure]:
    chains: dict[str, Sequence[str]] = {"ours": _ours(work, folder), "sha": _ours("sha", folder)}
    chains |= {name: ["sh", "-c", f"cd {folder} && {both[which]}"] for name, both in CHAINS.items()}
    runs: dict[str, list[Run]] = {name: [] for name in chains}
    for number in range(RUNS + 1):
        for name, command in chains.items():
            run = _timed(command, folder)
            if number:  # the first round makes the files
                runs[name].append(run)
    for written in (both[which] for both in WRITTEN.values()):
        if (folder / written).stat().st_size < SIZE:
            raise SystemExit(f"{written} is not whole")
        if written.endswith(".out") and not filecmp.cmp(folder / written, folder / "content", shallow=False):
            raise SystemExit(f"{written} is not the content")
    return _figures(title, runs)


def _figures(title: str, runs: dict[str, list[Run]]) -> list[Figure]:
    figures = []
    mib = SIZE >> 20
    ours = runs["ours"]
    for name in runs:
        wall, cpu = _median(runs[name], "wall"), _median(runs[name], "cpu")
        shown = {"ours": "ours", "sha": "hashlib SHA-256 alone"}.get(name, name)
        figures.append(Figure(f"{title} {mib} MiB, {shown}", mib / wall, "MiB/s", note=f"{cpu:.2f} CPU s"))
    for rival in CHAINS:
        pairs = [theirs.wall / mine.wall for mine, theirs in zip(ours, runs[rival], strict=True)]
        figures.append(
            Figure(f"{title}: times faster than {rival}, pair by pair", statistics.median(pairs), "×", 1.0, False)
        )
    part = statistics.median(sha.inner / mine.inner for mine, sha in zip(ours, runs["sha"], strict=True))
    goal = 0.7 if title == "sealing" else None
    note = "the work alone, without the start of Python"
    figures.append(Figure(f"{title}: share of hashlib SHA-256 alone", part, "", goal, False, note))
    note = f"under RLIMIT_AS of {ADDRESS_SPACE_MIB} MiB"
    figures.append(Figure(f"{title}: peak memory of our process", max(r.peak_mb for r in ours), "MB", 80.0, note=note))
    return figures


def _packet(folder: Path) -> list[Figure]:
    runs = []
    for _ in range(RUNS):
        runs.append(_timed(_ours("pack", folder), folder))
        (folder / "packet.part").unlink()
    mib, cpu = SIZE >> 20, _median(runs, "cpu")
    return [
        Figure(
            "a whole packet sealed: manifest, TAR, CMS, ZIP",
            mib / _median(runs, "wall"),
            "MiB/s",
            note=f"{cpu:.2f} CPU s",
        ),
        Figure("a whole packet: peak memory", max(run.peak_mb for run in runs), "MB", 80.0),
    ]


def _median(runs: Sequence[Run], name: str) -> float:
    return float(statistics.median(getattr(run, name) for run in runs))


def _timed(command: Sequence[str], folder: Path) -> Run:
    """Run a command; its figures include the processes it waited for. Our own also say what they saw of themselves."""
    said = folder / "said.json"
    said.unlink(missing_ok=True)
    begin = time.perf_counter()
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawnp(command[0], list(command), {**os.environ, "PYTHONPATH": str(ROOT)}, file_actions=quiet)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - begin
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"failed: {' '.join(command)}")
    extra = json.loads(said.read_text()) if said.exists() else {}
    return Run(wall, usage.ru_utime + usage.ru_stime, **extra)
