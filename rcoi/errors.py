"""Refusals of the centre. Those of a packet become the typed reasons of a rejected receipt."""

from typing import ClassVar

from wire.errors import PpeError


class PacketError(PpeError):
    """A packet cannot be taken in or acknowledged."""

    code: ClassVar[str] = "packet_refused"
    http_status: ClassVar[int] = 422


class WrongModeError(PacketError):
    """A rehearsal's packet at a live centre, or the other way round."""

    code: ClassVar[str] = "wrong_mode"


class ForeignPointError(PacketError):
    """The packet is about a point or sitting that its sender or this centre has nothing to do with."""

    code: ClassVar[str] = "foreign_point"


class UnknownSittingError(PacketError):
    """The registry knows no such sitting, or no such room in it."""

    code: ClassVar[str] = "unknown_sitting"


class SequenceForkError(PacketError):
    """Another packet already has this number of this node."""

    code: ClassVar[str] = "sequence_fork"


class UidTakenError(PacketError):
    """Other bytes already have this uid and version: a version never changes."""

    code: ClassVar[str] = "uid_taken"


class CountsDifferError(PacketError):
    """Header, room.json and the files do not agree."""

    code: ClassVar[str] = "counts_differ"


class SheetHasNoPictureError(PacketError):
    """The file of a sheet is empty or holds no picture."""

    code: ClassVar[str] = "no_picture"


class WrongContentError(PacketError):
    """A mandatory file is missing, repeated or not what it says it is."""

    code: ClassVar[str] = "wrong_content"


class FileGoneError(PpeError):
    """A stored file is not in its place: the store is damaged."""

    code: ClassVar[str] = "file_gone"
    http_status: ClassVar[int] = 500
    permanent: ClassVar[bool] = False


class NothingToImportError(PpeError):
    """The folder or form holds no packet."""

    code: ClassVar[str] = "nothing_to_import"


class RequestRefusedError(PpeError):
    """What the person asks for cannot be done as asked."""

    code: ClassVar[str] = "request_refused"


class NotFoundedError(PpeError):
    """The centre has no keys yet."""

    code: ClassVar[str] = "not_founded"
    http_status: ClassVar[int] = 409


class PhoneCodeWrongError(PpeError):
    """The code was not made by this point on this day."""

    code: ClassVar[str] = "phone_code_wrong"
    http_status: ClassVar[int] = 422


class PhoneCodeUsedError(PpeError):
    """The code was taken before, or the packet itself has come."""

    code: ClassVar[str] = "phone_code_used"
    http_status: ClassVar[int] = 409


class PhoneLockedError(PpeError):
    """Too many wrong codes of one point."""

    code: ClassVar[str] = "phone_locked"
    http_status: ClassVar[int] = 429
    permanent: ClassVar[bool] = False
