"""What a point says is open there again: taken once, the highest number counts, green only without it."""

import base64
import json
from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from audit.log import SYSTEM
from audit.models import Event
from rcoi import board
from rcoi.errors import ForeignPointError, SequenceForkError, UnknownSittingError, WrongModeError
from rcoi.models import PointStanding
from rcoi.receiving import standing
from tests.rcoi.conftest import NODE, certified
from tests.rcoi.test_api import ApiMachine
from tests.rcoi.test_standing import GREEN, shown, verdicts, whole
from wire.cms import SignatureWrongError
from wire.documents import standing as wire_standing
from wire.documents.anchor import AnchoredHead
from wire.documents.signed import ForeignSignerError
from wire.documents.standing import OpenMatter, SittingStanding, StandingDocument
from wire.messages import Both
from wire.pki import CertificatePathError, CertificateRole, Identity
from wire.schema import SchemaError

pytestmark = pytest.mark.django_db
__all__ = ["whole"]

SINCE = datetime(2026, 5, 29, 15, 30, tzinfo=UTC)
ROOM = OpenMatter("room_open_again", "0101", Both("Аудитория 0101 открыта снова", "Room 0101 is open again"), SINCE)


def word(point, *open, number=1, signer=None, **more):
    sitting = point.day.sitting
    said = {
        "mode": "live",
        "region": "78",
        "point": "0001",
        "date": sitting.date,
        "at": datetime.now(UTC),
        "sittings": (SittingStanding(sitting.key, tuple(open)),),
        "head": AnchoredHead("78-0001", 12, "a" * 64),
    }
    return wire_standing.write(StandingDocument(number, **(said | more)), [signer or point.hq])


def take(point, document):
    return standing.receive(document=document, sender=point.identity, actor=SYSTEM)


def test_a_sitting_is_green_only_while_the_point_says_that_nothing_is_open(whole, tmp_path):
    take(whole, word(whole, ROOM))
    found = shown(whole)
    assert (found.closed, found.clean, found.tone, found.words) == (False, False, "warn", "На пункте снова открыто: 1")
    act, summary = verdicts(whole, tmp_path)
    assert GREEN not in act
    assert "Аудитория 0101 открыта снова" in act.replace("\n", " ")
    assert "Закрыто экзаменов: 0 из 1" in summary
    take(whole, word(whole, number=2))
    found = shown(whole)
    assert (found.closed, found.clean, found.tone) == (True, True, "ok")
    assert GREEN in verdicts(whole, tmp_path)[0]


def test_the_word_says_what_where_and_since_when_and_its_end_is_its_evidence(whole):
    take(whole, word(whole, ROOM))
    (owed,) = [each for each in shown(whole).standing.obligations if each.code == "open_at_point"]
    assert (owed.place, owed.since) == ("0101", SINCE)
    assert owed.text.ru == "На пункте снова открыто: Аудитория 0101 открыта снова"
    assert owed.text.en == "Open again at the point: Room 0101 is open again"
    assert "ППЭ" in owed.cure.ru
    take(whole, word(whole, number=2))
    (owed,) = [each for each in shown(whole).standing.obligations if each.code == "open_at_point"]
    assert owed.settled
    assert owed.evidence.ru == "сообщение ППЭ № 2"


def test_the_same_word_again_and_an_older_one_that_comes_late_change_nothing(whole):
    first, second = word(whole, ROOM), word(whole, number=2)
    assert take(whole, second).number == 2
    assert take(whole, second).number == 2
    assert take(whole, first).number == 2, "the answer names the word that counts"
    assert shown(whole).clean
    assert PointStanding.objects.count() == 2, "what came is kept"
    assert Event.objects.filter(kind="rcoi.standing").count() == 2


def test_an_exam_told_twice_in_one_word_keeps_open_what_either_tells(whole):
    key = whole.day.sitting.key
    take(whole, word(whole, sittings=(SittingStanding(key, (ROOM,)), SittingStanding(key, ()))))
    assert not shown(whole).closed


