"""What comes after a room was closed: longer journals, opened numbers, acts. Nobody finds out by luck."""

import hashlib

import pytest
from django.utils import timezone

from audit.models import Event
from journals import acts, intake
from journals.models import Journal, JournalSet, JournalSheet
from scanning import cards, contents, live, watch
from scanning.expected_forms import read_expected_forms
from scanning.grounds import read_grounds, room_mark
from scanning.models import RoomCard, ScanEntry, Sheet
from scanning.reconcile import evaluate
from scanning.states import CardState, SheetState
from scanning.watch import watch_journals
from tests.scanning.conftest import ACTOR
from tests.scanning.test_room import all_pages
from tests.support import factories
from tests.support.evaluated import gate, incidents, steps
from tests.support.journals import print_station, sets
from tests.support.keys import OPERATOR, make_keys
from transfers.models import Packet
from wire.forms import form_set, make_number
from wire.messages import NOTHING, Message


@pytest.fixture
def keys(desk, token_dir):
    made = make_keys(desk.day, token_dir)
    made.activate()
    return made


def take(station):
    data = station.close()
    return intake.ingest(data=data, name=station.name, door="flash", actor=OPERATOR).journal


def more(station, made):
    """The same station goes on and makes more forms."""
    return station.add("journal_reopened", reason="ещё один комплект").seal(made)


def printed(desk, station, made):
    """A room whose journal lists some sets, all of them scanned, its card filled in."""
    take(station.seal(made))
    desk.scan(*all_pages(desk, [each.sheets for each in made]))
    desk.fill(registration_count=len(made))


@pytest.fixture
def closed(desk, keys):
    """Room 0101 closed at zero; its station and what it had made so far."""
    station, made = print_station(keys), sets(2)
    printed(desk, station, made)
    cards.close(card=desk.card(), actor=ACTOR)
    return station


def longer(desk, old_sets, *, marks=None, room="0101"):
    """Rows of a longer journal in the place of the standing one."""
    old = Journal.objects.get(sitting=desk.sitting, room__number=room, state="accepted", kind="print")
    Journal.objects.filter(pk=old.pk).update(state="superseded")
    new = Journal.objects.get(pk=old.pk)
    new.pk, new.state, new.sha256 = None, "accepted", hashlib.sha256(old.sha256.encode()).hexdigest()
    new.received_at = timezone.now()
    new.save()
    for ordinal, numbers in enumerate(old_sets, start=1):
        row = JournalSet.objects.create(journal=new, ordinal=ordinal, **(marks or {}).get(ordinal, {}))
        for kind, number in numbers.items():
            JournalSheet.objects.create(journal=new, set=row, kind=kind, number=number)
    return new


def numbers_of(desk):
    return {form: make_number(form, 987654) for form in form_set(desk.sitting.subject.code)}


def acknowledged(desk, state="acknowledged"):
    """The packet of a closed room, as the centre has confirmed it."""
    card = desk.card()
    contents.mark_packed(card, ACTOR)
    return Packet.objects.create(
        uid="0198b0c4-0000-7000-8000-0000000000aa",
        kind="blanks",
        sitting=desk.sitting,
        room=card.room,
        made_by="т",
        state=state,
        sequence=1,
        node="n",
        signed_at=timezone.now(),
    )


def open_numbers(desk):
    return sorted(desk.card().discrepancies.filter(resolved_at=None).values_list("number", flat=True))


