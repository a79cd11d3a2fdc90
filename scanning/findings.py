"""What each finding means to the person at the desk: the cause, and what to do with the paper."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scanning.models import Finding, Recording, Sheet
from wire.messages import Message

Words = str | Promise


@dataclass(frozen=True)
class Meaning:
    """One kind of finding in words."""

    cause: Words
    cure: Words


MEANINGS: dict[str, Meaning] = {
    "unreadable": Meaning(
        _("The code of the sheet cannot be read"),
        _("Find the sheet in the pile. Scan it again, or type the number printed under the barcode."),
    ),
    "foreign_code": Meaning(
        _("The sheet has a foreign code: it is no form of the exam"),
        _("Take the sheet out of the pile and leave it out with a reason."),
    ),
    "codes_differ": Meaning(
        _("The codes on the sheet contradict each other"),
        _("See whether two sheets stick together. Scan each by itself, leave this picture out."),
    ),
    "code_misplaced": Meaning(
        _("The number is not in its place on the form: it may be a label or another sheet on the glass"),
        _("Compare with the paper. Scan the sheet alone again, or enter the number printed under the bar code."),
    ),
    "mirrored": Meaning(
        _("The picture is mirrored: it is a back with the print showing through, or the scanner mirrors its pictures"),
        _(
            "If it is an empty back, leave the picture out and give the reason. If it is the "
            "front, turn mirroring off in the scanner and scan the sheet again."
        ),
    ),
    "negative": Meaning(
        _("The picture was a negative: white on black"),
        _(
            "Here it is inverted. Turn the negative off in the scanner and scan the sheet again; "
            "if everything is visible, confirm the number."
        ),
    ),
    "picture_damaged": Meaning(
        _("The picture is damaged: a part of the sheet is missing or shifted"),
        _(
            "Compare the picture with the paper and scan the sheet again. Confirm the number only if "
            "the whole sheet is visible."
        ),
    ),
    "pale_writing": Meaning(
        _("The writing is pale: black and white would lose it"),
        _(
            "The grey picture was kept. If the writing is visible on it, confirm the number and it "
            "goes to the centre; if not, scan the sheet darker."
        ),
    ),
    "empty_page": Meaning(
        _("Empty page"),
        _("If it is the back of a sheet, leave the page out. If the sheet lay face down, scan it again."),
    ),
    "stretched": Meaning(
        _("The picture is longer than the sheet: the feed slipped"),
        _("If everything can be read, nothing needs to be done. Clean the rollers of the scanner."),
    ),
    "shortened": Meaning(
        _("The picture is shorter than the sheet: lines may be missing"),
        _("Compare with the paper and scan the sheet again. Confirm the number only if nothing is missing."),
    ),
    "corner_missing": Meaning(
        _("A corner of the sheet is not seen: folded or cut off"),
        _("Straighten the corners; if text is cut off, scan the sheet again."),
    ),
    "low_resolution": Meaning(_("Low resolution"), _("Set the scanner to 300 dots per inch and scan the sheet again.")),
    "skewed": Meaning(_("The sheet went in askew"), _("Adjust the guides of the scanner.")),
    "double_feed": Meaning(
        _("The page is longer than A4: two sheets may have gone through at once"),
        _("Look through the pile and scan the sheets one by one."),
    ),
    "upside_down": Meaning(_("The sheet lay upside down"), _("The picture has been turned, nothing needs to be done.")),
    "turned": Meaning(_("The sheet lay sideways"), _("The picture has been turned, nothing needs to be done.")),
    "side_unknown": Meaning(
        _("It cannot be seen where the top of the sheet is"), _("Look at the picture; does it need another scan?")
    ),
    "streaks": Meaning(_("Streaks along the whole page"), _("Wipe the glass of the scanner and scan the sheet again.")),
    "unsure_cells": Meaning(
        _("Not every cell of the form was read with certainty"),
        _("Read the marked cells yourself and compare them with the room cards."),
    ),
    "blank": Meaning(_("The answer field is empty"), _("Empty forms are scanned too; nothing needs to be done.")),
    "decoder_stopped": Meaning(
        _("A page of the file cannot be read"), _("Scan the sheet again, leave this picture out with a reason.")
    ),
    "passing_trouble": Meaning(
        _("Reading of the sheet broke off several times"),
        _("Press “Read again”; if that does not help, scan the sheet again and leave this picture out."),
    ),
    "disk_wanting": Meaning(
        _("The node's disk had no room for the picture"), _("Free some space: reading goes on by itself.")
    ),
    "damaged_file": Meaning(
        _("A page of the file is damaged"), _("Scan the sheet again, leave this picture out with a reason.")
    ),
    "too_many_pixels": Meaning(_("The page claims to be too large"), _("Scan the sheet again: A4, 300 dpi.")),
    "too_few_pixels": Meaning(_("The picture is too small for a sheet"), _("Scan the sheet again: A4, 300 dpi.")),
    "unread_coding": Meaning(
        _("The page is coded in a way that is not read"), _("Set the scanner to TIFF and scan the sheet again.")
    ),
    "wrong_depth": Meaning(_("Unsuitable colour depth"), _("Set up the scanner: black and white, 300 dpi.")),
    "silent": Meaning(
        _("There is no sound in the recording"),
        _("Listen to it. Export the recording from the station again, or accept it with a reason."),
    ),
    "no_speech": Meaning(
        _("There is no speech in the recording"),
        _("Listen to it. Export the recording from the station again, or accept it with a reason."),
    ),
    "long_silence": Meaning(_("A long silence in the recording"), _("Listen to the recording.")),
    "very_quiet": Meaning(
        _("The speech in the recording is very quiet"), _("Listen to the recording with the sound turned up.")
    ),
    "holes": Meaning(
        _("The sound of the recording has holes"),
        _("Listen to it. Copy the file from the voice station again, or accept it with a reason."),
    ),
    "sound_behind": Meaning(
        _("The file goes on behind the end of its sound: players do not play that part"),
        _("Copy the file from the voice station again. If it is the same, accept it with a reason."),
    ),
    "clipping": Meaning(_("The sound is overloaded"), _("Listen to the recording.")),
    "cut": Meaning(
        _("The recording breaks off: the file is not whole"),
        _(
            "Copy the file from the voice station again; leave this one out. If there is no other, "
            "accept it with a reason."
        ),
    ),
    "damaged": Meaning(_("The recording is damaged"), _("Copy the file from the voice station again.")),
    "too_long": Meaning(_("The recording is too long"), _("See whether it is the right recording.")),
    "wrong_container": Meaning(
        _("The extension of the file does not fit its content"), _("See whether it is the right file.")
    ),
    "not_a_recording": Meaning(_("There is no sound in the file"), _("Copy the file from the voice station again.")),
    "length_differs": Meaning(
        _("The length is not the one in the station's journal"),
        _("Copy the file from the voice station again, or listen to it."),
    ),
    "hash_differs": Meaning(
        _("The file is not the one in the station's journal"), _("Copy the file from the voice station again.")
    ),
    "not_in_journal": Meaning(
        _("No voice journal lists this recording"), _("See whether the recording is of this room.")
    ),
}
_UNKNOWN = Meaning(_("Remark"), _("Look at the sheet."))


def meaning(kind: str) -> Meaning:
    """Return the words for a kind of finding."""
    return MEANINGS.get(kind, _UNKNOWN)


def _value(value: Any) -> Any:
    """Return what a doubt names: a sentence, or something measured."""
    return value if isinstance(value, Message) else str(value)[:300]


def store(doubts: Iterable[dict[str, Any]], *, sheet: Sheet | None = None, recording: Recording | None = None) -> bool:
    """Replace the findings of a sheet or recording; return whether any of them needs a decision."""
    Finding.objects.filter(sheet=sheet, recording=recording).delete()
    return add(doubts, sheet=sheet, recording=recording)


def add(doubts: Iterable[dict[str, Any]], *, sheet: Sheet | None = None, recording: Recording | None = None) -> bool:
    """Add findings to a sheet or recording; return whether any of them needs a decision."""
    rows = [
        Finding(
            sheet=sheet,
            recording=recording,
            kind=doubt["kind"],
            severity=doubt["severity"],
            place=doubt.get("place"),
            value=_value(doubt.get("value", "")),
            limit=str(doubt.get("limit", ""))[:100],
        )
        for doubt in doubts
    ]
    Finding.objects.bulk_create(rows)
    return any(row.severity == Finding.Severity.PROBLEM for row in rows)
