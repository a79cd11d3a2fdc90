"""Setting a node up: the one-time code, and what each kind of node does with its first page."""

import hmac
import io
import os
import secrets
import uuid
import zipfile

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from audit.log import Actor, record
from audit.subjects import AuditSubject
from common import files
from common.stored import stored
from common.work.clock import now
from keys import authority
from keys import node as node_keys
from keys import package as exam_package
from stations.models import Node, Person, User
from stations.people import issue_account
from wire.errors import PpeError
from wire.messages import Message


class WrongCodeError(PpeError):
    """The one-time code is not the one that the node printed when it started."""

    code = "wrong_first_run_code"
    http_status = 403


class AlreadyFoundedError(PpeError):
    """The node is set up; its first page is closed."""

    code = "already_founded"
    http_status = 409


FIRST_RUN = Actor(stored("first run"), "page")


def one_time_code() -> str:
    """Return the code of the first-run page; the node's first start makes it and prints it in its terminal."""
    path = files.folder() / "first-run-code"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("-".join(f"{secrets.randbelow(10000):04d}" for _ in range(3)))
    return path.read_text(encoding="ascii")


def check_code(given: str) -> None:
    """Refuse a person who cannot read the node's terminal.

    Raises:
        WrongCodeError: The code differs.
        AlreadyFoundedError: The node is set up and has a login.
    """
    if finished():
        raise AlreadyFoundedError(Message("This node is set up already."))
    if not hmac.compare_digest(given.strip().encode(), one_time_code().encode()):
        raise WrongCodeError(
            Message("Wrong first-run code: it is printed in the terminal of the node."),
        )


def finished() -> bool:
    """Return whether the node is set up and somebody can log in."""
    return Node.objects.filter(founded_at__isnull=False).exists() and User.objects.exists()


def this_node() -> Node:
    """Return the node's row, made at the first call."""
    row = Node.objects.first()
    if row is None:
        row = Node.objects.create(uid=str(uuid.uuid4()), kind=settings.PPE_NODE, mode=settings.PPE_MODE)
    return row


def found_centre(*, region: str, name: str, username: str, password1: str, password2: str) -> User:
    """Set up the regional centre: its certificate authority, its own certificate, the first administrator.

    Raises:
        PpeError: Region code malformed, or the login refused.
    """
    if len(region) != 2 or not region.isdigit():
        raise PpeError(Message("The region code is two digits."))
    with transaction.atomic():
        user = issue_account(
            person=None,
            full_name=Message("Administrator of the regional centre").ru,
            username=username,
            password=password1,
            repeated=password2,
            actor=FIRST_RUN,
            superuser=True,
        )
        row = this_node()
        row.region, row.region_name, row.founded_at = region, name, now()
        row.save()
        authority.found(region=region, name=name)
        record("node.founded", about=AuditSubject(region, text=name), actor=FIRST_RUN, data={"kind": "rcoi"})
    return user


def identify_hq(*, region: str, points: str, station: str) -> Node:
    """Remember which points the node will serve; its certificate requests carry these names.

    Raises:
        PpeError: A code is malformed.
    """
    codes = [code.strip() for code in points.replace(";", ",").split(",") if code.strip()]
    if len(region) != 2 or not region.isdigit():
        raise PpeError(Message("The region code is two digits."))
    if not codes or any(len(code) != 4 or not code.isdigit() for code in codes):
        raise PpeError(Message("A point code is four digits."))
    if len(station) != 2 or not station.isdigit():
        raise PpeError(Message("The scanning station's number is two digits."))
    row = this_node()
    row.region, row.points, row.station = region, codes, station
    row.save()
    return row


def request_files() -> list[tuple[str, bytes]]:
    """Return the certificate requests of this node: names and PEM bytes."""
    row = this_node()
    return node_keys.requests(region=row.region, points=row.points, station=row.station) if row.region else []


def request_archive() -> bytes:
    """Return the certificate requests as one ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in request_files():
            archive.writestr(name, data)
    return out.getvalue()


def take_package(*, data: bytes, fingerprint: str) -> str:
    """Take in an exam package after the person compared the region's fingerprint.

    Returns:
        What was taken in, in words.

    Raises:
        PpeError: Not a package, forged, of another region or point, or the fingerprint differs.
    """
    preview = exam_package.import_package(
        data, confirmed_fingerprint=fingerprint.replace(":", "").strip(), actor=FIRST_RUN
    )
    row = this_node()
    if row.founded_at is None:
        row.founded_at = now()
        row.save()
        record(
            "node.founded", about=AuditSubject(row.region), actor=FIRST_RUN, data={"kind": "hq", "points": row.points}
        )
    return _("Exam package taken in: exam point %(point)s, %(date)s.") % {
        "point": f"{preview.region}-{preview.point}",
        "date": f"{preview.date:%d.%m.%Y}",
    }


def first_account(*, person: str, username: str, password1: str, password2: str) -> User:
    """Make the first login of an exam point's node.

    Raises:
        PpeError: No such person, or the login refused.
    """
    row = Person.objects.filter(uid=person).first()
    if row is None:
        raise PpeError(Message("Choose a person of the list."))
    return issue_account(person=row, username=username, password=password1, repeated=password2, actor=FIRST_RUN)
