"""An HQ node with keys, closed rooms to be packed, and the centre's side of the wire: receipts and feed items."""

import base64
import hashlib
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from django.utils import timezone
from PIL import Image

from audit.log import SYSTEM, Actor
from common import files
from day import acts
from journals.models import Journal
from journals.models import JournalChannel as JournalDoor
from scanning import cards
from scanning.models import Batch, RoomCard, Sheet, Source
from tests.support import factories
from tests.support.keys import Keys, make_keys
from tests.support.marks import mark_compared
from transfers import build, feed, sign, tasks
from transfers.models import Packet
from wire.documents import feed as wire_feed
from wire.documents import receipt as wire_receipt
from wire.documents.feed import FeedItem
from wire.documents.receipt import Receipt
from wire.forms import make_number

ACTOR = Actor("Иванов Пётр Ильич", "page")
_serials = itertools.count(500)


@dataclass
class Hq:
    """The HQ of the usual day, and what the centre would sign."""

    day: factories.Day
    keys: Keys
    feed: list[bytes] = field(default_factory=list)
    receipts: int = 0

    @property
    def sitting(self):
        return self.day.sitting

    @property
    def point(self):
        return self.day.point

    # --- this side -------------------------------------------------------------------------------------------------

    def close(self, room="0101", people=1, kinds=("R", "AB", "C1", "C2")):
        """A room scanned and closed; the ways of the scanning desk are its own tests' business."""
        cards.ensure_cards(self.sitting)
        card = RoomCard.objects.get(sitting=self.sitting, room__number=room)
        batch = Batch.objects.create(card=card, number=card.batches.count() + 1, door="browser", made_by="т")
        source = Source.objects.create(
            batch=batch, card=card, name="s.tif", path="s", sha256="0" * 64, size=1, format="tiff", pages=9
        )
        for page in range(people * len(kinds)):
            kind = kinds[page % len(kinds)]
            number = make_number(kind, next(_serials))
            path = files.folder("scans", self.sitting.key, room, "sheets") / f"{number}.tif"
            Image.new("1", (240, 340), 1).save(path, compression="group4")
            Sheet.objects.create(
                card=card,
                source=source,
                page=page,
                state=Sheet.State.ACCEPTED,
                number=number,
                kind=kind,
                path=files.relative(path),
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            )
        RoomCard.objects.filter(pk=card.pk).update(
            state="closed", registration_count=people, dbo_count=0, absent_count=0, not_finished_count=0, version=1
        )
        mark_compared(self.sitting, room)
        return self.card(room)

    def close_hq(self):
        return self.close("HQ", kinds=("13-02-МАШ", "18-МАШ"))

    def card(self, room="0101"):
        return RoomCard.objects.select_related("room", "sitting__point__region").get(
            sitting=self.sitting, room__number=room
        )

    def build(self, room="0101", kind="blanks"):
        return build.build_packet(sitting=self.sitting, kind=kind, room=self.day.rooms[room], actor=ACTOR)

    def sealed(self, room="0101", kind="blanks"):
        packet = self.build(room, kind)
        tasks.seal_packet(packet.pk)
        packet = fresh(packet)
        assert packet.state == "awaiting_signature", packet.last_error
        return packet

    def signed(self, room="0101", kind="blanks"):
        packet = self.sealed(room, kind)
        sign.sign_packets(packets=[packet], token=self.keys.open_token(), actor=ACTOR)
        return fresh(packet)

    def journal(self, station="0001", room="0101", kind="print", data=b"journal"):
        path = files.folder("journals") / f"{kind}-{station}-{len(data)}.dat"
        path.write_bytes(data + station.encode())
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return Journal.objects.create(
            state=Journal.State.ACCEPTED,
            kind=kind,
            point=self.point,
            sitting=self.sitting,
            station=self.day.stations[f"{kind}-{station}"],
            room=self.day.rooms[room] if room else None,
            station_said=station,
            original_name=f"END_{kind}_{station}.dat",
            name=f"END_{kind}_{station}.dat",
            sha256=digest,
            size=7,
            path=files.relative(path),
            door=JournalDoor.BROWSER,
            received_at=timezone.now(),
            received_by="т",
            sealed_sets=0,
            signed_by="urn:x",
        )

    def all_journals(self):
        """Journals of every print station, reserves included."""
        for index in range(1, 5):
            self.journal(f"{index:04d}", f"{100 + index:04d}")
        self.journal("0005", None)
        self.journal("0006", None)

    def finish(self, people=2):
        """The whole day of the sitting: every packet confirmed, both statuses declared and accepted by receipts."""
        self.all_journals()
        self.declare("exams_finished")
        rooms = ["0101", "0102", "0103", "0104"]
        for room in rooms:
            self.close(room, people=people)
        self.close_hq()
        self.acknowledge(*[self.signed(room) for room in rooms], self.signed("HQ", "forms"))
        for number in ("01", "02"):
            self.journal(number, "HQ", kind="scan")
        self.declare("blanks_transferred")

    def declare(self, status):
        """Declare a status; the centre accepts it."""
        packet = acts.declare(sitting=self.sitting, status=status, actor=ACTOR).packets.get()
        tasks.seal_packet(packet.pk)
        self.acknowledge(fresh(packet))

    def acknowledge(self, *packets, level="acknowledged"):
        """Let the centre say «Подтвержден» of packets, in the feed."""
        items = [self.receipt_item(packet, level) for packet in packets]
        feed.take_items(point=self.point, items=items, door="feed", actor=SYSTEM)

    # --- the other side ----------------------------------------------------------------------------------------------

    def receipt(self, packet, level, *, sha256=None, reasons=(), open=(), number=None, signer="rcoi-01", point="0001"):
        self.receipts += 1
        now = datetime.now(UTC)
        return wire_receipt.write(
            Receipt(
                level=level,
                uid=packet.uid if packet else None,
                version=packet.version if packet else None,
                sha256=sha256 or packet.sha256,
                number=number or self.receipts,
                supersedes=None,
                region="78",
                point=point,
                reasons=tuple(reasons),
                open=tuple(open),
                counts={},
                operator="",
                received_at=now,
                issued_at=now,
            ),
            self.keys.signer(signer),
        )

    def item(
        self, kind, body, *, number=None, prev=None, signer="rcoi-01", mode="live", point="0001", keep=True, **more
    ):
        """The next item of the point's feed."""
        before = hashlib.sha256(self.feed[-1]).hexdigest() if self.feed else ""
        blob = wire_feed.write(
            FeedItem(
                number=number or len(self.feed) + 1,
                prev=before if prev is None else prev,
                kind=kind,
                mode=mode,
                region="78",
                point=point,
                at=datetime.now(UTC),
                body=body,
                **more,
            ),
            self.keys.signer(signer),
        )
        if keep:
            self.feed.append(blob)
        return blob

    def receipt_item(self, packet, level, **options):
        document = self.receipt(packet, level, **options)
        return self.item("receipt", {"p7m": base64.b64encode(document).decode()})


def fresh(packet):
    return Packet.objects.full().get(pk=packet.pk)


@pytest.fixture
def hq(day, data_dir, token_dir) -> Hq:
    """The HQ of point 78-0001 with certificates, a token, and no link to anywhere."""
    return Hq(day, make_keys(day, token_dir))
