"""The scanning desk in Chromium: the scanner's button, many files at once, sheets decided about without a mouse."""

import re
import threading
import time

import pytest
from django.db import connection

from common.work import jobs, leases
from common.work.clock import now
from scanning.models import Decision, ScanJob, Sheet, Source
from scanning.recognition import decode
from scanning.states import SheetState
from tests.scanning.conftest import ScanningDesk
from tests.scanning.drawn import damage
from wire.forms import make_number

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def workers(data_dir):
    """The background work of a node, in a thread beside the live server."""
    over = threading.Event()

    def work():
        while not over.wait(0.05):
            for name, rows in jobs._due.items():
                for pk in list(rows().filter(leases.free(now())).values_list("pk", flat=True)):
                    jobs.run(name, pk)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.fixture
def desk(day, data_dir, tmp_path):
    made = ScanningDesk(day, tmp_path)
    made.seats(2)
    return made


def address(desk, room="0101"):
    return f"/scanning/{desk.sitting.key}/{room}/"


def files(desk, tmp_path, pages):
    made = []
    for place, page in enumerate(pages):
        path = tmp_path / f"лист {place + 1}.tif"
        path.write_bytes(decode.encode_g4(page, 300))
        made.append(path)
    return made


def until(check, seconds=120, what=""):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(what or "waited in vain")


def test_the_scanner_scans_into_the_room_by_the_pages_own_button(open_page, look, desk, technician, sane, workers):
    sane("test")
    page = open_page(technician, address(desk))
    look(page, "desk-room-empty")
    page.get_by_text("Найти сканеры").click()
    page.wait_for_selector("select[name=device] option:nth-child(2)", state="attached")
    assert "frontend-tester" in page.locator("[data-scanners-said]").inner_text()
    page.select_option("select[name=preset]", "simplex")
    page.get_by_role("button", name="Сканировать", exact=True).click()
    until(lambda: ScanJob.objects.filter(state="done", pages=10).exists(), what="the pass")
    until(lambda: not Sheet.objects.filter(state=SheetState.RECEIVED).exists(), what="the reading")
    # The page follows by itself: nobody reloads it.
    page.wait_for_selector("#scan-first")
    page.wait_for_function("document.querySelectorAll('a.scan-thumb').length === 10")
    page.wait_for_load_state("networkidle")
    look(page, "desk-room-scanned")


def test_a_scanner_without_paper_and_a_running_pass(open_page, look, desk, technician, sane, workers):
    sane("test", status="SANE_STATUS_JAMMED")
    page = open_page(technician, address(desk))
    page.select_option("select[name=preset]", "simplex")
    page.get_by_role("button", name="Сканировать", exact=True).click()
    page.wait_for_selector("#scan-said")
    assert "застряла" in page.locator("#scan-said").inner_text()
    look(page, "desk-room-jam")
    sane("test", delay=60000)
    page.get_by_role("button", name="Сканировать", exact=True).click()
    page.wait_for_selector("text=принято страниц")
    page.wait_for_function("Number(document.querySelector('[data-pages]')?.textContent) >= 1")
    look(page, "desk-room-passing")
    page.get_by_role("button", name="Остановить", exact=True).click()
    until(lambda: ScanJob.objects.filter(state="cancelled", ended_at__isnull=False).exists())
    page.wait_for_selector(".scan-pass", state="detached")
    assert 1 <= ScanJob.objects.get(state="cancelled").pages < 10


