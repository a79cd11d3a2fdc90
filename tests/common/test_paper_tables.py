"""Tables of papers: a title never stands alone at the foot of a page."""

import shutil
import subprocess

import pytest
from reportlab.platypus import Spacer

from common.paper import layout, pdf
from tests.support.needs import missing


@pytest.mark.parametrize("count", [3, 20])
def test_the_title_of_a_table_stands_on_the_page_of_its_first_rows(tmp_path, count):
    if shutil.which("pdftotext") is None:
        missing("pdftotext")
    rows, columns = [[f"строка{number}", "—"] for number in range(count)], [("Слово", 90.0), ("Знак", 90.0)]
    moved = set()
    for height in range(560, 720, 8):
        story = [Spacer(1, height), *layout.table("Заголовок", columns, rows, empty="")]
        path = tmp_path / "paper.pdf"
        path.write_bytes(pdf.document(story, title="т", footer="т"))
        said = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True, text=True).stdout
        pages = said.split("\f")
        (where,) = [number for number, page in enumerate(pages) if "Заголовок" in page]
        moved.add(where)
        assert "строка0" in pages[where], height
        assert "строка1" in pages[where], height
    assert moved == {0, 1}
