"""A founded centre, and the other side of it: a point's node and GEK member with keys and certificates of their own."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from audit.log import SYSTEM
from keys import authority, node
from rcoi.models import InboxChannel, InboxPacket
from rcoi.receiving import channels, inbox
from rcoi.receiving.opening import open_packet
from stations.models import Role as StaffRole
from tests.support import factories
from wire import canonical, journal, pki
from wire.cms import Signer
from wire.documents import act
from wire.documents.act import ActDocument
from wire.forms import check_number, make_number
from wire.packet import PacketHeader, TarFile, append_signature, write_content
from wire.pki import CertificateRole, Identity

NODE = "0198b0c4-0000-7000-8000-0000000000aa"


def certified(identity: Identity, name: str) -> Signer:
    """Return a key born outside and certified through the centre's own desk."""
    key = pki.generate_key()
    request = authority.import_request(
        data=pki.make_csr(key, identity, common_name=name), name=f"{name}.csr", actor=SYSTEM
    )
    return Signer(authority.sign_request(request=request, actor=SYSTEM).x509, key)


@dataclass
class Point:
    """A point as the centre sees it from outside: what it signs with, and what it has signed."""

    day: factories.Day
    folder: Path
    hq: Signer
    gek: Signer
    station: Signer
    sequence: int = 0
    prev: str = ""
    made: int = 0
    serial: int = 1000
    sent: list[Path] = field(default_factory=list)

    @property
    def identity(self) -> Identity:
        return pki.identity_of(self.hq.certificate)

    def file(self, name: str, data: bytes) -> Path:
        path = self.folder / f"{self.made:03d}" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return path

    def sheet(self, kind: str, number: str | None = None, *, as_form: bool = False) -> TarFile:
        self.serial += 1
        number = number or make_number(kind, self.serial)
        path = self.file(f"{number}.tif", b"")
        Image.new("1", (240, 340), 1).save(path, compression="group4")
        return TarFile(path.name, "form" if as_form else "sheet", path, (number,))

    def blanks(self, room: str = "0101", *, people: int = 1, counts: dict[str, int] | None = None, **more: Any) -> Path:
        """Return a packet of a room: full sets of so many people, and the card that says so."""
        self.made += 1
        sheets = [self.sheet(kind) for _ in range(people) for kind in ("R", "AB", "C1", "C2")]
        if more.get("add"):
            sheets += more.pop("add")
        files = [*sheets, *more.pop("acts", [])]
        right = count(files)
        card = {"registration_count": people, "dbo_count": 0, "absent_count": 0, "not_finished_count": 0}
        document = {
            "format": "ppe-room/1",
            "sitting": self.day.key,
            "room": room,
            "card": card | more.pop("card", {}),
            "counts": right,
            "balance": {},
            "acts": [],
            "closed_with_act": False,
        } | more.pop("room_json", {})
        if not more.pop("no_room", False):
            files.append(TarFile("room.json", "room", self.file("room.json", canonical.dumps(document))))
        return self.pack("blanks", files, room=room, counts=counts or right, **more)

    def forms(self, *codes: str, **more: Any) -> Path:
        self.made += 1
        files = [self.sheet(code, as_form=True) for code in codes or ("13-02-МАШ", "18-МАШ")]
        return self.pack("forms", files, room=None, counts=count(files), **more)

    def status(self, status: str, *, at: datetime | None = None, journals: int = 1, **more: Any) -> Path:
        self.made += 1
        stamp = canonical.stamp(at or datetime.now(UTC))
        document = {
            "format": "ppe-status/1",
            "sitting": self.day.key,
            "status": status,
            "at": stamp,
            "by": "Иванов П. И.",
        }
        files = [TarFile("status.json", "status", self.file("status.json", canonical.dumps(document)))]
        files += [self.journal(f"{index + 1:04d}") for index in range(journals)]
        files += [self.journal(number, **made) for number, made in more.pop("printed", {}).items()]
        files += more.pop("acts", [])
        return self.pack("status", files, room=None, counts=count(files), **more)

    def journal(self, station: str, *, sets: Any = (), to: Any = (), notes: int = 0) -> TarFile:
        """Return the print journal of a station of room 0101; the numbers of its sets are sealed to somebody."""
        header = journal.Header(
            kind="print",
            mode="live",
            region="78",
            point=self.day.point.code,
            room="0101",
            sitting=self.day.key,
            subject="01",
            station=station,
            serial="SN",
            software="test",
            opened_at=datetime.now(UTC),
            duty="main",
        )
        path = self.folder / f"{self.made:03d}" / f"END_PRINT_{station}.lines"
        path.parent.mkdir(exist_ok=True)
        with journal.JournalLog.create(path, header) as log:
            for each in sets:
                log.append("set_printed", data={"set": each.ordinal})
                if each.spoiled:
                    log.append("set_spoiled", data={"set": each.ordinal})
                if each.unused:
                    log.append("set_unused", data={"set": each.ordinal})
            for _ in range(notes):
                log.append("note_written", data={"text": "…"})
            if sets and to:
                log.append("forms_sealed", data=journal.seal_forms(list(sets), recipients=to))
            blob = log.close(self.station)
        return TarFile(f"END_PRINT_{station}.dat", "journal", self.file(f"END_PRINT_{station}.dat", blob))

    def act(self, **fields: Any) -> TarFile:
        document = ActDocument(
            **{
                "kind": "journal_missing",
                "mode": "live",
                "region": "78",
                "point": self.day.point.code,
                "sitting": self.day.key,
                "room": None,
                "station": "0006",
                "station_kind": "print",
                "reason": "broken",
                "text": "Станция не включается",
                "numbers": (),
                "difference": {},
                "made_at": datetime.now(UTC),
            }
            | fields
        )
        name = f"ACT_{len(list(self.folder.rglob('ACT_*')))}.p7m"
        return TarFile(name, "act", self.file(name, act.write(document, self.gek)))

    def pack(
        self,
        kind: str,
        files: list[TarFile],
        *,
        room: str | None,
        counts: dict[str, int],
        signers: Any = None,
        recipients: Any = None,
        version: int = 1,
        supersedes: str | None = None,
        **fields: Any,
    ) -> Path:
        path = self.folder / f"{self.made:03d}-{canonical.uuid7()}.ppe"
        to = recipients if recipients is not None else [authority.rcoi_signer().certificate]
        content = write_content(path, files=files, recipients=to)
        self.sequence += 1
        said: dict[str, Any] = {
            "uid": canonical.uuid7(),
            "version": version,
            "part": 1,
            "parts": 1,
            "kind": kind,
            "mode": "live",
            "region": "78",
            "point": self.day.point.code,
            "date": self.day.sitting.date,
            "subject": self.day.sitting.subject.code,
            "sitting": self.day.key,
            "room": room,
            "counts": counts,
            "content_sha256": content.sha256,
            "content_size": content.size,
            "recipients": tuple(pki.fingerprint(each) for each in to),
            "node": NODE,
            "sequence": self.sequence,
            "prev": self.prev,
            "created_at": datetime.now(UTC),
            "supersedes": supersedes,
        } | fields
        header = PacketHeader(**said)
        by = signers if signers is not None else ([self.hq] if kind == "status" else [self.hq, self.gek])
        self.prev = append_signature(path, content=content, header=header, signers=by)
        self.sent.append(path)
        return path