def test_many_files_go_up_with_a_verdict_each(open_page, look, desk, technician, workers, tmp_path):
    sets = desk.journal()
    good = files(desk, tmp_path, [desk.page(number) for each in sets for number in each.values()])
    (tmp_path / "пусто.tif").write_bytes(b"")
    (tmp_path / "фильм.tif").write_bytes(b"\0\0\0\x18ftypmp42" * 300)
    page = open_page(technician, address(desk))
    page.set_input_files("#upload input[type=file]", [*good, tmp_path / "пусто.tif", tmp_path / "фильм.tif"])
    page.wait_for_selector("#uploads:not(.busy)")
    said = page.locator("#uploads").inner_text()
    assert f"Файлов принято: {len(good)} из {len(good) + 2}, не принято: 2" in said
    assert "пусто.tif: Файл пустой" in said
    assert "фильм.tif: Это не изображение листа" in said
    assert {source.batch.number for source in Source.objects.all()} == {1}
    until(lambda: Sheet.objects.filter(state=SheetState.RECOGNISED).count() == len(good))
    page.wait_for_function(f"document.querySelectorAll('a.scan-thumb:not(.received)').length === {len(good)}")
    page.wait_for_load_state("networkidle")
    look(page, "desk-room-uploaded")
    again = page.evaluate("Object.keys(localStorage).filter((each) => each.startsWith('tus::')).length")
    assert again == 0


