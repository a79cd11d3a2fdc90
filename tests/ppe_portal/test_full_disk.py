"""A node whose disk is full says so, and never that what it could not do is refused for good."""

import errno
import json
import os

import httpx
import pytest
from django.db import OperationalError

from common import refusals
from ppe_portal import errors
from wire.refusals import Refusal
from wire.tus_refusals import RetryLater, refusal_of


class NoMatter(Refusal):
    code = "no_matter"
    http_status = 507


def answer(rf, error, path="/api/v1/feed/"):
    try:
        raise RuntimeError("around it") from error
    except RuntimeError:
        return errors.server_error(rf.get(path))


@pytest.mark.parametrize(
    "error", [OperationalError("database or disk is full"), OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))]
)
def test_a_full_disk_is_507_in_words(rf, error):
    response = answer(rf, error)
    told = json.loads(response.content)
    assert (response.status_code, told["code"], told["permanent"]) == (507, "disk_full", False)
    assert "Освободите место" in told["detail_ru"]
    page = answer(rf, error, "/scanning/")
    assert page.status_code == 507
    assert "На диске узла нет места" in page.content.decode()


def test_any_other_fault_is_500_and_may_be_tried_again(rf):
    response = answer(rf, OperationalError("database is locked"))
    assert response.status_code == 500
    assert json.loads(response.content)["permanent"] is False


def test_a_server_in_trouble_is_asked_again_whatever_it_says():
    for status in (500, 502, 507):
        said = refusal_of(httpx.Response(status, json={"permanent": True, "detail": "x"}))
        assert type(said) is RetryLater


def test_a_refusal_is_answered_even_when_it_cannot_be_noted(monkeypatch):
    heard = []

    def deaf(*_):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(refusals, "listeners", [deaf, lambda refusal, _request: heard.append(refusal.code)])
    refusals.tell(NoMatter("Нет.", "No."), None)
    assert heard == ["no_matter"]


def test_every_page_warns_while_the_disk_is_nearly_full(technician, day, settings):
    page = f"/transfers/{day.sitting.key}/"
    assert "code-disk_full" not in technician.client.get(page).content.decode()
    settings.PPE_DISK_RESERVE = 1 << 62
    text = technician.client.get(page).content.decode()
    assert "code-disk_full" in text
    assert "Новые файлы не принимаются" in text
