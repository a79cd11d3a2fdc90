"""Each packet says how far the scan journal was when it was signed: the journal of its station must hold that line."""

import hashlib
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from common import files
from common.obligations import ObligationState
from day import facts
from journals.models import Journal
from scanning import scan_journal
from scanning.models import ScanEntry
from tests.support.evaluated import gate, own, steps
from tests.transfers.conftest import ACTOR
from tests.transfers.test_two_machines import scanner, take  # noqa: F401 (a fixture)
from transfers.models import Packet
from wire import journal
from wire.packet import ScanHead, read_header

BEHIND, REWRITTEN = "scan_journal_behind", "scan_journal_rewritten"


@pytest.fixture(autouse=True)
def nothing_kept():
    facts._digests.cache_clear()


def note(hq, text="работа"):
    return scan_journal.note(sitting=hq.sitting, event="note_written", text=text)


def packed(hq, room="0101"):
    hq.close(room)
    return hq.signed(room)


def wrong(hq):
    """What the evaluation says against scan journals: (code, station)."""
    return [(each.code, each.place) for each in own(hq.sitting).of(BEHIND, REWRITTEN)]


def said(hq, code):
    return " ".join(each.text.ru for each in own(hq.sitting).of(code))


def foreign(hq, count, *, word="чужая", station="02"):
    """The lines of the journal of another scanning station."""
    header = journal.Header(
        kind="scan",
        mode="live",
        region="78",
        point="0001",
        room=None,
        sitting=hq.sitting.key,
        subject="01",
        station=station,
        serial="SN",
        software="t",
        opened_at=datetime(2026, 5, 29, 8, tzinfo=UTC),
        duty="reserve",
    )
    rows = [journal.header_line(header)]
    for index in range(count):
        data, at = {"text": f"{word} {index}"}, datetime(2026, 5, 29, 9, tzinfo=UTC)
        rows.append(journal.make_line(journal.next_entry(rows[-1], "note_written", kind="scan", data=data, at=at)))
    return rows


def kept(hq, rows, station="02"):
    """An accepted journal of a station, with its file."""
    Journal.objects.filter(kind="scan", station=hq.day.stations[f"scan-{station}"]).update(state="superseded")
    data = journal.join(rows)
    path = files.folder("journals") / f"{hashlib.sha256(data).hexdigest()}.dat"
    path.write_bytes(data)
    return Journal.objects.create(
        state="accepted",
        kind="scan",
        point=hq.point,
        sitting=hq.sitting,
        station=hq.day.stations[f"scan-{station}"],
        room=hq.day.rooms["HQ"],
        station_said=station,
        original_name="END_SCAN.dat",
        name="END_SCAN.dat",
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        path=files.relative(path),
        door="flash",
        received_at=timezone.now(),
        received_by="т",
        signed_by="urn:x",
        entry_count=len(rows) - 1,
        lines_size=len(data),
        lines_sha256=hashlib.sha256(data).hexdigest(),
    )


def head(rows, number, station="02"):
    return ScanHead(station, number, journal.line_hash(rows[number]))


def test_a_journal_that_holds_every_head_settles_it(hq):
    note(hq)
    first = packed(hq)
    note(hq)
    second = packed(hq, "0102")
    said_first, said_second = (read_header(each.file).scan_head for each in (first, second))
    assert said_first.number < said_second.number
    assert (first.scan_head["number"], first.scan_head["sha256"]) == (said_first.number, said_first.sha256)
    scan_journal.form(sitting=hq.sitting, actor=ACTOR)
    assert wrong(hq) == []
    (post,) = [each for each in own(hq.sitting).exam.posts if each.own]
    assert post.lines == {said_first.number: said_first.sha256, said_second.number: said_second.sha256}


def test_a_head_beyond_the_end_of_the_nodes_own_journal_says_that_it_was_written_anew(hq):
    note(hq)
    packet = packed(hq)
    scan_journal.form(sitting=hq.sitting, actor=ACTOR)
    Packet.objects.filter(pk=packet.pk).update(scan_head={**packet.scan_head, "number": 999})
    assert wrong(hq) == [(REWRITTEN, "01")]
    assert "0101 (версия 1)" in said(hq, REWRITTEN)
    assert REWRITTEN in gate(hq.sitting, "blanks_transferred").codes


def test_another_line_under_the_same_number_is_the_loudest_word(hq):
    note(hq)
    packet, other = packed(hq), packed(hq, "0102")
    scan_journal.form(sitting=hq.sitting, actor=ACTOR)
    Packet.objects.filter(pk=packet.pk).update(scan_head={**packet.scan_head, "sha256": "f" * 64})
    assert wrong(hq) == [(REWRITTEN, "01")]
    text = said(hq, REWRITTEN)
    assert "ЖУРНАЛ ПЕРЕПИСАН" in text
    assert "0101 (версия 1)" in text
    assert "0102" not in text, other
    # The journal itself is here: nobody is asked to form it again.
    assert [each.state for each in own(hq.sitting).of("scan_journal") if each.place == "01"] == ["settled"]


