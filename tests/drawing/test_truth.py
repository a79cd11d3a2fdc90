"""truth.csv agrees with the pictures it stands beside."""

import pytest
import zxingcpp
from PIL import Image

from drawing import truth
from drawing.days import demo_day, mini_day
from drawing.large import RATES
from drawing.scans import draw_files
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


def test_a_large_day_of_the_command_keeps_its_truth_beside_the_sheets(tmp_path):
    from django.core.management import CommandError, call_command

    call_command(
        "make_exam_day",
        str(tmp_path),
        "--day",
        "large",
        "--points",
        "2",
        "--rooms",
        "1",
        "--seats",
        "1",
        "--fault",
        "upside_down=1",
        "--seed",
        "4",
        *(word for kind in RATES if kind != "upside_down" for word in ("--fault", f"{kind}=0")),
    )
    rows = truth.read(tmp_path / "truth.csv")
    assert {row["point"] for row in rows} == {"0001", "0002"}
    assert all((tmp_path / row["file"]).is_file() for row in rows)
    blanks = [row for row in rows if row["pile"] != "HQ"]
    assert all(row["upside_down"] == "1" and row["note"] == "upside_down" for row in blanks)
    for bad in ("rain=1", "upside_down=often", "upside_down=2"):
        with pytest.raises(CommandError):
            call_command("make_exam_day", str(tmp_path), "--day", "large", "--fault", bad)