def count(files: list[TarFile]) -> dict[str, int]:
    """Count files the way a header does."""
    keys = {"sheet": "sheets", "form": "forms", "recording": "recordings", "journal": "journals", "act": "acts"}
    counts: dict[str, int] = {}
    for each in files:
        if each.kind in keys:
            counts[keys[each.kind]] = counts.get(keys[each.kind], 0) + 1
        for number in each.sheet_codes:
            kind = check_number(number)
            if kind:
                counts[kind.code] = counts.get(kind.code, 0) + 1
    return counts


@pytest.fixture
def centre(rcoi_node, data_dir):
    """A centre whose authority is founded and whose door is open."""
    node.ensure_keys()
    authority.found(region="78", name="РЦОИ Санкт-Петербурга")
    channels.connect()
    return authority


@pytest.fixture
def point(centre, day, tmp_path) -> Point:
    """Point 0001 with its node, GEK member and print station 0001."""
    return make_point(day, tmp_path / "point")


def make_point(day: factories.Day, folder: Path) -> Point:
    folder.mkdir()
    code = day.point.code
    gek: Any = factories.PersonFactory(full_name="Соколова Анна Сергеевна")
    factories.AssignmentFactory(person=gek, role=StaffRole.GEK_MEMBER, sitting=day.sitting)
    return Point(
        day=day,
        folder=folder,
        hq=certified(Identity(CertificateRole.HQ, "78", code, NODE), f"Узел штаба ППЭ 78-{code}"),
        gek=certified(Identity(CertificateRole.GEK, "78", code, gek.uid), gek.full_name),
        station=certified(Identity(CertificateRole.PRINT, "78", code, "0001"), "Станция печати 0001"),
    )


def receive(path: Path, **more: Any) -> InboxPacket:
    """Bring a packet in from a flash drive."""
    return inbox.receive(path=path, name=path.name, door=more.pop("door", InboxChannel.FLASH), actor=SYSTEM, **more)


def arrive(path: Path) -> InboxPacket:
    """Bring a packet in and let the worker take it as far as it goes."""
    row = receive(path)
    open_packet(row.pk)
    return InboxPacket.objects.get(pk=row.pk)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
