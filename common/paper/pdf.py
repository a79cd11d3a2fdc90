"""The layout of every PDF: A4, an embedded Cyrillic font, header, numbered footer."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import fontpkg_pt_sans
from django.utils.translation import gettext as _
from pypdf import PdfWriter
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Table, TableStyle

FONT, BOLD = "PTSans", "PTSans-Bold"
#: Characters of a cell that may make its row higher than a page, in the narrowest of columns.
LONG = 400


@lru_cache(maxsize=1)
def fonts() -> None:
    """Register the fonts once in a process."""
    root = Path(fontpkg_pt_sans.__file__).parent
    files = {path.stem.lower(): path for path in root.rglob("*.ttf")}
    pdfmetrics.registerFont(TTFont(FONT, str(files["pt_sans-web-regular"])))
    pdfmetrics.registerFont(TTFont(BOLD, str(files["pt_sans-web-bold"])))
    pdfmetrics.registerFontFamily(FONT, normal=FONT, bold=BOLD, italic=FONT, boldItalic=BOLD)


def styles() -> dict[str, ParagraphStyle]:
    """Return the paragraph styles by name: title, subtitle, text, small, cell, head."""
    fonts()
    base = ParagraphStyle("text", fontName=FONT, fontSize=10, leading=13)
    return {
        "text": base,
        "title": ParagraphStyle("title", parent=base, fontName=BOLD, fontSize=16, leading=20, spaceAfter=2 * mm),
        "subtitle": ParagraphStyle(
            "subtitle", parent=base, fontName=BOLD, fontSize=11.5, leading=15, spaceBefore=4 * mm, spaceAfter=1.5 * mm
        ),
        "small": ParagraphStyle("small", parent=base, fontSize=8, leading=10, textColor=colors.HexColor("#475569")),
        "cell": ParagraphStyle("cell", parent=base, fontSize=8.5, leading=10.5),
        "head": ParagraphStyle("head", parent=base, fontName=BOLD, fontSize=8.5, leading=10.5),
    }


def table(head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float] | None = None) -> Table:
    """Return a table whose head repeats on every page; widths in millimetres."""
    style = styles()
    cells = [[Paragraph(text, style["head"]) for text in head]]
    cells += [[Paragraph(str(text), style["cell"]) for text in row] for row in rows]
    # A row that no page holds is cut; all others move to the next page whole.
    long = int(any(len(str(text)) > LONG for row in rows for text in row))
    columns = [w * mm for w in widths] if widths else None
    made = Table(cells, colWidths=columns, repeatRows=1, splitInRow=long, hAlign="LEFT")
    made.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#eef2f7")),
                ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#94a3b8")),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            ]
        )
    )
    return made


class _NumberedCanvas(Canvas):
    """A canvas that knows the number of pages when it writes the footers."""

    footer: Callable[[Canvas, int, int], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 (reportlab's own name)
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, state in enumerate(self._kept, 1):
            self.__dict__.update(state)
            self.footer(self, number, len(self._kept))
            super().showPage()
        super().save()


def document(
    story: Sequence[Flowable],
    *,
    title: str,
    footer: str,
    training: bool = False,
    attachments: Mapping[str, bytes] | None = None,
) -> bytes:
    """Return a PDF: the story on A4 with page numbers.

    Args:
        story: Flowables, first page to last.
        title: Title of the document, in its metadata.
        footer: Left part of the footer: number of the report, hash, times.
        training: Whether every page says that it is of a training.
        attachments: Files that travel inside the PDF, by name; `pdfdetach` takes them out.
    """
    fonts()

    def draw(canvas: Canvas, number: int, total: int) -> None:
        canvas.saveState()
        canvas.setFont(FONT, 7.5)
        canvas.setFillColor(colors.HexColor("#475569"))
        canvas.drawString(15 * mm, 9 * mm, footer)
        canvas.drawRightString(195 * mm, 9 * mm, _("page %(number)d of %(total)d") % {"number": number, "total": total})
        if training:
            canvas.setFont(BOLD, 9)
            canvas.setFillColor(colors.HexColor("#b45309"))
            canvas.drawRightString(195 * mm, 286 * mm, _("TRAINING"))
        canvas.restoreState()

    kind = type("PageCanvas", (_NumberedCanvas,), {"footer": staticmethod(draw)})
    out = BytesIO()
    layout = BaseDocTemplate(
        out,
        pagesize=A4,
        leftMargin=15 * mm,
        rightMargin=15 * mm,
        topMargin=15 * mm,
        bottomMargin=16 * mm,
        title=title,
        author=_("PPE Portal"),
        invariant=1,
    )
    frame = Frame(layout.leftMargin, layout.bottomMargin, layout.width, layout.height, 0, 0, 0, 0)
    layout.addPageTemplates([PageTemplate(frames=[frame])])
    layout.build(list(story), canvasmaker=kind)
    return _attached(out, attachments) if attachments else out.getvalue()


def _attached(made: BytesIO, attachments: Mapping[str, bytes]) -> bytes:
    writer = PdfWriter(clone_from=made)
    for name, data in attachments.items():
        writer.add_attachment(name, data)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()