def test_a_longer_journal_opens_a_closed_room_again_at_once(
    desk, closed, technician, django_capture_on_commit_callbacks
):
    third = sets(3)[2]
    with django_capture_on_commit_callbacks(execute=True):
        take(more(closed, [third]))
    card = desk.card()
    assert card.state == CardState.DISCREPANT
    assert open_numbers(desk) == sorted(third.sheets.values())
    assert card.reopen_reason.ru == (
        "После закрытия пришёл журнал станции печати 0001: не отсканировано листов: 4 (комплект № 3)."
    )
    assert "sheets not scanned: 4 (set no. 3)" in card.reopen_reason.en
    said = list(ScanEntry.objects.order_by("seq").values_list("event", flat=True))
    assert said[-2:] == ["room_reopened", "room_reconciled"]
    assert Event.objects.filter(kind="scanning.card_reopened").get().actor == "система"
    shown = " ".join(each.text for each in incidents(desk.sitting))
    assert "открыта снова" in shown
    for number in third.sheets.values():
        assert number in shown
        assert number.encode() not in b"".join(bytes(row.line) for row in ScanEntry.objects.all())
        assert number not in str(list(Event.objects.values_list("data", flat=True)))
    page = technician.client.get(f"/scanning/{desk.sitting.key}/0101/").content.decode()
    assert "Аудитория открыта снова." in page
    # The sheets are found and scanned: the room closes again.
    desk.scan(*all_pages(desk, [third.sheets]), name="late.tif")
    desk.seats(3)
    desk.fill(version=1, registration_count=3)
    assert cards.close(card=desk.card(), actor=ACTOR).state == CardState.CLOSED
    assert not desk.card().open_again


def test_a_packed_room_opens_again_and_the_last_gate_is_shut(desk, closed, technician):
    acknowledged(desk)
    conditions = gate(desk.sitting, "blanks_transferred").conditions
    assert "room_open_again" not in {each.code for each in conditions}
    take(more(closed, [sets(3)[2]]))  # nobody is told: as if the process died right after the commit
    watch_journals()
    assert desk.card().state == CardState.DISCREPANT
    assert "room_open_again" in {each.code for each in gate(desk.sitting, "blanks_transferred").blockers}
    rows = steps(desk.sitting, technician.user)
    assert "ауд. 0101 — открыта снова, ждём новую версию" in rows[5].missing


def test_a_journal_of_equal_counts_with_another_mark_is_something_else(desk):
    one, two = desk.journal(count=2)
    desk.scan(*all_pages(desk, [one, two]))
    desk.fill(registration_count=2)
    cards.close(card=desk.card(), actor=ACTOR)
    before = desk.card().seen_journals
    watch_journals()
    assert desk.card().seen_journals == before
    longer(desk, [one, two], marks={2: {"spoiled": True}})
    watch_journals()
    card = desk.card()
    assert card.state == CardState.DISCREPANT
    fresh, _found = evaluate(card, read_expected_forms(desk.sitting))
    assert (card.balance["zero"], fresh.zero) == (False, False)
    assert (card.balance["spoiled"], card.balance["printed"]) == (1, 2)
    assert open_numbers(desk) == sorted(two.values())
    assert "вне журнала 4" in card.reopen_reason.ru


def test_an_open_room_follows_a_mark_too(desk):
    one, two = desk.journal(count=2)
    desk.scan(*all_pages(desk, [one, two]))
    desk.fill(registration_count=2)
    assert desk.card().state == CardState.RECONCILED
    longer(desk, [one, two], marks={2: {"unused": True}})
    watch_journals()
    assert desk.card().state == CardState.DISCREPANT


def test_what_changes_no_verdict_is_only_remembered(desk):
    one, two = desk.journal(count=2)
    desk.scan(*all_pages(desk, [one, two]))
    desk.fill(registration_count=2)
    cards.close(card=desk.card(), actor=ACTOR)
    before, events = desk.card(), Event.objects.count()
    longer(desk, [one, two, numbers_of(desk)], marks={3: {"unused": True}})
    watch_journals()
    card = desk.card()
    assert (card.state, card.balance, card.reopen_reason) == (CardState.CLOSED, before.balance, NOTHING)
    assert card.seen_journals != before.seen_journals
    assert Event.objects.count() == events


def with_act(desk, keys):
    one, two = desk.journal(count=2)
    lost = two["C2"]
    desk.scan(*all_pages(desk, [one, two], without=(lost,)))
    desk.fill(registration_count=2)
    cards.close_with_act(card=desk.card(), reason="лист не найден", text="", token=keys.open_token(), actor=ACTOR)
    return one, two


def test_a_room_closed_with_an_act_stays_closed_while_the_act_covers_what_differs(desk, keys):
    one, two = with_act(desk, keys)
    longer(desk, [one, two, numbers_of(desk)], marks={3: {"unused": True}})
    watch_journals()
    assert desk.card().state == CardState.CLOSED_WITH_ACT
    assert desk.card().act is not None


