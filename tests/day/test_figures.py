"""«Сегодня» asks as little of a large day as of a small one."""

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.log import SYSTEM, record
from day import evaluate
from stations.models import Role
from tests.conftest import log_in
from tests.support import factories
from tests.support.large import large


def asked(login, address, **headers):
    with CaptureQueriesContext(
        connection,
    ) as seen:
        answer = login.client.get(address, headers=headers)
    return answer, [each["sql"] for each in seen.captured_queries]


@pytest.mark.parametrize(("sittings", "rooms"), [(1, 4), (3, 60)])
def test_the_live_part_of_today(day, monkeypatch, sittings, rooms):
    monkeypatch.setattr(evaluate, "KEPT", 8)
    large(day, sittings=sittings, rooms=rooms, people=16)
    user = factories.make_user("t", "Т", Role.TECHNICAL_SPECIALIST, point=day.point)
    login, address = log_in(user), f"/today/{day.point.key}/live/"
    login.client.get(f"/today/{day.point.key}/")
    held = [each for each in evaluate.evaluate(day.point, day.sitting.date).sittings[0].exam.posts if each.lines]
    assert len(held[0].lines) == rooms // sittings
    evaluate.forget()
    record("node.started", actor=SYSTEM, about=day.point)
    first, anew = asked(login, address)
    second, unchanged = asked(login, address, **{"If-None-Match": first["ETag"]})
    spent = min(_cpu(lambda: evaluate.evaluate(day.point, day.sitting.date)) for _again in range(5))
    assert (first.status_code, second.status_code) == (200, 304)
    assert len(anew) <= 26, "\n".join(each[:160] for each in anew)
    assert len(unchanged) <= 12, "\n".join(each[:160] for each in unchanged)
    assert spent < 0.06, f"{1000 * spent:.0f} ms of CPU"


def _cpu(work):
    started = time.process_time()
    work()
    return time.process_time() - started
