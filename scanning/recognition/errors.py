"""Why a file cannot become pages or a recording."""

from wire.errors import PpeError
from wire.messages import Message


class FileRefusedError(PpeError):
    """A received file is not what the scanning desk can take."""

    code = "file_refused"


class EmptyFileError(FileRefusedError):
    """Zero bytes."""

    code = "empty_file"

    def __init__(self) -> None:
        super().__init__(
            Message("The file has not a single byte."),
            remedy=Message("Save the file again and upload it."),
        )


class UnknownFormatError(FileRefusedError):
    """Not an image of a kind we read, whatever its name says."""

    code = "unknown_format"

    def __init__(self) -> None:
        super().__init__(
            Message("Not a picture of a sheet: TIFF, PDF, JPEG and PNG are read."),
            remedy=Message("Save the sheets as TIFF and upload them."),
        )


class TooManyPixelsError(FileRefusedError):
    """A page that claims more pixels than a sheet of paper can have."""

    code = "too_many_pixels"

    def __init__(self, width: int, height: int, limit: int) -> None:
        super().__init__(
            Message(
                "A page claims {width}×{height} pixels; more than {limit} megapixels are not read.",
                width=width,
                height=height,
                limit=limit // 1000000,
            ),
            remedy=Message("Scan the sheet again: A4, 300 dots per inch."),
        )


class TooManyPagesError(FileRefusedError):
    """A file with more pages than a feeder's batch."""

    code = "too_many_pages"

    def __init__(self, limit: int) -> None:
        super().__init__(
            Message("The file has more than {limit} pages.", limit=limit),
            remedy=Message("Split the batch into several files."),
        )


class WrongDepthError(FileRefusedError):
    """Pixels of a depth that no scanner of an exam point writes."""

    code = "wrong_depth"

    def __init__(self, found: str) -> None:
        super().__init__(
            Message("Depth {found} is not read: 1 bit or 8 bits a channel are.", found=found),
            remedy=Message("Set the scanner to black-and-white, 300 dpi."),
        )


class DamagedFileError(FileRefusedError):
    """The file breaks off or its structure is wrong."""

    code = "damaged_file"

    def __init__(self, page: int | None = None) -> None:
        super().__init__(
            Message("The file is damaged or cut short.")
            if page is None
            else Message("Page {page} of the file is damaged or cut short.", page=page + 1),
            remedy=Message("Copy the file again or scan the sheet again."),
        )


class LockedFileError(FileRefusedError):
    """A PDF that opens only with a password."""

    code = "locked_file"

    def __init__(self) -> None:
        super().__init__(
            Message("The file opens only with a password."),
            remedy=Message("Save the sheets without a password, as TIFF, and upload them."),
        )


class UnreadCodingError(FileRefusedError):
    """Whole, but coded in a way that no decoder here knows."""

    code = "unread_coding"

    def __init__(self, coding: str) -> None:
        super().__init__(
            Message("Pictures coded as “{coding}” are not read.", coding=coding),
            remedy=Message("Set the scanner to TIFF, black-and-white, 300 dpi, and scan the sheet again."),
        )


class TooFewPixelsError(FileRefusedError):
    """A picture on which no sheet can be seen."""

    code = "too_few_pixels"

    def __init__(self, width: int, height: int) -> None:
        super().__init__(
            Message("A picture of {width}×{height} pixels is no sheet.", width=width, height=height),
            remedy=Message("Scan the sheet again: A4, 300 dots per inch."),
        )


class NotARecordingError(FileRefusedError):
    """No decoder finds sound in it."""

    code = "not_a_recording"

    def __init__(self) -> None:
        super().__init__(
            Message("The file holds no sound that can be read."),
            remedy=Message("Export the answers from the recording station again."),
        )


class DecoderStoppedError(FileRefusedError):
    """The decoding process had to be ended: too slow, too big, or it fell."""

    code = "decoder_stopped"
    permanent = False

    def __init__(self, message: Message) -> None:
        super().__init__(
            message,
            remedy=Message("Look at the sheet yourself; if it does not open, scan it again."),
        )


class PassingTroubleError(DecoderStoppedError):
    """The machine, not the file, stood in the way: a full disk, too little memory, a child that died.

    Attributes:
        harmless: Whether it says nothing at all about the file: a full disk. Memory and death may be the file's doing.
    """

    code = "passing_trouble"
    permanent = False
    harmless = False


class DiskWantingError(PassingTroubleError):
    """The disk did not take the picture of record."""

    code = "disk_wanting"
    harmless = True

    def __init__(self) -> None:
        super().__init__(Message("The node's disk has no room for the picture of a sheet."))
        self.remedy = Message("Free some space: reading goes on by itself.")
