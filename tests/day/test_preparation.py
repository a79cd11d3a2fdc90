"""What a preparation room printed and gave out is owed until a journal, a scan or an act says where it lies."""

import itertools

import pytest
from django.utils import timezone

from audit.log import SYSTEM, record
from common.obligations import ObligationState
from day import evaluate, table
from day.closing import closing_act
from journals.acts import file_bytes
from journals.models import Act, Journal, JournalAnswer, JournalSet, JournalSheet
from keys.trust import trust_store
from scanning import preparation
from scanning.errors import CardRefusedError
from scanning.expected_forms import read_expected_forms
from scanning.models import RoomCard, Sheet
from stations.models import Role, SittingRoom
from tests.conftest import log_in
from tests.support import factories
from tests.support.keys import PIN
from tests.transfers.conftest import ACTOR
from tests.transfers.test_closing import text as paper_text
from transfers import statuses
from transfers.models import PointStatus
from wire import packet as wire_packet
from wire.documents import act as wire_act
from wire.forms import make_number
from wire.messages import Message

_serials = itertools.count(7_000)


@pytest.fixture
def oral(hq):
    """The exam of the usual point as a spoken one: preparation room 0101, voice rooms 0102 and 0103."""
    day, sitting = hq.day, hq.sitting
    sitting.subject = factories.SubjectFactory(code="29", name="Английский язык (устный)", oral=True)
    # Nothing falls due by the hour at which the tests run.
    sitting.deadlines = {}
    sitting.save()
    sitting.rooms.filter(room__number="0104").delete()
    sitting.posts.exclude(station__number__in=("0001", "01")).delete()
    sitting.rooms.filter(room__number="0101").update(kind="preparation")
    for number in ("0102", "0103"):
        sitting.rooms.filter(room__number=number).update(kind="voice", places=1)
        factories.add_post(day, "voice", f"{number}-1", room=number, place="1")
    return hq


def printed(hq, count=2, **flags):
    """A print journal of the preparation room; returns its registration forms."""
    journal = hq.journal("0001", "0101")
    Journal.objects.filter(pk=journal.pk).update(sealed_sets=count, forms_opened_at=timezone.now())
    forms = []
    for ordinal in range(1, count + 1):
        row = JournalSet.objects.create(journal=journal, ordinal=ordinal, unused=ordinal in flags.get("unused", ()))
        forms.append(make_number("R", next(_serials)))
        JournalSheet.objects.create(journal=journal, set=row, kind="R", number=forms[-1])
    return forms


def recorded(hq, room, *forms):
    """A voice journal of a room that names these forms."""
    journal = hq.journal(f"{room}-1", room, kind="voice")
    for ordinal, form in enumerate(forms, start=1):
        name = f"{room}_{ordinal}.ogg"
        JournalAnswer.objects.create(
            journal=journal, ordinal=ordinal, place="1", file_name=name, sha256="0" * 64, registration_number=form
        )


def evaluated(hq):
    record("node.started", actor=SYSTEM, about=hq.point)
    evaluate.forget()
    return evaluate.today(hq.point, hq.sitting.date).sitting(hq.sitting.key)


def owed(hq):
    rows = evaluated(hq).of("sets_unplaced")
    return [(row.place, row.state, row.text.ru) for row in rows]


def test_it_owes_its_journals_and_neither_card_nor_packet(oral):
    own = evaluated(oral)
    assert [use.room for use in own.exam.uses] == ["0102", "0103"]
    for code in ("card", "room", "packet"):
        assert "0101" not in {row.place for row in own.of(code)}
    assert "0001" in {row.place for row in own.of("journal")}
    assert not any("0101" in str(row.text) for row in own.gate(table.END_SCAN))
    ((place, state, words),) = owed(oral)
    assert (place, state) == ("0101", ObligationState.NOT_DUE)
    assert "аудитория подготовки 0101" in words


def test_a_set_that_no_room_has_keeps_the_last_status_shut(oral):
    one, two = printed(oral)
    recorded(oral, "0102", one)
    ((_place, state, words),) = owed(oral)
    # The journal of the other voice room may name it.
    assert state == ObligationState.NOT_DUE
    assert "0001/2" in words
    assert "0001/1" not in words
    recorded(oral, "0103")
    ((_place, state, words),) = owed(oral)
    assert state == ObligationState.OPEN
    own = evaluated(oral)
    for gate, kept in ((table.TRANSFERRED, True), (table.END, True), (table.FINISHED, False), (table.END_SCAN, False)):
        assert ("sets_unplaced" in {row.code for row in own.gate(gate) if row.stands}) is kept
    Journal.objects.filter(kind="voice", room__number="0103").update(sha256="f" * 64)
    JournalAnswer.objects.create(
        journal=Journal.objects.get(kind="voice", room__number="0103"),
        ordinal=1,
        place="1",
        file_name="x",
        sha256="1" * 64,
        registration_number=two,
    )
    ((_place, state, _words),) = owed(oral)
    assert state == ObligationState.SETTLED


