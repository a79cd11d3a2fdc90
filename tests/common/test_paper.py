"""Papers hold whatever they are told to write: long texts run over the page, and nothing of them is lost."""

import io

import pypdf

from common.paper import layout as paper
from common.paper import pdf


def text_of(*flowables) -> tuple[int, str]:
    read = pypdf.PdfReader(io.BytesIO(pdf.document(flowables, title="Проба", footer="Проба")))
    return len(read.pages), "".join(page.extract_text() for page in read.pages)


def test_a_cell_longer_than_a_page_goes_on_upon_the_next():
    rows = [["0101", "слово " * 3000], ["0102", "последнее"]]
    pages, text = text_of(*paper.table("Акты", [("Где", 20), ("Причина", 62)], rows, empty=""))
    assert pages > 2
    assert text.count("слово") == 3000
    assert "последнее" in text


def test_a_verdict_longer_than_a_page_goes_on_upon_the_next():
    pages, text = text_of(paper.verdict("не подтверждены: " + ", ".join(["2000"] * 2000), good=None))
    assert pages > 1
    assert text.count("2000") == 2000
