"""Sheets that fool a scanner or a reader of codes: each is a problem with its reason, never sound as it lies."""

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from scanning import contents, findings, recognise, sheets, sources
from scanning.models import Sheet
from scanning.recognition import decode, operations
from scanning.recognition.complaints import jpeg_complaint
from scanning.recognition.errors import DamagedFileError
from scanning.recognition.marks import CORNERS
from scanning.recognition.picture import PageImage
from scanning.recognition.sheet import recognise as read_page
from scanning.states import SheetState
from tests.scanning.conftest import ACTOR
from tests.scanning.drawn import damage, draw, px
from wire.forms import GEOMETRY, make_number

NUMBER = make_number("C1", 1)
OTHER = make_number("C2", 2)


def problems(reading):
    return {doubt.kind for doubt in reading.doubts if doubt.severity == "problem"}


def read(pixels, *, bilevel=True, dpi=300):
    return read_page(PageImage(np.ascontiguousarray(pixels), dpi, bilevel=bilevel))


@pytest.fixture(scope="module")
def page():
    return draw("C1", 1)


def shown_through(page, depth):
    """The print of the other side as it shows on this one."""
    pale = cv2.GaussianBlur(255 - page[:, ::-1], (0, 0), 1.5).astype(np.float32) / 255 * depth
    return (255 - pale).astype(np.uint8)


@pytest.mark.parametrize("turns", [0, 2])
@pytest.mark.parametrize("codes", [{}, {"datamatrix": False}, {"code128": False}])
def test_a_mirrored_sheet_is_a_problem_and_has_no_number(turns, codes):
    reading, _ = read(np.rot90(draw("C1", 1, **codes)[:, ::-1], turns))
    assert (reading.number, problems(reading)) == (None, {"mirrored"})


def test_a_negative_is_turned_inside_out_and_left_to_a_person(page):
    reading, upright = read(255 - page)
    assert (reading.number, problems(reading)) == (NUMBER, {"negative"})
    assert np.array_equal(upright, page)


@pytest.mark.parametrize("depth", [30, 60])
def test_an_empty_back_with_the_front_showing_through_is_an_empty_page(page, depth):
    reading, _ = read(shown_through(page, depth), bilevel=False)
    assert (reading.number, problems(reading)) == (None, {"empty_page"})


def test_a_written_side_keeps_its_own_number_when_the_other_shows_through(page):
    reading, _ = read(np.minimum(page, draw("C2", 2)[:, ::-1]))
    assert (reading.number, problems(reading)) == (NUMBER, set())


@pytest.mark.parametrize("down", [40, 110])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_second_number_in_mid_page_stops_the_sheet(page, turns, down):
    label = page.copy()
    code = np.rot90(draw("C2", 2)[px(22) : px(37), px(128) : px(188)], turns)
    label[px(down) : px(down) + code.shape[0], px(60) : px(60) + code.shape[1]] = code
    reading, _ = read(label)
    assert (reading.number, problems(reading)) == (None, {"codes_differ"})
    assert {NUMBER, OTHER} <= set(next(each.value for each in reading.doubts).split(", "))


def square_code():
    """The square code of another sheet alone, with its quiet zone."""
    with_it, without = (draw("C2", 2, code128=False, datamatrix=each) for each in (True, False))
    rows, columns = np.nonzero(with_it != without)
    quiet, side = px(2), np.ptp(rows)
    top, left = rows.min() - quiet, columns.min() - quiet
    return with_it[top : top + side + 2 * quiet, left : left + side + 2 * quiet]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("angle", [0.0, 2.0])
def test_a_second_number_in_a_square_code_in_mid_page_stops_the_sheet(page, turns, angle):
    label, code = page.copy(), np.rot90(square_code(), turns)
    label[px(140) : px(140) + code.shape[0], px(60) : px(60) + code.shape[1]] = code
    reading, _ = read(damage(label, angle=angle))
    assert (reading.number, problems(reading)) == (None, {"codes_differ"})
    assert {NUMBER, OTHER} <= set(next(each.value for each in reading.doubts).split(", "))


