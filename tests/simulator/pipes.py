"""What the world and its nodes say to each other: one message at a time over a pair of sockets."""

import pickle
import socket
import struct
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_LENGTH = struct.Struct("!I")


@dataclass
class Live:
    """Be born.

    Attributes:
        plant: Name of a fault to carry (tests.simulator.plants); empty in an honest world.
        synced: File to which every byte that was synced to the disk is noted.
    """

    plant: str
    synced: str


@dataclass
class Order:
    """Do something.

    Attributes:
        act: Name of the act.
        at: What the node's clock says.
        seed: Of everything that the node draws.
        serial: First of the numbers that sheets and pictures made by this order get.
        die_at: Die at this point of those passed on the way; 0 to live.
        fail_at: Let this write to the disk fail; 0 for none.
        failure: errno of that failure.
    """

    act: str
    args: dict[str, Any]
    at: datetime
    seed: int
    serial: int
    die_at: int = 0
    fail_at: int = 0
    failure: int = 0


@dataclass
class Done:
    """What came of an order.

    Attributes:
        result: What the act returned.
        problem: A traceback when it failed in a way that no person is told of.
        refused: What a person was told when it was refused.
        wakes: Wake-ups for the queue: job and key of the row.
        slept: Seconds that were slept through.
        passed: How many points were passed where it could have died.
        wrote: How many writes reached the disk.
    """

    result: Any = None
    problem: str = ""
    refused: str = ""
    wakes: list[tuple[str, int]] = field(default_factory=list)
    slept: float = 0.0
    passed: int = 0
    wrote: int = 0


@dataclass
class Request:
    """A request over the line, in the middle of an order."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass
class Answer:
    """What the other node said; status 0 when the line broke."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass
class Ended:
    """A life ended.

    Attributes:
        status: As `os.waitpid` gives it.
    """

    status: int


class Channel:
    """One end of the pair."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def send(self, message: object) -> None:
        """Say something."""
        data = pickle.dumps(message)
        self._line.sendall(_LENGTH.pack(len(data)) + data)

    def receive(self) -> Any:
        """Hear the next thing.

        Raises:
            EOFError: The other end is gone.
        """
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        return pickle.loads(self._exactly(length))

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            piece = self._line.recv(size - len(found), socket.MSG_WAITALL)
            if not piece:
                raise EOFError
            found += piece
        return found