def test_a_form_scanned_in_a_room_lies_there(oral):
    (form,) = printed(oral, 1)
    recorded(oral, "0102")
    recorded(oral, "0103")
    assert owed(oral)[0][1] == ObligationState.OPEN
    oral.close("0103", kinds=("R",))
    Sheet.objects.update(number=form)
    assert owed(oral)[0][1] == ObligationState.SETTLED
    # Among the forms of the HQ it is in no room.
    hq_card = RoomCard.objects.get(room__kind="hq")
    Sheet.objects.update(card=hq_card)
    assert owed(oral)[0][1] == ObligationState.OPEN


def test_spoiled_unused_and_sealed_sets(oral):
    printed(oral, 2, unused=(1, 2))
    recorded(oral, "0102")
    recorded(oral, "0103")
    assert owed(oral)[0][1] == ObligationState.SETTLED
    JournalSheet.objects.all().delete()
    Journal.objects.filter(kind="print").update(forms_opened_at=None)
    ((_place, state, words),) = owed(oral)
    assert state == ObligationState.NOT_DUE
    assert "номера в журналах печати ещё закрыты" in words


@pytest.mark.parametrize("room", [None, "0101", "0104"])
def test_sealed_numbers_of_a_station_that_nobody_expected_keep_it_open(oral, room):
    printed(oral, 1, unused=(1,))
    recorded(oral, "0102")
    recorded(oral, "0103")
    post = factories.add_post(oral.day, "print", "0009", room=room)
    journal = oral.journal("0009", room)
    if room:
        post.delete()
    assert {state for _place, state, _words in owed(oral)} == {ObligationState.SETTLED}
    sealed = Journal.objects.filter(pk=journal.pk)
    sealed.update(sealed_sets=1)
    assert [place for place, state, _words in owed(oral) if state == ObligationState.NOT_DUE] == [
        "0101" if room == "0101" else ""
    ]
    sealed.update(forms_problem=Message("another key"))
    ((place, words),) = [(place, words) for place, state, words in owed(oral) if state == ObligationState.OPEN]
    assert (place, "another key" in words) == ("0101" if room == "0101" else "", True)


@pytest.mark.parametrize("room", [None, "0104"])
def test_what_was_printed_where_nobody_collects_is_owed_where_its_answer_was_recorded(oral, room):
    printed(oral, 1, unused=(1,))
    post = factories.add_post(oral.day, "print", "0009", room=room)
    journal = oral.journal("0009", room)
    if room:
        post.delete()
    Journal.objects.filter(pk=journal.pk).update(sealed_sets=1, forms_opened_at=timezone.now())
    number = make_number("R", next(_serials))
    row = JournalSet.objects.create(journal=journal, ordinal=1)
    JournalSheet.objects.create(journal=journal, set=row, kind="R", number=number)
    recorded(oral, "0102")
    recorded(oral, "0103")
    assert [place for place, state, _words in owed(oral) if state == ObligationState.OPEN] == [""]
    register = read_expected_forms(oral.sitting)
    assert [each.sheets["R"] for each in register.unplaced] == [number]
    JournalAnswer.objects.create(
        journal=Journal.objects.get(kind="voice", room__number="0103"),
        ordinal=1,
        place="1",
        file_name="x",
        sha256="1" * 64,
        registration_number=number,
    )
    assert [each.sheets["R"] for each in read_expected_forms(oral.sitting).of_room("0103")] == [number]


def test_a_voice_journal_that_does_not_open_leaves_an_act_to_be_made(oral):
    one, two = printed(oral)
    recorded(oral, "0102", one)
    recorded(oral, "0103")
    sealed = Journal.objects.filter(kind="voice", room__number="0103")
    sealed.update(sealed_sets=1, forms_opened_at=None)
    said = {"sitting": oral.sitting, "reason": "участник унёс бланк", "text": "", "actor": ACTOR}
    assert owed(oral)[0][1] == ObligationState.NOT_DUE
    with pytest.raises(CardRefusedError, match="журналы записи ответов"):
        preparation.make_act(numbers=[two], token=oral.keys.open_token(), **said)
    sealed.update(forms_problem=Message("another key"))
    ((_place, state, words),) = owed(oral)
    assert (state, "another key" in words) == (ObligationState.OPEN, True)
    preparation.make_act(numbers=[two], token=oral.keys.open_token(), **said)
    assert owed(oral)[0][1] == ObligationState.SETTLED


