"""Our tus client and server over a line that really loses packets, in a network namespace of its own.

Client and server live in that namespace; every packet of its loopback is delayed and, by chance, lost, both ways, by
`tc netem`. A kernel without it may still drop packets by chance: then `nft` does, without the delay.
"""

import json
import os
import subprocess
import sys
import tempfile

from benchmarks.figures import ROOT, Figure

#: Delay and loss of each packet, one way; the last is a line that hardly anything else works over.
LINES = (("20ms", 0), ("40ms", 1), ("40ms 10ms", 5), ("100ms 30ms", 20))
NETEM = "tc qdisc add dev lo root netem delay {delay} loss {loss}% limit 10000"
NFT = (
    "nft add table inet line && nft add chain inet line in '{{ type filter hook input priority 0; }}'"
    " && nft add rule inet line in meta l4proto tcp numgen random mod 1000 '<' {mille} drop"
)
MIB = 8


def measure(seed: int) -> list[Figure]:
    means, why = _means()
    if means is None:
        print(f"  not run here: {why}", flush=True)
        if os.environ.get("PPE_REQUIRE_ALL") == "1":
            raise SystemExit(why)
        return []
    figures = []
    for delay, loss in LINES:
        said = _over(means.format(delay=delay, loss=loss, mille=loss * 10))
        line = f"loss {loss} %, delay {delay}" if means is NETEM else f"loss {loss} %, by nft"
        note = f"{said['seconds']:.1f} s, {said['again']} broken calls, hash equal"
        figures.append(Figure(f"{MIB} MiB, {line}", said["bytes"] / said["seconds"] / 1000, "kB/s", note=note))
    return figures


def _means() -> tuple[str | None, str]:
    """Return how this machine can lose packets, or why it cannot."""
    why = ""
    for means in (NETEM, NFT):
        done = _inside(means.format(delay="1ms", loss=1, mille=1))
        if done.returncode == 0:
            return means, ""
        why = why or f"tc netem in a network namespace ({(done.stderr.strip() or '?').splitlines()[-1]})"
    return None, why


def _inside(line: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command behind such a line."""
    script = f'ip link set lo up mtu 1500 && {line} && exec "$@"'
    words = ["unshare", "-n", "sh", "-c", script, "sh", *(command or ("true",))]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)


def _over(line: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="ppe-netem-") as folder:
        done = _inside(line, sys.executable, "-m", "benchmarks.netem_work", folder, str(MIB))
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))
