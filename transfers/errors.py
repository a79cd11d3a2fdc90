"""Why something about packets and statuses is refused."""

from wire.errors import PpeError


class TransferError(PpeError):
    """A step with packets cannot be done."""

    code = "transfer"
    http_status = 409


class RoomNotClosedError(TransferError):
    """Only a closed room is packed."""

    code = "room_not_closed"


class NothingToBuildError(TransferError):
    """There is no closed room without a packet."""

    code = "nothing_to_build"


class NothingToSignError(TransferError):
    """No packet awaits a signature."""

    code = "nothing_to_sign"


class PacketFileMissingError(TransferError):
    """The packet's file is not where it was put."""

    code = "packet_file_missing"


class CannotRetryError(TransferError):
    """The packet is not one that a person can send again."""

    code = "cannot_retry"


class NoCentreError(TransferError):
    """The node does not know the address of the centre."""

    code = "no_centre"
    permanent = False


class ForeignReceiptError(TransferError):
    """A receipt of another point, or of the other mode."""

    code = "foreign_receipt"


class ForeignFeedError(TransferError):
    """A feed item of another point, or of the other mode."""

    code = "foreign_feed"


class ForeignPacketError(TransferError):
    """A packet of another point, sitting or mode, or with the number of another packet."""

    code = "foreign_packet"


class PhoneNotNeededError(TransferError):
    """There is no status that would have to be told by telephone."""

    code = "phone_not_needed"


class PhoneAnswerWrongError(TransferError):
    """The four characters are not the centre's answer to the code."""

    code = "phone_answer"
    http_status = 400


class NodeBusyError(TransferError):
    """The node could not store something just now."""

    code = "node_busy"
    http_status = 503
    permanent = False


class FeedForkError(TransferError):
    """Two items of one number."""

    code = "feed_fork"


class NothingOnFlashError(TransferError):
    """The drive holds nothing that this page reads."""

    code = "nothing_on_flash"
