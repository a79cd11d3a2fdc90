"""truth.csv agrees with the pictures it stands beside."""

import zxingcpp
from PIL import Image

from exam_day import truth
from exam_day.days import demo_day, mini_day
from exam_day.scans import draw_files
from wire.forms import parse_sheet_code


def test_truth_agrees_with_the_drawn_files(tmp_path):
    placed = truth.place(mini_day(), tmp_path)
    list(draw_files([(each.scan.spec, each.path) for each in placed]))
    truth.write(tmp_path / "truth.csv", [each.row for each in placed])
    rows = truth.read(tmp_path / "truth.csv")
    assert len(rows) == len(placed) == len(list(tmp_path.rglob("*.TIF")))
    for row, each in zip(rows, placed, strict=True):
        page = Image.open(tmp_path / row["file"]).convert("L")
        codes = [parse_sheet_code(code.text) for code in zxingcpp.read_barcodes(page, formats=[zxingcpp.DataMatrix])]
        assert {code.number for code in codes if code} == {row["number"]} == {each.scan.spec.number}


def test_file_names_never_tell_the_number(tmp_path):
    placed = truth.place(demo_day(), tmp_path)
    assert len({each.path for each in placed}) == len(placed)
    assert not any(each.scan.spec.number in each.path.name for each in placed)
