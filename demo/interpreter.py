"""An interpreter that another user of this machine can run: the node of the exam point must not run as root.

A virtual environment made from a Python in somebody's home folder cannot be used by anybody else. Then its standard
library is linked beside the played day; nothing is changed outside.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: An account number that belongs to nobody on a usual machine.
OTHER_UID = 61_781
_SKIPPED = frozenset({"site-packages", "test", "idlelib", "turtledemo", "ensurepip", "lib2to3"})
_PROBE = "import django, cryptography, cv2, zxingcpp, av"


@dataclass(frozen=True, slots=True)
class Runner:
    """How to run Python: the executable, what it needs in the environment, and as whom."""

    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)
    uid: int | None = None
    reason: str = ""


def other_user(work: Path) -> Runner:
    """Return a runner under another uid; ``uid`` is None, with the reason, when this machine cannot do it."""
    if os.geteuid() != 0:
        return Runner(reason="the HQ under another uid needs root to start it")
    for runner in (Runner(uid=OTHER_UID), _linked(work)):
        problem = _try(runner)
        if not problem:
            return runner
    return Runner(reason=f"uid {OTHER_UID} cannot run Python here: {problem}")


def _try(runner: Runner) -> str:
    try:
        done = subprocess.run(
            [runner.python, "-c", _PROBE],
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", ""), **runner.environment},
            user=runner.uid,
            group=runner.uid,
            extra_groups=[],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return "" if done.returncode == 0 else done.stderr.strip().rsplit("\n", 1)[-1]


def _link_file(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def _linked(work: Path) -> Runner:
    home = work / "python"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    library = Path(sysconfig.get_paths()["stdlib"])
    if not home.exists():
        (home / "bin").mkdir(parents=True)
        (home / "lib").mkdir()
        _link_file(str(Path(sys.executable).resolve()), str(home / "bin" / version))
        for shared in library.parent.glob("libpython*.so*"):
            _link_file(str(shared), str(home / "lib" / shared.name))
        shutil.copytree(
            library,
            home / "lib" / version,
            copy_function=_link_file,
            ignore=lambda _folder, names: _SKIPPED.intersection(names),
        )
    # A path file, not PYTHONPATH: processes that start with a bare environment find the packages too.
    site = home / "lib" / version / "site-packages"
    site.mkdir(exist_ok=True)
    (site / "packages.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    environment = {"LD_LIBRARY_PATH": str(home / "lib"), "PYTHONDONTWRITEBYTECODE": "1"}
    return Runner(str(home / "bin" / version), environment, OTHER_UID)