def test_each_node_of_a_point_speaks_for_itself(whole):
    other = certified(Identity(CertificateRole.HQ, "78", "0001", NODE.replace("aa", "bb")), "Второй узел штаба")
    take(whole, word(whole, ROOM))
    take(whole, word(whole, number=7, signer=other))
    assert not shown(whole).closed, "the other machine knows nothing of that room"
    take(whole, word(whole, number=2))
    assert shown(whole).clean


def test_a_word_of_another_mode_point_or_exam_is_refused_in_words(whole):
    key = whole.day.sitting.key
    for refusal, document, said in (
        (WrongModeError, word(whole, ROOM, mode="training"), "тренировка"),
        (UnknownSittingError, word(whole, sittings=(SittingStanding(key[:-2] + "99"),)), "99"),
        (UnknownSittingError, word(whole, date=date(2026, 1, 1)), key),
    ):
        with pytest.raises(refusal) as caught:
            take(whole, document)
        assert said in caught.value.text("ru")
    stranger = Identity(CertificateRole.HQ, "78", "0002", NODE)
    with pytest.raises(ForeignPointError):
        standing.receive(document=word(whole, ROOM), sender=stranger, actor=SYSTEM)
    assert not PointStanding.objects.exists()


def test_nobody_but_a_node_of_the_point_says_it(whole):
    foreign = certified(Identity(CertificateRole.HQ, "78", "0002", NODE), "Чужой узел")
    with pytest.raises(ForeignSignerError):
        take(whole, word(whole, ROOM, signer=foreign))
    for signer in (whole.gek, whole.station):
        with pytest.raises(CertificatePathError):
            take(whole, word(whole, ROOM, signer=signer))
    forged = bytearray(word(whole, ROOM))
    forged[forged.index(b'"number":1') + 9] ^= 2
    with pytest.raises(SignatureWrongError):
        take(whole, bytes(forged))
    assert not PointStanding.objects.exists()


def test_other_bytes_under_one_number_are_refused(whole):
    take(whole, word(whole, ROOM))
    with pytest.raises(SequenceForkError) as caught:
        take(whole, word(whole))
    assert "№ 1" in caught.value.text("ru")
    assert not shown(whole).closed


def test_a_shape_that_the_schema_does_not_know_is_refused():
    with pytest.raises(SchemaError):
        wire_standing.write(
            StandingDocument(
                0, "live", "78", "0001", date(2026, 5, 29), SINCE, (SittingStanding("78-0001-290526-01"),)
            ),
            [],
        )


def test_home_names_the_point_and_leads_to_its_exam_on_any_day(whole, operator):
    take(whole, word(whole, ROOM))
    page = operator.client.get("/centre/").content.decode()
    assert "На пункте снова открыто: Аудитория 0101 открыта снова" in page
    assert whole.day.sitting in board.with_troubles(operator.user)
    page = operator.client.get(reverse("centre-status", kwargs={"key": whole.day.sitting.key})).content.decode()
    assert "Аудитория 0101 открыта снова" in page
    assert "с 29.05 18:30" in page


# --- by the machine's door --------------------------------------------------------------------------------------------


def post(machine, body):
    return machine.client.post(
        "/api/v1/standing/", json.dumps(body), content_type="application/json", headers=machine.headers
    )


def test_a_machine_brings_the_word_of_its_own_point(whole):
    machine = ApiMachine(whole)
    p7m = base64.b64encode(word(whole, ROOM)).decode()
    for _again in range(2):
        answer = post(machine, {"p7m": p7m})
        assert (answer.status_code, answer.json()) == (200, {"number": 1})
    assert PointStanding.objects.count() == 1
    assert not shown(whole).closed


def test_refusals_at_the_door_are_typed_problems(whole):
    machine = ApiMachine(whole)
    assert post(machine, {}).status_code == 400
    assert post(machine, {"p7m": 5}).status_code == 400
    assert post(machine, {"p7m": "%%"}).status_code == 400
    assert post(machine, [1]).status_code == 400
    answer = post(machine, {"p7m": base64.b64encode(word(whole, ROOM, mode="training")).decode()})
    assert (answer.status_code, answer.json()["code"]) == (422, "wrong_mode")
    assert "тренировка" in answer.json()["detail_ru"]
    anonymous = machine.client.post("/api/v1/standing/", "{}", content_type="application/json")
    assert anonymous.status_code in (401, 403)
