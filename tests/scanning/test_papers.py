"""Acts and the scan journal: signed papers of the desk."""

import re

import pytest
from django.utils import timezone

from day import acts
from journals.models import Act, Journal
from keys.trust import trust_store
from scanning import cards, contents, scan_journal
from scanning.errors import CardRefusedError, NothingDifferentError, NotReadYetError
from scanning.models import RoomCard, ScanEntry, Sheet
from scanning.states import CardState, SheetState
from tests.scanning.conftest import ACTOR
from tests.scanning.test_room import all_pages
from tests.support.evaluated import gate, steps
from tests.support.keys import make_keys
from tests.support.marks import mark_compared
from wire import journal, names
from wire.documents import act as wire_act
from wire.errors import PpeError


@pytest.fixture
def keys(desk, token_dir):
    return make_keys(desk.day, token_dir)


def test_a_room_with_a_difference_closes_with_a_signed_act(desk, keys):
    sets = desk.journal()
    lost = sets[1]["C2"]
    desk.scan(*all_pages(desk, sets, without=(lost,)))
    desk.fill(registration_count=2)
    card = cards.close_with_act(
        card=desk.card(), reason="лист не найден", text="Искали в трёх пакетах.", token=keys.open_token(), actor=ACTOR
    )
    assert card.state == CardState.CLOSED_WITH_ACT
    act = Act.objects.get()
    assert card.act == act
    packed = {each.name: each for each in contents.files_for(card)}
    document, signed = wire_act.read(packed[f"acts/{act.name}"].path.read_bytes(), trust=trust_store())
    assert document.numbers == (lost,) or list(document.numbers) == [lost]
    assert (document.room, signed.identity.ident) == ("0101", keys.gek_uid)
    assert contents.counts_for(card)["acts"] == 1


def test_an_act_needs_a_reason_in_words(desk, keys):
    sets = desk.journal()
    desk.scan(*all_pages(desk, sets)[1:])
    desk.fill(registration_count=2)
    for reason in ("", "1", "0380115726935", "—", "я"):
        with pytest.raises(CardRefusedError, match="словами"):
            cards.close_with_act(card=desk.card(), reason=reason, text="", token=keys.open_token(), actor=ACTOR)
    assert not Act.objects.exists()


def test_an_act_needs_a_difference_and_everything_read(desk, keys):
    sets = desk.journal()
    desk.scan(*all_pages(desk, sets))
    desk.fill(registration_count=2)
    with pytest.raises(NothingDifferentError):
        cards.close_with_act(card=desk.card(), reason="так", text="", token=keys.open_token(), actor=ACTOR)
    Sheet.objects.filter(number=sets[0]["R"]).update(state=SheetState.RECEIVED)
    with pytest.raises(NotReadYetError):
        cards.close_with_act(card=desk.card(), reason="так", text="", token=keys.open_token(), actor=ACTOR)
    assert not Act.objects.exists()
    assert desk.card().state != CardState.CLOSED_WITH_ACT


def close_all(desk, *, but=()):
    """Let every room be closed and packed; how a room closes is the business of other tests."""
    for card in cards.ensure_cards(desk.sitting):
        if card.room.number not in but:
            RoomCard.objects.filter(pk=card.pk).update(state=CardState.PACKED)
            mark_compared(desk.sitting, card.room.number)


def lines(path):
    return journal.read(path.read_bytes(), trust=trust_store())


def test_the_scan_journal_is_formed_signed_accepted_and_goes_on(desk, keys):
    desk.journal()
    desk.fill(registration_count=2)
    close_all(desk)
    path = acts.form_end_scan(sitting=desk.sitting, actor=ACTOR)
    assert names.read(path.name).certain
    document = lines(path)
    assert document.signed_by is not None
    assert not document.problems
    assert [entry.event for entry in document.entries] == ["room_opened", "card_entered", "journal_closed"]
    row = Journal.objects.get(kind="scan")
    assert row.state == Journal.State.ACCEPTED, row.doubts
    RoomCard.objects.filter(room__number="0101").update(state=CardState.OPEN)
    desk.fill(version=1, registration_count=1)
    close_all(desk)
    again = acts.form_end_scan(sitting=desk.sitting, actor=ACTOR)
    longer = lines(again)
    assert journal.relation(longer.lines, document.lines) == "longer"
    assert "journal_reopened" in [entry.event for entry in longer.entries]
    assert Journal.objects.filter(kind="scan", state=Journal.State.ACCEPTED).count() == 1


