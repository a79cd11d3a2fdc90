"""A point of many rooms for `benchmarks.pages`, and whoever changes its day now and then.

argv: people with an open page, rooms, participants a room; or ``change`` and the seconds between two changes.
"""

import json
import select
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.test import Client  # noqa: E402

from audit.log import SYSTEM, record  # noqa: E402
from stations.models import ExamPoint, Role  # noqa: E402
from tests.support import factories  # noqa: E402
from tests.support.large import large  # noqa: E402


def make(people: int, rooms: int, seats: int) -> None:
    """Fill the node and log everybody in; print the address of the live part and the cookies."""
    factories.NodeFactory(kind="hq", points=["0001"])
    day = factories.make_day()
    large(day, sittings=1, rooms=rooms, people=seats)
    cookies = []
    for number in range(people):
        user = factories.make_user(f"u{number}", f"Person {number}", Role.TECHNICAL_SPECIALIST, point=day.point)
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        cookies.append(client.cookies[settings.SESSION_COOKIE_NAME].value)
    path = f"/today/{day.point.key}/live/?sitting={day.sitting.key}"
    print(json.dumps({"path": path, "name": settings.SESSION_COOKIE_NAME, "cookies": cookies}))


def change(seconds: float) -> None:
    """Write an event of the point's day at every interval, until stdin is closed."""
    point = ExamPoint.objects.get()
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], seconds)[0]:
        record("node.started", actor=SYSTEM, about=point)


if __name__ == "__main__":
    if sys.argv[1] == "change":
        change(float(sys.argv[2]))
    else:
        make(*map(int, sys.argv[1:4]))
