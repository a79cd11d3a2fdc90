"""Taking back decisions, and batches that pause, go on and are deleted by rule."""

import pytest

from audit.models import Event
from scanning import batches, cards, contents, recognise, recordings, sheets, sources, undo
from scanning.errors import BatchRefusedError, CardIsClosedError, NothingToUndoError
from scanning.models import Batch, Decision, Recording, Sheet
from scanning.states import BatchState, CardState, SheetState, SourceState
from scanning.steps import last_decision
from tests.scanning.conftest import ACTOR

pytestmark = pytest.mark.django_db


def whole(desk, room="0101"):
    """A room whose two sets lie on the glass."""
    sets = desk.journal(room)
    return [number for each in sets for number in each.values()]


def take_back(card):
    step = last_decision(card)
    assert step is not None
    return undo.undo(card=card, step=step.pk, actor=ACTOR)


def test_a_discarded_sheet_comes_back_as_it_was(desk):
    numbers = whole(desk)
    desk.scan(*(desk.page(number) for number in numbers))
    sheet = desk.card().sheets.get(number=numbers[0])
    before = (sheet.state, sheet.decision, sheet.reason, sheet.decided_by, sheet.decided_at)
    sheets.decide(sheet=sheet, action="discard", reason="по ошибке", actor=ACTOR)
    assert "missing" in desk.open_kinds()
    step = take_back(desk.card())
    sheet.refresh_from_db()
    assert (sheet.state, sheet.decision, sheet.reason, sheet.decided_by, sheet.decided_at) == before
    assert "missing" not in desk.open_kinds()
    assert step.undone_by == ACTOR.name
    assert Event.objects.filter(kind="scanning.undone", data__step=step.pk, data__kind="sheet").count() == 1
    assert last_decision(desk.card()) is None


def test_a_kept_twin_brings_the_other_picture_back(desk):
    numbers = whole(desk)
    desk.scan(desk.page(numbers[0]))
    desk.scan(desk.page(numbers[0], angle=1.0), name="again.tif")
    first, second = desk.card().sheets.order_by("pk")
    sheets.decide(sheet=second, action="accept", actor=ACTOR)
    first.refresh_from_db()
    assert first.state == SheetState.REPLACED
    take_back(desk.card())
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.replaced_by_id, second.state) == (SheetState.RECOGNISED, None, SheetState.RECOGNISED)
    assert "twice" in desk.open_kinds()


def test_a_moved_sheet_comes_back(desk):
    desk.journal("0101")
    number = desk.journal("0102", "0002")[0]["R"]
    desk.scan(desk.page(number, room="0102"))
    sheet = desk.card().sheets.get()
    sheets.decide(sheet=sheet, action="move", room="0102", actor=ACTOR)
    assert desk.card("0102").sheets.count() == 1
    take_back(desk.card())
    assert desk.card().sheets.get() == sheet
    assert "foreign" in desk.open_kinds()


def test_card_numbers_go_back_as_a_new_version(desk):
    desk.fill(registration_count=2)
    desk.fill(version=1, registration_count=1, absent_count=1)
    take_back(desk.card())
    card = desk.card()
    assert (card.registration_count, card.absent_count, card.version) == (2, 0, 3)
    take_back(card)
    card = desk.card()
    assert (card.registration_count, card.version) == (None, 4)


def test_only_the_last_decision_and_only_once(desk):
    numbers = whole(desk)
    desk.scan(*(desk.page(number) for number in numbers))
    one, two = desk.card().sheets.filter(number__in=numbers[:2])
    sheets.decide(sheet=one, action="discard", reason="первый", actor=ACTOR)
    early = last_decision(desk.card())
    sheets.decide(sheet=two, action="discard", reason="второй", actor=ACTOR)
    with pytest.raises(NothingToUndoError):
        undo.undo(card=desk.card(), step=early.pk, actor=ACTOR)
    last = take_back(desk.card())
    with pytest.raises(NothingToUndoError):
        undo.undo(card=desk.card(), step=last.pk, actor=ACTOR)
    assert take_back(desk.card()) == early


def test_closing_settles_and_a_room_open_again_begins_anew(desk):
    numbers = whole(desk)
    desk.scan(*(desk.page(number) for number in numbers))
    desk.fill(registration_count=2)
    cards.close(card=desk.card(), actor=ACTOR)
    assert last_decision(desk.card()) is None
    step = Decision.objects.get()
    with pytest.raises(CardIsClosedError):
        undo.undo(card=desk.card(), step=step.pk, actor=ACTOR)
    cards.reopen(card=desk.card(), numbers=[], reason="пакет отклонён", actor=ACTOR)
    with pytest.raises(NothingToUndoError):
        undo.undo(card=desk.card(), step=step.pk, actor=ACTOR)


