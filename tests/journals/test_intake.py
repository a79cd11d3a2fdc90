"""Intake: verdicts, what counts, what is kept, what is turned away."""

import threading

import pytest
from django.db import connection

from audit.models import Event
from common import files
from journals import intake
from journals.errors import CannotDecideError, EmptyJournalError, TooBigError
from journals.expected import expected_set
from journals.models import Journal
from stations.replacement import replace_station
from tests.support.journals import print_station
from tests.support.keys import OPERATOR
from wire import pki

pytestmark = pytest.mark.django_db


def take(data, name, **more):
    return intake.ingest(data=data, name=name, door="browser", actor=OPERATOR, **more)


def state_of(keys, number="0001"):
    return next(row for row in expected_set(keys.day.sitting) if row.post.station.number == number)


def test_a_good_journal_is_accepted_and_kept_as_received(keys):
    station = print_station(keys)
    data = station.close()
    verdict = take(data, station.name)
    row = verdict.journal
    assert (verdict.state, row.state, row.station, row.room) == (
        "accepted",
        "accepted",
        keys.day.stations["print-0001"],
        keys.day.rooms["0101"],
    )
    assert "принят" in verdict.line
    assert files.inside(row.path).read_bytes() == data
    assert (row.entry_count, row.signed_by, row.closed_at is not None) == (3, "urn:ppe:print:78:0001:0001", True)
    assert state_of(keys).state == "accepted"
    assert Event.objects.filter(kind="journals.taken_in", chain="78-0001").count() == 1


def test_the_same_bytes_again_change_nothing(keys):
    station = print_station(keys)
    data = station.close()
    first = take(data, station.name)
    again = take(data, "copy.dat")
    assert (again.repeated, again.journal) == (True, first.journal)
    assert "уже получен в" in again.line
    assert Journal.objects.count() == 1


def test_a_longer_journal_supersedes_the_shorter(keys):
    station = print_station(keys)
    short = take(station.close(), station.name).journal
    station.add("journal_reopened", reason="ещё комплект").add("set_printed", set=1)
    long = take(station.close(), station.name).journal
    short.refresh_from_db()
    assert (short.state, short.superseded_by, long.state) == ("superseded", long, "accepted")
    assert state_of(keys).journal == long


def test_a_shorter_journal_is_quarantined_with_words(keys):
    station = print_station(keys)
    short = station.close()
    station.add("journal_reopened", reason="ещё")
    long = take(station.close(), station.name).journal
    verdict = take(short, station.name)
    assert verdict.state == "quarantined"
    assert "короче журнала этой же станции" in verdict.line
    assert state_of(keys).journal == long


def test_a_fork_is_quarantined_and_shouted_about(keys):
    first, second = print_station(keys), print_station(keys)
    take(first.add("set_printed", set=1).close(), first.name)
    verdict = take(second.add("set_printed", set=2).close(), second.name)
    assert verdict.state == "quarantined"
    assert "ПРОТИВОРЕЧИТ" in verdict.line
    assert Event.objects.filter(kind="journals.forked").count() == 1
    intake.accept(journal=verdict.journal, reason="первый записан по ошибке", actor=OPERATOR)
    assert state_of(keys).journal == verdict.journal
    assert Journal.objects.filter(state="superseded").count() == 1


def test_what_nobody_signed_does_not_stop_a_signed_journal(keys):
    """Junk that names a station must not keep that station's own journal out; among junk each is told of."""
    junk, other, good = print_station(keys), print_station(keys), print_station(keys)
    assert take(junk.add("set_printed", set=7).close(signer=None), junk.name).state == "quarantined"
    verdict = take(good.add("set_printed", set=1).close(), good.name)
    assert verdict.state == "accepted"
    again = take(other.add("set_printed", set=9).close(signer=None), other.name)
    assert again.line.count("ПРОТИВОРЕЧИТ журналам") == 1
    assert Event.objects.filter(kind="journals.forked").count() == 1


