"""The scan journals that a status brings, held at what the packets say; and logs that go back."""

from datetime import UTC, datetime

import pytest

from audit.log import SYSTEM
from keys import trust
from rcoi.answering import rescan
from rcoi.checking import findings
from rcoi.day import evaluation, facts
from rcoi.models import FeedEntry, InboxFinding, InboxJournal, InboxPacket
from stations.models import Sitting
from tests.rcoi.conftest import arrive, certified
from tests.rcoi.test_print_journals import acknowledged
from tests.rcoi.test_standing import FORMS, ROOMS, full
from wire import journal
from wire.documents import feed as wire_feed
from wire.documents.anchor import AnchoredHead
from wire.packet import ScanHead, TarFile
from wire.pki import CertificateRole, Identity

pytestmark = pytest.mark.django_db

MISSING, REWRITTEN = "scan_head_missing", "scan_journal_rewritten"


class Station:
    """A scanning station of the point: what it wrote, and what it signs."""

    def __init__(self, point, number="01", word="работа", role=CertificateRole.SCAN):
        self.point, self.number = point, number
        self.signer = certified(Identity(role, "78", point.day.point.code, number), f"станция {number}")
        header = journal.Header(
            kind="scan",
            mode="live",
            region="78",
            point=point.day.point.code,
            room=None,
            sitting=point.day.key,
            subject="01",
            station=number,
            serial="SN",
            software="test",
            opened_at=datetime(2026, 5, 29, 8, tzinfo=UTC),
            duty="main",
        )
        self.rows = [journal.header_line(header)]
        self.word = word

    def write(self, count=1):
        for _each in range(count):
            data, at = {"text": f"{self.word} {len(self.rows)}"}, datetime(2026, 5, 29, 9, tzinfo=UTC)
            entry = journal.next_entry(self.rows[-1], "note_written", kind="scan", data=data, at=at)
            self.rows.append(journal.make_line(entry))
        return self

    @property
    def head(self):
        return ScanHead(self.number, len(self.rows) - 1, journal.line_hash(self.rows[-1]))

    def file(self, upto=None):
        """END_SCAN over the lines so far, or over the first ones."""
        rows = self.rows[:upto]
        last = journal.next_entry(rows[-1], "journal_closed", kind="scan", at=datetime(2026, 5, 29, 10, tzinfo=UTC))
        data = journal.sign_lines(journal.join([*rows, journal.make_line(last)]), self.signer)
        path = self.point.folder / f"END_SCAN_{self.number}_{len(list(self.point.folder.glob('END_SCAN*')))}.dat"
        path.write_bytes(data)
        return TarFile(path.name, "journal", path)


def last_status(point, *files, **more):
    return point.status("blanks_transferred", journals=0, acts=list(files), **more)


def standing(point):
    return evaluation.of_sitting(point.day.sitting)


def wrong(point):
    """What stands open or covered about scan journals: (code, room)."""
    found = standing(point)
    return [(each.code, each.room) for each in (*found.open, *found.covered) if each.code in (MISSING, REWRITTEN)]


def settle_the_rest(point):
    """Let what these tests are not about be no matter."""
    InboxFinding.objects.filter(code__in=("form_missing", "station_missing", "journal_problem")).delete()


def announced(point):
    rows = FeedEntry.objects.filter(point=point.day.point, kind="announcement").order_by("number")
    return " ".join(wire_feed.read(bytes(each.body), trust.trust_store()).body["text"] for each in rows)


@pytest.fixture(autouse=True)
def nothing_kept():
    facts._lines.clear()


@pytest.fixture
def station(point):
    # At whatever hour the tests run, no status is late.
    Sitting.objects.filter(pk=point.day.sitting.pk).update(deadlines={})
    point.day.sitting.refresh_from_db()
    return Station(point).write(2)


def test_a_journal_that_holds_every_head_leaves_nothing_open(point, station):
    arrive(point.status("exams_finished", journals=1))
    for room in ROOMS:
        arrive(full(point, room, scan_head=station.write().head))
    arrive(point.forms(*FORMS, scan_head=station.write().head))
    arrive(last_status(point, station.write(2).file()))
    settle_the_rest(point)
    assert wrong(point) == []
    assert standing(point).settled, [str(each.text) for each in standing(point).obligations if not each.settled]
    row = InboxJournal.objects.get(kind="scan")
    assert journal.digest_at(bytes(row.line_digests), station.head.number) == station.head.sha256


def test_a_shorter_journal_is_open_on_each_packet_it_lacks_until_a_longer_one_comes(point, station):
    early = station.head
    arrive(full(point, "0101", scan_head=early))
    short = station.file()
    late = arrive(full(point, "0102", scan_head=station.write(5).head))
    status = arrive(last_status(point, short))
    assert wrong(point) == [(MISSING, "0102")]
    (said,) = late.findings.filter(code=MISSING)
    assert f"№ {station.head.number}" in said.text.ru
    assert said.text.ru in announced(point)
    arrive(last_status(point, station.write().file(), version=2, supersedes=status.uid))
    assert wrong(point) == []
    assert not InboxFinding.objects.filter(code=MISSING).exists()