@pytest.mark.parametrize("across", [14, 90, 150])
@pytest.mark.parametrize("down", [41, 110, 170, 236])
@pytest.mark.parametrize("angle", [0, 90, 180, 270, 12])
def test_a_second_number_given_only_as_datamatrix_stops_the_sheet_wherever_it_lies(page, across, down, angle):
    label = page.copy()
    code = draw("C2", 2)[px(250) : px(277), px(14) : px(41)]
    turn = cv2.getRotationMatrix2D((code.shape[1] / 2, code.shape[0] / 2), angle, 0.8)
    code = cv2.warpAffine(code, turn, code.shape[::-1], borderValue=(255,))
    label[px(down) : px(down) + code.shape[0], px(across) : px(across) + code.shape[1]] = code
    reading, _ = read(label)
    assert (reading.number, problems(reading)) == (None, {"codes_differ"})
    assert {NUMBER, OTHER} <= set(next(each.value for each in reading.doubts).split(", "))


@pytest.mark.parametrize("turns", [0, 2])
@pytest.mark.parametrize(("box", "at"), [((128, 22, 188, 37), (22, 22)), ((18, 254, 38, 274), (172, 254))])
def test_a_label_where_the_other_side_would_show_its_code_is_a_second_number(page, turns, box, at):
    left, top, right, bottom = (px(side) for side in box)
    label, code = page.copy(), draw("C2", 2)[top:bottom, left:right]
    label[px(at[1]) : px(at[1]) + code.shape[0], px(at[0]) : px(at[0]) + code.shape[1]] = code
    reading, _ = read(np.rot90(label, turns))
    assert (reading.number, problems(reading)) == (None, {"codes_differ"})


def test_a_number_only_in_mid_page_is_not_the_number_of_the_sheet():
    label = draw("C1", 1, code128=False, datamatrix=False)
    code = draw("C2", 2)[px(22) : px(37), px(128) : px(188)]
    label[px(150) : px(165), px(60) : px(120)] = cv2.resize(code, (px(120) - px(60), px(165) - px(150)))
    reading, _ = read(label)
    assert (reading.number, problems(reading)) == (None, {"code_misplaced"})


def test_two_sheets_on_one_glass_are_a_problem_that_names_both(page):
    reading, _ = read(np.hstack([page, draw("C2", 2)]))
    assert (reading.number, problems(reading)) == (None, {"codes_differ"})
    assert {NUMBER, OTHER} <= set(next(each.value for each in reading.doubts).split(", "))


@pytest.mark.parametrize("colour", [0, 255])
def test_a_picture_whose_lower_part_is_gone_is_a_problem(page, colour):
    cut = page.copy()
    cut[px(130) :] = colour
    reading, _ = read(cut)
    assert (reading.number, problems(reading)) == (NUMBER, {"picture_damaged"})


def slipped(page, down, by, *, lost=False):
    """All below is moved along the lines; where columns are lost, only what lies right of them."""
    low, by = page[px(down) :], px(by)
    if not lost:
        return np.vstack([page[: px(down)], np.roll(low, by, axis=1)])
    white = np.full((low.shape[0], by), 255, np.uint8)
    return np.vstack([page[: px(down)], np.hstack([low[:, : px(80)], low[:, px(80) + by :], white])])


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("by", [6, 20])
@pytest.mark.parametrize(("down", "angle"), [(60, 0.0), (150, 2.0), (230, -4.0)])
def test_a_sheet_whose_lower_part_is_moved_sideways_is_a_problem(page, down, angle, by, lost):
    reading, _ = read(damage(slipped(page, down, by, lost=lost), angle=angle))
    assert (reading.number, problems(reading)) == (NUMBER, {"picture_damaged"})


@pytest.mark.parametrize("cut", [None, "top-left", "bottom-right"])
@pytest.mark.parametrize(
    "hurt",
    [{"angle": 6.0}, {"angle": -6.0, "noise": 25.0}, {"angle": 1.0, "scale": 0.67}, {"blur": 2.0, "noise": 40.0}],
)
def test_no_sound_sheet_is_taken_for_one_that_is_moved_sideways(page, hurt, cut):
    turned = page.copy()
    if cut is not None:
        x, y = GEOMETRY.corners[CORNERS.index(cut)]
        turned[px(y - 5) : px(y + 5), px(x - 5) : px(x + 5)] = 255
        turned[px(y + 9) : px(y + 14), px(x - 4) : px(x + 1)] = 0  # a blot beside
    turned = damage(turned, **hurt)
    for stretched in (1.0, 1.06):
        reading, _ = read(cv2.resize(turned, None, fx=1, fy=stretched), dpi=None)
        assert problems(reading) == set()


