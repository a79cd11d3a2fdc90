"""Acts and the scan journal: signed papers of the desk."""

import pytest

from journals.models import Act, Journal
from keys.trust import trust_store
from scanning import cards, contents, scan_journal
from scanning.errors import NothingDifferent, NotReadYet
from scanning.models import ScanEntry, Sheet
from scanning.states import CardState, SheetState
from tests.keys.world import make_keys
from tests.scanning.conftest import ACTOR
from tests.scanning.test_room import all_pages
from wire import act as wire_act
from wire import journal, names


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


def test_an_act_needs_a_difference_and_everything_read(desk, keys):
    sets = desk.journal()
    desk.scan(*all_pages(desk, sets))
    desk.fill(registration_count=2)
    with pytest.raises(NothingDifferent):
        cards.close_with_act(card=desk.card(), reason="так", text="", token=keys.open_token(), actor=ACTOR)
    Sheet.objects.filter(number=sets[0]["R"]).update(state=SheetState.RECEIVED)
    with pytest.raises(NotReadYet):
        cards.close_with_act(card=desk.card(), reason="так", text="", token=keys.open_token(), actor=ACTOR)
    assert not Act.objects.exists()
    assert desk.card().state != CardState.CLOSED_WITH_ACT


def test_the_scan_journal_is_formed_signed_accepted_and_goes_on(desk, keys):
    desk.journal()
    desk.fill(registration_count=2)
    path = scan_journal.form_end_scan(sitting=desk.sitting, actor=ACTOR)
    assert names.read(path.name).certain
    document = journal.read(path.read_bytes(), trust=trust_store())
    assert document.signed_by is not None
    assert not document.problems
    assert [entry.event for entry in document.entries] == ["room_opened", "card_entered", "journal_closed"]
    row = Journal.objects.get(kind="scan")
    assert row.state == Journal.State.ACCEPTED, row.doubts
    desk.fill(version=1, registration_count=1)
    again = scan_journal.form_end_scan(sitting=desk.sitting, actor=ACTOR)
    longer = journal.read(again.read_bytes(), trust=trust_store())
    assert journal.relation(longer.lines, document.lines) == "longer"
    assert "journal_reopened" in [entry.event for entry in longer.entries]
    assert Journal.objects.filter(kind="scan", state=Journal.State.ACCEPTED).count() == 1


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
