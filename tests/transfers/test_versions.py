"""One packet of a version: held by the database itself, whatever the code believes."""

import pytest
from django.db import IntegrityError, transaction

from transfers.models import Packet, PacketKind, PointStatus


def packet(day, **fields):
    return Packet.objects.create(
        **{"sitting": day.sitting, "made_by": "т", "uid": str(Packet.objects.count()), **fields}
    )


def test_the_database_refuses_a_second_packet_of_a_version(day):
    room, status = (
        day.rooms["0101"],
        PointStatus.objects.create(sitting=day.sitting, status="exams_finished", at="2026-05-29T10:00:00Z", by="т"),
    )
    kinds = [
        {"kind": PacketKind.BLANKS, "room": room},
        {"kind": PacketKind.STATUS, "status": status},
        {"kind": PacketKind.TEST},
    ]
    for fields in kinds:
        packet(day, **fields)
        with pytest.raises(IntegrityError), transaction.atomic():
            packet(day, **fields)
        packet(day, **fields, version=2)
    assert Packet.objects.count() == 6


def test_a_packet_of_another_machine_may_have_the_same_version(day):
    for imported in (False, True, True):
        packet(day, kind=PacketKind.BLANKS, room=day.rooms["0101"], imported=imported)
    assert Packet.objects.count() == 3