def jpeg(pixels, **options):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=85, dpi=(300, 300), **options)
    return out.getvalue()


def test_a_jpeg_whose_decoder_warns_is_a_problem_and_a_sound_one_is_not(page, tmp_path):
    sound, broken = jpeg(page), bytearray(jpeg(page))
    broken[len(broken) // 2 : len(broken) // 2 + 2000] = bytes(2000)
    for name, data, found in (("sound", sound, set()), ("broken", broken, {"picture_damaged"})):
        path = tmp_path / name
        path.write_bytes(data)
        reading, _ = read_page(decode.read_page(path, 0))
        assert problems(reading) & {"picture_damaged"} == found, name


def tiff(pixels, compression):
    out = io.BytesIO()
    Image.fromarray(pixels > 128 if compression.startswith("group") else pixels).save(
        out,
        format="TIFF",
        compression=compression,
        dpi=(300, 300),
    )
    return out.getvalue()


@pytest.mark.parametrize("compression", ["group4", "jpeg", "tiff_lzw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("share", [None, 0.3, 0.6, 0.9])
def test_a_tiff_with_bad_data_is_a_problem_or_refused_and_a_sound_one_is_neither(page, tmp_path, compression, share):
    data = bytearray(tiff(page, compression))
    if share is not None:
        at = int(len(data) * share)
        data[at : at + 12] = b"\xff\x00\xaa\x55\xff\xff\x00\x13\xff\xd9\x00\x01"
    path = tmp_path / "sheet.tif"
    path.write_bytes(data)
    try:
        damaged = decode.read_page(path, 0).damaged
    except DamagedFileError:
        damaged = True
    assert damaged is (share is not None)


def test_an_unknown_tag_of_a_driver_is_no_damage(page, tmp_path):
    path = tmp_path / "sheet.tif"
    Image.fromarray(page > 128).save(path, compression="group4", dpi=(300, 300), tiffinfo={65000: "driver", 305: "x"})
    assert not decode.read_page(path, 0).damaged


@pytest.mark.parametrize(("orientation", "undo"), [(2, np.fliplr), (3, lambda x: np.rot90(x, 2)), (4, np.flipud)])
def test_the_turn_that_a_jpeg_notes_is_taken(page, tmp_path, orientation, undo):
    exif = Image.Exif()
    exif[274] = orientation
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(np.ascontiguousarray(undo(page)), exif=exif))
    reading, _ = read_page(decode.read_page(path, 0))
    assert (reading.number, problems(reading), reading.turned) == (NUMBER, set(), 0)


def pale(level, **options):
    written, empty = draw("C1", 1, writing=120, **options), draw("C1", 1, writing=0, **options)
    page = np.where(written < empty, level, empty).astype(np.uint8)
    return cv2.GaussianBlur(np.minimum(page, 247), (0, 0), 0.7)


@pytest.mark.parametrize("level", [234, 236])
def test_writing_as_pale_as_paper_is_kept_in_a_grey_record_for_a_person(tmp_path, level):
    path, record = tmp_path / "a.png", tmp_path / "a.tif"
    Image.fromarray(pale(level)).save(path, dpi=(300, 300))
    told = operations.read(str(path), 0, str(record))["reading"]
    kinds = {each["kind"]: each["severity"] for each in told["doubts"]}
    assert kinds.get("pale_writing") == "problem"
    assert "blank" not in kinds
    with Image.open(record) as kept:
        assert kept.mode == "L"
        assert np.array_equal(np.asarray(kept), pale(level))


def test_dark_writing_and_an_empty_grey_form_are_no_pale_writing():
    for writing in (0, 120):
        noisy = draw("C1", 1, writing=writing).astype(np.int16)
        noisy = np.clip(np.minimum(noisy, 247) + np.random.default_rng(1).normal(0, 6, noisy.shape), 0, 255)
        reading, _ = read(noisy.astype(np.uint8), bilevel=False)
        assert (reading.number, problems(reading)) == (NUMBER, set())


@pytest.mark.parametrize("depth", [20, 30, 47, 60])
def test_what_shows_through_a_written_grey_side_is_no_pale_writing(page, depth):
    reading, _ = read(np.minimum(np.minimum(page, 245), shown_through(draw("C2", 2), depth)), bilevel=False)
    assert (reading.number, problems(reading)) == (NUMBER, set())


def test_a_pale_sheet_waits_for_a_person_and_keeps_its_grey_picture(desk, tmp_path):
    number = next(each["C1"] for each in desk.journal(count=1) if "C1" in each)
    path = tmp_path / "pale.png"
    address = {"date": desk.sitting.date, "point": desk.day.point.code, "subject": desk.sitting.subject.code}
    Image.fromarray(pale(235, number=number, **address)).save(path, dpi=(300, 300))
    taken = sources.ingest(card=desk.card("0101"), name=path.name, content=path, door="folder", actor=ACTOR)
    recognise.recognise(taken.source.pk)
    sheet = Sheet.objects.get()
    assert (sheet.state, sheet.number) == (SheetState.PROBLEM, number)
    assert "accept" in {each.action for each in sheets.legal_actions(sheet)}
    sheets.decide(sheet=sheet, action="accept", actor=ACTOR)
    (packed,) = [each for each in contents.files_for(desk.card("0101")) if each.kind == "sheet"]
    assert packed.record == "grey"
    with Image.open(packed.path) as kept:
        assert kept.mode == "L"


@pytest.mark.parametrize("kind", ["mirrored", "negative", "picture_damaged", "pale_writing", "code_misplaced"])
def test_every_reason_says_what_to_do(kind):
    assert kind in findings.MEANINGS


@pytest.mark.parametrize("share", [None, 0.5, 0.7])
def test_a_jpeg_inside_a_pdf_is_judged_as_one_by_itself(tmp_path, page, share):
    whole = io.BytesIO()
    Image.fromarray(page).save(whole, "PDF", resolution=300, quality=85)
    data = bytearray(whole.getvalue())
    begin = data.index(b"\xff\xd8\xff")
    if share is not None:
        place = begin + int((data.index(b"endstream", begin) - begin) * share)
        data[place : place + 40] = bytes(40)
    path = tmp_path / "sheet.pdf"
    path.write_bytes(data)
    assert decode.read_page(path, 0).damaged is (share is not None)


def coded(page, compression, *, rows=None, bilevel=True, **tags):
    """The bytes of a TIFF and where its coded data lie: of all its strips together."""
    whole, kept = io.BytesIO(), TiffImagePlugin.STRIP_SIZE
    TiffImagePlugin.STRIP_SIZE = kept if rows is None else rows * (310 if bilevel else 2480)
    try:
        picture = Image.fromarray(page > 128 if bilevel else page)
        picture.save(whole, "TIFF", compression=compression, dpi=(300, 300), **tags)
    finally:
        TiffImagePlugin.STRIP_SIZE = kept
    data = whole.getvalue()
    with Image.open(io.BytesIO(data)) as made:
        begin = made.tag_v2[273][0]
        assert (len(made.tag_v2[273]) > 1) is (rows is not None)
        return bytearray(data), begin, sum(made.tag_v2[279])


def black_and_white(page):
    return np.where(page > 128, 255, 0).astype(np.uint8)


def told(path, data):
    """What becomes of a file: ``sound``, ``damaged`` or ``refused``."""
    path.write_bytes(data)
    try:
        return "damaged" if decode.read_page(path, 0).damaged else "sound"
    except DamagedFileError:
        return "refused"


CODINGS = [
    ("group4", True, None), ("group4", True, 200), ("group3", True, None), ("group3", True, 200),
    ("tiff_lzw", True, None), ("tiff_lzw", False, 26), ("tiff_adobe_deflate", True, None),
    ("tiff_adobe_deflate", False, 26), ("tiff_deflate", True, 200), ("jpeg", False, None), ("jpeg", False, 64),
]  # fmt: skip


@pytest.mark.parametrize(("compression", "bilevel", "rows"), CODINGS)
def test_bad_data_inside_a_tiff_never_pass_as_sound(tmp_path, page, compression, bilevel, rows):
    sound, begin, size = coded(page, compression, rows=rows, bilevel=bilevel)
    assert told(tmp_path / "sound.tif", sound) == "sound"
    became = set()
    for share in (0.3, 0.5, 0.7):
        place = begin + int(size * share)
        gone, odd, short = bytearray(sound), bytearray(sound), sound[:place]
        gone[place : place + 400] = bytes(400)
        odd[place : place + 40] = np.random.default_rng(round(100 * share)).bytes(40).replace(b"\xff", b"\x55")
        # Codes of a JPEG may run into one another unheard: it has no checksum.
        hurts = (gone, short) if compression == "jpeg" else (gone, odd, short)
        became |= {told(tmp_path / "hurt.tif", data) for data in hurts}
    assert became <= {"damaged", "refused"}


@pytest.mark.parametrize("rows", [None, 200])
def test_a_bad_bit_inside_a_group_4_page_is_heard_wherever_it_moves_a_line(tmp_path, page, rows):
    sound, begin, size = coded(page, "group4", rows=rows)
    for number in range(24):
        hurt = bytearray(sound)
        hurt[begin + size * (number + 1) // 26] ^= 1 << number % 8
        if told(tmp_path / "hurt.tif", hurt) == "sound":
            # Fax codes have no checksum; what stays unheard must be no more than a run or two.
            changed = decode.read_page(tmp_path / "hurt.tif", 0).pixels != black_and_white(page)
            assert changed.mean() < 0.004, number


@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("rows", [None, 200])
def test_group_4_rows_that_are_wanting_at_the_end_of_the_data_are_heard(tmp_path, page, photometric, rows):
    whole, begin, size = coded(page, "group4", rows=rows, tiffinfo={262: photometric})
    assert told(tmp_path / "whole.tif", whole) == "sound"
    # The end of the data, 24 bits, where a line was to begin: all that follows is left as it was.
    place = begin + int(size * 0.4)
    ends = bytearray(whole)
    ends[place : place + 6] = b"\x00\x10\x01\x00\x10\x01"
    assert told(tmp_path / "ends.tif", ends) in {"damaged", "refused"}


def test_a_group_4_page_without_the_mark_of_its_end_is_sound(tmp_path, page):
    data, begin, size = coded(page, "group4")
    bits = "".join(f"{each:08b}" for each in data[begin : begin + size]).rstrip("0")
    end = "000000000001" * 2
    assert bits.endswith(end)
    bits = bits[: -len(end)]
    bits += "0" * (-len(bits) % 8)
    kept = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    shorter, place = bytes(data), struct.pack("<HHII", 279, 4, 1, size)
    assert shorter.count(place) == 1
    shorter = shorter.replace(place, struct.pack("<HHII", 279, 4, 1, len(kept)))
    shorter = shorter[:begin] + kept + bytes(size - len(kept)) + shorter[begin + size :]
    assert told(tmp_path / "bare.tif", shorter) == "sound"
    assert np.array_equal(decode.read_page(tmp_path / "bare.tif", 0).pixels, black_and_white(page))


@pytest.mark.parametrize("compression", ["group4", "tiff_lzw", "tiff_adobe_deflate", "jpeg"])
def test_tags_that_nobody_knows_make_no_sheet_a_problem(tmp_path, page, compression):
    tags = {65000: b"scanner", 271: "A maker", 305: "A driver", 33432: "x"}
    data, _, _ = coded(page, compression, bilevel=compression != "jpeg", tiffinfo=tags)
    assert told(tmp_path / "tags.tif", data) == "sound"


@pytest.mark.parametrize("turn", [2, 3, 6])
def test_the_turn_that_a_fax_coded_tiff_notes_is_taken_as_before(tmp_path, page, turn):
    data, _, _ = coded(page, "group4", tiffinfo={274: turn})
    path = tmp_path / "turned.tif"
    path.write_bytes(data)
    with Image.open(path) as pillow:
        pillow.load()
        assert np.array_equal(decode.read_page(path, 0).pixels, np.asarray(pillow.convert("L")))


@pytest.mark.parametrize(("extra", "found"), [(b"", False), (bytes(9), False), (b"\x12\x34" * 9, True)])
def test_coded_data_left_over_at_the_end_of_a_jpeg_tell_of_loss_and_padding_does_not(page, extra, found):
    data = jpeg(page)
    data = data[:-2] + extra + data[-2:]
    assert bool(jpeg_complaint(np.frombuffer(data, np.uint8))) is found


def test_coded_data_left_over_before_a_restart_mark_of_a_jpeg_tell_of_loss(tmp_path, page):
    data = jpeg(page, restart_marker_rows=1)
    assert told(tmp_path / "a.jpg", data) == "sound"
    place = data.index(b"\xff\xd3", len(data) // 2)
    assert told(tmp_path / "a.jpg", data[:place] + b"\x12\x34" * 9 + data[place:]) in {"damaged", "refused"}
