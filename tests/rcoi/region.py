"""A region on its great day, as rows: a thousand points, one of them with a thousand rooms, nearly all received."""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from keys.models import AccessKey, Certificate, ExamPackage, SigningRequest
from rcoi.models import (
    Announcement,
    FeedEntry,
    InboxFinding,
    InboxJournal,
    InboxPacket,
    InboxSheet,
    IssuedReceipt,
    PointStatusRecord,
    Report,
    RescanRequest,
)
from stations import models
from stations.models import Role
from tests.support import factories

#: More of each than SQLite takes in one expression (1000), and just enough: the papers write every one of them.
POINTS, ROOMS_OF_THE_LARGE = 1010, 1005
DAY = date(2026, 5, 29)
STATUSES = ("exams_finished", "blanks_transferred")


def _digest(*words: object) -> str:
    return hashlib.sha256(repr(words).encode()).hexdigest()


def build() -> models.Region:
    """Write the region and its day: more than 2,000 rooms, each with its packet, sheet and receipt."""
    at = datetime(2026, 5, 29, 12, 0, tzinfo=timezone.get_default_timezone())
    region: Any = factories.RegionFactory()
    subject: Any = factories.SubjectFactory()
    points = models.ExamPoint.objects.bulk_create(
        models.ExamPoint(region=region, code=f"{n:04d}", name=f"Школа № {n}", timezone="Europe/Moscow")
        for n in range(1, POINTS + 1)
    )
    sittings = models.Sitting.objects.bulk_create(
        models.Sitting(point=point, subject=subject, date=DAY, deadlines={"exams_finished": "18:00"})
        for point in points
    )
    rooms = models.Room.objects.bulk_create(
        models.Room(point=point, number=number, seats=15)
        for point in points
        for number in ("0101", *(_numbers() if point is points[0] else ()))
    )
    sitting_of = {sitting.point_id: sitting for sitting in sittings}
    models.SittingRoom.objects.bulk_create(
        models.SittingRoom(sitting=sitting_of[room.point_id], room=room, seats=15) for room in rooms
    )
    stations = models.Station.objects.bulk_create(
        models.Station(point=room.point, kind="print", number=room.number, serial="SN") for room in rooms
    )
    models.StationAssignment.objects.bulk_create(
        models.StationAssignment(sitting=sitting_of[room.point_id], station=station, room=room)
        for room, station in zip(rooms, stations, strict=True)
    )
    _people(sittings)
    _keys(points, sitting_of, at)
    packets = _packets(rooms, sittings, sitting_of, at)
    _words_of_the_centre(region, points, packets, at)
    return region


def _numbers() -> Iterable[str]:
    return (f"{2000 + n:04d}" for n in range(ROOMS_OF_THE_LARGE))


def _people(sittings: list[models.Sitting]) -> None:
    people = models.Person.objects.bulk_create(
        models.Person(uid=f"gek-{sitting.point.code}", full_name="Соколова Анна Сергеевна") for sitting in sittings
    )
    models.Assignment.objects.bulk_create(
        models.Assignment(person=person, role=Role.GEK_MEMBER, sitting=sitting)
        for person, sitting in zip(people, sittings, strict=True)
    )


def _keys(points: list[models.ExamPoint], sitting_of: dict[int, models.Sitting], at: datetime) -> None:
    def certificate(role: str, point: models.ExamPoint, ident: str) -> Certificate:
        digest = _digest(role, point.code)
        return Certificate(
            role=role,
            region="78",
            point=point.code,
            ident=ident,
            common_name=f"{role} {point.code}",
            serial=digest[:32],
            fingerprint=digest,
            key_fingerprint=digest,
            pem="",
            not_before=at,
            not_after=at + timedelta(days=3000),
        )

    made = {
        role: Certificate.objects.bulk_create(certificate(role, point, f"{role}-{point.code}") for point in points)
        for role in ("hq", "gek", "access")
    }
    SigningRequest.objects.bulk_create(
        SigningRequest(
            role="gek",
            region="78",
            point=row.point,
            ident=row.ident,
            common_name=row.common_name,
            key_fingerprint=row.key_fingerprint,
            name="gek.csr",
            csr="",
            state="signed",
            received_at=at,
            decided_at=at + timedelta(seconds=int(row.point)),
            decided_by="Павлов Денис Олегович",
            certificate=row,
        )
        for row in made["gek"]
    )
    AccessKey.objects.bulk_create(
        AccessKey(
            sitting=sitting_of[point.pk],
            version=1,
            state="made",
            certificate=row,
            name=f"KEY_{point.code}.p7m",
            path="",
            sha256=row.fingerprint,
            recipients=[row.fingerprint],
            at=at,
            by="",
            until=row.not_after,
        )
        for point, row in zip(points, made["access"], strict=True)
    )
    ExamPackage.objects.bulk_create(
        ExamPackage(
            point=point,
            date=DAY,
            version=1,
            mode="live",
            name=f"EXAM_{point.code}.zip",
            path="",
            sha256="",
            at=at,
            signed_by="",
            by="",
        )
        for point in points
    )


