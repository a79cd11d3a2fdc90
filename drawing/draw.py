"""The drawn forms: a background rendered once a kind, codes and number stamped, marks and damage laid over.

`draw_sheet` is the one door: a specification in, the pixels of a scanned page out.
"""

import datetime as dt
import io
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
import pypdfium2
import zxingcpp
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from drawing.damage import Damage, apply_damage
from drawing.fill import fill
from drawing.layout import layout
from drawing.words import FORMS
from wire.forms import CATALOGUE, GEOMETRY, sheet_code

Pixels = npt.NDArray[np.uint8]

DPI = 300
_SCALE = DPI / 25.4
_WIDTH, _HEIGHT = 2481, 3508
#: Where a label is stuck: a place without codes, millimetres from the top left corner.
_LABEL = (110, 270)
_FONTS = resources.files("fontpkg_pt_sans") / "files"
_REGULAR = str(_FONTS / "PT_Sans-Web-Regular.ttf")
_BOLD = str(_FONTS / "PT_Sans-Web-Bold.ttf")


@dataclass(frozen=True, slots=True)
class SheetSpec:
    """One sheet of paper and one pass of it through a scanner.

    ``side`` is the form, its empty back, or a foreign paper in its place; ``label`` is a foreign Code 128 stuck onto
    it; ``values`` is what a hand writes into its fields (``field/row``), anything that comes to mind without them.
    """

    kind: str
    number: str
    region: str
    point: str
    date: dt.date
    subject: str
    subject_name: str
    room: str | None
    seed: int
    blank: bool = False
    label: str = ""
    damage: Damage = field(default_factory=Damage)
    values: Mapping[str, str] = field(default_factory=dict)
    side: Literal["form", "back", "foreign"] = "form"


def px(millimetres: float) -> int:
    """Return millimetres in pixels of the scan."""
    return round(millimetres * _SCALE)


@cache
def _register_fonts() -> None:
    pdfmetrics.registerFont(TTFont("ppe", _REGULAR))
    pdfmetrics.registerFont(TTFont("ppe-bold", _BOLD))


def _page(kind: str) -> bytes:
    """The vector page of a kind: everything that is the same on all its sheets."""
    _register_fonts()
    width, height = GEOMETRY.page
    out = io.BytesIO()
    canvas: Any = Canvas(out, pagesize=(width * mm, height * mm))

    def square(cx: float, cy: float, size: float) -> None:
        canvas.rect((cx - size / 2) * mm, (height - cy - size / 2) * mm, size * mm, size * mm, stroke=0, fill=1)

    def text(x: float, y: float, words: str, *, size: float = 9, bold: bool = False) -> None:
        canvas.setFont("ppe-bold" if bold else "ppe", size)
        canvas.drawString(x * mm, (height - y) * mm, words)

    for cx, cy in GEOMETRY.corners:
        square(cx, cy, GEOMETRY.corner_size)
    square(*GEOMETRY.orientation_centre, GEOMETRY.orientation_size)
    title = CATALOGUE[kind].title.ru
    text(30, 17, FORMS["note"], size=8)
    text(20, 28, title if len(title) <= 48 else title[:46].rsplit(" ", 1)[0], size=12, bold=True)
    if len(title) > 48:
        text(20, 34, title[len(title[:46].rsplit(" ", 1)[0]) :].strip(), size=12, bold=True)
    text(20, 53, FORMS["form_code"], size=7)
    text(36, 53, kind, size=11, bold=True)
    canvas.setLineWidth(0.5)
    for row in layout(kind).cells:
        if row.label:
            offset = 46 if len(row.label) > 2 else 7
            text(row.x - offset, row.y + row.size * 0.7, row.label)
        for cell in range(row.count):
            canvas.rect((row.x + cell * row.size) * mm, (height - row.y - row.size) * mm, row.size * mm, row.size * mm)
    for words in layout(kind).words:
        text(words.x, words.y, words.text, size=7)
    for rule in layout(kind).rules:
        canvas.line(rule.x * mm, (height - rule.y) * mm, (rule.x + rule.width) * mm, (height - rule.y) * mm)
    text(110, 268, FORMS["keep_off"], size=7)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


@cache
def background(kind: str) -> Pixels:
    """Return the empty form of a kind as grey pixels; copy before drawing on it."""
    document = pypdfium2.PdfDocument(_page(kind))
    try:
        picture = document[0].render(scale=DPI / 72, grayscale=True).to_numpy()
    finally:
        document.close()
    plane = np.asarray(picture, dtype=np.uint8).reshape(picture.shape[0], picture.shape[1])
    page: Pixels = np.full((_HEIGHT, _WIDTH), 255, np.uint8)
    rows, columns = min(_HEIGHT, plane.shape[0]), min(_WIDTH, plane.shape[1])
    page[:rows, :columns] = plane[:rows, :columns]
    page.setflags(write=False)
    return page


@cache
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_BOLD if bold else _REGULAR, size)