def test_a_broken_chain_is_told_as_that(keys):
    station = print_station(keys)
    whole = station.close()
    take(whole, station.name)
    place = whole.index(b'"exam_started"') + 3
    verdict = take(whole[:place] + b"X" + whole[place + 1 :], station.name)
    assert verdict.state == "quarantined"
    assert "цепочка записей нарушена" in verdict.line
    assert "ПРОТИВОРЕЧИТ" not in verdict.line
    assert not Event.objects.filter(kind="journals.forked").exists()


def test_the_same_lines_signed_again_are_the_same_journal(keys):
    station = print_station(keys)
    take(station.close(), station.name)
    again = take(station.signed(), station.name)
    assert again.repeated
    assert Journal.objects.count() == 1


@pytest.mark.parametrize("how", ["none", "foreign", "other_station"])
def test_an_unsigned_or_foreign_journal_counts_only_by_a_decision(keys, how):
    station = print_station(keys)
    if how == "foreign":
        stranger = pki.generate_key()
        ca = pki.make_ca(stranger, region="78", name="Чужой")
        keys.certificates["print-x"] = pki.issue(
            ca,
            stranger,
            public_key=stranger.public_key(),
            identity=pki.Identity(pki.CertificateRole.PRINT, "78", "0001", "0001"),
            common_name="x",
            not_before=ca.not_valid_before_utc,
            not_after=ca.not_valid_after_utc,
        )
        keys.keys["print-x"] = stranger
    signer = {"none": None, "foreign": "print-x", "other_station": "print-0002"}[how]
    verdict = take(station.close(signer=signer), station.name)
    assert verdict.state == "quarantined"
    assert state_of(keys).state == ("quarantined" if how == "other_station" else "unsigned")
    for decide in (intake.accept, intake.refuse):
        for reason in ("  ", "1", "0115726935", "—", "ок"):
            with pytest.raises(CannotDecideError, match="словами"):
                decide(journal=verdict.journal, reason=reason, actor=OPERATOR)
    if how == "other_station":
        intake.accept(journal=verdict.journal, reason="станцию подписали чужим ключом", actor=OPERATOR)
        assert state_of(keys).state == "accepted"
        event = Event.objects.get(kind="journals.accepted")
        assert event.data["reason"] == "станцию подписали чужим ключом"
        return
    with pytest.raises(CannotDecideError, match="недостаточно") as refused:
        intake.accept(journal=verdict.journal, reason="подпись сверена по телефону", actor=OPERATOR)
    assert "акт" in refused.value.remedy.ru
    assert state_of(keys).state == "unsigned"


def test_a_journal_whose_chain_is_broken_counts_by_no_decision_and_a_whole_copy_takes_its_place(keys):
    station = print_station(keys)
    whole = station.close()
    place = whole.index(b'"exam_started"') + 3
    verdict = take(whole[:place] + b"X" + whole[place + 1 :], station.name)
    with pytest.raises(CannotDecideError, match="недостаточно"):
        intake.accept(journal=verdict.journal, reason="очень нужно сегодня", actor=OPERATOR)
    assert take(whole, station.name).state == "accepted"
    assert state_of(keys).state == "accepted"


def test_the_signed_copy_takes_the_place_of_the_unsigned(keys):
    station = print_station(keys)
    take(station.close(signer=None), station.name)
    verdict = take(station.signed(), station.name)
    assert verdict.state == "accepted"
    assert state_of(keys).journal == verdict.journal
    assert Journal.objects.filter(state="superseded").count() == 1


def test_a_refused_journal_stays_as_evidence(keys):
    station = print_station(keys)
    row = take(station.close(signer="print-0002"), station.name).journal
    intake.refuse(journal=row, reason="не от нас", actor=OPERATOR)
    assert state_of(keys).state == "refused"
    assert files.inside(row.path).exists()
    intake.accept(journal=row, reason="всё же наш", actor=OPERATOR)
    assert state_of(keys).state == "accepted"


