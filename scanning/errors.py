"""What the scanning desk refuses, in words an operator can act upon."""

from wire.errors import FieldError, PpeError
from wire.messages import NOTHING, Message, Several


class CardRefusedError(PpeError):
    """The card cannot be saved as filled in."""

    code = "card_refused"


class CardChangedError(PpeError):
    """Somebody saved the card after this person opened it."""

    code = "card_changed"
    http_status = 409

    def __init__(self, who: str, parts: list[FieldError]) -> None:
        message = Several([part.message for part in parts]) if parts else Message("the values are the same")
        super().__init__(
            Message("{who} has already changed the card: {changes}.", who=who, changes=message),
            remedy=Message("Compare the values with the sheet and save again."),
            parts=parts,
        )


class CardIsClosedError(PpeError):
    """The room is closed: nothing in it changes until it is opened again."""

    code = "card_closed"
    http_status = 409

    def __init__(self, room: str) -> None:
        super().__init__(
            Message("Room {room} is closed: its sheets do not change any more.", room=room),
            remedy=Message("A request of the centre, or a journal with new sets, opens the room again by itself."),
        )


class NotBalancedError(PpeError):
    """The room's balance is not zero."""

    code = "not_balanced"
    http_status = 409

    def __init__(self, reasons: list[tuple[str, Message]]) -> None:
        super().__init__(
            Message("The room cannot be closed: {reasons}.", reasons=[each for _code, each in reasons]),
            remedy=Message("Settle the differences, or close the room with an act."),
            parts=[FieldError(code, "", "", each) for code, each in reasons],
        )


class NothingDifferentError(PpeError):
    """An act is asked for where nothing is different."""

    code = "nothing_different"
    http_status = 409

    def __init__(self) -> None:
        super().__init__(Message("Nothing differs: close the room without an act."))


class NotReadYetError(PpeError):
    """Some sheets or recordings are still being read."""

    code = "not_read_yet"
    http_status = 409
    permanent = False

    def __init__(self, count: int) -> None:
        super().__init__(
            Message(
                "{count} sheets and recordings are still being read. Wait; the page reloads by itself.", count=count
            ),
        )


class StillSealedError(PpeError):
    """Form numbers cannot be compared before the access key is active."""

    code = "numbers_sealed"
    http_status = 409

    def __init__(self, why: Message) -> None:
        """Name why they are sealed (`journals.forms.why_sealed`)."""
        super().__init__(
            Message("The form numbers are still sealed: {why}.", why=why),
            remedy=Message(
                "A GEK member activates the key; a journal that does not open is formed at its station anew."
            ),
        )


class DecisionRefusedError(PpeError):
    """The decision about a sheet or recording is not a legal one."""

    code = "decision_refused"


class PicturesGoneError(PpeError):
    """A room cannot be packed: pictures of its sheets are not on the disk as they were read."""

    code = "pictures_gone"

    def __init__(self, room: str, sheets: list[str]) -> None:
        listed = ", ".join(sheets[:20])
        super().__init__(
            Message(
                "Room {room}: pictures of sheets are not on the disk, nothing is packed: {listed}.",
                room=room,
                listed=listed,
            ),
            remedy=Message("The room is open again: read these sheets again or scan them anew, then close it."),
        )


class NoPictureError(DecisionRefusedError):
    """A sheet without a picture can only be read again or left out."""

    code = "no_picture"

    def __init__(self) -> None:
        super().__init__(
            Message("The sheet has no picture: no number and no decision is taken."),
            remedy=Message("Press “Read again”; if that does not help, scan the sheet again and leave this one out."),
        )


class NumberRefusedError(DecisionRefusedError):
    """The typed number is not one that this sheet can have."""

    code = "number_refused"


class NothingToUndoError(PpeError):
    """The last decision cannot be taken back."""

    code = "nothing_to_undo"
    http_status = 409

    def __init__(self) -> None:
        super().__init__(
            Message("There is nothing to undo: the decision was undone, settled by closing, or others came after it."),
            remedy=Message("Reload the page: it names the last decision that can be undone."),
        )


class BatchRefusedError(PpeError):
    """This cannot be done with the batch."""

    code = "batch_refused"
    http_status = 409


