"""What the centre is told of a day that was over and is open again: one word for each change, and none without."""

import json
from datetime import timedelta

import pytest
import time_machine

from audit.models import Event
from common import marks
from common.marks import Mark
from common.work.clock import now
from day import acts, evaluate, telling
from journals.models import Journal
from keys import trust
from scanning import cards
from tests.transfers.conftest import ACTOR
from transfers import link, pausing, standing, statuses, tasks
from transfers.models import FeedCursor, Packet, PointStatus, StandingReport
from wire import cms
from wire.documents import standing as wire_standing
from wire.errors import PpeError
from wire.messages import Message
from wire.tus_errors import broken_line


@pytest.fixture(autouse=True)
def looked_at_anew():
    telling._quiet.clear()
    telling._looked.clear()


@pytest.fixture
def evening(hq):
    """The exam is over, and the centre has every word."""
    hq.finish()
    own = evaluate.evaluate(hq.point, hq.sitting.date).sitting(hq.sitting.key)
    assert own.over, [each.text for each in own.open]
    return hq


def open_again(hq, room="0101"):
    cards.reopen_by_hand(card=hq.card(room), reason="закрыта по ошибке", actor=ACTOR)


def close_again(hq, room="0101"):
    """Close the room once more, form the scan journal anew, and let the centre confirm what leaves because of it."""
    hq.close(room, people=0)
    hq.acknowledge(hq.signed(room))
    Journal.objects.filter(kind="scan", station_said="01").delete()
    acts.form_end_scan(sitting=hq.sitting, actor=ACTOR)
    statuses.catch_up()
    for packet in Packet.objects.filter(kind="status", state="building"):
        tasks.seal_packet(packet.pk)
        hq.acknowledge(Packet.objects.full().get(pk=packet.pk))


def word(hq):
    row = StandingReport.objects.get(point=hq.point)
    said, signed_by = wire_standing.read(bytes(row.document), trust.trust_store())
    return row, said, signed_by


def said(document):
    return [(each.code, each.place) for sitting in document.sittings for each in sitting.open]


def test_an_evening_as_it_should_be_tells_nothing(evening):
    assert telling.tell() == 0
    assert not StandingReport.objects.exists()


def test_a_room_that_is_opened_again_is_told_with_its_words_since_when_and_what_it_rests_on(evening):
    before = now()
    open_again(evening)
    assert telling.tell() == 1
    row, document, signed_by = word(evening)
    matter = next(each for each in document.sittings[0].open if each.code == "room_open_again")
    assert "закрыта по ошибке" in matter.text.ru
    assert before <= matter.since <= now()
    behind = next(each for each in document.sittings[0].open if each.code == "scan_journal_behind")
    assert before - timedelta(seconds=60) <= behind.since <= now(), "since the first entry that its journal lacks"
    assert (document.number, document.mode, document.date) == (1, "live", evening.sitting.date)
    assert signed_by.identity.ident == evening.day.node.uid
    event = Event.objects.get(kind="transfers.standing")
    assert document.head.number == event.number - 1, "the last event before the word's own"
    assert event.data["open"] == {evening.sitting.key: len(said(document))}
    assert row.told_at is None


def test_the_same_is_told_once_and_another_room_anew(evening):
    open_again(evening)
    assert [telling.tell() for _ in range(3)] == [1, 0, 0]
    open_again(evening, "0102")
    assert [telling.tell() for _ in range(3)] == [1, 0, 0]
    _row, document, _signer = word(evening)
    assert document.number == 2
    assert {place for _code, place in said(document)} >= {"0101", "0102"}


def test_it_is_told_when_everything_is_settled_again(evening):
    open_again(evening)
    telling.tell()
    hq = evening
    hq.close("0101", people=0)
    hq.signed("0101")
    telling.tell()
    _row, document, _signer = word(hq)
    assert ("packet", "0101") in said(document), "the next version is on its way: the centre does not have it yet"
    Packet.objects.filter(version=2).update(state="superseded")
    close_again(hq)
    assert telling.tell() == 1
    row, document, _signer = word(hq)
    assert (said(document), row.said) == ([], {})
    assert [each.sitting for each in document.sittings] == [hq.sitting.key]
    assert telling.tell() == 0


def test_before_any_status_nothing_is_told_and_after_the_first_only_its_own_conditions(hq):
    hq.close("0101")
    assert telling.tell() == 0
    hq.all_journals()
    hq.declare("exams_finished")
    assert telling.tell() == 0, "rooms that are not scanned yet are no news"
    Journal.objects.filter(station_said="0001").update(state="quarantined")
    telling._quiet.clear()
    assert telling.tell() == 1
    assert [code for code, _place in said(word(hq)[1])] == ["journal"]


def test_a_status_that_was_undone_does_not_hide_what_is_open(evening):
    open_again(evening)
    PointStatus.objects.filter(status="blanks_transferred").update(state="undone", undone_at=now())
    telling.tell()
    found = said(word(evening)[1])
    assert ("room_open_again", "0101") in found
    assert not [code for code, _place in found if code == "status_blanks_transferred"], "that, the centre knows"