def _packets(
    rooms: list[models.Room], sittings: list[models.Sitting], sitting_of: dict[int, models.Sitting], at: datetime
) -> list[InboxPacket]:
    def packet(sitting: models.Sitting, kind: str, room: str, document: dict[str, Any]) -> InboxPacket:
        digest = _digest(kind, sitting.pk, room, document)
        return InboxPacket(
            sha256=digest,
            size=1000,
            name=f"{digest}.ppe",
            path="",
            door="network",
            received_at=at,
            received_from="",
            uid=digest[:36],
            version=1,
            kind=kind,
            point=sitting.point,
            sitting=sitting,
            room=room,
            node="node",
            header={"sitting": sitting.key, "version": 1},
            state="acknowledged",
            counts={"sheets": 1},
            document=document,
            opened_at=at,
            decided_at=at,
        )

    card = {"registration_count": 15, "dbo_count": 0, "absent_count": 0, "not_finished_count": 0}
    packets = [packet(sitting_of[room.point_id], "blanks", room.number, {"card": card}) for room in rooms]
    packets += [packet(sitting, "forms", "", {}) for sitting in sittings]
    packets += [packet(sitting, "status", "", {"status": STATUSES[0]}) for sitting in sittings]
    packets.append(packet(sittings[0], "status", "", {"status": STATUSES[1]}))
    packets = InboxPacket.objects.bulk_create(packets)
    InboxSheet.objects.bulk_create(
        InboxSheet(
            packet=row, ordinal=1, name="1.tif", size=1, sha256="", kind="sheet", form="R", number=f"{row.pk:013d}"
        )
        for row in packets
        if row.kind == "blanks"
    )
    IssuedReceipt.objects.bulk_create(
        IssuedReceipt(
            packet=row,
            point=row.point,
            number=number,
            level="acknowledged",
            sha256=row.sha256,
            issued_at=at,
            body=b"receipt",
            body_sha256=row.sha256,
        )
        for number, row in enumerate(packets, 1)
    )
    InboxFinding.objects.bulk_create(
        InboxFinding(packet=row, code="closed_with_act", text="Аудитория закрыта с актом.", room=row.room, found_at=at)
        for row in packets[::20]
    )
    statuses = [row for row in packets if row.kind == "status"]
    PointStatusRecord.objects.bulk_create(
        PointStatusRecord(
            sitting=row.sitting, status=row.document["status"], declared_at=at, reported_at=at, packet=row
        )
        for row in statuses
    )
    InboxJournal.objects.bulk_create(
        InboxJournal(
            packet=row,
            ordinal=ordinal,
            name=f"{ordinal}.dat",
            size=1,
            sha256=_digest(row.pk, ordinal),
            kind="print",
            station="0101",
            room="0101",
            closed_at=at,
            signed_by="urn",
        )
        for row in statuses
        for ordinal in range(50 if row is statuses[0] else 1)
    )
    return packets


def _words_of_the_centre(
    region: models.Region, points: list[models.ExamPoint], packets: list[InboxPacket], at: datetime
) -> None:
    announcement = Announcement.objects.create(title="Внимание", text="Проба", by="РЦОИ", at=at)
    announcement.points.set(points)
    entries = FeedEntry.objects.bulk_create(
        FeedEntry(point=row.point, number=row.pk, kind="rescan_request", at=at, hash=row.sha256, body=b"item")
        for row in packets[::30]
    )
    RescanRequest.objects.bulk_create(
        RescanRequest(
            packet=row, sitting=row.sitting, room=row.room, numbers=["1"], reason="полоса", by="", at=at, entry=entry
        )
        for row, entry in zip(packets[::30], entries, strict=True)
    )
    Report.objects.bulk_create(
        Report(
            kind="packet",
            key=row.uid or "",
            point=row.point,
            region=region,
            number=number,
            data_sha256=row.sha256,
            sha256=row.sha256,
            path="",
            made_at=at,
            made_by="",
        )
        for number, row in enumerate(packets[:1010], 1)
    )
