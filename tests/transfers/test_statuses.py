"""The gates and the statuses behind them."""

import tarfile
from datetime import timedelta

import pytest

from audit.log import SYSTEM
from common.web.obligations import link_of
from day import acts
from day.errors import GateClosedError, UnknownStatusError
from keys.trust import trust_store
from scanning import cards
from tests.support.evaluated import gate
from tests.transfers.conftest import ACTOR, fresh
from transfers import feed, statuses, tasks
from transfers.errors import CannotRetryError
from transfers.models import Packet, PointStatus
from wire import canonical, cms, pki
from wire import packet as wire_packet
from wire.cms import Recipient

FINISHED, TRANSFERRED = "exams_finished", "blanks_transferred"


def acknowledge(hq, packet):
    item = hq.receipt_item(fresh(packet), "acknowledged")
    feed.take_items(point=hq.point, items=[item], door="feed", actor=SYSTEM)


def declared(hq, status=FINISHED):
    row = acts.declare(sitting=hq.sitting, status=status, actor=ACTOR)
    packet = row.packets.get()
    tasks.seal_packet(packet.pk)
    return row, fresh(packet)


def codes(found):
    return sorted({each.code for each in found.blockers})


def test_the_gate_names_every_journal_that_is_missing(hq):
    hq.journal("0001", "0101")
    found = gate(hq.sitting, FINISHED)
    assert not found.open
    assert len(found.blockers) == 5
    assert any("0006" in str(each.text) for each in found.blockers)
    assert all(link_of(each) and str(each.cure) for each in found.blockers)
    with pytest.raises(GateClosedError) as refused:
        acts.declare(sitting=hq.sitting, status=FINISHED, actor=ACTOR)
    assert len(refused.value.parts) == 5
    assert not PointStatus.objects.exists()
    assert not Packet.objects.exists()


def test_a_status_goes_with_its_journals_signed_by_the_node_alone(hq, tmp_path):
    hq.all_journals()
    row, packet = declared(hq)
    assert (packet.state, packet.kind) == ("queued", "status")
    checked = wire_packet.verify(packet.file, trust=trust_store())
    assert [by.identity.role for by in checked.signers] == [pki.CertificateRole.HQ]
    assert checked.header.counts == {"journals": 6, "acts": 0}
    rcoi = Recipient(hq.keys.certificates["rcoi-01"], hq.keys.keys["rcoi-01"])
    wire_packet.extract(packet.file, tmp_path / "opened", recipients=[rcoi])
    document = canonical.loads((tmp_path / "opened" / "status.json").read_bytes())
    assert (document["format"], document["status"]) == ("ppe-status/2", FINISHED)
    assert document["at"] == canonical.stamp(row.at)
    assert len(list((tmp_path / "opened" / "journals").iterdir())) == 6
    assert tarfile is not None
    assert cms is not None
    with pytest.raises(GateClosedError):
        acts.declare(sitting=hq.sitting, status=FINISHED, actor=ACTOR)


def test_a_late_or_longer_journal_makes_the_next_version(hq):
    hq.all_journals()
    row, first = declared(hq)
    assert statuses.catch_up() == 0
    hq.journal("0001", "0101", data=b"a longer journal")
    assert statuses.catch_up() == 0, "the version under way is not overtaken"
    acknowledge(hq, first)
    assert statuses.catch_up() == 1
    assert statuses.catch_up() == 0
    second = row.packets.get(version=2)
    tasks.seal_packet(second.pk)
    assert fresh(second).supersedes == first
    acknowledge(hq, second)
    row.refresh_from_db()
    assert row.state == "accepted"
    assert fresh(first).state == "superseded"


