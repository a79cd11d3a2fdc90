"""Who takes a complete file. Rooms above register here; uploads knows none of them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from uploads import limits
from uploads.errors import UnknownPurposeError
from uploads.models import Upload
from wire.messages import Message

Handler = Callable[[Upload], dict[str, Any]]


@dataclass(frozen=True)
class Purpose:
    """A kind of file that this node takes.

    Attributes:
        name: The word in the upload's metadata.
        handler: Called once with the complete upload, inside the transaction that stores what it returns.
            A permanent `PpeError` is stored as the answer; anything else is tried again.
        roles: Roles of machines that may send it; None for all.
        max_bytes: Largest file.
        action: What a person must be allowed to do (`stations.rules`) at the sitting that the metadata name.
    """

    name: str
    handler: Handler
    roles: frozenset[str] | None
    max_bytes: int
    action: str = ""


_purposes: dict[str, Purpose] = {}


def register(
    purpose: str,
    handler: Handler,
    *,
    roles: Collection[str] | None = None,
    max_bytes: int | None = None,
    action: str = "",
) -> None:
    """Let a room take the files of a purpose.

    Args:
        purpose: The word in the upload's metadata.
        handler: What is called with the complete file.
        roles: Roles of machines that may send it (`wire.pki.Role` values); None for all.
        max_bytes: Largest file; the general limit when None.
        action: What a person must be allowed to do at the sitting of the file, judged before a byte of it is read.
    """
    _purposes[purpose] = Purpose(
        purpose, handler, None if roles is None else frozenset(str(role) for role in roles), max_bytes or 0, action
    )


def unregister(purpose: str) -> None:
    """Take a purpose back."""
    _purposes.pop(purpose, None)


def purpose_of(name: str) -> Purpose:
    """Return a registered purpose.

    Raises:
        UnknownPurposeError: Nobody on this node takes such files.
    """
    purpose = _purposes.get(name)
    if purpose is None:
        known = ", ".join(sorted(_purposes)) or "—"
        raise UnknownPurposeError(
            Message(
                "Files of purpose {name} are not taken here (taken: {known}).",
                name=name,
                known=known,
            ),
        )
    return purpose


def max_bytes(purpose: Purpose) -> int:
    """Return the largest file of a purpose."""
    general = int(limits.limit("UPLOAD_MAX_BYTES"))
    return min(purpose.max_bytes, general) if purpose.max_bytes else general
