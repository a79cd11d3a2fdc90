"""Numbers of forms open with the access key: at intake, on activation, later."""

import base64
import dataclasses

import pytest

from audit.models import Event
from journals import forms, intake
from journals.errors import CannotDecideError
from journals.expected import expected_set
from journals.models import Journal, JournalAnswer, JournalSheet
from keys import access
from keys.models import Certificate
from tests.support.factories import make_voice_day
from tests.support.journals import JournalStation, print_station, sets
from tests.support.keys import OPERATOR, make_keys
from tests.support.pki import the_fixtures
from wire import journal
from wire.cms import der, identifiers

pytestmark = pytest.mark.django_db


def take(station, **more):
    return intake.ingest(data=station.close(**more), name=station.name, door="flash", actor=OPERATOR).journal


def printed(sitting):
    return JournalSheet.objects.filter(journal__sitting=sitting, journal__state="accepted", journal__kind="print")


def test_numbers_open_at_intake_when_the_key_is_active(keys):
    keys.activate()
    made = sets(3, spoiled=(2,), unused=(3,))
    row = take(print_station(keys).seal(made))
    sitting = keys.day.sitting
    assert row.forms_opened_at is not None
    assert len(printed(sitting)) == 12
    found = printed(sitting).get(number=made[1].sheets["AB"])
    assert (found.journal.room.number, found.journal.station.number) == ("0101", "0001")
    assert (found.set.ordinal, found.set.spoiled) == (2, True)
    assert not forms.undone(sitting).exists()


def test_numbers_of_earlier_journals_open_on_activation(keys, django_capture_on_commit_callbacks):
    loaded = keys.load()
    take(print_station(keys).seal(sets(2)))
    take(print_station(keys, "0002", room="0102").seal(sets(2)))
    assert forms.undone(keys.day.sitting).count() == 2
    assert not printed(keys.day.sitting)
    with django_capture_on_commit_callbacks(execute=True):
        keys.activate(loaded)
    assert not forms.undone(keys.day.sitting).exists()
    assert len(printed(keys.day.sitting)) == 16
    assert Event.objects.filter(kind="journals.forms_opened").count() == 2


def test_the_chore_opens_what_was_left_closed(keys):
    loaded = keys.load()
    take(print_station(keys).seal(sets(2)))
    keys.activate(loaded)  # no commit callbacks here: as if the process died right after the commit
    assert forms.undone(keys.day.sitting).exists()
    assert forms.open_waiting() == 1
    assert forms.open_waiting() == 0


def test_opened_numbers_outlive_the_key(keys):
    key = keys.activate()
    take(print_station(keys).seal(sets(1)))
    access.revoke(access_key=key, reason="учение", actor=OPERATOR)
    assert len(printed(keys.day.sitting)) == 4
    row = take(print_station(keys, "0002", room="0102").seal(sets(1)))
    assert row.forms_opened_at is None


def test_a_quarantined_journal_s_numbers_do_not_count_until_it_is_accepted(keys):
    keys.activate()
    row = take(print_station(keys).seal(sets(1)), signer="print-0002")
    assert not printed(keys.day.sitting)
    intake.accept(journal=row, reason="сверено", actor=OPERATOR)
    assert len(printed(keys.day.sitting)) == 4


def test_a_longer_journal_s_numbers_replace_the_shorter_s(keys):
    keys.activate()
    station = print_station(keys).seal(sets(2))
    take(station)
    station.add("journal_reopened", reason="ещё").seal(sets(3)[2:])
    take(station)
    assert len(printed(keys.day.sitting)) == 12
    assert JournalSheet.objects.count() == 20


def test_numbers_sealed_to_another_key_stay_closed_with_a_reason(keys):
    station = print_station(keys)
    keys.access_file(version=1)
    station.seal(sets(1))
    keys.activate(keys.load(version=2))
    row = take(station)
    row.refresh_from_db()
    assert row.state == "accepted"
    assert row.forms_opened_at is None
    assert "не открываются" in row.forms_problem.ru


def strangers_data(count=1):
    """A `forms_sealed` entry of a station that had another point's package."""
    stranger = the_fixtures().certificates["access"]
    return journal.seal_forms(sets(count), recipients=[stranger])


def test_numbers_sealed_for_another_points_key_keep_a_journal_in_quarantine(keys):
    keys.activate()
    row = take(print_station(keys).add("forms_sealed", **strangers_data()))
    assert row.state == "quarantined"
    (doubt,) = row.blocking
    assert doubt["field"] == "sealed"
    assert "ключами этого ППЭ не открыть никогда" in doubt["ru"]
    with pytest.raises(CannotDecideError, match="принять его нельзя"):
        intake.accept(journal=row, reason="очень нужно", actor=OPERATOR)
    assert [each.state for each in expected_set(keys.day.sitting) if each.journal] == ["quarantined"]


def test_numbers_sealed_by_a_derivation_that_nothing_opens_keep_it_in_quarantine(keys):
    keys.activate()
    data = journal.seal_forms(sets(1), recipients=keys.access_certificates())
    other = der.oid("1.3.132.1.11.3")  # ECDH with the SHA-512 KDF, as some libraries choose
    blob = base64.b64decode(data["p7m"]).replace(der.oid(identifiers.ECDH_SHA256_KDF), other)
    assert blob != base64.b64decode(data["p7m"])
    row = take(print_station(keys).add("forms_sealed", **{**data, "p7m": base64.b64encode(blob).decode()}))
    assert row.state == "quarantined"
    assert "не открыть никогда" in row.blocking[0]["ru"]


def test_before_the_package_has_come_nothing_is_said_against_a_seal(keys):
    row = take(print_station(keys).add("forms_sealed", **strangers_data()))
    assert row.state == "accepted"


