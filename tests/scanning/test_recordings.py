"""Recordings of a voice room: one to one with the answers of its journals; cut and silent ones go to a person."""

import hashlib

import pytest
from django.utils import timezone, translation

from journals.models import Journal, JournalAnswer, JournalChannel
from scanning import cards, contents, recordings
from scanning.errors import AlreadyTakenError, DecisionRefusedError
from scanning.models import Recording
from scanning.states import CardState, RecordingState
from scanning.watch import watch_journals
from tests.scanning.conftest import ACTOR, ScanningDesk
from tests.scanning.test_audio import save_ogg, save_wav, speech
from wire.forms import make_number


@pytest.fixture
def desk(voice_day, data_dir, tmp_path):
    made = ScanningDesk(voice_day, tmp_path)
    made.seats(2, "0201")
    return made


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def answers(desk, *files, room="0201"):
    """A voice journal that lists answers: (file name, seconds, sha256)."""
    places = (key for key in desk.day.stations if key.startswith(f"voice-{room}"))
    rows = []
    for ordinal, (place, (name, seconds, digest)) in enumerate(zip(places, files, strict=False), start=1):
        journal = Journal.objects.create(
            state=Journal.State.ACCEPTED,
            kind="voice",
            point=desk.day.point,
            sitting=desk.sitting,
            station=desk.day.stations[place],
            room=desk.day.rooms[room],
            station_said=place[6:],
            original_name="j",
            name="j",
            sha256=hashlib.sha256(place.encode()).hexdigest(),
            size=1,
            path="j",
            door=JournalChannel.BROWSER,
            received_at=timezone.now(),
            received_by="т",
            signed_by="urn:x",
            sealed_sets=1,
            forms_opened_at=timezone.now(),
        )
        rows.append(
            JournalAnswer.objects.create(
                journal=journal,
                ordinal=ordinal,
                place=str(ordinal),
                file_name=name,
                seconds=seconds,
                sha256=digest,
                registration_number=make_number("R", 500 + ordinal),
            )
        )
    return rows


def take(desk, path, room="0201"):
    row, _ = recordings.ingest(card=desk.card(room), name=path.name, content=path, actor=ACTOR)
    recordings.listen(row.pk)
    return Recording.objects.get(pk=row.pk)


def kinds(row):
    return set(row.findings.values_list("kind", flat=True))


def test_a_voice_room_closes_when_sheets_and_recordings_are_all_there(desk):
    one, two = desk.folder / "0201_1_01.ogg", desk.folder / "0201_2_01.wav"
    save_ogg(one, speech(3))
    save_wav(two, speech(2))
    listed = answers(desk, (one.name, 3.0, sha256(one)), (two.name, 2.0, sha256(two)))
    for station in list(desk.day.posts)[len(listed) :]:
        if station.startswith("voice-0201"):
            desk.day.posts[station].delete()
    desk.sitting.posts.filter(station__number__in=["0201-3", "0201-4"]).delete()
    desk.scan(*(desk.page(row.registration_number, room="0201") for row in listed), room="0201")
    desk.fill("0201", registration_count=2, dbo_count=None)
    found = desk.card("0201").discrepancies.get(resolved_at=None)
    assert "Нет аудиофайлов" in found.text.ru
    with translation.override("en"):
        assert str(found.text).startswith("No recordings")
    rows = [take(desk, path) for path in (one, two)]
    assert [row.state for row in rows] == [RecordingState.READ] * 2
    assert [row.answer for row in rows] == listed
    card = desk.card("0201")
    assert card.state == CardState.RECONCILED, card.balance["blockers"]
    cards.close(card=card, actor=ACTOR)
    files = contents.files_for(desk.card("0201"))
    assert [each.kind for each in files] == ["room", "sheet", "sheet", "recording", "recording"]
    assert files[3].sheet_codes == (listed[0].registration_number,)


def test_cut_and_silent_recordings_need_a_decision_with_a_reason(desk):
    cut, silent = desk.folder / "cut.ogg", desk.folder / "silent.wav"
    save_ogg(cut, speech(4))
    digest = sha256(cut)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    save_wav(silent, speech(2) * 0)
    answers(desk, (cut.name, 4.0, digest), (silent.name, 2.0, sha256(silent)))
    first, second = take(desk, cut), take(desk, silent)
    assert {"cut", "length_differs", "hash_differs"} <= kinds(first)
    assert kinds(second) == {"silent"}
    for row in (first, second):
        assert row.state == RecordingState.PROBLEM
        for reason in (" ", "12", "—", "ок"):
            with pytest.raises(DecisionRefusedError, match="словами"):
                recordings.decide(recording=row, action="accept", reason=reason, actor=ACTOR)
        recordings.decide(recording=row, action="accept", reason="другой записи нет", actor=ACTOR)
    assert not desk.card("0201").recordings.filter(state=RecordingState.PROBLEM).exists()


