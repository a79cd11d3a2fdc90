"""What is true of every scanned page, beside the pictures and never shown to the system: truth.csv."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from drawing.plan import DayPlan, Scan, all_scans
from drawing.scans import file_names


@dataclass(frozen=True, slots=True)
class TruthRow:
    """One page: where its file is, what it is, what is wrong with it."""

    file: str
    point: str
    pile: str
    kind: str
    number: str
    owner: str
    note: str
    late: int
    blank: int
    upside_down: int
    codes: int
    angle: float


@dataclass(frozen=True, slots=True)
class PlacedScan:
    """A page and the file it will be."""

    scan: Scan
    path: Path
    row: TruthRow


def place(plan: DayPlan, folder: Path) -> list[PlacedScan]:
    """Give every page of the day its file, named as a scanner names it, in a folder for each pile."""
    names = {point.code: file_names(plan.seed, point.code) for point in plan.exams}
    placed = []
    for point, scan in all_scans(plan):
        path = folder / point.code / scan.pile / next(names[point.code])
        spec = scan.spec
        ours = spec.side != "foreign"
        row = TruthRow(
            file=path.relative_to(folder).as_posix(),
            point=point.code,
            pile=scan.pile,
            kind=spec.kind if ours else "",
            number=spec.number if ours else "",
            owner=scan.owner,
            note=scan.note,
            late=int(scan.late),
            blank=int(spec.blank),
            upside_down=int(spec.damage.upside_down),
            codes=int(spec.side == "form" and not spec.damage.no_codes),
            angle=spec.damage.angle,
        )
        placed.append(PlacedScan(scan, path, row))
    return placed


def write(path: Path, rows: Iterable[TruthRow]) -> None:
    """Write truth.csv."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(TruthRow)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def read(path: Path) -> Sequence[dict[str, str]]:
    """Read truth.csv."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