def test_a_rejected_status_is_repeated_by_a_person(hq):
    hq.all_journals()
    row, first = declared(hq)
    reason = {"code": "counts", "ru": "Не сошлось.", "en": "x"}
    item = hq.receipt_item(first, "rejected", reasons=[reason])
    feed.take_items(point=hq.point, items=[item], door="feed", actor=SYSTEM)
    second = statuses.repeat(packet=fresh(first), actor=ACTOR)
    assert (second.version, second.status) == (2, row)
    with pytest.raises(CannotRetryError):
        statuses.repeat(packet=fresh(first), actor=ACTOR)


def test_the_last_gate_judges_packets_rooms_and_scan_journals(hq):
    hq.all_journals()
    _row, status = declared(hq)
    found = gate(hq.sitting, TRANSFERRED)
    assert codes(found) == ["packet", "scan_journal", "status_exams_finished"]
    # four rooms, the forms, the first status, two scanning stations
    assert len(found.blockers) == 4 + 1 + 1 + 2
    acknowledge(hq, status)
    for room in ("0101", "0102", "0103", "0104"):
        hq.close(room)
        acknowledge(hq, hq.signed(room))
    hq.close_hq()
    forms = hq.signed("HQ", "forms")
    assert codes(gate(hq.sitting, TRANSFERRED)) == ["packet", "scan_journal"]
    acknowledge(hq, forms)
    hq.journal("01", "HQ", kind="scan")
    hq.journal("02", "HQ", kind="scan")
    assert gate(hq.sitting, TRANSFERRED).open
    cards.reopen(card=hq.card("0102"), numbers=[], reason="РЦОИ просит", actor=ACTOR)
    # The station has written since, so its journal of before is no longer the last word either.
    assert codes(gate(hq.sitting, TRANSFERRED)) == ["room_open_again", "scan_journal_behind"]
    hq.close("0102", people=0)
    acknowledge(hq, hq.signed("0102"))
    assert codes(gate(hq.sitting, TRANSFERRED)) == ["scan_journal_behind"]
    acts.form_end_scan(sitting=hq.sitting, actor=ACTOR)
    row, last = declared(hq, TRANSFERRED)
    assert last.state == "queued"
    acknowledge(hq, last)
    row.refresh_from_db()
    assert row.state == "accepted"


def test_a_refusal_for_the_whole_day_names_every_exam_that_is_not_ready(hq):
    from tests.support.factories import SittingFactory, StationAssignmentFactory, SubjectFactory

    hq.all_journals()
    for code, name in (("02", "Математика"), ("03", "Физика")):
        other = SittingFactory(point=hq.point, subject=SubjectFactory(code=code, name=name), date=hq.sitting.date)
        StationAssignmentFactory(sitting=other, station=hq.day.stations["print-0001"], room=hq.day.rooms["0101"])
    with pytest.raises(GateClosedError) as refusal:
        acts.declare_day(sitting=hq.sitting, status=FINISHED, actor=ACTOR)
    lines = [line for line in refusal.value.message.ru.splitlines() if line.startswith("•")]
    assert [line.split(":")[0] for line in lines] == ["• 02 Математика", "• 03 Физика"]
    assert len(refusal.value.parts) == 2


def test_an_unknown_status_is_refused(hq):
    with pytest.raises(UnknownStatusError):
        gate(hq.sitting, "lunch")


def test_one_act_declares_for_every_sitting_of_the_day(hq):
    from tests.support.factories import SittingFactory, StationAssignmentFactory, SubjectFactory

    hq.all_journals()
    other = SittingFactory(point=hq.point, subject=SubjectFactory(code="02", name="Математика"), date=hq.sitting.date)
    StationAssignmentFactory(sitting=other, station=hq.day.stations["print-0001"], room=hq.day.rooms["0101"])
    with pytest.raises(GateClosedError):
        acts.declare_day(sitting=hq.sitting, status=FINISHED, actor=ACTOR)
    assert not PointStatus.objects.exists()
    other.date += timedelta(days=1)
    other.save()
    assert len(acts.declare_day(sitting=hq.sitting, status=FINISHED, actor=ACTOR)) == 1
