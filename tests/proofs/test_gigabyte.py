"""A packet of nearly a gibibyte between two real nodes: no process of either grows with it."""

import os
import threading
from pathlib import Path

import pytest

from demo.killer import processes, title
from tests.proofs.nodes import Pair
from tests.support.proving import SEED

SIZE = int(os.environ.get("PPE_PROVE_MIB", "1000")) << 20
MOST_MIB = 300


class Peaks:
    """The most memory that each process of some nodes ever had, looked at twice a second."""

    def __init__(self, *nodes) -> None:
        self.nodes, self.found, self.stopped = nodes, {}, threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def stop(self) -> dict[str, int]:
        self.stopped.set()
        self.thread.join(10)
        return self.found

    def _run(self) -> None:
        while not self.stopped.wait(0.5):
            for node in self.nodes:
                for pid in processes(node):
                    self._look(f"{node.kind} {pid} {title(pid)}", pid)

    def _look(self, name: str, pid: int) -> None:
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            return
        for line in lines:
            if line.startswith("VmHWM:"):
                self.found[name] = max(self.found.get(name, 0), int(line.split()[1]) >> 10)


@pytest.mark.prove
@pytest.mark.timeout(400)
def test_a_gigabyte_goes_through_both_nodes_in_little_memory(tmp_path, record_property):
    pair = Pair(tmp_path, SEED)
    try:
        pair.prepare([SIZE, 1 << 20])
        pair.start()
        peaks = Peaks(pair.hq, pair.rcoi)
        assert pair.wait(pair.all_acknowledged, 300), pair.story()
        found = peaks.stop()
        pair.assert_one_effect_each()
    finally:
        pair.stop()
    assert len(found) > 8, "the processes were not seen"
    record_property("mib", SIZE >> 20)
    largest = max(found, key=lambda name: found[name])
    record_property("largest", f"{found[largest]} MiB ({largest.split(' ', 2)[2][:40]})")
    assert found[largest] < MOST_MIB, "\n".join(f"{found[name]} MiB {name}" for name in sorted(found, key=found.get))
