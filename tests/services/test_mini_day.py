"""A whole exam day with both nodes on PostgreSQL and Redis: everything else is as on a laptop."""

import shutil

import psycopg
import pytest
import redis

from demo import harness
from demo.killer import Killer
from demo.mini import IMPATIENT, MiniDay
from demo.report import DemoReport
from drawing.days import mini_day
from tests.demo.test_mini_day import expected

pytestmark = [pytest.mark.services, pytest.mark.slow]

PACKETS = {"hq": "SELECT count(*) FROM transfers_packet", "rcoi": "SELECT count(*) FROM rcoi_inboxpacket"}
KINDS = tuple(PACKETS)


@pytest.fixture
def databases(postgresql_url):
    """Two empty databases, by kind of node."""
    server = postgresql_url.rpartition("/")[0]
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        for kind in KINDS:
            connection.execute(f"CREATE DATABASE mini_{kind}".encode())
    return {kind: f"{server}/mini_{kind}" for kind in KINDS}


@pytest.fixture
def brokers(redis_url):
    """Two queues on one Redis, by kind of node."""
    server = redis_url.rpartition("/")[0]
    return {kind: f"{server}/{number}" for number, kind in enumerate(KINDS, 1)}


@pytest.fixture
def day(tmp_path_factory, databases, brokers):
    """The morning of a mini day."""
    root = tmp_path_factory.mktemp("big") / "day"
    for folder in (root.parent, root.parent.parent):
        folder.chmod(0o755)  # The HQ's user must be able to enter its own.
    report = DemoReport()
    report.console.quiet = True
    on = harness.build(mini_day(), root, report, settings=IMPATIENT)
    for node in (on.hq, on.rcoi):
        urls = {"PPE_DATABASE_URL": databases[node.kind], "PPE_REDIS_URL": brokers[node.kind]}
        node.settings = {**node.settings, **urls}
    played = MiniDay(on)
    try:
        played.prepare()
        yield played
    finally:
        on.close()
        shutil.rmtree(root, ignore_errors=True)


def test_the_day_comes_to_its_end_on_postgresql_and_redis_though_a_process_is_killed(day, databases, brokers):
    killer = Killer((day.on.hq, day.on.rcoi), seed=7)
    killer.start()
    day.play()
    killer.stop()
    assert not killer.trouble
    final = day.final()
    assert final == expected(final), killer.done
    assert killer.done
    for node in (day.on.hq, day.on.rcoi):
        assert not list(node.data.rglob("db.sqlite3")), "the node kept its rows elsewhere"
        with psycopg.connect(databases[node.kind]) as connection:
            (packets,) = connection.execute(PACKETS[node.kind]).fetchone()
            (tasks,) = connection.execute("SELECT count(*) FROM django_q_ormq").fetchone()
        assert packets >= 4
        assert tasks == 0, "wake-ups went through the database"
        assert "якорей — " in node.command("audit_verify")
    commands = redis.Redis.from_url(brokers["hq"]).info("commandstats")
    assert commands["cmdstat_rpush"]["calls"] > 10
