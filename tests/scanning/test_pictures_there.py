"""No sheet counts, closes a room or leaves in a packet without its picture; what passes by itself is no verdict."""

import shutil

import pytest
from django.db import OperationalError

from common import files
from common.work.clock import now
from scanning import cards, recognise, sheets
from scanning.errors import DecisionRefusedError, NotBalancedError
from scanning.models import Sheet, Source
from scanning.recognition.decoder import decoder
from scanning.reconcile import reconcile
from scanning.states import CardState, SheetState
from tests.proofs.volumes import Volume
from tests.scanning.conftest import ACTOR
from tests.scanning.dying import die_in_the_middle
from transfers import build, tasks
from transfers.models import Packet
from wire.errors import PpeError

pytestmark = pytest.mark.django_db


def picture(sheet):
    return files.data_dir() / sheet.path


@pytest.fixture
def whole(desk):
    """A room of two participants, everything read and filled in."""
    one, two = desk.journal(count=2)
    desk.seats(2)
    desk.scan(*[desk.page(n) for n in [*one.values(), *two.values()]])
    desk.fill(registration_count=2, dbo_count=0, absent_count=0, not_finished_count=0)
    assert desk.card().state == CardState.RECONCILED
    return desk


@pytest.fixture
def blind(desk):
    """The same, but one № 1 was given up when its picture could not be written."""
    one, two = desk.journal(count=2)
    desk.seats(2)
    desk.scan(*[desk.page(n) for n in [*one.values(), *two.values()]])
    sheet = Sheet.objects.get(number=one["AB"])
    picture(sheet).unlink()
    Sheet.objects.filter(pk=sheet.pk).update(state=SheetState.PROBLEM, number="", kind="", path="", sha256="")
    desk.fill(registration_count=2, dbo_count=0, absent_count=0, not_finished_count=0)
    desk.blind, desk.number = Sheet.objects.get(pk=sheet.pk), one["AB"]
    return desk


def test_a_number_is_not_taken_for_a_sheet_without_a_picture(blind):
    with pytest.raises(DecisionRefusedError) as said:
        sheets.decide(sheet=blind.blind, action="set_number", number=blind.number, actor=ACTOR)
    assert said.value.code == "no_picture"
    assert "Прочитать снова" in said.value.remedy_text("ru")
    with pytest.raises(DecisionRefusedError):
        sheets.decide(sheet=blind.blind, action="accept", actor=ACTOR)
    with pytest.raises(NotBalancedError):
        cards.close(card=blind.card(), actor=ACTOR)


def test_a_number_written_for_it_by_an_older_version_does_not_close_the_room(blind):
    Sheet.objects.filter(pk=blind.blind.pk).update(state=SheetState.ACCEPTED, number=blind.number, kind="AB")
    balance = reconcile(blind.card())
    assert "no_picture" in {each.code for each in balance.blockers}
    assert balance.counts["AB"] == 1
    with pytest.raises(NotBalancedError, match="листов без изображения: 1"):
        cards.close(card=blind.card(), actor=ACTOR)


def test_it_is_read_again_by_one_press(blind):
    sheets.decide(sheet=blind.blind, action="read_again", actor=ACTOR)
    source = Source.objects.get()
    assert (source.state, blind.card().state) == ("received", CardState.SCANNING)
    recognise.recognise(source.pk)
    sheet = Sheet.objects.get(pk=blind.blind.pk)
    assert (sheet.state, sheet.number) == (SheetState.RECOGNISED, blind.number)
    assert picture(sheet).is_file()
    assert blind.card().state == CardState.RECONCILED


def test_what_has_its_picture_is_not_read_again(whole):
    with pytest.raises(DecisionRefusedError, match="незачем"):
        sheets.decide(sheet=Sheet.objects.first(), action="read_again", actor=ACTOR)


def test_without_its_file_only_a_new_scan_helps(blind):
    (files.data_dir() / Source.objects.get().path).unlink()
    with pytest.raises(DecisionRefusedError, match="на диске узла больше нет") as said:
        sheets.decide(sheet=blind.blind, action="read_again", actor=ACTOR)
    assert "Отсканируйте лист заново" in said.value.remedy_text("ru")


def test_a_picture_that_vanished_keeps_a_room_from_closing(whole):
    picture(Sheet.objects.first()).unlink()
    with pytest.raises(NotBalancedError, match="листов без изображения: 1"):
        cards.close(card=whole.card(), actor=ACTOR)


@pytest.mark.parametrize("harm", ["gone", "other"])
def test_a_closed_room_without_a_picture_is_not_packed_and_opens_again(whole, harm):
    cards.close(card=whole.card(), actor=ACTOR)
    path = picture(Sheet.objects.first())
    path.unlink() if harm == "gone" else path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(PpeError) as said:
        build.build_ready(sitting=whole.sitting, actor=ACTOR)
    assert said.value.code == "pictures_gone"
    card = whole.card()
    assert not card.closed
    assert "нет изображений листов" in card.reopen_reason.ru
    assert not Packet.objects.exists()
    # The way out: read it again from its file, and close.
    (blank,) = [each for each in Sheet.objects.all() if "read_again" in {a.action for a in sheets.legal_actions(each)}]
    with pytest.raises(NotBalancedError):
        cards.close(card=card, actor=ACTOR)
    sheets.decide(sheet=blank, action="read_again", actor=ACTOR)
    recognise.recognise(blank.source_id)
    cards.close(card=whole.card(), actor=ACTOR)
    assert len(build.build_ready(sitting=whole.sitting, actor=ACTOR)) == 1


