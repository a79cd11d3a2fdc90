"""Places where the proofs kill a process: between every two steps of sealing, sending, receiving and receipting.

Without ``PPE_FAULT_POINTS`` in the environment, which no real node has, a fault point does nothing. With it, naming a
folder, the process that comes first to a point leaves a file of the point's name there and dies of SIGKILL; the next
one finds the file and goes on (tests/proofs/test_fault_points.py).
"""

import os
import signal
from pathlib import Path


def here(name: str) -> None:
    """Die here, once, when the proofs ask for it."""
    folder = os.environ.get("PPE_FAULT_POINTS")
    if folder is None:
        return
    try:
        os.close(os.open(Path(folder) / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
