"""The calibration sheet: drawn to be printed, and judged when it comes back through the scanner."""

from io import BytesIO
from typing import Any

import zxingcpp
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from common.paper import pdf
from common.paper.language import in_russian
from wire.forms import GEOMETRY

#: No form's number: a calibration sheet that gets among a room's sheets is told apart at once.
CODE = "PPE-CALIBRATION-1"
_HEIGHT = GEOMETRY.page[1]

_FAULTS: dict[str, "str | Promise"] = {
    "streaks": _("streaks over the whole page: clean the scanner's glass"),
    "corner_missing": _("not all corner marks are seen: set the guides and the A4 format"),
    "low_resolution": _("less than 300 dots an inch"),
    "skewed": _("the sheet runs askew: set the guides"),
    "double_feed": _("the page is longer than A4: look at the feed and the format"),
    "side_unknown": _("the mark of the sheet's top is not seen"),
    "empty_page": _("the page is empty: the sheet lay on its wrong side"),
    "unreadable": _("the code of the calibration sheet cannot be read"),
}


def evaluate(reading: dict[str, Any]) -> list["str | Promise"]:
    """Return what is wrong with the scan of a calibration sheet; nothing when the scanner is fit."""
    faults = [_FAULTS[doubt["kind"]] for doubt in reading["doubts"] if doubt["kind"] in _FAULTS]
    texts = {code["text"] for code in reading["codes"]}
    if CODE not in texts and texts:
        faults.insert(0, _("this is not the calibration sheet"))
    elif not texts and _FAULTS["unreadable"] not in faults and _FAULTS["empty_page"] not in faults:
        faults.append(_FAULTS["unreadable"])
    return faults


@in_russian
def sheet() -> bytes:
    """Return the calibration sheet as a PDF: the marks and codes of every form, fine lines, greys, a clean field."""
    pdf.fonts()
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    canvas.setTitle(gettext("Calibration sheet of the scanning station"))
    for x, y in GEOMETRY.corners:
        _square(canvas, x, y, GEOMETRY.corner_size)
    _square(canvas, *GEOMETRY.orientation_centre, GEOMETRY.orientation_size)
    _codes(canvas)
    canvas.setFont(pdf.BOLD, 18)
    canvas.drawString(24 * mm, (_HEIGHT - 38) * mm, gettext("Calibration sheet"))
    canvas.setFont(pdf.FONT, 10)
    for place, line in enumerate(
        (
            gettext("Print it without scaling, lay it into the scanner together with an empty sheet, and scan both"),
            gettext("with the settings for the forms. Bring the scan on the page “Readiness of the station”."),
        )
    ):
        canvas.drawString(24 * mm, (_HEIGHT - 46 - place * 5) * mm, line)
    _ruler(canvas)
    _lines_and_greys(canvas)
    canvas.save()
    return out.getvalue()


def _square(canvas: Canvas, x: float, y: float, size: float) -> None:
    canvas.rect((x - size / 2) * mm, (_HEIGHT - y - size / 2) * mm, size * mm, size * mm, stroke=0, fill=1)


def _codes(canvas: Canvas) -> None:
    made = zxingcpp.create_barcode(CODE, zxingcpp.BarcodeFormat.DataMatrix)
    picture = zxingcpp.write_barcode_to_image(made, scale=8, add_quiet_zones=False)
    height, width = picture.shape[0] // 8, picture.shape[1] // 8
    image = ImageReader(_png(picture))
    size = GEOMETRY.datamatrix_module
    for x, y in GEOMETRY.datamatrix_origins:
        canvas.drawImage(image, x * mm, (_HEIGHT - y - height * size) * mm, width * size * mm, height * size * mm)


def _png(picture: Any) -> BytesIO:
    out = BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    out.seek(0)
    return out


def _ruler(canvas: Canvas) -> None:
    """Ten centimetres: who measures them on paper knows whether the printer scaled the sheet."""
    top = _HEIGHT - 66
    canvas.setLineWidth(0.4)
    for tick in range(101):
        canvas.line((24 + tick) * mm, top * mm, (24 + tick) * mm, (top - (4 if tick % 10 == 0 else 2)) * mm)
    canvas.setFont(pdf.FONT, 8)
    for tick in range(0, 101, 10):
        canvas.drawCentredString((24 + tick) * mm, (top - 8) * mm, str(tick // 10))
    canvas.drawString(128 * mm, (top - 5) * mm, gettext("centimetres: check them with a ruler"))


def _lines_and_greys(canvas: Canvas) -> None:
    canvas.setFont(pdf.FONT, 9)
    for place, width in enumerate((0.1, 0.2, 0.3, 0.5)):
        y = _HEIGHT - 90 - place * 8
        canvas.setLineWidth(width * mm)
        canvas.line(24 * mm, y * mm, 110 * mm, y * mm)
        canvas.drawString(114 * mm, (y - 1) * mm, gettext("%(width)s mm") % {"width": f"{width:g}".replace(".", ",")})
    for step in range(8):
        canvas.setFillGray(step / 8)
        canvas.rect((24 + step * 14) * mm, (_HEIGHT - 140) * mm, 14 * mm, 12 * mm, stroke=0, fill=1)
    canvas.setFillGray(0)
    canvas.drawString(140 * mm, (_HEIGHT - 135) * mm, gettext("shades of grey"))
    canvas.setLineWidth(0.3)
    canvas.rect(24 * mm, (_HEIGHT - 240) * mm, 150 * mm, 90 * mm)
    canvas.drawString(
        26 * mm, (_HEIGHT - 155) * mm, gettext("A clean field: the scan must show neither streaks nor dots here.")
    )