def _text(page: Pixels, x: float, y: float, words: str, *, height: float, bold: bool = False) -> None:
    """Print words with their top left corner at a place in millimetres."""
    font = _font(px(height), bold)
    left, top, right, bottom = font.getbbox(words)
    sprite = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4), 255)
    ImageDraw.Draw(sprite).text((2 - left, 2 - top), words, font=font, fill=0)
    _stamp(page, np.asarray(sprite, dtype=np.uint8), px(x), px(y))


def _stamp(page: Pixels, sprite: Pixels, x: int, y: int) -> None:
    rows = min(sprite.shape[0], page.shape[0] - y)
    columns = min(sprite.shape[1], page.shape[1] - x)
    window = page[y : y + rows, x : x + columns]
    np.minimum(window, sprite[:rows, :columns], out=window)


def _modules(bits: Pixels, module: float, *, height: float | None = None) -> Pixels:
    """Blow a code up from one pixel a module to its printed size; edges fall on the nearest scanner pixel."""
    columns = np.round(np.arange(bits.shape[1] + 1) * module * _SCALE).astype(int)
    wide = np.repeat(bits, np.diff(columns), axis=1)
    if height is not None:
        return np.repeat(wide[:1], px(height), axis=0)
    rows = np.round(np.arange(bits.shape[0] + 1) * module * _SCALE).astype(int)
    return np.repeat(wide, np.diff(rows), axis=0)


def _linear(text: str, *, height: float) -> Pixels:
    bits = zxingcpp.create_barcode(text, zxingcpp.Code128).to_image(scale=1, add_quiet_zones=False)
    return _modules(np.array(bits), GEOMETRY.code128_module, height=height)


def _stick_label(page: Pixels, text: str) -> None:
    """Stick a white label with a code of its own onto the foot of the sheet."""
    x, y = _LABEL
    bars = _linear(text, height=9)
    page[px(y) : px(y + 13), px(x) : px(x + 10) + bars.shape[1]] = 255
    _stamp(page, bars, px(x + 5), px(y + 2))


def _stamp_codes(page: Pixels, spec: SheetSpec) -> None:
    x0, y0, x1, y1 = GEOMETRY.code128_box
    bars = _linear(spec.number, height=y1 - y0)
    _stamp(page, bars, px((x0 + x1) / 2) - bars.shape[1] // 2, px(y0))
    words = sheet_code(
        spec.number, region=spec.region, point=spec.point, date=spec.date, subject=spec.subject, room=spec.room
    )
    matrix = zxingcpp.create_barcode(words, zxingcpp.DataMatrix, force_square=True)
    sprite = _modules(np.array(matrix.to_image(scale=1, add_quiet_zones=False)), GEOMETRY.datamatrix_module)
    for x, y in GEOMETRY.datamatrix_origins:
        _stamp(page, sprite, px(x), px(y))
    _text(
        page,
        x0 + 3,
        y1 + 2.2,
        " ".join((spec.number[:2], spec.number[2:7], spec.number[7:12], spec.number[12])),
        height=5,
    )


def _stamp_header(page: Pixels, spec: SheetSpec) -> None:
    room = FORMS["room_short"].format(room=spec.room) if spec.room else FORMS["hq"]
    _text(page, 20, 38, f"{spec.subject} {spec.subject_name}", height=4)
    header = FORMS["header"].format(region=spec.region, point=spec.point, room=room, date=f"{spec.date:%d.%m.%Y}")
    _text(page, 20, 43, header, height=4)


def _other_paper(spec: SheetSpec) -> Pixels:
    """The back of a form is white; a foreign paper has words and a code that is none of ours."""
    page: Pixels = np.full((_HEIGHT, _WIDTH), 255, np.uint8)
    if spec.side == "foreign":
        for row in range(12):
            _text(page, 25, 60 + 12 * row, FORMS["foreign"], height=5)
        _stamp(page, _linear(f"INV-{spec.number[4:10]}", height=12), px(30), px(25))
    return page


def paper(spec: SheetSpec) -> Pixels:
    """Return the sheet as it lies on the table, in greys, before it passes the scanner.

    Raises:
        KeyError: The kind is not in the catalogue.
    """
    if spec.side != "form":
        return _other_paper(spec)
    page: Pixels = background(spec.kind).copy()
    _stamp_codes(page, spec)
    _stamp_header(page, spec)
    if not spec.blank:
        fields = FORMS["fields"]
        known = {fields["region"]: spec.region, fields["point"]: spec.point, fields["room"]: spec.room or ""}
        fill(page, layout(spec.kind), random.Random(f"fill {spec.seed} {spec.number}"), {**known, **spec.values})  # noqa: S311 (a drawing)
    if spec.label:
        _stick_label(page, spec.label)
    return page


def draw_sheet(spec: SheetSpec) -> Pixels:
    """Return a scanned page of the sheet: black and white as uint8 (0 or 255), 300 dpi, damage included.

    Raises:
        KeyError: The kind is not in the catalogue.
    """
    return apply_damage(paper(spec), spec.damage, random.Random(f"damage {spec.seed} {spec.number}"))  # noqa: S311 (a drawing)


def limit_threads() -> None:
    """Keep OpenCV to one thread: several drawers share the cores."""
    cv2.setNumThreads(1)