def test_a_sound_copy_takes_the_place_of_a_cut_one(desk):
    path = desk.folder / "0201_1_01.ogg"
    save_ogg(path, speech(4))
    whole = path.read_bytes()
    answers(desk, (path.name, 4.0, sha256(path)))
    path.write_bytes(whole[: len(whole) // 2])
    cut = take(desk, path)
    assert cut.state == RecordingState.PROBLEM
    path.write_bytes(whole)
    assert take(desk, path).state == RecordingState.READ
    cut.refresh_from_db()
    assert cut.state == RecordingState.DISCARDED


def test_a_recording_nobody_listed_and_the_same_bytes_again(desk):
    path = desk.folder / "other.wav"
    save_wav(path, speech(2))
    answers(desk, ("0201_1_01.wav", 2.0, "0" * 64))
    assert kinds(take(desk, path)) == {"not_in_journal"}
    with pytest.raises(AlreadyTakenError):
        take(desk, path)
    with pytest.raises(DecisionRefusedError):
        recordings.ingest(card=desk.card("HQ"), name="x.wav", content=path, actor=ACTOR)


def test_noise_under_a_sound_name_is_kept_and_said_to_be_no_sound(desk):
    path = desk.folder / "x.wav"
    path.write_bytes(bytes(range(256)) * 40)
    row = take(desk, path)
    assert "not_a_recording" in kinds(row)
    assert row.state == RecordingState.PROBLEM


@pytest.fixture
def closed(desk):
    """A voice room closed with one answer, its journal and its recording."""
    path = desk.folder / "0201_1_01.wav"
    save_wav(path, speech(2))
    listed = answers(desk, (path.name, 2.0, sha256(path)))
    desk.sitting.posts.filter(station__number__in=["0201-2", "0201-3", "0201-4"]).delete()
    desk.seats(1, "0201")
    desk.scan(*(desk.page(row.registration_number, room="0201") for row in listed), room="0201")
    desk.fill("0201", registration_count=1, dbo_count=None)
    take(desk, path)
    cards.close(card=desk.card("0201"), actor=ACTOR)
    return path, listed[0]


def longer(answer, *more, **changes):
    """A longer journal in the place of an answer's: the same answer, changed if wanted, and more of them."""
    old = answer.journal
    Journal.objects.filter(pk=old.pk).update(state="superseded")
    new = Journal.objects.get(pk=old.pk)
    new.pk, new.state, new.sha256, new.received_at = None, "accepted", "f" * 64, timezone.now()
    new.save()
    said = {
        "ordinal": answer.ordinal,
        "place": answer.place,
        "file_name": answer.file_name,
        "seconds": answer.seconds,
        "sha256": answer.sha256,
        "registration_number": answer.registration_number,
    }
    JournalAnswer.objects.create(journal=new, **said | changes)
    for name in more:
        JournalAnswer.objects.create(journal=new, **said | {"file_name": name, "sha256": "1" * 64})


def test_the_same_answers_in_a_longer_journal_open_no_room(desk, closed):
    longer(closed[1])
    watch_journals()
    assert desk.card("0201").state == CardState.CLOSED


def test_an_answer_that_a_longer_journal_lists_opens_the_room(desk, closed):
    longer(closed[1], "0201_1_02.wav")
    watch_journals()
    card = desk.card("0201")
    assert card.state == CardState.DISCREPANT
    assert "журнал станции записи ответов 0201-1: нет аудиофайлов: 1" in card.reopen_reason.ru
    assert "0201_1_02.wav" in card.discrepancies.get(resolved_at=None).text.ru


def test_an_answer_that_was_recorded_again_is_not_the_one_that_is_here(desk, closed):
    path, answer = closed
    again = desk.folder / "again" / path.name
    again.parent.mkdir()
    save_wav(again, speech(4))
    longer(answer, seconds=4.0, sha256=sha256(again))
    watch_journals()
    card = desk.card("0201")
    assert card.state == CardState.DISCREPANT
    row = card.recordings.get()
    assert (row.state, kinds(row)) == (RecordingState.PROBLEM, {"hash_differs", "length_differs"})
    # The right file takes the place of the old one by itself.
    take(desk, again)
    assert desk.card("0201").state == CardState.RECONCILED


def test_recordings_taken_before_their_journals_are_held_against_them_later(desk):
    one, two = desk.folder / "0201_1_01.wav", desk.folder / "0201_2_01.wav"
    for path in (one, two):
        save_wav(path, speech(2))
        path.write_bytes(path.read_bytes() + path.name.encode())
    rows = [take(desk, path) for path in (one, two)]
    assert [row.state for row in rows] == [RecordingState.READ] * 2
    answers(desk, (one.name, 2.0, "0" * 64))
    watch_journals()
    states = dict(Recording.objects.values_list("name", "state"))
    # The journal of the second place is still to come: nothing is known against its recording.
    assert states == {one.name: RecordingState.PROBLEM, two.name: RecordingState.READ}
