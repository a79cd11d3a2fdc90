"""What a scanner refuses, each with what to do at the machine."""

from wire.errors import Refusal
from wire.messages import NOTHING, Message


class ScannerRefused(Refusal):
    """The scanner cannot do it now; the sheets that came out before are kept."""

    code = "scanner_refused"
    http_status = 409
    permanent = False
    said: tuple[Message, Message] = (NOTHING, NOTHING)

    def __init__(self, detail: str = "") -> None:
        message, remedy = self.said
        more = f" ({detail})" if detail else ""
        super().__init__(Message("{message}{more}.", message=message, more=more), remedy=remedy)


class ScannerSoftwareMissing(ScannerRefused):
    """SANE is not on this machine."""

    code = "scanner_software_missing"
    said = (
        Message("There is no scanimage on the node"),
        Message("Install the package sane-utils, or upload the files of the scanner's own software."),
    )


class NoScanner(ScannerRefused):
    """No device answers."""

    code = "no_scanner"
    said = (
        Message("No scanner was found"),
        Message("Check the scanner's power and cable, then look for scanners again."),
    )


class ScannerBusy(ScannerRefused):
    """Somebody scans with it already."""

    code = "scanner_busy"
    said = (
        Message("The scanner is busy"),
        Message("Wait for the end of that pass, or stop it in its room."),
    )


class PresetUnavailable(ScannerRefused):
    """The device cannot do what the preset asks."""

    code = "preset_unavailable"
    said = (
        Message("The scanner cannot do what the preset asks for"),
        Message("Choose another preset: one side, or the glass."),
    )


class PaperJam(ScannerRefused):
    """Paper is stuck."""

    code = "paper_jam"
    said = (
        Message("The paper is jammed"),
        Message(
            "Take the sheet out, smooth it and put it back with the rest. Sheets already taken need no second pass."
        ),
    )


class FeederEmpty(ScannerRefused):
    """There is no paper in the feeder."""

    code = "feeder_empty"
    said = (
        Message("The feeder is empty"),
        Message("Put the room's sheets in and scan."),
    )


class CoverOpen(ScannerRefused):
    """The cover is open."""

    code = "cover_open"
    said = (
        Message("The cover is open"),
        Message("Close the cover, put the unfinished sheet back and scan."),
    )


class ScannerDenied(ScannerRefused):
    """The node may not use the device."""

    code = "scanner_denied"
    said = (
        Message("The node may not use the scanner"),
        Message("Add the node's user to the group scanner and start the node again."),
    )


class ScannerFailed(ScannerRefused):
    """The device or its driver failed."""

    code = "scanner_failed"
    said = (
        Message("The scanner reported an error"),
        Message("Switch the scanner off and on. What was taken stays; go on with the next sheet."),
    )


class ScannerSilent(ScannerRefused):
    """Nothing came for too long."""

    code = "scanner_silent"
    said = (
        Message("The scanner has been silent for too long"),
        Message("Look at the scanner and the feeder, then scan again."),
    )


class PassBrokenOff(ScannerRefused):
    """The pass ended with its worker or its scanimage."""

    code = "scan_broken_off"
    said = (
        Message("The pass broke off"),
        Message("Compare the last sheet taken with the paper, put the rest into the feeder and scan."),
    )


class NotScanning(ScannerRefused):
    """There is no such pass to stop."""

    code = "not_scanning"
    said = (Message("This pass has ended already"), NOTHING)
