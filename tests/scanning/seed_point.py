"""Make a data folder the desk of one point: rooms with their journals, and the drawn piles of sheets beside it.

argv: folder for the piles, rooms, participants a room, sheets a file. Every sheet has its own number; 200 distinct
pictures of handwriting are cycled under them, each turned and dirtied on its own.
"""

import json
import random
import sys
from functools import cache
from pathlib import Path

import django

django.setup()

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import zxingcpp  # noqa: E402
from PIL import Image  # noqa: E402

from scanning import cards  # noqa: E402
from scanning.recognition import decode  # noqa: E402
from tests.scanning.conftest import ScanningDesk  # noqa: E402
from tests.scanning.drawn import _stamp, damage, draw, px  # noqa: E402
from tests.support import factories  # noqa: E402
from wire import forms  # noqa: E402

DISTINCT = 50  # of each kind


@cache
def background(kind: str, which: int) -> np.ndarray:
    return draw(kind, writing=30, seed=which, code128=False, datamatrix=False)


def sheet(desk: ScanningDesk, kind: str, number: str, room: str, seed: int) -> np.ndarray:
    page = background(kind, seed % DISTINCT).copy()
    geometry = forms.GEOMETRY
    x0, y0, _, y1 = geometry.code128_box
    _stamp(page, number, zxingcpp.BarcodeFormat.Code128, x0, y0, geometry.code128_module, y1 - y0)
    cv2.putText(page, number, (px(x0), px(y1 + 5)), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 0, 3)
    sitting = desk.sitting
    text = forms.sheet_code(
        number, region="78", point=desk.day.point.code, date=sitting.date, subject=sitting.subject.code, room=room
    )
    for x, y in geometry.datamatrix_origins:
        _stamp(page, text, zxingcpp.BarcodeFormat.DataMatrix, x, y, geometry.datamatrix_module)
    return damage(page, angle=random.Random(seed).uniform(-0.7, 0.7), noise=0, seed=seed)


def add_rooms(day: factories.Day, count: int) -> list[tuple[str, str]]:
    """The rooms and their print stations; those of the usual day are not used."""
    day.sitting.posts.exclude(station__kind="scan").delete()
    day.sitting.rooms.exclude(room=day.rooms["HQ"]).delete()
    made = []
    for index in range(count):
        number, station = f"{301 + index:04d}", f"{2001 + index:04d}"
        day.rooms[number] = factories.RoomFactory(point=day.point, number=number)
        factories.SittingRoomFactory(sitting=day.sitting, room=day.rooms[number], seats=15)
        factories.add_post(day, "print", station, room=number)
        made.append((number, station))
    return made


def main() -> None:
    folder, rooms, people, a_file = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    folder.mkdir(parents=True, exist_ok=True)
    factories.NodeFactory(kind="hq", points=["0001"])
    day = factories.make_day()
    desk = ScanningDesk(day, folder)
    truth: dict[str, list[str]] = {}
    piles: list[tuple[str, str]] = []
    seed = 0
    for number, station in add_rooms(day, rooms):
        desk.seats(people, number)
        sets = desk.journal(number, station, people)
        pages = []
        for each in sets:
            for kind, form in each.items():
                seed += 1
                pages.append(Image.fromarray(decode.to_bilevel(sheet(desk, kind, form, number, seed))))
        truth[number] = [form for each in sets for form in each.values()]
        for start in range(0, len(pages), a_file):
            path = folder / f"{number}-{start:04d}.tif"
            first, *rest = pages[start : start + a_file]
            first.save(path, format="TIFF", compression="group4", save_all=True, append_images=rest, dpi=(300, 300))
            piles.append((number, str(path)))
    cards.ensure_cards(day.sitting)
    sys.stdout.write(json.dumps({"sitting": day.key, "truth": truth, "piles": piles, "people": people}) + "\n")


if __name__ == "__main__":
    main()
