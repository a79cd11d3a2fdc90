"""A decoding child that dies in the middle of a request: not before it was asked, not after it answered."""

import signal
import threading
from pathlib import Path

from scanning.recognition.decoder import decoder


def die_in_the_middle() -> None:
    """Stop the child, so that the next request waits for it, and kill it while it does."""
    decoder().warm()
    child = decoder()._process
    child.send_signal(signal.SIGSTOP)
    while Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        pass
    threading.Timer(0.2, child.kill).start()
