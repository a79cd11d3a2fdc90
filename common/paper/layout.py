"""Pieces that the papers of both nodes share: head with QR, verdict, facts, tables, signature lines."""

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

import segno
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Paragraph, Spacer, Table, TableStyle

from common.paper import pdf

GREEN, RED, GREY = colors.HexColor("#15803d"), colors.HexColor("#b91c1c"), colors.HexColor("#475569")
WIDTH = 180.0
#: A title, the head of its table and two rows.
ROOM_FOR_ROWS = 34 * mm


class QR(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A QR code drawn with rectangles."""

    def __init__(self, text: str, side: float = 26.0) -> None:
        super().__init__()
        self._rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
        self.width = self.height = side * mm

    def draw(self) -> None:
        """Draw each run of dark modules as one rectangle: no hairlines between them."""
        step = self.width / len(self._rows)
        for line, row in enumerate(self._rows):
            start = None
            for place, module in enumerate([*row, 0]):
                if module and start is None:
                    start = place
                elif not module and start is not None:
                    y = self.height - (line + 1) * step
                    self.canv.rect(start * step, y, (place - start) * step, step, stroke=0, fill=1)
                    start = None


def head(*, title: str, lines: Sequence[str], qr: str) -> list[Flowable]:
    """Return the head of a report: title and lines on the left, the QR code on the right."""
    style = pdf.styles()
    left = [Paragraph(escape(title), style["title"]), *(Paragraph(escape(line), style["text"]) for line in lines)]
    made = Table([[left, QR(qr)]], colWidths=[(WIDTH - 30) * mm, 30 * mm])
    made.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("ALIGN", (1, 0), (1, 0), "RIGHT"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("LINEBELOW", (0, 0), (-1, -1), 0.8, GREY),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
            ]
        )
    )
    return [made, Spacer(1, 3 * mm)]


def verdict(text: str, *, good: bool | None) -> Flowable:
    """Return the verdict in a frame, in words and colour; None is neither good nor bad yet."""
    colour = GREY if good is None else GREEN if good else RED
    style = pdf.styles()["title"].clone("verdict", textColor=colour, spaceAfter=0, fontSize=15)
    made = Table([[Paragraph(escape(text), style)]], colWidths=[WIDTH * mm], splitInRow=1)
    made.setStyle(
        TableStyle(
            [
                ("BOX", (0, 0), (-1, -1), 1, colour),
                ("LEFTPADDING", (0, 0), (-1, -1), 8),
                ("TOPPADDING", (0, 0), (-1, -1), 4),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
            ]
        )
    )
    return made


def facts(rows: Sequence[tuple[str, str]], *, label: float = 52.0) -> Table:
    """Return a two-column list of facts."""
    style = pdf.styles()
    muted = style["cell"].clone("label", textColor=GREY)
    cells = [[Paragraph(escape(name), muted), Paragraph(broken(value), style["cell"])] for name, value in rows]
    made = Table(cells, colWidths=[label * mm, (WIDTH - label) * mm], hAlign="LEFT")
    made.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 1),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return made


def broken(value: str) -> str:
    """Return escaped text; line feeds become breaks."""
    return escape(value).replace("\n", "<br/>")


def table(
    title: str, columns: Sequence[tuple[str, float]], rows: Sequence[Sequence[Any]], *, empty: str
) -> list[Flowable]:
    """Return a titled table, or a sentence when there is nothing to list."""
    style = pdf.styles()
    subtitle = Paragraph(escape(title), style["subtitle"])
    if not rows:
        return [subtitle, Paragraph(escape(empty), style["text"])]
    cells = [[broken(str(cell)) for cell in row] for row in rows]
    names, widths = [escape(name) for name, _width in columns], [width for _name, width in columns]
    made = pdf.table(names, cells, widths)
    # A title never stands alone at the foot of a page; a long table begins only where its first rows fit beneath it.
    return [KeepTogether([subtitle, made])] if len(rows) <= 6 else [CondPageBreak(ROOM_FOR_ROWS), subtitle, made]


def signatures(roles: Sequence[str], printed: str) -> Flowable:
    """Return lines to sign on."""
    style = pdf.styles()
    rows = [[Paragraph(escape(role), style["text"]), "", "", ""] for role in roles]
    made = Table(rows, colWidths=[66 * mm, 40 * mm, 6 * mm, 68 * mm], rowHeights=[9 * mm] * len(rows), hAlign="LEFT")
    made.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (1, 0), (1, -1), 0.5, colors.black),
                ("LINEBELOW", (3, 0), (3, -1), 0.5, colors.black),
                ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
            ]
        )
    )
    under = Table(
        [
            [
                "",
                Paragraph(_("signature"), style["small"]),
                "",
                Paragraph(_("surname and initials, date"), style["small"]),
            ]
        ],
        colWidths=[66 * mm, 40 * mm, 6 * mm, 68 * mm],
        hAlign="LEFT",
    )
    under.setStyle(TableStyle([("LEFTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 0)]))
    title = Paragraph(_("Signatures"), style["subtitle"])
    return KeepTogether([title, made, under, Spacer(1, 2 * mm), Paragraph(escape(printed), style["small"])])