def test_a_node_that_was_put_back_gives_no_number_twice_and_says_its_word_anew(evening):
    open_again(evening)
    telling.tell()
    row, document, _signer = word(evening)
    marks.raise_to({standing.series(evening.point, evening.sitting.date): Mark(row.number)})
    close_again(evening)
    row.delete()
    telling._quiet.clear()
    assert telling.tell() == 1, "nothing is open, and nothing was told as far as this database knows"
    assert word(evening)[1].number == document.number + 1
    assert said(word(evening)[1]) == []


def test_a_day_long_past_is_looked_at_now_and_then(evening, monkeypatch):
    looked = []
    whole = evaluate.today
    monkeypatch.setattr(evaluate, "today", lambda *args: looked.append(args) or whole(*args))
    open_again(evening)
    with time_machine.travel(now() + timedelta(days=5), tick=False) as clock:
        assert telling.tell() == 1
        open_again(evening, "0102")
        assert telling.tell() == 0
        assert len(looked) == 1
        clock.shift(timedelta(minutes=11))
        assert telling.tell() == 1


def test_without_its_certificate_the_node_tries_again_at_the_next_look(evening, monkeypatch):
    open_again(evening)

    def none(point):
        raise PpeError(Message("none"))

    monkeypatch.setattr("keys.node.node_signer", none)
    assert telling.tell() == 0
    monkeypatch.undo()
    assert telling.tell() == 1


# --- the road ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def centre(settings, monkeypatch):
    """A centre that takes every word, and what it was given."""
    settings.PPE_RCOI_URL = "https://rcoi.example"
    given = []

    class Line:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return False

    monkeypatch.setattr(link, "session", lambda point, base: Line())
    monkeypatch.setattr(link, "post_json", lambda client, path, body: given.append((path, body)) or {"number": 1})
    return given


def test_a_word_is_due_until_the_centre_has_it(evening, centre):
    open_again(evening)
    telling.tell()
    (row,) = tasks.to_tell()
    tasks.tell(row.pk)
    assert [path for path, _body in centre] == [standing.ADDRESS]
    assert not tasks.to_tell().exists()
    row.refresh_from_db()
    assert row.told_at is not None
    assert Event.objects.filter(kind="transfers.standing_told").count() == 1
    tasks.tell(row.pk)
    assert len(centre) == 1, "once"


def test_a_broken_line_is_tried_again_with_growing_pauses_and_said(evening, centre, monkeypatch):
    open_again(evening)
    telling.tell()
    row = tasks.to_tell().get()

    def broken(client, path, body):
        raise broken_line()

    monkeypatch.setattr(link, "post_json", broken)
    monkeypatch.setattr("transfers.outbox.random.uniform", lambda low, high: high)
    pauses = []
    for _try in range(4):
        StandingReport.objects.update(next_try_at=row.made_at)
        before = now()
        tasks.tell(row.pk)
        row.refresh_from_db()
        pauses.append((row.next_try_at - before).total_seconds())
    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0]
    assert "Нет связи" in row.problem.ru
    assert FeedCursor.objects.get().trouble
    assert tasks.to_tell().exists()


def test_a_word_formed_while_another_travels_goes_too(evening, centre, monkeypatch):
    open_again(evening)
    telling.tell()
    row = tasks.to_tell().get()

    def meanwhile(client, path, body):
        open_again(evening, "0102")
        telling.tell()
        return {"number": 1}

    monkeypatch.setattr(link, "post_json", meanwhile)
    tasks.tell(row.pk)
    row.refresh_from_db()
    assert (row.number, row.told_at) == (2, None)
    assert tasks.to_tell().filter(next_try_at__lte=now() + timedelta(seconds=1)).exists()


def test_nothing_goes_in_a_pause_or_without_an_address(evening, centre, settings):
    open_again(evening)
    telling.tell()
    row = StandingReport.objects.get()
    pausing.pause(actor=ACTOR)
    assert not tasks.to_tell().exists()
    standing.send(row.pk)
    pausing.resume(actor=ACTOR)
    assert tasks.to_tell().exists()
    settings.PPE_RCOI_URL = ""
    assert not tasks.to_tell().exists()
    standing.send(row.pk)
    assert centre == []


def test_today_says_whether_the_centre_knows(evening, technician, centre):
    open_again(evening)
    telling.tell()
    address = "/today/78-0001/"
    assert "РЦОИ сообщается автоматически" in technician.client.get(address).content.decode()
    tasks.tell(StandingReport.objects.get().pk)
    assert "РЦОИ сообщено" in technician.client.get(address).content.decode()


def test_the_word_opens_with_public_tools_as_json(evening):
    open_again(evening)
    telling.tell()
    document = json.loads(cms.unverified_content(bytes(StandingReport.objects.get().document)))
    assert document["format"] == "ppe-standing/1"