def test_a_journal_is_judged_again_when_its_key_s_certificate_comes(keys):
    known = {}
    keys.activate(keys.load(version=1))
    keys.access_file(version=2)
    late = next(row for row in Certificate.objects.filter(role="access") if row.ident.endswith("-v2"))
    data = journal.seal_forms(sets(1), recipients=[late.x509])
    late.delete()  # as if it came only later, in the feed
    row = take(print_station(keys).add("forms_sealed", **data))
    assert row.state == "quarantined"
    assert intake.recheck_sealed(known) == 0
    late.save(force_insert=True)
    assert intake.recheck_sealed(known) == 1
    row.refresh_from_db()
    assert row.state == "accepted"


def test_a_corrected_journal_takes_the_place_of_one_that_no_key_ever_opens(keys):
    keys.activate()
    useless = take(print_station(keys).add("forms_sealed", **strangers_data()))
    assert useless.state == "quarantined"
    good = take(print_station(keys).seal(sets(2)))
    useless.refresh_from_db()
    assert (good.state, useless.state, useless.superseded_by) == ("accepted", "superseded", good)
    assert len(printed(keys.day.sitting)) == 8


def spoilt(how):
    """Two sets of which something is told that cannot be."""
    first, second = sets(2)
    if how == "one ordinal, other numbers":
        return [first, dataclasses.replace(second, ordinal=1)], "запечатан дважды"
    if how == "one number in two sets":
        second.sheets["R"] = first.sheets["R"]
        return [first, second], "один и тот же номер"
    if how == "a wrong check digit":
        first.sheets["R"] = first.sheets["R"][:12] + str((int(first.sheets["R"][12]) + 1) % 10)
        return [first, second], "неверн"
    first.sheets["R"] = first.sheets["AB"]  # the number of another form
    return [first, second], "неверн"


@pytest.mark.parametrize(
    "how", ["one ordinal, other numbers", "one number in two sets", "a wrong check digit", "another form's number"]
)
def test_numbers_that_contradict_themselves_open_nothing_and_say_why(keys, how):
    keys.activate()
    made, said = spoilt(how)
    row = take(print_station(keys).seal(made[:1]).seal(made[1:]))
    row.refresh_from_db()
    assert row.forms_opened_at is None
    assert said in row.forms_problem.ru
    assert not JournalSheet.objects.exists()
    assert said in forms.why_sealed(keys.day.sitting, row.room).ru
    # The station forms it anew: no decision is needed.
    good = take(print_station(keys).seal(sets(2)))
    row.refresh_from_db()
    assert (good.state, row.state) == ("accepted", "superseded")
    assert len(printed(keys.day.sitting)) == 8


def test_a_set_told_of_again_with_its_numbers_is_one_set_in_its_last_state(keys):
    keys.activate()
    (made,) = sets(1)
    row = take(print_station(keys).seal([made]).seal([dataclasses.replace(made, spoiled=True)]))
    row.refresh_from_db()
    assert row.sealed_sets == 1
    assert {each.set.spoiled for each in printed(keys.day.sitting)} == {True}


def test_why_numbers_are_sealed_names_the_key_only_while_it_is_not_active(keys):
    key = keys.load()
    row = take(print_station(keys).seal(sets(1)))
    assert "не активирован" in forms.why_sealed(keys.day.sitting).ru
    keys.activate(key)
    keys.access_file(version=2)
    assert "не активирован" not in forms.why_sealed(keys.day.sitting, row.room).ru


def test_numbers_that_are_no_numbers_open_nothing(keys):
    keys.activate()
    bad = sets(1)
    bad[0].sheets["R"] = "9" * 400
    row = take(print_station(keys).seal(bad))
    row.refresh_from_db()
    assert row.forms_opened_at is None
    assert not JournalSheet.objects.exists()


def test_the_answers_of_a_voice_station(data_dir, token_dir, db):
    day = make_voice_day()
    keys = make_keys(day, token_dir)
    keys.activate()
    made = sets(2, subject="29")
    station = JournalStation(keys, "voice", "0201-3", room="0201").add("software_started", version="1").seal(made)
    for ordinal in (1, 2):
        station.add(
            "answer_finished",
            set=ordinal,
            place=3,
            file_name=f"0201_3_{ordinal:02d}.ogg",
            seconds=12.5,
            sha256="a" * 64,
        )
    row = take(station)
    assert row.state == "accepted", row.doubts
    assert row.name == station.name
    answers = JournalAnswer.objects.filter(journal=row).order_by("ordinal")
    assert [(a.place, a.ordinal, a.registration_number, a.seconds) for a in answers] == [
        ("3", 1, made[0].sheets["R"], 12.5),
        ("3", 2, made[1].sheets["R"], 12.5),
    ]


def test_answers_are_listed_before_their_numbers_open(data_dir, token_dir, db):
    day = make_voice_day()
    keys = make_keys(day, token_dir)
    keys.access_file()
    station = JournalStation(keys, "voice", "3", room="0201").seal(sets(1, subject="29"))
    station.add("answer_finished", set=1, file_name="a.ogg", seconds=3, sha256="b" * 64)
    row = take(station)
    assert row.state == "accepted", row.doubts
    assert JournalAnswer.objects.get().registration_number is None
    assert JournalAnswer.objects.get().place == "3"


def test_a_file_that_vanished_from_the_disk_is_told_of(keys):
    loaded = keys.load()
    row = take(print_station(keys).seal(sets(1)))
    forms.files.inside(row.path).unlink()
    keys.activate(loaded)
    assert forms.open_waiting() == 0
    assert "не найден" in Journal.objects.get(pk=row.pk).forms_problem.ru