@pytest.mark.parametrize("packed", [False, True], ids=["closed", "packed"])
def test_differences_of_an_act_that_are_gone_are_shown_no_more(desk, keys, technician, packed):
    one, two = with_act(desk, keys)
    if packed:
        acknowledged(desk)
    page = f"/scanning/{desk.sitting.key}/0101/"
    assert two["C2"] in technician.client.get(page).content.decode()
    # The other journal has no such sheet in the set.
    longer(desk, [one, {kind: number for kind, number in two.items() if kind != "C2"}])
    before = desk.card()
    watch_journals()
    card = desk.card()
    assert (card.state, card.act_id) == (before.state, before.act_id)
    assert open_numbers(desk) == []
    assert two["C2"] not in technician.client.get(page).content.decode()


def test_a_room_closed_with_an_act_opens_for_what_the_act_does_not_cover(desk, keys):
    one, two = with_act(desk, keys)
    third = numbers_of(desk)
    longer(desk, [one, two, third])
    watch_journals()
    card = desk.card()
    assert (card.state, card.act) == (CardState.DISCREPANT, None)
    assert open_numbers(desk) == sorted([two["C2"], *third.values()])


def test_an_act_about_a_room_of_which_nothing_came_names_every_sheet_and_covers_no_other(desk, keys):
    one, two = desk.journal(count=2)
    desk.fill(registration_count=2)
    cards.close_with_act(card=desk.card(), reason="пакет утрачен", text="", token=keys.open_token(), actor=ACTOR)
    lost = sorted([*one.values(), *two.values()])
    assert sorted(desk.card().act.numbers) == lost
    # Two used sets again, but one of them is another person's: every figure of the balance is the same.
    third = numbers_of(desk)
    longer(desk, [one, two, third], marks={2: {"spoiled": True}})
    watch_journals()
    card = desk.card()
    assert (card.state, card.act, card.open_again) == (CardState.OPEN, None, True)
    assert open_numbers(desk) == sorted([*one.values(), *third.values()])


def test_numbers_that_are_just_being_opened_open_no_room(desk, closed, keys):
    fresh = sets(3)[2]
    spare = type(fresh)(fresh.ordinal, False, True, fresh.sheets)
    row = take(more(closed, [spare]))
    opened = row.forms_opened_at
    assert opened is not None
    # The web process died between taking the journal in and opening its numbers.
    kept = list(JournalSet.objects.filter(journal=row).values("pk"))
    Journal.objects.filter(pk=row.pk).update(forms_opened_at=None)
    JournalSheet.objects.filter(set__in=[each["pk"] for each in kept]).delete()
    JournalSet.objects.filter(journal=row).delete()
    watch_journals()
    assert desk.card().state == CardState.CLOSED
    from journals import forms

    assert forms.open_waiting() == 1
    watch_journals()
    assert desk.card().state == CardState.CLOSED
    # Where they cannot be opened, the room is not held to be closed.
    Journal.objects.filter(pk=row.pk).update(forms_opened_at=None, forms_problem="не тот ключ")
    watch_journals()
    assert desk.card().state == CardState.SCANNING
    assert "номера бланков закрыты" in desk.card().reopen_reason.ru


def test_a_station_that_turns_out_to_have_worked_in_the_room_opens_it(desk, closed, keys):
    post = factories.add_post(desk.day, "print", "0009", room="0101")
    watch_journals()
    card = desk.card()
    assert card.state == CardState.DISCREPANT
    assert "нет журнала станции 0009" in card.reopen_reason.ru
    acts.make(
        sitting=desk.sitting,
        kind="journal_missing",
        post=post,
        reason="станция сгорела",
        text="",
        token=keys.open_token(),
        actor=ACTOR,
    )
    watch_journals()
    assert desk.card().state == CardState.RECONCILED