def test_a_journal_written_anew_is_the_strongest_alarm_and_the_next_version_settles_it(point, station):
    row = arrive(full(point, "0101", scan_head=station.write().head))
    other = arrive(full(point, "0102", scan_head=station.head))
    station.rows = station.rows[:2]
    station.word = "после восстановления"
    arrive(last_status(point, station.write(9).file()))
    assert wrong(point) == [(REWRITTEN, "0101"), (REWRITTEN, "0102")]
    (said,) = row.findings.filter(code=REWRITTEN)
    assert "ПЕРЕПИСАН" in said.text.ru
    assert "ПЕРЕПИСАН" in announced(point)
    arrive(full(point, "0101", version=2, supersedes=row.uid, scan_head=station.head))
    arrive(full(point, "0102", version=2, supersedes=other.uid, scan_head=station.head))
    assert wrong(point) == []


def test_a_persons_word_covers_it_and_the_exam_is_not_green(point, station):
    row = arrive(full(point, "0101", scan_head=ScanHead("01", 2, "f" * 64)))
    arrive(last_status(point, station.file()))
    findings.settle(finding=row.findings.get(code=REWRITTEN), reason="Станция заменена, акт в ППЭ", actor=SYSTEM)
    found = standing(point)
    assert [each.code for each in found.covered if each.code == REWRITTEN] == [REWRITTEN]
    assert not found.clean


def test_a_forged_head_far_beyond_the_journal_is_no_error_of_the_centre(point, station):
    arrive(full(point, "0101", scan_head=ScanHead("01", 2**53, "f" * 64)))
    arrive(last_status(point, station.file()))
    assert wrong(point) == [(MISSING, "0101")]


def test_lines_that_another_certificate_signed_prove_nothing(point, station):
    arrive(full(point, "0101", scan_head=station.head))
    station.signer = point.station
    arrive(last_status(point, station.file()))
    assert InboxJournal.objects.get(kind="scan").line_digests == b""
    assert wrong(point) == [(MISSING, "0101")]


def test_each_of_two_machines_is_held_at_its_own_journal(point, station):
    second = Station(point, "02", "вторая").write(4)
    arrive(full(point, "0101", scan_head=station.head))
    arrive(full(point, "0102", scan_head=second.head))
    arrive(last_status(point, station.file(), second.file(upto=3)))
    assert wrong(point) == [(MISSING, "0102")]


def test_the_journal_of_a_station_that_never_came_is_missed_unless_an_act_stands_for_it(point, station):
    arrive(full(point, "0101", scan_head=ScanHead("07", 2, "f" * 64)))
    arrive(full(point, "0102", scan_head=ScanHead("07", 3, "e" * 64)))
    assert wrong(point) == [], "before the last status it may still come"
    status = arrive(last_status(point, station.file()))
    settle_the_rest(point)
    assert wrong(point) == [(MISSING, "0101")], "said once for the station"
    point.made += 1
    act = point.act(station="07", station_kind="scan")
    arrive(last_status(point, station.file(), act, version=2, supersedes=status.uid))
    settle_the_rest(point)
    assert wrong(point) == []


def test_a_remark_of_a_replaced_status_hides_no_station(point, station):
    arrive(full(point, "0101", scan_head=ScanHead("07", 2, "f" * 64)))
    status = arrive(last_status(point))
    assert status.findings.filter(code="station_missing").exists()
    assert wrong(point) == [], "one thing after the other"
    arrive(last_status(point, station.file(), version=2, supersedes=status.uid))
    InboxFinding.objects.filter(code="station_missing").exclude(packet=status).delete()
    assert status.findings.filter(code="station_missing", state="open").exists()
    assert wrong(point) == [(MISSING, "0101")]


def test_what_says_no_head_or_came_before_lines_were_kept_is_not_judged(point, station):
    arrive(full(point, "0101"))
    arrive(last_status(point, station.file()))
    assert wrong(point) == []
    InboxJournal.objects.update(line_digests=None)
    arrive(full(point, "0102", scan_head=station.write(5).head))
    assert wrong(point) == []


def test_the_receipt_of_a_rescan_does_not_say_for_ever_what_the_next_journal_brings(point, station):
    row = arrive(full(point, "0101", scan_head=station.head))
    status = arrive(last_status(point, station.file()))
    rescan.request(packet=row, numbers=[], reason="Полоса поперёк листов", actor=SYSTEM)
    second = arrive(full(point, "0101", version=2, supersedes=row.uid, scan_head=station.write(3).head))
    assert wrong(point) == [(MISSING, "0101")]
    assert MISSING not in {each["code"] for each in acknowledged(second).open}
    arrive(last_status(point, station.write().file(), version=2, supersedes=status.uid))
    assert wrong(point) == []


def told(row):
    return list(row.findings.filter(code="log_went_back").values_list("text", flat=True))


def test_a_log_that_goes_back_between_two_packets_of_a_node_is_named(point):
    def at(number, room):
        return arrive(full(point, room, audit_head=AnchoredHead("78-0001", number, f"{number:064x}")))

    first, second, third, fourth = at(5, "0101"), at(9, "0102"), at(7, "0103"), at(8, "0104")
    assert [told(each) for each in (first, second, fourth)] == [[], [], []]
    assert "ВЕРНУЛСЯ НАЗАД" in str(told(third)[0].ru)
    assert [each.code for each in standing(point).of(third) if each.code == "log_went_back"] == ["log_went_back"]
    assert "log_went_back" in {each["code"] for each in acknowledged(third).open}


def test_packets_that_overtake_each_other_do_not_make_a_log_go_back(point):
    early = full(point, "0101", audit_head=AnchoredHead("78-0001", 5, "a" * 64))
    late = full(point, "0102", audit_head=AnchoredHead("78-0001", 9, "b" * 64))
    rows = [arrive(late), arrive(early), arrive(full(point, "0103"))]
    assert [told(InboxPacket.objects.get(pk=each.pk)) for each in rows] == [[], [], []]