def test_a_picture_that_was_altered_keeps_a_room_from_closing(whole):
    path = picture(Sheet.objects.first())
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(NotBalancedError, match="листов без изображения: 1"):
        cards.close(card=whole.card(), actor=ACTOR)


def test_a_picture_that_vanishes_before_the_sealing_takes_the_packet_back(whole):
    cards.close(card=whole.card(), actor=ACTOR)
    (packet,) = build.build_ready(sitting=whole.sitting, actor=ACTOR)
    picture(Sheet.objects.first()).unlink()
    tasks.seal_packet(packet.pk)
    packet.refresh_from_db()
    assert packet.state == "superseded"
    assert not whole.card().closed


def unread(desk):
    """A file that nobody has read yet."""
    one = desk.journal(count=1)[0]
    desk.seats(1)
    desk.scan(*[desk.page(n) for n in one.values()])
    Sheet.objects.update(state=SheetState.RECEIVED, number="", kind="", path="", sha256="", starts=0)
    source = Source.objects.get()
    Source.objects.filter(pk=source.pk).update(state="received", lease_until=None, attempts=0)
    return source


def later(source):
    """The pause is over."""
    Source.objects.filter(pk=source.pk).update(next_try_at=source.received_at)


def test_a_full_disk_is_no_verdict_and_every_sheet_is_read_when_there_is_room(desk, tmp_path):
    source = unread(desk)
    folder = (files.data_dir() / source.path).parent
    folder.rename(tmp_path / "aside")
    folder.mkdir()
    volume = Volume(folder, 4)
    try:
        shutil.copytree(tmp_path / "aside", folder, dirs_exist_ok=True)
        for path in folder.rglob("*-0*.tif"):
            path.unlink()
        volume.fill()
        for _ in range(8):
            recognise.recognise(source.pk)
            row = Source.objects.get(pk=source.pk)
            assert (row.state, row.parked_at, row.lease_until) == ("received", None, None)
            later(source)
        assert set(Sheet.objects.values_list("state", "starts")) == {("received", 0)}
        volume.empty()
        recognise.recognise(source.pk)
        assert set(Sheet.objects.values_list("state", flat=True)) == {"recognised"}
        assert desk.card().state in (CardState.DISCREPANT, CardState.RECONCILED)
    finally:
        volume.close()


def test_a_database_that_cannot_be_written_is_no_verdict(desk, monkeypatch):
    source = unread(desk)

    def full(*_args, **_more):
        raise OperationalError("database or disk is full")

    with monkeypatch.context() as hurt:
        hurt.setattr("scanning.findings.store", full)
        for _ in range(8):
            recognise.recognise(source.pk)
            later(source)
    recognise.recognise(source.pk)
    assert set(Sheet.objects.values_list("state", flat=True)) == {"recognised"}


def test_a_child_that_dies_is_no_verdict_at_once(desk, monkeypatch):
    source = unread(desk)
    real, deaths = decoder().read, []

    def read(*args, **more):
        if len(deaths) < 3:
            deaths.append(1)
            die_in_the_middle()
        return real(*args, **more)

    monkeypatch.setattr(decoder(), "read", read)
    recognise.recognise(source.pk)
    row = Source.objects.get(pk=source.pk)
    assert (row.state, row.parked_at, row.lease_until) == ("received", None, None)
    assert row.next_try_at > now()
    assert not Sheet.objects.filter(state=SheetState.PROBLEM).exists()
    later(source)
    recognise.recognise(source.pk)
    assert set(Sheet.objects.values_list("state", flat=True)) == {"recognised"}


def test_a_sheet_that_ends_its_readers_again_and_again_goes_to_a_person_who_may_have_it_read_again(desk, monkeypatch):
    source = unread(desk)
    real = decoder().read

    def read(path, page, record, **more):
        if page == 0:
            die_in_the_middle()
        return real(path, page, record, **more)

    with monkeypatch.context() as hurt:
        hurt.setattr(decoder(), "read", read)
        for _ in range(7):
            recognise.recognise(source.pk)
            later(source)
    (problem,) = Sheet.objects.filter(state=SheetState.PROBLEM)
    assert [each.kind for each in problem.findings.all()] == ["passing_trouble"]
    assert [each.action for each in sheets.legal_actions(problem)] == ["read_again", "discard"]
    sheets.decide(sheet=problem, action="read_again", actor=ACTOR)
    recognise.recognise(source.pk)
    assert set(Sheet.objects.values_list("state", flat=True)) == {"recognised"}


@pytest.mark.parametrize("reason", ["0380115726935", "я", "-", "  ", "12 34", "..."])
def test_a_reason_without_words_does_not_exclude(whole, reason):
    with pytest.raises(DecisionRefusedError, match="словами"):
        sheets.decide(sheet=Sheet.objects.first(), action="discard", reason=reason, actor=ACTOR)
