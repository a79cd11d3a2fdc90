"""The decoding child: hostile bytes are decoded in a process of their own.

It is started once per worker, bounded in memory, dies with its parent, and answers one request at a time: four bytes
of length, then JSON, both ways. The parent's half is `scanning.recognition.decoder`.
"""

import ctypes
import errno
import os
import resource
import signal
import sys
from typing import BinaryIO

import cv2

from scanning.recognition.operations import OPERATIONS
from scanning.recognition.protocol import Operations, Told, read_message, refusal_message, write_message
from wire.durable import DiskError
from wire.errors import PpeError

MEMORY_BYTES = 3 << 29
FILE_BYTES = 256 << 20
_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel to end this process when its parent ends, however that happens."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have died before the request was made.
    if os.getppid() != parent:
        sys.exit(1)


def bound_resources() -> None:
    """Bound memory, written files and core dumps; a bomb ends this process and nothing else."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))


def serve(requests: BinaryIO, answers: BinaryIO, operations: Operations) -> None:
    """Answer requests until the parent closes the pipe."""
    while (request := read_message(requests)) is not None:
        write_message(answers, _answer(request, operations))


def _answer(request: Told, operations: Operations) -> Told:
    try:
        return {"ok": operations[request.pop("operation")](**request)}
    except DiskError as refusal:
        return {"failed": refusal.text("en")[:500], "passing": "disk"}
    except PpeError as refusal:
        return refusal_message(refusal)
    except MemoryError:
        return {"failed": "MemoryError", "passing": "memory"}
    except Exception as error:
        found = {"failed": f"{type(error).__name__}: {error}"[:500]}
        trouble = _trouble(error)
        return {**found, "passing": trouble} if trouble else found


#: Errors that speak of the machine at this moment, not of the file.
_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
_MEMORY = frozenset({errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EAGAIN})


def _trouble(error: Exception) -> str:
    if isinstance(error, cv2.error):
        return "memory" if "Insufficient memory" in str(error) else ""
    if isinstance(error, OSError):
        return "disk" if error.errno in _DISK else "memory" if error.errno in _MEMORY else ""
    return ""


def main(parent: str) -> None:
    """Run the child for the parent process with this id."""
    die_with_parent(int(parent))
    bound_resources()
    answers = os.fdopen(os.dup(1), "wb")
    # Libraries that print must not write into the protocol.
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    write_message(answers, {"ready": os.getpid()})
    serve(sys.stdin.buffer, answers, OPERATIONS)


if __name__ == "__main__":
    main(sys.argv[1])
