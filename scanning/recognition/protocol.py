"""Messages between a worker and its decoding child: four bytes of length, then JSON."""

import json
import struct
from collections.abc import Callable
from typing import Any, BinaryIO

from scanning.recognition.errors import FileRefusedError
from wire.errors import PpeError
from wire.messages import Message

Told = dict[str, Any]
Operations = dict[str, Callable[..., Told]]

LENGTH = struct.Struct(">I")
MAX_MESSAGE = 4 << 20


def read_message(stream: BinaryIO) -> Told | None:
    """Read one message; None at the end of the stream."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(head)
    if size > MAX_MESSAGE:
        return None
    body = stream.read(size)
    if len(body) < size:
        return None
    message: Told = json.loads(body)
    return message


def write_message(stream: BinaryIO, message: Told) -> None:
    """Write one message."""
    body = json.dumps(message, ensure_ascii=False).encode()
    stream.write(LENGTH.pack(len(body)) + body)
    stream.flush()


def refusal_message(refusal: PpeError) -> Told:
    """A refusal as the child tells it."""
    return {
        "refused": {
            "code": refusal.code,
            "message": refusal.message.as_json(),
            "remedy": refusal.remedy.as_json(),
        }
    }


def told_refusal(told: dict[str, Any]) -> FileRefusedError:
    """The refusal that a child told, as an exception of its own code."""
    kind = next((each for each in _all_kinds(FileRefusedError) if each.code == told["code"]), FileRefusedError)
    refusal = kind.__new__(kind)
    FileRefusedError.__init__(refusal, Message.from_json(told["message"]), remedy=Message.from_json(told["remedy"]))
    return refusal


def _all_kinds(kind: type[FileRefusedError]) -> list[type[FileRefusedError]]:
    return [kind, *(each for sub in kind.__subclasses__() for each in _all_kinds(sub))]