@pytest.mark.parametrize(
    ("rename", "state", "said"),
    [
        (lambda n: n.replace(".dat", " (1).dat"), "accepted", ""),
        (lambda n: n.replace("_0101_", "_0102_"), "quarantined", "аудитория: в имени 0102, в журнале 0101"),
        (lambda n: n.replace("END_PRINT_78", "END_PRINT_77"), "quarantined", "регион: в имени 77, в журнале 78"),
        (lambda n: "journal.dat", "quarantined", ""),
        (lambda n: "E:\\flash\\" + n, "accepted", ""),
    ],
)
def test_every_difference_of_name_and_content_is_named(keys, rename, state, said):
    station = print_station(keys)
    verdict = take(station.close(), rename(station.name))
    assert (verdict.state, said in verdict.line) == (state, True), verdict.line
    assert verdict.journal.name == station.name


def test_a_broken_chain_is_kept_with_its_first_bad_entry(keys):
    station = print_station(keys)
    station.add("set_printed", set=1).add("set_printed", set=2)
    station.lines[3] = station.lines[3].replace(b'"set":1', b'"set":9')
    verdict = take(station.close(), station.name)
    assert verdict.state == "quarantined"
    assert "запись изменена" in verdict.line
    assert verdict.journal.sealed_sets == 0


def test_an_unfinished_journal_waits(keys):
    station = print_station(keys)
    verdict = take(station.signed(), station.name)
    assert verdict.state == "quarantined"
    assert "не завершён" in verdict.line
    assert take(station.close(), station.name).state == "accepted"
    assert state_of(keys).state == "accepted"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"point": "0002", "sitting": "78-0002-{day}-01"}, "ППЭ 0002"),
        ({"region": "77", "sitting": "77-0001-{day}-01"}, "регион"),
        ({"mode": "training"}, "тренировки"),
        ({"subject": "02", "sitting": "78-0001-{day}-02"}, "экзамена 78-0001"),
        ({"sitting": "78-0001-010120-01"}, "экзамена 78-0001-010120-01"),
    ],
)
def test_a_journal_of_elsewhere_is_turned_away(keys, change, said):
    day = f"{keys.day.sitting.date:%d%m%y}"
    station = print_station(keys, **{field: value.format(day=day) for field, value in change.items()})
    verdict = take(station.close(), station.name)
    assert (verdict.state, verdict.journal, verdict.refusal.code) == ("refused", None, "journal_foreign")
    assert said in verdict.line
    assert not Journal.objects.exists()
    assert not list(files.data_dir().rglob("*.dat"))
    assert Event.objects.filter(kind="journals.turned_away").count() == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\x00" * 500, "JPEG"),
        (b"\x8f\x03\x71" * 400, "не электронный журнал"),
        (b"PK\x03\x04aaaa", "ZIP"),
        (b"\x00" * 4096, "нулями"),
        (b"{}\n", "не электронный журнал"),
        (b'{"format":"ppe-journal/9"}\n', "не электронный журнал"),
        (b"\x30\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x02", "не электронный журнал"),
        (b"\x30\x84\x7f\xff\xff\xff" + b"\x30\x80" * 2000, "не электронный журнал"),
    ],
)
def test_what_is_no_journal_is_turned_away(keys, data, said):
    verdict = take(data, print_station(keys).name)
    assert (verdict.state, verdict.refusal.code) == ("refused", "not_a_journal")
    assert said in verdict.line
    assert not Journal.objects.exists()


def test_empty_and_endless_files_are_refused(keys):
    with pytest.raises(EmptyJournalError):
        take(b"", "END_PRINT.dat")
    with pytest.raises(TooBigError):
        take(bytes(intake.MAX_SIZE + 1), "END_PRINT.dat")


def test_odd_names_never_break_the_intake(keys):
    for name in ("", "\x00\x01", "a" * 5000, "../../etc/passwd", "\udcff.dat", "END_PRINT"):
        station = print_station(keys)
        verdict = take(station.add("note_written", text=repr(name)[:80]).close(), name)
        assert verdict.state == "quarantined"
        assert len(verdict.journal.original_name) <= 255