class FileTooBigError(PpeError):
    """One file is bigger than any batch of sheets or any answer can be."""

    code = "file_too_big"
    http_status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(Message("Files over {limit} MB are not taken.", limit=limit // 1000000))


class AlreadyTakenError(PpeError):
    """These very bytes are here already."""

    code = "already_taken"
    http_status = 409

    def __init__(self, message: Message) -> None:
        super().__init__(message)


class NothingToShowError(PpeError):
    """The file that should be there cannot be read."""

    code = "file_unreadable"
    http_status = 404


# A scanner: each with what to do at the machine.


class ScannerRefusedError(PpeError):
    """The scanner cannot do it now; the sheets that came out before are kept."""

    code = "scanner_refused"
    http_status = 409
    permanent = False
    said: tuple[Message, Message] = (NOTHING, NOTHING)

    def __init__(self, detail: str = "") -> None:
        message, remedy = self.said
        more = f" ({detail})" if detail else ""
        super().__init__(Message("{trouble}{more}.", trouble=message, more=more), remedy=remedy)


class ScannerSoftwareMissingError(ScannerRefusedError):
    """SANE is not on this machine."""

    code = "scanner_software_missing"
    said = (
        Message("There is no scanimage on the node"),
        Message("Install the package sane-utils, or upload the files of the scanner's own software."),
    )


class NoScannerError(ScannerRefusedError):
    """No device answers."""

    code = "no_scanner"
    said = (
        Message("No scanner was found"),
        Message("Check the scanner's power and cable, then look for scanners again."),
    )


class ScannerBusyError(ScannerRefusedError):
    """Somebody scans with it already."""

    code = "scanner_busy"
    said = (
        Message("The scanner is busy"),
        Message("Wait for the end of that pass, or stop it in its room."),
    )


class PresetUnavailableError(ScannerRefusedError):
    """The device cannot do what the preset asks."""

    code = "preset_unavailable"
    said = (
        Message("The scanner cannot do what the preset asks for"),
        Message("Choose another preset: one side, or the glass."),
    )


class PaperJamError(ScannerRefusedError):
    """Paper is stuck."""

    code = "paper_jam"
    said = (
        Message("The paper is jammed"),
        Message(
            "Take the sheet out, smooth it and put it back with the rest. Sheets already taken need no second pass."
        ),
    )


class FeederEmptyError(ScannerRefusedError):
    """There is no paper in the feeder."""

    code = "feeder_empty"
    said = (
        Message("The feeder is empty"),
        Message("Put the room's sheets in and scan."),
    )


class CoverOpenError(ScannerRefusedError):
    """The cover is open."""

    code = "cover_open"
    said = (
        Message("The cover is open"),
        Message("Close the cover, put the unfinished sheet back and scan."),
    )


class ScannerDeniedError(ScannerRefusedError):
    """The node may not use the device."""

    code = "scanner_denied"
    said = (
        Message("The node may not use the scanner"),
        Message("Add the node's user to the group scanner and start the node again."),
    )


class ScannerFailedError(ScannerRefusedError):
    """The device or its driver failed."""

    code = "scanner_failed"
    said = (
        Message("The scanner reported an error"),
        Message("Switch the scanner off and on. What was taken stays; go on with the next sheet."),
    )


class ScannerSilentError(ScannerRefusedError):
    """Nothing came for too long."""

    code = "scanner_silent"
    said = (
        Message("The scanner has been silent for too long"),
        Message("Look at the scanner and the feeder, then scan again."),
    )


class PassBrokenOffError(ScannerRefusedError):
    """The pass ended with its worker or its scanimage."""

    code = "scan_broken_off"
    said = (
        Message("The pass broke off"),
        Message("Compare the last sheet taken with the paper, put the rest into the feeder and scan."),
    )


class NotScanningError(ScannerRefusedError):
    """There is no such pass to stop."""

    code = "not_scanning"
    said = (Message("This pass has ended already"), NOTHING)


# A folder that cannot be watched for a room.


class FolderNotAllowedError(PpeError):
    """It lies outside the folders that the node may watch."""

    code = "folder_not_allowed"
    http_status = 403

    def __init__(self, path: str) -> None:
        super().__init__(
            Message("The node does not watch the folder “{path}”.", path=path),
            remedy=Message("Choose one of the list. The variable PPE_SCAN_DIRS of the node names what is allowed."),
        )


class FolderMissingError(PpeError):
    """It is not there, or the node may not write in it."""

    code = "folder_missing"
    http_status = 404
    permanent = False

    def __init__(self, path: str) -> None:
        super().__init__(
            Message("The folder “{path}” is not there, or the node cannot move files in it.", path=path),
            remedy=Message("Check the drive and the permissions."),
        )


class FolderBusyError(PpeError):
    """Files of another room still wait in it."""

    code = "folder_busy"
    http_status = 409
    permanent = False

    def __init__(self, room: str, files: int) -> None:
        super().__init__(
            Message("{files} files of room {room} still lie in it.", files=files, room=room),
            remedy=Message("Wait until they are taken, then try again."),
        )