def test_a_node_put_back_from_a_copy_that_went_on_is_seen_and_the_next_version_settles_it(hq):
    note(hq)
    copy = ScanEntry.objects.order_by("-seq").first().seq
    note(hq, "после копии")
    packed(hq)
    ScanEntry.objects.filter(seq__gt=copy).delete()
    note(hq, "после восстановления")
    scan_journal.form(sitting=hq.sitting, actor=ACTOR)
    assert wrong(hq) == [(REWRITTEN, "01")]
    Packet.objects.update(state="rejected")
    assert packed(hq).version == 2
    assert wrong(hq) == []


def test_the_journal_of_another_machine_must_hold_the_packets_that_this_one_carries(hq, scanner, flash_dir):  # noqa: F811
    rows = foreign(hq, 6)
    scanner(scan_head=head(rows, 4))
    scanner("0102", scan_head=head(rows, 5))
    take(hq, flash_dir)
    assert {each.scan_head["number"] for each in Packet.objects.all()} == {4, 5}
    # Its journal is not here: nothing is known of it, and it is owed.
    assert wrong(hq) == []
    owed = [each for each in own(hq.sitting).of("scan_journal") if each.place == "02"]
    assert not any(each.settled for each in owed)
    kept(hq, rows[:5])
    assert wrong(hq) == [(BEHIND, "02")]
    (row,) = own(hq.sitting).of(BEHIND)
    assert "0102 (версия 1)" in row.text.ru
    assert "0101" not in row.text.ru
    assert ("на той станции" in row.cure.ru, row.page) == (True, "monitoring")
    kept(hq, rows)
    assert wrong(hq) == []
    kept(hq, foreign(hq, 6, word="другая"))
    assert wrong(hq) == [(REWRITTEN, "02")]


def test_two_machines_under_one_number_are_two_journals(hq, scanner, flash_dir):  # noqa: F811
    scanner(scan_head=head(foreign(hq, 3, station="01"), 2, "01"))
    take(hq, flash_dir)
    for _each in range(3):
        note(hq)
    scan_journal.form(sitting=hq.sitting, actor=ACTOR)
    assert wrong(hq) == [(REWRITTEN, "01")]


def test_no_packet_of_another_machine_hides_what_this_one_signed(hq, scanner, flash_dir):  # noqa: F811
    note(hq)
    packet = packed(hq)
    scan_journal.form(sitting=hq.sitting, actor=ACTOR)
    Packet.objects.filter(pk=packet.pk).update(state="acknowledged", scan_head={**packet.scan_head, "sha256": "f" * 64})
    scanner()
    take(hq, flash_dir)
    for state in ("queued", "acknowledged"):
        Packet.objects.filter(imported=True).update(state=state)
        assert wrong(hq) == [(REWRITTEN, "01")]


def test_a_journal_whose_file_cannot_be_read_proves_nothing(hq, scanner, flash_dir):  # noqa: F811
    rows = foreign(hq, 4)
    scanner(scan_head=head(rows, 2))
    take(hq, flash_dir)
    path = files.inside(kept(hq, rows).path)
    path.write_bytes(path.read_bytes().replace("чужая 3".encode(), "чужая 4".encode()))
    assert wrong(hq) == [(BEHIND, "02")]
    assert "не читается" in said(hq, BEHIND)
    path.unlink()
    assert wrong(hq) == [(BEHIND, "02")]
    path.write_bytes(journal.join(rows))
    assert wrong(hq) == []


def test_a_station_that_the_registry_does_not_know_is_never_called_settled(hq, scanner, flash_dir):  # noqa: F811
    scanner(scan_head=ScanHead("07", 3, "a" * 64))
    take(hq, flash_dir)
    (row,) = [each for each in own(hq.sitting).of("scan_journal") if each.place == "7"]
    assert (row.state, row.settled) == (ObligationState.UNKNOWN_HERE, False)
    assert "0101 (версия 1)" in row.text.ru


def test_a_packet_that_does_not_say_it_is_not_judged(hq, scanner, flash_dir):  # noqa: F811
    scanner()
    take(hq, flash_dir)
    assert Packet.objects.get().scan_head == {}
    kept(hq, foreign(hq, 1))
    assert wrong(hq) == []


def test_pages_say_it(hq, technician):
    note(hq)
    packet = packed(hq)
    scan_journal.form(sitting=hq.sitting, actor=ACTOR)
    Packet.objects.filter(pk=packet.pk).update(scan_head={**packet.scan_head, "sha256": "f" * 64})
    step = steps(hq.sitting, technician.user)[6]
    assert any("ЖУРНАЛ ПЕРЕПИСАН" in each for each in step.missing)
    assert "позвоните в рцои" in " ".join(step.missing).lower()
    page = technician.client.get(f"/monitoring/{hq.sitting.key}/").content.decode()
    assert "переписан после подписания пакетов" in page