def test_an_unknown_station_waits_for_a_person_who_names_it(keys):
    station = print_station(keys, "0042")
    verdict = take(station.close(), station.name)
    assert "станции 0042 нет в реестре" in verdict.line
    with pytest.raises(CannotDecideError):
        intake.accept(journal=verdict.journal, reason="это станция 1", actor=OPERATOR)
    intake.accept(journal=verdict.journal, reason="это станция 1", actor=OPERATOR, post=keys.day.posts["print-0001"])
    assert state_of(keys).journal == verdict.journal


def test_a_replaced_station_enters_the_set_and_its_journal_is_rechecked(keys):
    day = keys.day
    station = print_station(keys, "0005", room="0102", duty="reserve")
    data = station.close()
    verdict = take(data, station.name)
    assert "отметьте замену" in verdict.line
    replace_station(
        sitting=day.sitting,
        old=day.stations["print-0002"],
        new=day.stations["print-0005"],
        room=day.rooms["0102"],
        actor=OPERATOR,
    )
    assert intake.recheck_all(sitting=day.sitting, actor=OPERATOR) == 1
    assert state_of(keys, "0005").state == "accepted"
    assert state_of(keys, "0002").state == "missing"


def test_uploading_again_is_a_recheck_too(keys):
    day = keys.day
    station = print_station(keys, "0005", room="0102")
    data = station.close()
    take(data, station.name)
    replace_station(
        sitting=day.sitting,
        old=day.stations["print-0002"],
        new=day.stations["print-0005"],
        room=day.rooms["0102"],
        actor=OPERATOR,
    )
    assert take(data, station.name).state == "accepted"


def test_a_station_whose_clock_is_ahead_is_told_of(keys):
    station = print_station(keys).add("clock_measured", skew_seconds=125.5)
    row = take(station.close(), station.name).journal
    assert row.skew_seconds == 125.5


@pytest.mark.django_db(transaction=True)
def test_the_same_journal_through_many_doors_at_once_is_one(keys):
    station = print_station(keys)
    data = station.close()
    verdicts, errors = [], []

    def door():
        try:
            verdicts.append(take(data, station.name))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=door) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert [verdict.state for verdict in verdicts] == ["accepted"] * 6
    assert sum(not verdict.repeated for verdict in verdicts) == 1
    assert Journal.objects.count() == 1


def test_a_reserve_station_that_never_had_a_room_writes_0000_and_finds_its_post(keys):
    station = print_station(keys, "0006", room="0000")
    verdict = take(station.close(), station.name)
    assert (verdict.journal.state, verdict.journal.doubts) == ("accepted", [])
    assert state_of(keys, "0006").state == "accepted"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
def test_a_journal_that_was_not_copied_whole_says_so(keys, share):
    station = print_station(keys)
    data = station.close()
    verdict = take(data[: int(len(data) * share)], station.name)
    assert verdict.state == "refused"
    assert f"записан не до конца: {int(len(data) * share)} байт из {len(data)}" in verdict.line
    assert "Скопируйте файл со станции ещё раз" in verdict.line


def test_a_journal_of_a_room_that_the_point_has_not_waits_and_is_not_accepted_for_its_name_alone(keys):
    station = print_station(keys, room="0199")
    row = take(station.close(), station.name).journal
    assert row.state == "quarantined"
    assert "room" in {doubt["field"] for doubt in row.blocking}
    with pytest.raises(CannotDecideError):
        intake.accept_named(journal=row, actor=OPERATOR)
    row.refresh_from_db()
    assert row.state == "quarantined"


def test_a_second_look_leaves_alone_what_is_decided_or_whose_file_is_gone(keys):
    accepted = print_station(keys)
    row = take(accepted.close(), accepted.name).journal
    assert not intake.recheck(journal=row, actor=OPERATOR)
    doubtful = print_station(keys, "0002", room="0199")
    row = take(doubtful.close(), doubtful.name).journal
    files.inside(row.path).unlink()
    assert not intake.recheck(journal=row, actor=OPERATOR)
    row.refresh_from_db()
    assert row.state == "quarantined"