def test_work_done_since_is_never_undone_in_passing(desk):
    numbers = whole(desk)
    desk.scan(desk.page(numbers[0]))
    sheet = desk.card().sheets.get()
    sheets.decide(sheet=sheet, action="discard", reason="по ошибке", actor=ACTOR)
    Sheet.objects.filter(pk=sheet.pk).update(reason="другая причина")
    with pytest.raises(NothingToUndoError):
        take_back(desk.card())


def test_a_recording_decision_goes_back(desk):
    card = desk.card()
    row = Recording.objects.create(card=card, name="a.ogg", path="a", sha256="0" * 64, size=1, state="problem")
    recordings.decide(recording=row, action="discard", reason="тишина", actor=ACTOR)
    take_back(desk.card())
    row.refresh_from_db()
    assert (row.state, row.reason, row.decided_by, row.decided_at) == ("problem", "", "", None)


def test_a_paused_batch_waits_and_goes_on(desk, tmp_path):
    numbers = whole(desk)
    source = desk.scan(desk.page(numbers[0]))
    path = tmp_path / "two.tif"
    from PIL import Image

    Image.fromarray(desk.page(numbers[1])).convert("1").save(path, compression="group4", dpi=(300, 300))
    source = sources.ingest(card=desk.card(), name="two.tif", content=path, door="browser", actor=ACTOR).source
    batches.pause(batch=source.batch, actor=ACTOR)
    recognise.recognise(source.pk)
    source.refresh_from_db()
    assert (source.state, source.sheets.get().state) == (SourceState.RECEIVED, SheetState.RECEIVED)
    desk.fill(registration_count=2)
    assert desk.card().state == CardState.SCANNING
    batches.go_on(batch=Batch.objects.get(pk=source.batch_id), actor=ACTOR)
    recognise.recognise(source.pk)
    source.refresh_from_db()
    assert source.state == SourceState.READ
    with pytest.raises(BatchRefusedError):
        batches.go_on(batch=source.batch, actor=ACTOR)


def test_deleting_a_batch_says_what_goes_and_can_be_undone(desk):
    numbers = whole(desk)
    source = desk.scan(*(desk.page(number) for number in numbers[:3]))
    goes = batches.going(source.batch)
    assert (goes.allowed, goes.files, goes.sheets, set(goes.numbers)) == (True, 1, 3, set(numbers[:3]))
    batches.delete(batch=source.batch, actor=ACTOR)
    assert not desk.card().sheets.filter(state=SheetState.RECOGNISED).exists()
    assert not batches.rows(desk.card())
    # The paper may be scanned again, even from the very same file.
    desk.scan(desk.page(numbers[0]), name="again.tif")
    assert Batch.objects.exclude(state=BatchState.DELETED).count() == 1
    take_back(desk.card())
    assert desk.card().sheets.filter(state=SheetState.RECOGNISED).count() == 4
    assert "twice" in desk.open_kinds()


def test_an_unread_batch_is_paused_before_it_goes(desk, tmp_path):
    numbers = whole(desk)
    desk.scan(desk.page(numbers[0]))
    source = sources.ingest(
        card=desk.card(), name="b.tif", content=_one(desk, numbers[1], tmp_path), door="browser", actor=ACTOR
    ).source
    with pytest.raises(BatchRefusedError):
        batches.delete(batch=source.batch, actor=ACTOR)
    batches.delete(batch=batches.pause(batch=source.batch, actor=ACTOR), actor=ACTOR)
    source.refresh_from_db()
    assert source.state == SourceState.READ
    assert desk.card().balance["unread"] == 0
    take_back(desk.card())
    batches.go_on(batch=Batch.objects.get(pk=source.batch_id), actor=ACTOR)
    recognise.recognise(source.pk)
    assert source.sheets.get().number == numbers[1]


def _one(desk, number, folder):
    from PIL import Image

    path = folder / "one.tif"
    Image.fromarray(desk.page(number)).convert("1").save(path, compression="group4", dpi=(300, 300))
    return path


def test_what_was_sealed_is_never_deleted(desk):
    numbers = whole(desk)
    source = desk.scan(*(desk.page(number) for number in numbers))
    desk.fill(registration_count=2)
    cards.close(card=desk.card(), actor=ACTOR)
    batch = Batch.objects.get(pk=source.batch_id)
    with pytest.raises(CardIsClosedError):
        batches.delete(batch=batch, actor=ACTOR)
    contents.mark_packed(desk.card(), ACTOR)
    cards.reopen(card=desk.card(), numbers=numbers[:1], reason="пакет отклонён", actor=ACTOR)
    batch = Batch.objects.get(pk=source.batch_id)
    assert not batches.going(batch).allowed
    with pytest.raises(BatchRefusedError):
        batches.delete(batch=batch, actor=ACTOR)
    assert desk.card().sheets.filter(state=SheetState.RECOGNISED).count() == len(numbers)