def test_a_broken_line_goes_on_where_it_was(open_page, desk, technician, workers, tmp_path):
    (path,) = files(desk, tmp_path, [desk.page(desk.journal()[0]["R"])])
    page = open_page(technician, address(desk))
    cut = []

    def break_first(route):
        if route.request.method == "POST" and not cut:
            cut.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/v1/uploads/**", break_first)
    page.set_input_files("#upload input[type=file]", path)
    page.wait_for_selector("#uploads li.taken")
    assert cut
    assert Source.objects.count() == 1


def test_sheets_are_decided_about_by_keys_alone(open_page, look, desk, technician, workers):
    sets = desk.journal()
    blurred = damage(desk.page(sets[0]["R"]), blur=9)
    desk.scan(
        *[desk.page(number) for each in sets for number in each.values() if number != sets[0]["R"]],
        blurred,
        desk.page(make_number("C1", 7)),
        desk.page(sets[1]["AB"], seed=1, noise=3, angle=0.4),
    )
    page = open_page(technician, address(desk))
    page.wait_for_load_state("networkidle")
    look(page, "desk-room-problems")
    page.keyboard.press("?")
    page.wait_for_selector("#scan-help[open]")
    look(page, "desk-help", full=False)
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.wait_for_selector("#stage")
    page.wait_for_load_state("networkidle")
    look(page, "desk-stage-unreadable", full=False)
    page.keyboard.press("Space")
    page.wait_for_timeout(100)
    look(page, "desk-stage-close", full=False)
    page.keyboard.press("Space")
    # The number is typed and held against the journals.
    page.keyboard.type(make_number("R", 999))
    page.keyboard.press("Enter")
    page.wait_for_selector("text=нет ни в одном журнале")
    look(page, "desk-stage-refused", full=False)
    page.locator("#stage input[name=number]").blur()
    page.keyboard.type(sets[0]["R"])  # as a hand-held reader sends it, wherever the focus is
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Решение принято")
    assert Sheet.objects.get(decision="set_number").number == sets[0]["R"]
    seen = set()
    for _round in range(2):
        twins = page.locator(".stage-main.twins").count()
        seen.add("twin" if twins else "unknown")
        look(page, "desk-stage-twins" if twins else "desk-stage-unknown", full=False)
        if twins:
            page.keyboard.press("r", delay=120)
            page.keyboard.press("r", delay=120)
            page.locator(".stage-side .inline[data-action=accept] button").press("Enter")
        else:
            page.keyboard.press("x")
            page.wait_for_function("document.activeElement.name === 'reason'")
            page.keyboard.type("посторонний лист")
            page.keyboard.press("Enter")
            page.wait_for_selector("#scan-discard[open]")
            assert Sheet.objects.filter(state=SheetState.DISCARDED).count() == 0
            look(page, "desk-stage-sure", full=False)
            page.locator("#scan-discard [data-sure]").press("Enter")
        page.wait_for_load_state("load")
        page.wait_for_timeout(200)
    assert seen == {"twin", "unknown"}
    page.wait_for_selector("#scan-room")
    assert not Sheet.objects.filter(state=SheetState.PROBLEM).exists()
    look(page, "desk-room-decided")
    steps = Decision.objects.count()
    page.keyboard.press("u")
    page.wait_for_selector("text=Отменено")
    assert Decision.objects.filter(undone_at__isnull=False).count() == 1
    assert Decision.objects.count() == steps


def test_a_number_typed_for_an_unreadable_sheet_never_excludes_it(open_page, desk, technician, workers):
    one, two = desk.journal(count=2)
    blurred = damage(desk.page(one["R"]), blur=9)
    desk.scan(*[desk.page(n) for n in [*one.values(), *two.values()] if n != one["R"]], blurred)
    page = open_page(technician, address(desk))
    page.keyboard.press("n")
    page.wait_for_selector("#stage")
    page.wait_for_function("document.activeElement.name === 'number'")
    page.keyboard.type(one["R"])
    page.keyboard.press("Enter")
    page.wait_for_selector("#scan-room")
    assert not Sheet.objects.filter(state=SheetState.DISCARDED).exists()
    assert Sheet.objects.get(decision="set_number").number == one["R"]
    assert page.locator(".stage-side kbd").filter(has_text=re.compile("[0-9]")).count() == 0


def test_a_missing_number_is_a_button_beside_the_sheet_that_may_be_it(open_page, look, desk, technician, workers):
    one, two = desk.journal(count=2)
    blurred = damage(desk.page(one["R"]), blur=9)
    desk.scan(*[desk.page(n) for n in [*one.values(), *two.values()] if n not in (one["R"], two["AB"])], blurred)
    page = open_page(technician, address(desk))
    page.keyboard.press("n")
    page.wait_for_selector("#stage")
    page.wait_for_load_state("load")  # the keys are listened to from then on
    buttons = page.locator(".stage-side .scan-lacking button")
    assert [each.split()[0] for each in buttons.all_inner_texts()] == sorted((one["R"], two["AB"]))
    page.fill("#stage input[name=reason]", "плохо видно")
    page.press("#stage input[name=reason]", "Enter")
    page.wait_for_selector("#scan-discard[open]")
    # What the room would lack is said before the sheet is left out, and the first press keeps it.
    said = page.locator("#scan-discard").inner_text()
    assert one["R"] in said
    assert two["AB"] in said
    look(page, "desk-stage-lacks", full=False)
    page.keyboard.press("Enter")
    page.wait_for_selector("#scan-discard:not([open])", state="attached")
    buttons.filter(has_text=one["R"]).click()
    page.wait_for_selector("#scan-room")
    assert Sheet.objects.get(decision="set_number").number == one["R"]
    assert not Sheet.objects.filter(state=SheetState.DISCARDED).exists()


def test_the_burst_of_a_reader_decides_nothing_but_the_number(open_page, desk, technician, workers):
    (one,) = desk.journal(count=1)
    blurred = damage(desk.page(one["R"]), blur=9)
    desk.scan(*[desk.page(n) for n in one.values() if n != one["R"]], blurred)
    page = open_page(technician, address(desk))
    sheet = Sheet.objects.get(number="")
    # Some readers say first which code they read: with the letters of decisions on the sheet, of rooms in the list.
    page.keyboard.type("]n" + one["AB"], delay=5)
    page.wait_for_timeout(300)
    assert page.url.endswith(address(desk))
    page.goto(page.url + f"sheets/{sheet.pk}/")
    page.locator("#stage input[name=number]").blur()
    page.keyboard.type("]X0" + "ANMX", delay=5)
    page.wait_for_timeout(300)
    assert page.locator("#stage").count() == 1
    assert page.evaluate("document.activeElement.name") != "reason"
    # Into a field of reasons by mistake: a number all the same.
    page.fill("#stage input[name=number]", "")
    page.focus("#stage input[name=reason]")
    page.keyboard.type(one["R"], delay=5)
    page.keyboard.press("Enter")
    page.wait_for_selector("#scan-room")
    assert Sheet.objects.get(pk=sheet.pk).number == one["R"]
    assert not Sheet.objects.filter(state=SheetState.DISCARDED).exists()
