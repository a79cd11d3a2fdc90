"""The supervisor with real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ppe_portal.supervisor import Child, kill_marked, mark_of, marked

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
FORKING = [
    sys.executable,
    "-c",
    "import subprocess,sys,time; subprocess.Popen([sys.executable,'-c','import time; time.sleep(60)']); time.sleep(60)",
]


def wait_until(condition, seconds=120.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def child(tmp_path):
    made = Child("web", SLEEP, mark_of(tmp_path, "web"), tmp_path / "logs" / "web.log")
    yield made
    kill_marked(mark_of(tmp_path))
    made.process.wait(5)


def test_it_starts_a_dead_child_again(child):
    child.start()
    first = child.process.pid
    os.kill(first, signal.SIGKILL)

    def reborn():
        child.tend()
        return child.process is not None and child.process.pid != first

    assert wait_until(reborn)


def test_it_leaves_a_living_child_alone(child):
    child.start()
    first = child.process.pid
    for _ in range(3):
        child.tend()
    assert child.process.pid == first


def test_it_sweeps_away_what_a_dead_child_left_behind(tmp_path):
    child = Child("heavy", FORKING, mark_of(tmp_path, "heavy"), tmp_path / "heavy.log")
    child.start()
    assert wait_until(lambda: len(marked(child.mark)) == 2)
    orphan = next(pid for pid in marked(child.mark) if pid != child.process.pid)
    os.kill(child.process.pid, signal.SIGKILL)
    child.process.wait()
    child.tend()
    assert wait_until(lambda: orphan not in marked(child.mark))
    kill_marked(mark_of(tmp_path))


def test_marks_of_other_nodes_are_not_ours(tmp_path):
    mine, other = tmp_path / "a", tmp_path / "b"
    with subprocess.Popen(SLEEP, env={**os.environ, "PPE_CHILD": mark_of(other, "web")}) as stranger:
        assert kill_marked(mark_of(mine)) == 0
        assert stranger.poll() is None
        assert kill_marked(mark_of(other)) == 1
        assert stranger.wait(5) == -signal.SIGKILL


def test_a_child_writes_to_its_log(tmp_path):
    child = Child("web", [sys.executable, "-c", "print('hello')"], mark_of(tmp_path, "web"), tmp_path / "web.log")
    child.start()
    child.process.wait(10)
    assert Path(tmp_path / "web.log").read_text() == "hello\n"


def test_a_child_dies_with_its_supervisor(tmp_path):
    script = (
        "import sys,time; from pathlib import Path; from ppe_portal.supervisor import Child, mark_of;"
        f"c=Child('web',[sys.executable,'-c','import time; time.sleep(60)'],mark_of(Path({str(tmp_path)!r}),'web'),"
        f"Path({str(tmp_path)!r})/'web.log'); c.start(); print(c.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as supervisor:
        pid = int(supervisor.stdout.readline())
        assert pid in marked(mark_of(tmp_path))
        supervisor.kill()
        supervisor.wait()
        assert wait_until(lambda: pid not in marked(mark_of(tmp_path)))


def test_a_node_ends_with_whoever_started_it(tmp_path):
    script = (
        "import sys; from pathlib import Path; from ppe_portal.supervisor import Child, Supervisor, mark_of;"
        f"here=Path({str(tmp_path)!r});"
        "c=Child('web',[sys.executable,'-c','import time; time.sleep(60)'],mark_of(here,'web'),here/'web.log');"
        "Supervisor([c],here,sys.stdin.fileno()).run()"
    )
    starter = (
        "import subprocess,sys,time;"
        f"p=subprocess.Popen([sys.executable,'-c',{script!r}],stdin=subprocess.PIPE,start_new_session=True);"
        "print(p.pid,flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True) as parent:
        node = int(parent.stdout.readline())
        assert wait_until(lambda: marked(mark_of(tmp_path)))
        parent.kill()
        parent.wait()
        assert wait_until(lambda: not marked(mark_of(tmp_path)) and not Path(f"/proc/{node}/cmdline").exists())
