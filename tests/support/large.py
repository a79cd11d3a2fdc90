"""A large day: many rooms, all scanned and closed."""

import hashlib

from django.utils import timezone

from audit.log import SYSTEM, record
from common import files
from journals.models import Journal, JournalChannel, JournalSet, JournalSheet
from scanning.models import Batch, RoomCard, Sheet, Source
from stations.models import SittingRoom
from tests.support import factories
from tests.support.marks import mark_compared
from transfers.models import Packet
from wire.forms import make_number
from wire.journal import join

KINDS = ("R", "AB", "C1", "C2")


def large(day, *, sittings, rooms, people):
    """Fill a point with exams, each with some rooms, all scanned and closed; return the exams."""
    made, serial = [day.sitting], 100
    for index in range(1, sittings):
        subject = factories.SubjectFactory(code=f"{index + 1:02d}", name=f"Предмет {index}")
        made.append(factories.SittingFactory(point=day.point, subject=subject, date=day.sitting.date))
    each = rooms // sittings
    for place, sitting in enumerate(made):
        SittingRoom.objects.filter(sitting=sitting).delete()
        sitting.posts.filter(station__kind="print").delete()
        for index in range(each):
            room = factories.RoomFactory(point=day.point, number=f"{place + 1}{index + 1:03d}")
            factories.SittingRoomFactory(sitting=sitting, room=room, seats=people)
            station = factories.StationFactory(point=day.point, kind="print", number=f"{place}{index:03d}")
            factories.StationAssignmentFactory(sitting=sitting, station=station, room=room)
            journal = Journal.objects.create(
                state="accepted",
                kind="print",
                point=day.point,
                sitting=sitting,
                station=station,
                room=room,
                station_said=station.number,
                original_name="j",
                name="j",
                sha256=hashlib.sha256(f"{place}{index}".encode()).hexdigest(),
                size=1,
                path="j",
                door=JournalChannel.BROWSER,
                received_at=timezone.now(),
                received_by="т",
                sealed_sets=people,
                forms_opened_at=timezone.now(),
            )
            card = RoomCard.objects.create(sitting=sitting, room=room, state="packed", version=1)
            batch = Batch.objects.create(card=card, number=1, door="browser", made_by="т")
            source = Source.objects.create(
                batch=batch, card=card, name="s", path="s", sha256="0" * 64, size=1, format="tiff", pages=1
            )
            sets = JournalSet.objects.bulk_create(JournalSet(journal=journal, ordinal=n + 1) for n in range(people))
            sheets, forms = [], []
            for one in sets:
                for kind in KINDS:
                    serial += 1
                    number = make_number(kind, serial)
                    forms.append(JournalSheet(journal=journal, set=one, kind=kind, number=number))
                    sheets.append(
                        Sheet(card=card, source=source, page=len(sheets), state="accepted", number=number, kind=kind)
                    )
            JournalSheet.objects.bulk_create(forms)
            Sheet.objects.bulk_create(sheets)
        mark_compared(sitting)
    _signed(day, rooms=each)
    record("node.started", actor=SYSTEM, about=day.point)
    return made


def _signed(day, *, rooms):
    """Let each room of the first exam have a confirmed packet that names an entry of its scan journal."""
    lines = [f'{{"seq":{number}}}'.encode() for number in range(40 * rooms)]
    path = files.folder("journals") / "END_SCAN.dat"
    path.write_bytes(join(lines))
    Journal.objects.create(
        state="accepted",
        kind="scan",
        point=day.point,
        sitting=day.sitting,
        station=day.stations["scan-01"],
        room=day.rooms["HQ"],
        station_said="01",
        original_name="s",
        name="s",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size=1,
        path=files.relative(path),
        door=JournalChannel.BROWSER,
        received_at=timezone.now(),
        received_by="т",
        signed_by="urn:x",
    )
    for place, card in enumerate(RoomCard.objects.filter(sitting=day.sitting, state="packed")):
        head = {"station": "01", "number": place, "sha256": hashlib.sha256(lines[place]).hexdigest()}
        Packet.objects.create(
            uid=f"p{place}",
            kind="blanks",
            sitting=day.sitting,
            room=card.room,
            state="acknowledged",
            receipt_number=place + 1,
            made_by="т",
            scan_head=head,
        )