def test_an_act_covers_the_sets_that_it_names_and_no_other(oral):
    one, _two = printed(oral)
    recorded(oral, "0102")
    said = {"sitting": oral.sitting, "reason": "участник унёс бланк", "text": "", "actor": ACTOR}
    with pytest.raises(CardRefusedError, match="журналы записи ответов"):
        preparation.make_act(numbers=[one], token=oral.keys.open_token(), **said)
    recorded(oral, "0103")
    for numbers in ([], [one, "0000000000000"]):
        with pytest.raises(CardRefusedError, match="Выберите"):
            preparation.make_act(numbers=numbers, token=oral.keys.open_token(), **said)
    act = preparation.make_act(numbers=[one], token=oral.keys.open_token(), **said)
    ((_place, state, words),) = owed(oral)
    assert (state, "0001/2" in words, "0001/1" in words) == (ObligationState.OPEN, True, False)
    # It travels with the last status, and the day knows that it does.
    row = PointStatus(sitting=oral.sitting, status="blanks_transferred")
    assert act.sha256 in statuses.evidence_names(row)
    row = PointStatus(sitting=oral.sitting, status="exams_finished")
    assert act.sha256 not in statuses.evidence_names(row)
    document = wire_act.read(file_bytes(act), trust_store())[0]
    assert (document.room, document.numbers) == ("0101", (one,))


def test_the_act_is_made_on_the_scanning_desk(oral):
    one, two = printed(oral)
    recorded(oral, "0102", two)
    recorded(oral, "0103")
    user = factories.make_user("g", "Г", Role.GEK_MEMBER, point=oral.point)
    login = log_in(user)
    address = f"/scanning/{oral.sitting.key}/"
    page = login.client.get(address).content.decode()
    assert "станция 0001, комплект № 1" in page
    said = {"form": "lost-sets", "sets": [one], "reason": "участник унёс бланк", "text": ""}
    said |= {"token": oral.keys.token_info().id, "pin": PIN}
    answer = login.client.post(address, said)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    assert Act.objects.get().numbers == [one]
    assert owed(oral)[0][1] == ObligationState.SETTLED
    assert "комплект № 1" not in login.client.get(address).content.decode()


def test_it_is_shown_as_what_it_is_with_its_journals_and_no_card(oral, tmp_path):
    login = log_in(factories.make_user("t", "Т", Role.TECHNICAL_SPECIALIST, point=oral.point))
    page = login.client.get(f"/monitoring/{oral.sitting.key}/").content.decode()
    assert "аудитория подготовки 0101" in page
    desk = login.client.get(f"/scanning/{oral.sitting.key}/").content.decode()
    assert f"/scanning/{oral.sitting.key}/0102/" in desk
    assert f"/scanning/{oral.sitting.key}/0101/" not in desk
    assert login.client.get(f"/scanning/{oral.sitting.key}/0101/").status_code == 404
    printed(oral)
    recorded(oral, "0102")
    recorded(oral, "0103")
    today = login.client.get(f"/today/{oral.point.key}/").content.decode()
    assert "0001/1, 0001/2" in today
    text = paper_text(closing_act(sitting=oral.sitting, actor=ACTOR), tmp_path)
    assert "аудитория подготовки 0101" in text


def test_a_card_at_work_in_a_room_that_became_a_preparation_room_is_owed(oral):
    SittingRoom.objects.filter(room__number="0101").update(kind="written")
    oral.close("0101", kinds=("R",))
    SittingRoom.objects.filter(room__number="0101").update(kind="preparation")
    assert [row.place for row in evaluated(oral).of("room_at_work")] == ["0101"]
    RoomCard.objects.filter(room__number="0101").update(state="waiting")
    assert not evaluated(oral).of("room_at_work")


def test_its_packet_says_what_the_room_is_for_now(oral):
    SittingRoom.objects.filter(room__number="0101").update(kind="written")
    oral.close("0101", kinds=("R",))
    SittingRoom.objects.filter(room__number="0101").update(kind="preparation")
    packet = oral.signed("0101")
    assert wire_packet.read_header(packet.file).room_kind == "preparation"
    # The card was compared as one of another kind of room: it is owed, and looked at again.
    assert [row.code for row in evaluated(oral).of(*table.PLACES) if row.place == "0101"] == ["room_balance"]
