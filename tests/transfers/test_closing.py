"""The closing act of a point: printed from the receipts in hand, which travel inside it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.utils import translation

from audit.log import SYSTEM
from audit.models import Event
from day import evaluate
from day.closing import _Facts, closing_act
from keys.models import Certificate
from keys.trust import trust_store
from scanning import cards
from station_client import verifying
from station_client.cli import main
from tests.support.evaluated import steps
from tests.support.needs import missing
from tests.transfers.conftest import ACTOR, fresh
from transfers import feed
from transfers.models import Packet, ReceiptRecord

KEPT = os.environ.get("PPE_KEEP_PDFS")


def text(act, tmp_path: Path) -> str:
    path = tmp_path / "act.pdf"
    path.write_bytes(act.data)
    if KEPT:
        shutil.copy(path, Path(KEPT) / f"closing-{act.data_sha256[:6]}.pdf")
    if shutil.which("pdftotext") is None:
        missing("pdftotext")
    found = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True, text=True).stdout
    return " ".join(found.split())


def act_of(hq):
    return closing_act(sitting=hq.sitting, actor=ACTOR)


@pytest.fixture
def closed(hq):
    """Every room, the forms and both statuses acknowledged."""
    hq.finish()
    return hq


def test_it_says_that_everybody_may_go_home_and_proves_it(closed, tmp_path):
    act = act_of(closed)
    said = text(act, tmp_path)
    assert "Все пакеты (5): Подтвержден. Статус принят РЦОИ, можно расходиться." in said
    for receipt in ReceiptRecord.objects.all():
        assert f"№{receipt.number}" in said.replace(" ", "")
    assert "Руководитель ППЭ" in said
    if shutil.which("pdfdetach") is None:
        missing("pdfdetach")
    subprocess.run(["pdfdetach", "-saveall", "act.pdf"], cwd=tmp_path, check=True)
    inside = {path.read_bytes() for path in tmp_path.glob("*.p7m")}
    assert inside == {bytes(row.document) for row in ReceiptRecord.objects.all()}
    assert len(inside) == 7


def test_it_names_what_was_open_at_the_centre_and_so_do_the_pages(hq, technician, tmp_path):
    hq.close("0101")
    packet = hq.signed()
    there = {"code": "seats_differ", "ru": "Рассажено 15, не явились 0.", "en": "15 seated.", "room": "0101"}
    before = act_of(hq)
    assert "Открыто в РЦОИ" not in text(before, tmp_path)
    items = [hq.receipt_item(packet, "acknowledged", open=[there])]
    feed.take_items(point=hq.point, items=items, door="feed", actor=SYSTEM)
    act = act_of(hq)
    said = text(act, tmp_path)
    assert "Открыто в РЦОИ в момент подтверждения" in said
    assert there["ru"] in said
    report = verifying.verify(tmp_path / "act.pdf", trust_store())
    assert report.verdict == "ok", report.problems
    assert (there["ru"] in [value.ru for label, value in report.facts if label.ru == "Открыто в РЦОИ"]) is True
    key = hq.sitting.key
    for address in (f"/transfers/{key}/", f"/transfers/{key}/{packet.uid}/"):
        assert there["ru"] in technician.client.get(address).content.decode(), address
    step = steps(hq.sitting, technician.user)[5]
    assert "в РЦОИ остались открытые вопросы: ауд. 0101" in step.said, step.said
    items = [hq.receipt_item(packet, "withdrawn")]
    feed.take_items(point=hq.point, items=items, door="feed", actor=SYSTEM)
    assert there["ru"] not in technician.client.get(f"/transfers/{key}/{packet.uid}/").content.decode().split("<h3>")[0]
    assert "остались открытые вопросы" not in steps(hq.sitting, technician.user)[5].said


def test_the_program_of_a_station_verifies_it(closed, tmp_path):
    path = tmp_path / "act.pdf"
    path.write_bytes(act_of(closed).data)
    report = verifying.verify(path, trust_store())
    assert report.verdict == "ok", report.problems
    facts = {label.ru: value.ru for label, value in report.facts}
    assert facts["Экзамен"] == closed.sitting.key.replace("_", "-")
    assert len([label for label, _value in report.facts if label.ru == "Вложена квитанция"]) == 7


def test_the_real_command_verifies_an_act_with_no_receipt_with_some_and_with_all(hq, tmp_path, capsys):
    (tmp_path / "ca.pem").write_text(Certificate.objects.get(role="ca").pem)
    path = tmp_path / "act.pdf"

    def verified():
        path.write_bytes(act_of(hq).data)
        return main(["verify", "--ca", str(tmp_path / "ca.pem"), str(path)])

    assert verified() == 0, capsys.readouterr().out
    hq.close("0101")
    hq.signed()
    assert verified() == 0, capsys.readouterr().out
    hq.finish()
    packet = fresh(Packet.objects.filter(kind="blanks").first())
    items = [hq.receipt_item(packet, "withdrawn", number=99)]
    feed.take_items(point=hq.point, items=items, door="feed", actor=SYSTEM)
    assert verified() == 0, capsys.readouterr().out


def test_the_same_facts_give_the_same_hash_and_any_change_another(closed, tmp_path):
    first = act_of(closed).data_sha256
    with translation.override("en"):
        again = act_of(closed)
        assert (again.data_sha256, "Акт закрытия" in text(again, tmp_path)) == (first, True)
    packet = fresh(Packet.objects.filter(kind="blanks").first())
    items = [closed.receipt_item(packet, "withdrawn", number=99)]
    feed.take_items(point=closed.point, items=items, door="feed", actor=SYSTEM)
    act = act_of(closed)
    assert act.data_sha256 != first
    assert "ППЭ не закрыт — не подтверждены" in text(act, tmp_path)
    assert Event.objects.filter(kind="transfers.closing_act").count() == 3


def test_of_an_unfinished_day_it_says_what_is_missing(hq, tmp_path):
    hq.close("0101")
    hq.signed()
    said = text(act_of(hq), tmp_path)
    assert "ППЭ не закрыт" in said
    assert "не собраны: ауд. 0102" in said
    assert "не принят статус «Экзамены завершены»" in said


def test_the_page_offers_it(closed, technician, outsider):
    address = f"/transfers/{closed.sitting.key}/"
    page = technician.client.get(address).content.decode()
    assert "можно расходиться" in page
    assert "Напечатать акт закрытия" in page
    act = technician.client.get(f"{address}closing-act/")
    assert (act["Content-Type"], act.content[:5]) == ("application/pdf", b"%PDF-")
    assert outsider.client.get(f"{address}closing-act/").status_code == 404


def test_the_row_of_a_room_that_is_open_again_says_so(closed, tmp_path):
    assert "аудитория открыта снова" not in text(act_of(closed), tmp_path)
    cards.reopen(card=closed.card("0101"), numbers=[], reason="Нашли лист", actor=ACTOR)
    said = text(act_of(closed), tmp_path)
    rows = said.partition("Аудитории и формы")[2].partition("Электронные журналы")[0]
    assert rows.replace(" ", "").count("открытаснова") == 1


def test_a_scan_journal_that_does_not_hold_the_last_entries_is_not_merely_accepted(closed):
    def stations():
        facts = _Facts(closed.sitting, evaluate.evaluate(closed.point, closed.sitting.date))
        with translation.override("ru"):
            return {row.post.station.number: facts._label(row) for row in facts.posts}

    assert set(stations().values()) == {"принят"}
    before = act_of(closed).data_sha256
    cards.reopen_by_hand(card=closed.card(), reason="закрыта по ошибке", actor=ACTOR)
    said = stations()
    assert said["01"] == "принят\nв нём не все записи станции"
    assert {label for number, label in said.items() if number != "01"} == {"принят"}
    assert act_of(closed).data_sha256 != before
