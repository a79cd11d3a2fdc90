"""The drawn exam day through the desk: every conclusion agrees with the truth, every planted fault is named."""

import hashlib

import pytest
from django.utils import timezone

from drawing.days import demo_day
from drawing.draw import draw_sheet
from drawing.scans import to_tiff
from journals.models import Journal, JournalChannel, JournalSet, JournalSheet
from scanning import recognise, sheets, sources
from scanning.models import Sheet
from scanning.states import CardState, SheetState
from tests.scanning.conftest import ACTOR

#: The room with the upside-down sheet and the unreadable one; the demo plays the whole day.
ROOM = "0104"


@pytest.fixture
def planned(desk):
    """The plan's point 0001 with its journals as rows and the sheets of some rooms scanned."""
    plan = demo_day(date=desk.sitting.date)
    point = plan.point("0001")
    for room in point.rooms:
        desk.seats(room.seats, room.number)
        for station in sorted({each.station for each in room.sets}):
            journal = Journal.objects.create(
                state=Journal.State.ACCEPTED,
                kind="print",
                point=desk.day.point,
                sitting=desk.sitting,
                station=desk.day.stations[f"print-{station}"],
                room=desk.day.rooms[room.number],
                station_said=station,
                original_name="j",
                name="j",
                sha256=hashlib.sha256(station.encode()).hexdigest(),
                size=1,
                path="j",
                door=JournalChannel.BROWSER,
                received_at=timezone.now(),
                received_by="т",
                signed_by="urn:x",
                forms_opened_at=timezone.now(),
                sealed_sets=1,
            )
            for each in room.sets:
                if each.station == station:
                    row = JournalSet.objects.create(
                        journal=journal, ordinal=each.ordinal, spoiled=each.spoiled, unused=each.unused
                    )
                    for kind, number in each.sheets.items():
                        JournalSheet.objects.create(journal=journal, set=row, kind=kind, number=number)
        desk.fill(
            room.number,
            registration_count=room.registrations,
            dbo_count=len(room.dbo),
            absent_count=room.absent,
            not_finished_count=room.not_finished,
        )
    return plan, point


def scan(desk, point, room, count):
    """Scan the first files of a pile; return file name → what is true of it."""
    truth = {}
    for index, each in enumerate([scan for scan in point.scans if scan.pile == room][:count]):
        name = f"{room}-{index:03d}.tif"
        path = desk.folder / name
        path.write_bytes(to_tiff(draw_sheet(each.spec)))
        truth[name] = each
        taken = sources.ingest(card=desk.card(room), name=name, content=path, door="folder", actor=ACTOR)
        recognise.recognise(taken.source.pk)
    return truth


@pytest.mark.slow
def test_what_is_said_of_each_sheet_is_true(desk, planned):
    plan, point = planned
    truth = scan(desk, point, ROOM, 20)
    for sheet in Sheet.objects.select_related("source"):
        said = truth[sheet.source.name]
        if said.spec.damage.no_codes:
            assert (sheet.number, sheet.state) == ("", SheetState.PROBLEM)
        else:
            assert (sheet.number, sheet.kind) == (said.spec.number, said.spec.kind)
        found = set(sheet.findings.values_list("kind", flat=True))
        assert ("upside_down" in found) is said.spec.damage.upside_down
    card = desk.card(ROOM)
    assert card.state == CardState.DISCREPANT
    assert not card.discrepancies.filter(kind__in=("foreign", "unknown", "twice")).exists()
    hidden = next(fault.number for fault in plan.faults if fault.kind == "unreadable_code")
    assert card.discrepancies.filter(kind="missing", number=hidden).exists()
    sheet = Sheet.objects.get(state=SheetState.PROBLEM)
    sheets.decide(sheet=sheet, action="set_number", number=hidden, actor=ACTOR)
    assert not card.discrepancies.filter(number=hidden, resolved_at=None).exists()
    assert desk.card(ROOM).balance["unused"] == 1
