"""Certificates that end, or are taken back, while a packet is on its way."""

from datetime import timedelta

import pytest

from audit.log import SYSTEM
from common.work.clock import now
from keys import authority
from keys.models import Certificate
from rcoi.models import InboxPacket
from rcoi.receiving import admission, inbox
from rcoi.states import InboxState
from tests.rcoi.conftest import receive
from wire import pki

pytestmark = pytest.mark.django_db


def arrives(point, monkeypatch, later, path=None):
    """A packet signed now arrives later, by the centre's clock."""
    path = path or point.blanks()
    at = now() + later
    monkeypatch.setattr(inbox, "now", lambda: at)
    return receive(path)


def until_the_end(point):
    """How long the certificate of the GEK member still holds."""
    return point.gek.certificate.not_valid_after_utc - now()


def test_a_packet_signed_in_time_is_taken_after_the_end_of_the_certificate(point, monkeypatch):
    row = arrives(point, monkeypatch, until_the_end(point) + timedelta(hours=2))
    assert row.state == InboxState.RECEIVED, row.reasons
    told = row.findings.filter(code="certificate_ended").values_list("text", flat=True)
    assert any("закончился" in text.ru and "подписано" in text.ru for text in told)
    assert not receive(point.blanks("0102")).findings.filter(code="sequence_gap").exists()


def test_the_grace_is_short(point, monkeypatch):
    row = arrives(point, monkeypatch, until_the_end(point) + admission.GRACE + timedelta(hours=1))
    assert (row.state, row.reasons[0]["code"]) == (InboxState.REJECTED, "certificate_expired")


def test_a_certificate_revoked_on_the_way_is_refused_before_and_after_its_end(point, monkeypatch):
    before, after = point.blanks("0101"), point.blanks("0102")
    left = until_the_end(point)
    hour = now() + timedelta(hours=1)
    monkeypatch.setattr(authority, "now", lambda: hour)
    row = Certificate.objects.get(fingerprint=pki.fingerprint(point.gek.certificate))
    authority.revoke_certificate(certificate=row, reason="Токен утерян", actor=SYSTEM)
    for path, later in ((before, timedelta(hours=2)), (after, left + timedelta(hours=2))):
        row = arrives(point, monkeypatch, later, path)
        assert row.reasons[0]["code"] == "certificate_revoked"
    assert InboxPacket.objects.filter(state=InboxState.REJECTED).count() == 2