def test_no_scan_journal_is_formed_while_a_room_or_the_hq_is_open(desk, keys, technician):
    desk.journal()
    address = f"/scanning/{desk.sitting.key}/"

    def button():
        return re.findall(r"<button[^>]*>\s*Сформировать END_SCAN", technician.client.get(address).content.decode())

    def step():
        return steps(desk.sitting, technician.user)[6]

    # Rooms that nobody has opened have no card yet, and are not closed either.
    with pytest.raises(PpeError) as caught:
        acts.form_end_scan(sitting=desk.sitting, actor=ACTOR)
    assert caught.value.code == "rooms_open"
    assert [part.field for part in caught.value.parts] == ["0101", "0102", "0103", "0104", "HQ"]
    close_all(desk, but=("0102", "HQ"))
    with pytest.raises(PpeError) as caught:
        acts.form_end_scan(sitting=desk.sitting, actor=ACTOR)
    assert "ауд. 0102 — Ожидает; Штаб — Ожидает" in caught.value.message.ru
    assert "room 0102 — Waiting; HQ — Waiting" in caught.value.message.en
    assert caught.value.remedy.ru
    assert not button()
    assert (step().state, "ауд. 0102" in step().why[0].text) == ("blocked", True)
    answer = technician.client.post(address, {"form": "end-scan"}, follow=True).content.decode()
    assert "Журнал сканирования не сформирован" in answer
    assert not Journal.objects.filter(kind="scan").exists()
    close_all(desk)
    assert button()
    assert step().state == "now"
    technician.client.post(address, {"form": "end-scan"})
    assert Journal.objects.get(kind="scan").state == Journal.State.ACCEPTED


def test_the_last_gate_takes_only_a_scan_journal_that_covers_the_last_entry(desk, keys, technician):
    desk.journal()
    desk.fill(registration_count=2)
    close_all(desk)

    def behind():
        blockers = gate(desk.sitting, "blanks_transferred").blockers
        return [each.text for each in blockers if each.code == "scan_journal_behind"]

    def step():
        return steps(desk.sitting, technician.user)[6]

    acts.form_end_scan(sitting=desk.sitting, actor=ACTOR)
    assert behind() == []
    assert step().tallies[0].done == 1
    cards.reopen(card=desk.card(), numbers=[], reason="РЦОИ просит отсканировать заново", actor=ACTOR)
    assert len(behind()) == 1
    assert "станция сканирования 01" in str(behind()[0]).lower()
    assert (step().state, step().tallies[0].done) == ("blocked", 0)
    close_all(desk)
    # The room is closed and packed again, the journal still tells of the time before.
    assert len(behind()) == 1
    assert step().state == "now"
    assert any("сформирован до последних действий" in each for each in step().missing)
    acts.form_end_scan(sitting=desk.sitting, actor=ACTOR)
    assert behind() == []


def test_a_journal_of_another_scanning_station_is_taken_as_it_is(desk, keys):
    scan_journal.note(sitting=desk.sitting, event="note_written", text="работа")
    row = Journal.objects.create(
        state="accepted",
        kind="scan",
        point=desk.day.point,
        sitting=desk.sitting,
        room=desk.day.rooms["HQ"],
        station=desk.day.stations["scan-02"],
        station_said="02",
        original_name="j",
        name="j",
        sha256="0" * 64,
        size=1,
        path="j",
        door="browser",
        received_at=timezone.now(),
        received_by="т",
        signed_by="urn:x",
        entry_count=3,
    )
    assert "scan_journal_behind" not in gate(desk.sitting, "blanks_transferred").codes
    row.station = desk.day.stations["scan-01"]
    row.save()
    assert "scan_journal_behind" in gate(desk.sitting, "blanks_transferred").codes


def test_no_sheet_number_stands_in_the_scan_journal_or_the_log(desk):
    from audit.models import Event

    sets = desk.journal()
    desk.scan(*all_pages(desk, sets))
    desk.fill(registration_count=2)
    cards.close(card=desk.card(), actor=ACTOR)
    said = b"".join(bytes(entry.line) for entry in ScanEntry.objects.all()).decode()
    logged = str(list(Event.objects.values_list("data", "subject")))
    for numbers in sets:
        for number in numbers.values():
            assert number not in said
            assert number not in logged
