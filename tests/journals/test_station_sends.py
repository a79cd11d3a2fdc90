"""The stations' own client before a real portal: a whole point plays and sends, a long journal comes in pieces."""

import datetime as dt
import json

import pytest
from django.utils import timezone

from journals.models import Journal
from keys.models import RevocationList
from station_client import reporting, sending
from station_client.cli import main
from stations.models import Heartbeat
from stations.registry import document_of
from tests.support.journals import print_station
from uploads.models import Upload
from wire import canonical, pki
from wire.documents import package
from wire.documents.package import PackageDocument

pytestmark = pytest.mark.django_db(transaction=True)


class Sender:
    """As much of a station as `sending` needs."""

    def __init__(self, signer, folder):
        self.signer, self.folder = signer, folder


@pytest.fixture
def simulated(keys, tmp_path):
    """The folder of a simulated point with certificates, and its exam package."""
    keys.activate()
    document = document_of(keys.day.point, keys.day.sitting.date)
    plan = tmp_path / "registry.json"
    plan.write_bytes(canonical.dumps(document))
    folder = tmp_path / "sim"
    assert main(["simulate", "keys", str(folder), str(plan), "--point", keys.day.point.code]) == 0
    now = timezone.now()
    certificates = [keys.ca, *keys.certificates.values()]
    for path in sorted((folder / "requests").iterdir()):
        request = pki.read_csr(path.read_bytes())
        certificates.append(
            pki.issue(
                keys.ca,
                keys.ca_key,
                public_key=request.public_key,
                identity=request.identity,
                common_name=request.common_name,
                not_before=now - dt.timedelta(hours=1),
                not_after=now + dt.timedelta(days=1),
            )
        )
    header = {
        "mode": keys.day.sitting.mode,
        "region": "78",
        "point": keys.day.point.code,
        "version": 1,
        "date": keys.day.sitting.date.isoformat(),
        "made_at": canonical.stamp(now),
    }
    exam = PackageDocument(
        header=header,
        registry=document,
        certificates=[pki.pem(each) for each in certificates],
        crl=bytes(RevocationList.objects.get().der),
        rcoi=[pki.pem(keys.certificates["rcoi-01"])],
        access=[pki.pem(each) for each in keys.access_certificates()],
    )
    path = tmp_path / "exam.zip"
    path.write_bytes(package.write(exam, signer=keys.signer("rcoi-01")))
    return folder, path, pki.fingerprint(keys.ca)


@pytest.mark.slow
def test_a_whole_simulated_point_sends_its_journals(simulated, live_server, tmp_path, capsys):
    folder, exam, mark = simulated
    capsys.readouterr()
    run = ["simulate", "run", folder, exam, tmp_path / "out", "--ca-fingerprint", mark, "--send", live_server.url]
    assert main([*map(str, run), "--scale", "0.3", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    made, sent = [r for r in rows if "sha256" in r], [r for r in rows if "state" in r]
    assert len(made) == len(sent) >= 5
    assert {row["file"]: row["state"] for row in sent if row["state"] != "accepted"} == {}, list(
        Journal.objects.filter(state="quarantined").values_list("original_name", "doubts")
    )
    assert sorted(Journal.objects.values_list("sha256", flat=True)) == sorted(row["sha256"] for row in made)


@pytest.mark.slow
def test_a_journal_of_many_megabytes_comes_in_pieces(keys, live_server, tmp_path):
    station = print_station(keys)
    while sum(map(len, station.lines[-100:])) * len(station.lines) / 100 < sending.DIRECT * 1.05:
        for _ in range(2000):
            station.add("printer_failed", fault="замятие бумаги " * 16)
    path = tmp_path / station.name
    path.write_bytes(station.close())
    assert path.stat().st_size > sending.DIRECT
    (sent,) = sending.send(Sender(keys.signer("print-0001"), tmp_path), live_server.url, [path])
    assert sent.state == "accepted"
    assert Upload.objects.get().length == path.stat().st_size
    assert Journal.objects.get().original_name == station.name
    (again,) = sending.send(Sender(keys.signer("print-0001"), tmp_path), live_server.url, [path])
    assert "уже получен" in again.line


def test_a_station_asks_for_its_day_and_tells_how_it_is(keys, live_server, tmp_path):
    station = Sender(keys.signer("print-0001"), tmp_path)
    said = reporting.configuration(station, live_server.url)
    assert said["sittings"][0]["posts"][0]["room"] == "0101"
    waits = []
    beats = reporting.tell(station, live_server.url, {"state": "working", "paper": 3}, every=30, sleep=waits.append)
    heard = [next(beats) for _ in range(3)]
    assert [each["troubles"] for each in heard] == [["paper"]] * 3
    assert waits == [30, 30]
    row = Heartbeat.objects.get()
    assert row.disk_free > 0
    assert row.software.startswith("ppe-station")
    assert abs(row.skew_seconds) < 5


def test_the_weakest_battery_counts(tmp_path):
    assert reporting.battery(tmp_path) is None
    for name, charge in (("BAT0", "87\n"), ("BAT1", "12\n"), ("BAT2", "odd\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "capacity").write_text(charge)
    assert reporting.battery(tmp_path) == 12
