"""A room to scan: print journals as rows, sheets as drawn files, the background work run at once."""

import hashlib
import itertools
from dataclasses import dataclass, field

import pytest
from django.utils import timezone

from audit.log import Actor
from journals.models import Journal, JournalChannel, JournalSet, JournalSheet
from scanning import cards, recognise, sources
from scanning.models import RoomCard, Source
from scanning.recognition import decode
from tests.scanning.drawn import damage, draw
from tests.support import factories
from wire.forms import form_set, make_number

ACTOR = Actor("Иванов Пётр Ильич", "page")
_serials = itertools.count(1000)


@dataclass
class ScanningDesk:
    """A scanning desk with one small day."""

    day: factories.Day
    folder: object
    drawn: dict = field(default_factory=dict)

    @property
    def sitting(self):
        return self.day.sitting

    def card(self, room="0101") -> RoomCard:
        cards.ensure_cards(self.sitting)
        return RoomCard.objects.select_related("room", "sitting__point__region", "sitting__subject").get(
            sitting=self.sitting, room__number=room
        )

    def journal(self, room="0101", station="0001", count=2, *, spoiled=(), unused=(), sealed=False):
        """An accepted print journal; returns the numbers of its sets."""
        journal = Journal.objects.create(
            state=Journal.State.ACCEPTED,
            kind="print",
            point=self.day.point,
            sitting=self.sitting,
            station=self.day.stations[f"print-{station}"],
            room=self.day.rooms[room],
            station_said=station,
            original_name="j",
            name="j",
            sha256=hashlib.sha256(f"{room}{station}".encode()).hexdigest(),
            size=1,
            path="j",
            door=JournalChannel.BROWSER,
            received_at=timezone.now(),
            received_by="т",
            sealed_sets=count,
            signed_by="urn:x",
            forms_opened_at=None if sealed else timezone.now(),
        )
        sets = []
        for ordinal in range(1, count + 1):
            numbers = {kind: make_number(kind, next(_serials)) for kind in form_set(self.sitting.subject.code)}
            sets.append(numbers)
            if not sealed:
                row = JournalSet.objects.create(
                    journal=journal, ordinal=ordinal, spoiled=ordinal in spoiled, unused=ordinal in unused
                )
                for kind, number in numbers.items():
                    JournalSheet.objects.create(journal=journal, set=row, kind=kind, number=number)
        return sets

    def open(self, room="0101"):
        journal = Journal.objects.get(sitting=self.sitting, room__number=room)
        journal.forms_opened_at = timezone.now()
        journal.save()
        return journal

    def page(self, number, kind=None, room="0101", **options):
        """A drawn page; pages of one number are drawn once."""
        kind = kind or next(k for k, p in PREFIXES.items() if number.startswith(p))
        change = {name: options.pop(name) for name in ("angle", "noise", "seed") if name in options}
        key = (number, room, tuple(sorted(options.items())))
        if key not in self.drawn:
            self.drawn[key] = draw(
                kind,
                number=number,
                date=self.sitting.date,
                room=room,
                point=self.day.point.code,
                subject=self.sitting.subject.code,
                writing=10,
                seed=int(number[2:12]),
                **options,
            )
        return damage(self.drawn[key], **change) if change else self.drawn[key]

    def scan(self, *pages, room="0101", name="scan.tif"):
        """Take pages in as one multi-page TIFF and read them."""
        from PIL import Image

        path = self.folder / name
        pictures = [Image.fromarray(decode.to_bilevel(each)) for each in pages]
        pictures[0].save(
            path, format="TIFF", compression="group4", save_all=True, append_images=pictures[1:], dpi=(300, 300)
        )
        source = sources.ingest(card=self.card(room), name=name, content=path, door="browser", actor=ACTOR).source
        recognise.recognise(source.pk)
        return Source.objects.get(pk=source.pk)

    def fill(self, room="0101", version=0, **counts):
        values = {"registration_count": None, "dbo_count": 0, "absent_count": 0, "not_finished_count": 0} | counts
        return cards.save_card(card=self.card(room), counts=values, version=version, actor=ACTOR)

    def seats(self, seats, room="0101"):
        self.sitting.rooms.filter(room__number=room).update(seats=seats)

    def open_kinds(self, room="0101"):
        return sorted(self.card(room).discrepancies.filter(resolved_at=None).values_list("kind", flat=True))


from wire.forms import CATALOGUE  # noqa: E402

PREFIXES = {code: kind.number_prefix for code, kind in CATALOGUE.items()}


@pytest.fixture
def desk(day, data_dir, tmp_path) -> ScanningDesk:
    """A desk of the usual day, two seats in room 0101."""
    made = ScanningDesk(day, tmp_path)
    for number in ("0101", "0102"):
        made.seats(2, number)
    return made
