"""A status told by telephone, at the point."""

import re

import pytest

from audit.models import Event
from day import acts
from keys import node
from keys import phone as keys_phone
from keys.errors import PhoneSecretMissingError
from tests.transfers.conftest import ACTOR
from transfers import phone
from transfers.errors import PhoneAnswerWrongError, PhoneNotNeededError
from transfers.models import PhoneCode, PointStatus
from wire import cms
from wire.documents import phone as wire_phone
from wire.documents.phone import PhoneBinding

SECRET = bytes(range(32))


@pytest.fixture
def told(hq):
    """The HQ with the phone secret of its package and «Экзамены завершены» declared."""
    sealed = cms.seal_bytes(SECRET, recipients=node.node_certificates(hq.point))
    keys_phone.store_secret(hq.point, hq.sitting.date.isoformat(), sealed)
    hq.all_journals()
    acts.declare(sitting=hq.sitting, status="exams_finished", actor=ACTOR)
    return hq


def code(hq, status="exams_finished"):
    return phone.code_for(sitting=hq.sitting, status=status, actor=ACTOR)


def test_the_code_is_the_regions_and_stays_the_same_while_the_status_stands(told):
    shown = code(told)
    place = PhoneBinding("live", "78", "0001", told.sitting.date)
    assert wire_phone.holds(wire_phone.read(shown.code), SECRET, place)
    assert code(told).code == shown.code
    assert PhoneCode.objects.count() == 1
    PointStatus.objects.update(state="undone")
    acts.declare(sitting=told.sitting, status="exams_finished", actor=ACTOR)
    assert code(told).code != shown.code, "a status declared anew has a code of its own"
    assert Event.objects.filter(kind="transfers.phone_code").count() == 2


def test_the_answer_proves_that_the_region_took_it(told):
    shown = code(told)
    with pytest.raises(PhoneAnswerWrongError):
        phone.confirm(sitting=told.sitting, status="exams_finished", answer="0000", actor=ACTOR)
    assert phone.told(told.sitting, "exams_finished") is None
    answer = wire_phone.answer(SECRET, shown.code)
    phone.confirm(sitting=told.sitting, status="exams_finished", answer=f" {answer.lower()} ", actor=ACTOR)
    row = phone.told(told.sitting, "exams_finished")
    assert (row.told_by, row.pk) == (ACTOR.name, shown.row.pk)
    phone.confirm(sitting=told.sitting, status="exams_finished", answer=answer, actor=ACTOR)
    assert Event.objects.filter(kind="transfers.phone_told").count() == 1


def test_no_code_without_a_status_a_secret_or_a_need(told):
    with pytest.raises(PhoneNotNeededError):
        code(told, "blanks_transferred")
    with pytest.raises(PhoneNotNeededError):
        code(told, "readiness")
    PointStatus.objects.update(state="accepted")
    with pytest.raises(PhoneNotNeededError):
        code(told)
    for path in node.folder().glob("phone-*"):
        path.unlink()
    with pytest.raises(PhoneSecretMissingError):
        code(told)


def test_the_page_shows_the_code_to_those_who_may_declare(told, technician, observer):
    address = f"/transfers/{told.sitting.key}/phone/exams_finished/"
    assert "Показать код" not in observer.client.get(address).content.decode()
    refused = observer.client.post(address, {"form": "code"}, follow=True)
    assert not PhoneCode.objects.exists()
    assert "не разрешено" in refused.content.decode()
    page = technician.client.post(address, {"form": "code"}, follow=True).content.decode()
    groups = re.findall(r"<span>([0-9A-Z]{4})</span>", page)
    assert "".join(groups) == code(told).code
    answer = wire_phone.answer(SECRET, "".join(groups))
    page = technician.client.post(address, {"form": "answer", "answer": answer}, follow=True).content.decode()
    assert "Сообщено по телефону." in page
    page = technician.client.get(f"/transfers/{told.sitting.key}/").content.decode()
    assert "сообщено по телефону" in page
    assert technician.client.get(f"/transfers/{told.sitting.key}/phone/readiness/").status_code == 404
