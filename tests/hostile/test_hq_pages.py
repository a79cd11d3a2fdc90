"""The pages of a point: access keys, journals by browser and by drive, sheets, recordings."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from scanning import recognise
from scanning import recordings as listening
from scanning.models import Finding, Recording, RoomCard, Sheet, Source
from tests.hostile.conftest import HostilePoint
from tests.hostile.files import hostile
from tests.hostile.watch import WatchedAnswer, at, must_be_recorded, must_refuse, post_form, watched
from wire.errors import PpeError
from wire.names.files import key_name

pytestmark = pytest.mark.django_db

Door = Callable[[HostilePoint, str, bytes], WatchedAnswer]
JOURNAL = "END_PRINT_78_0001_290526_01_Русский_язык_0101_0001.dat"


def file(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def keys_load(point: HostilePoint, name: str, data: bytes) -> WatchedAnswer:
    """A file under the very name of the access key that is awaited."""
    sitting = point.day.sitting
    awaited = key_name("78", point.day.point.code, sitting.date, sitting.subject.code, 1)
    return post_form(point.client, f"/keys/{point.day.key}/", "load", files=file(awaited, data))


def keys_package(point: HostilePoint, name: str, data: bytes) -> WatchedAnswer:
    return post_form(point.client, f"/keys/{point.day.key}/", "package", files=file("EXAM_78_0001.zip", data))


def journals_browser(point: HostilePoint, name: str, data: bytes) -> WatchedAnswer:
    return post_form(point.client, f"/monitoring/{point.day.key}/", "journals", files=file(JOURNAL, data))


def journals_flash(point: HostilePoint, name: str, data: bytes) -> WatchedAnswer:
    (point.flash_dir / JOURNAL).write_bytes(data)
    return post_form(point.client, f"/monitoring/{point.day.key}/", "flash", folder=str(point.flash_dir))


def sheets(point: HostilePoint, name: str, data: bytes) -> WatchedAnswer:
    return post_form(point.client, f"/scanning/{point.day.key}/0101/", "upload", files=file("пачка.tif", data))


def recordings(point: HostilePoint, name: str, data: bytes) -> WatchedAnswer:
    return post_form(point.client, f"/scanning/{point.day.key}/0101/", "recordings", files=file("ответ.wav", data))


KEY, PACKAGE, PACKAGE_EMPTY = "access_key_refused", "package_broken", "exam_package_refused"
EMPTY_JOURNAL, JUNK_JOURNAL = "journal_empty", "not_a_journal"
EMPTY_SHEET, UNKNOWN, SOUND = "empty_file", "unknown_format", "not_a_recording"
ANY = ("noise", "photo", "zeros", "words", "zip_slip", "tiff_bomb", "der_fake", "der_deep", "page", "deep_json")

#: Door → hostile file → the code it is refused with.
TABLE: dict[Door, dict[str, str]] = {
    keys_load: {"empty": KEY, **dict.fromkeys(ANY, KEY)},
    keys_package: {
        "empty": PACKAGE_EMPTY,
        **dict.fromkeys(ANY, PACKAGE),
        **dict.fromkeys(("zip_bomb", "zip_torn", "zip_lzma", "zip_far"), PACKAGE),
    },
    journals_browser: {"empty": EMPTY_JOURNAL, **dict.fromkeys((*ANY, "pdf_fake", "zip_bomb"), JUNK_JOURNAL)},
    journals_flash: {"empty": EMPTY_JOURNAL, **dict.fromkeys(ANY, JUNK_JOURNAL)},
    sheets: {
        "empty": EMPTY_SHEET,
        **dict.fromkeys((each for each in ANY if each not in ("photo", "tiff_bomb")), UNKNOWN),
        "tiff_bomb": "too_many_pixels",
        "tiff_cut": "damaged_file",
        "tiff_half": "damaged_file",
    },
    recordings: {
        "empty": EMPTY_SHEET,
        **dict.fromkeys(("photo", "zip_slip", "zip_bomb", "tiff_bomb", "pdf_fake", "page"), SOUND),
    },
}
#: What the page opens for itself at the first look (the cards of the rooms) is there before the file comes.
PAGES: dict[Door, str] = {keys_load: "keys", keys_package: "keys", sheets: "scanning", recordings: "scanning"}


@pytest.mark.parametrize("door", TABLE, ids=lambda door: door.__name__)
def test_every_file_is_refused_at_every_page(point: HostilePoint, told: list[PpeError], door: Door) -> None:
    if door in PAGES:
        point.client.get(f"/{PAGES[door]}/{point.day.key}/")
    if door is keys_load:
        point.keys.access_file()  # its certificate came with the package
    if door is recordings:
        point.day.sitting.rooms.filter(room__number="0101").update(kind="voice", places=4)
    for name, code in TABLE[door].items():
        told.clear()
        with at(door.__name__, name), watched(point.data_dir) as watch:
            answer = door(point, name, hostile(name))
            must_refuse(answer, watch, code, kinds="refused journals.turned_away")
            for refusal in told:
                assert refusal.remedy_text("ru") in answer.text, "the cure is not said"


#: Door → hostile file → what the desk finds in it. The design keeps these: a torn page or answer may be the only one.
KEPT: dict[Door, dict[str, str]] = {
    sheets: {"photo": "unreadable", "tiff_loop": "empty_page", "pdf_fake": "empty_page"},
    recordings: dict.fromkeys(("noise", "zeros", "words", "der_fake", "deep_json"), SOUND),
}


@pytest.mark.parametrize("door", KEPT, ids=lambda door: door.__name__)
def test_what_may_be_all_that_is_left_is_kept_and_told_of(point: HostilePoint, door: Door) -> None:
    point.client.get(f"/scanning/{point.day.key}/")
    point.day.sitting.rooms.filter(room__number="0101").update(kind="voice", places=4)
    for name, finding in KEPT[door].items():
        with at(door.__name__, name), watched(point.data_dir) as watch:
            answer = door(point, name, hostile(name))
            assert "принят" in answer.text, answer.texts
            must_be_recorded(watch, "scanning.source_taken scanning.recording_taken")
            if door is sheets:
                recognise.recognise(Source.objects.latest("pk").pk)
                found = Finding.objects.filter(sheet=Sheet.objects.latest("pk"))
            else:
                listened = Recording.objects.latest("pk")
                listening.listen(listened.pk)
                found = Finding.objects.filter(recording=listened)
            assert finding in found.values_list("kind", flat=True), list(found.values())
            assert not watch.raised
    card = RoomCard.objects.get(sitting=point.day.sitting, room__number="0101")
    said = post_form(point.client, f"/scanning/{point.day.key}/0101/", "close")
    assert said.codes == ("not_balanced",), said.texts
    card.refresh_from_db()
    assert not card.closed