def test_a_form_of_a_room_that_is_taken_away_elsewhere_opens_the_hq(desk):
    pages = [desk.page(make_number("13-02-МАШ", 1), room=None), desk.page(make_number("18-МАШ", 1), room=None)]
    for place, room in enumerate(("0101", "0102", "0103", "0104")):
        pages += [desk.page(make_number(kind, place), room=room) for kind in ("05-02", "12-04-МАШ")]
    # One form of room 0101 lies in the pile of its room.
    desk.journal()
    desk.scan(pages[2], room="0101", name="room.tif")
    desk.scan(*pages[:2], *pages[3:], room="HQ", name="hq.tif")
    cards.close(card=desk.card("HQ"), actor=ACTOR)
    from scanning import sheets

    stray = Sheet.objects.get(card=desk.card(), state=SheetState.RECOGNISED)
    sheets.decide(sheet=stray, action="discard", reason="не та форма", actor=ACTOR)
    watch_journals()
    card = desk.card("HQ")
    assert card.state == CardState.DISCREPANT
    assert "нет форм: 1" in card.reopen_reason.ru


def test_a_quiet_node_reads_no_register(desk, closed, django_assert_max_num_queries, monkeypatch):
    watch_journals()
    read = []
    monkeypatch.setattr(watch, "read_grounds", lambda sitting: read.append(sitting) or read_grounds(sitting))
    with django_assert_max_num_queries(8):
        watch_journals()
    assert not read
    take(more(closed, [sets(3)[2]]))
    watch_journals()
    assert len(read) == 1


def test_one_room_that_cannot_be_compared_keeps_no_other_from_it(desk, closed):
    sets_of_other = desk.journal("0102", "0002")
    desk.scan(*all_pages(desk, sets_of_other, room="0102"), room="0102")
    desk.fill("0102", registration_count=2)
    RoomCard.objects.filter(pk=desk.card("0102").pk).update(balance=[], state=CardState.CLOSED, act=None)
    RoomCard.objects.filter(pk=desk.card("0102").pk).update(awaited=3)
    take(more(closed, [sets(3)[2]]))
    watch_journals()
    assert desk.card().state == CardState.DISCREPANT


def test_the_tag_of_a_page_is_what_it_shows_and_no_sum(desk, technician):
    one, _two = desk.journal(count=2)
    desk.scan(*all_pages(desk, [one]))
    before = live.poll(desk.card())
    rows = list(Sheet.objects.filter(card=desk.card()).order_by("pk"))
    # As many sheets, as many of each state: another number.
    Sheet.objects.filter(pk=rows[0].pk).update(number=make_number("R", 4711))
    after = live.poll(desk.card())
    assert {**before, "mark": ""} == {**after, "mark": ""}
    assert before["mark"] != after["mark"]
    desk.scan(desk.page(make_number("R", 5)), room="0102", name="other.tif")
    told = technician.client.get(f"/scanning/{desk.sitting.key}/pulse.json").json()["mark"]
    # One sheet goes from one room to the other.
    Sheet.objects.filter(pk=rows[1].pk).update(card=desk.card("0102"))
    assert technician.client.get(f"/scanning/{desk.sitting.key}/pulse.json").json()["mark"] != told


def test_the_tag_of_a_page_changes_when_it_says_another_reason_for_sealed_numbers(desk, technician):
    desk.journal(sealed=True)
    desk.scan(desk.page(make_number("R", 4711)))

    def tags():
        return [
            technician.client.get(f"/scanning/{desk.sitting.key}/{part}pulse.json").json()["mark"]
            for part in ("", "0101/")
        ]

    before = tags()
    assert tags() == before
    # Written when a key was tried: no event, no other state, as many of everything.
    Journal.objects.update(forms_problem=Message("Set {number}: a form number is malformed.", number=1))
    assert all(new != old for new, old in zip(tags(), before, strict=True))


def test_the_mark_of_a_room_read_alone_is_the_one_read_with_all_the_others(desk):
    one, two = desk.journal(count=2)
    desk.journal("0102", "0002")
    desk.scan(*all_pages(desk, [one]))
    desk.scan(*all_pages(desk, [two]), room="0102", name="other.tif")
    desk.scan(desk.page(make_number("05-02", 1)), desk.page(make_number("R", 77)), room="HQ", name="hq.tif")
    register, whole = read_expected_forms(desk.sitting), read_grounds(desk.sitting)
    for room in ("0101", "0102", "HQ"):
        assert room_mark(desk.card(room), register) == whole.mark(desk.card(room))
