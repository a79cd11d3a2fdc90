"""The morning of a small day, made once: a point with two exams and its centre, each in a data folder of its own.

``python -m tests.simulator.morning hq|rcoi PAPERS``: first the point, which makes the region's authority.
"""

import json
import random
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import time_machine

from tests.simulator import chance

if TYPE_CHECKING:
    from stations.models import Room

#: Subject, its rooms, and how many sit in each.
EXAMS = (("22", ("0101", "0102")), ("01", ("0103",)))
SEATS = 3
DEADLINES = {"exams_finished": "18:00", "blanks_transferred": "21:00"}
#: When the day begins for everybody: 12:00 at the point.
NOON = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
CODE, REGION = "0001", "78"
GEK = "789000001"


def registry(kind: str) -> Any:
    """Write who and where into the tables of a node; return the day of the first exam."""
    from tests.day.world import SUBJECTS
    from tests.support import factories

    node = factories.NodeFactory(kind=kind, points=[CODE] if kind == "hq" else [])
    point = factories.ExamPointFactory(code=CODE)
    person = factories.PersonFactory(uid=GEK, full_name="Соколова Анна Сергеевна")
    hq = factories.RoomFactory(point=point, number="HQ", name="Штаб ППЭ", kind="hq", seats=0)
    days = []
    for subject, rooms in EXAMS:
        made = factories.SubjectFactory(code=subject, name=SUBJECTS[subject])
        sitting = factories.SittingFactory(point=point, subject=made, date=NOON.date(), deadlines=DEADLINES)
        day = factories.Day(node, point.region, point, sitting, {"HQ": cast("Room", hq)})
        for number in rooms:
            day.rooms[number] = factories.RoomFactory(point=point, number=number)
            factories.SittingRoomFactory(sitting=sitting, room=day.rooms[number], seats=SEATS)
            factories.add_post(day, "print", number, room=number)
        factories.add_post(day, "scan", "01", room="HQ")
        factories.AssignmentFactory(person=person, role="gek_member", sitting=sitting)
        days.append(day)
    return days


def _point(papers: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from django.conf import settings

    from keys import access
    from scanning import cards
    from tests.support.keys import make_keys
    from transfers.tasks import ensure_cursors
    from wire import pki

    days = registry("hq")
    keys = make_keys(days[0], Path(settings.PPE_TOKEN_DIRS[0]))
    token = keys.open_token()
    for day in days:
        name, data = keys.access_file(sitting=day.sitting)
        key = access.load(data=data, name=name, actor=keys.operator, sitting=day.sitting)
        access.activate(access_key=key, token=token, actor=keys.operator)
        for number in day.rooms:
            if number != "HQ":
                keys.signer(f"print-{number}")
        cards.ensure_cards(day.sitting)
    ensure_cursors()
    form = serialization.PrivateFormat.PKCS8
    plain = serialization.NoEncryption()
    for handle, certificate in [("ca", keys.ca), *keys.certificates.items()]:
        key = keys.ca_key if handle == "ca" else keys.keys[handle]
        (papers / f"{handle}.pem").write_text(pki.pem(certificate))
        (papers / f"{handle}.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    exams = [{"key": day.sitting.key, "subject": day.sitting.subject.code} for day in days]
    (papers / "day.json").write_text(json.dumps({"exams": exams}))


def _centre(papers: Path) -> None:
    from cryptography import x509

    from keys import node, trust
    from rcoi.receiving import channels

    registry("rcoi")
    for name, kept in (("ca", "ca"), ("rcoi-01", "rcoi")):
        target = node.folder() / f"{kept}.key"
        target.write_bytes((papers / f"{name}.key").read_bytes())
        target.chmod(0o600)
    for path in sorted(papers.glob("*.pem")):
        trust.store_certificate(x509.load_pem_x509_certificate(path.read_bytes()))
    channels.connect()


def main() -> None:
    """Migrate, fill, and leave everything in the database's own file."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    random.seed(f"morning {sys.argv[1]}")
    chance.take_over(random)
    kind, papers = sys.argv[1], Path(sys.argv[2])
    call_command("migrate", verbosity=0)
    with time_machine.travel(NOON, tick=False):
        (_point if kind == "hq" else _centre)(papers)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


if __name__ == "__main__":
    main()
