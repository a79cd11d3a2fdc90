"""Sixty files of all kinds dropped on «Мониторинг» at once, and the same page with the keyboard alone."""

import base64
import contextlib
import dataclasses
import random
import unicodedata
from datetime import timedelta

import pytest
from playwright.sync_api import TimeoutError as PatienceError

from journals.models import Journal
from tests.support import factories
from tests.support.journals import JournalStation, print_station
from tests.support.keys import make_keys
from wire import journal, pki

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DROP = """([label, files]) => {
  const held = new DataTransfer();
  for (const [name, text] of files) {
    const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
    held.items.add(new File([bytes], name));
  }
  document.querySelector(label).dispatchEvent(new DragEvent("drop", {dataTransfer: held, bubbles: true}));
}"""


@pytest.fixture
def day(db):
    """The usual day with ten print stations more, each in a room of its own."""
    made = factories.make_day()
    for index in range(7, 17):
        room = f"01{index:02d}"
        made.rooms[room] = factories.RoomFactory(point=made.point, number=room)
        factories.SittingRoomFactory(sitting=made.sitting, room=made.rooms[room], seats=15)
        factories.add_post(made, "print", f"{index:04d}", room=room)
    return made


@pytest.fixture
def keys(day, data_dir, token_dir):
    return make_keys(day, token_dir)


def of(keys, number, **more):
    return print_station(keys, number, room=more.pop("room", f"01{number[2:]}"), **more)


def altered(data: bytes) -> bytes:
    place = data.index(b'"exam_started"') + 3
    return data[:place] + b"X" + data[place + 1 :]


def line_with(keys, number, raw: bytes) -> bytes:
    """An unsigned journal whose second entry is this."""
    return journal.join([*of(keys, number).lines[:2], raw])


def everything(keys):
    """(name, bytes, expected state, words of the verdict) of sixty files."""
    rows = [(each.name, each.close(), "accepted", "принят") for each in (of(keys, f"000{n}") for n in range(1, 5))]
    good = {name[-8:-4]: (name, data) for name, data, *_ in rows}
    scan = JournalStation(keys, "scan", "01", room=None).add("software_started", version="1")
    rows += [
        (scan.name, scan.close(), "accepted", "принят"),
        (*whole(of(keys, "0005", room="0000")), "accepted", "принят"),
        (good["0001"][0], good["0001"][1], "accepted", "уже получен в"),
        (good["0001"][0].replace(".dat", " (1).dat"), good["0001"][1], "accepted", "уже получен в"),
    ]
    rows += named(keys) + grown(keys) + doubtful(keys) + foreign(keys) + hostile(keys)
    draw = random.Random(60)
    rows += [(f"файл-{n}.dat", draw.randbytes(50 + n * 999), "refused", "не") for n in range(60 - len(rows))]
    return rows


def whole(station):
    return station.name, station.close()


def named(keys):
    """Sound journals under names that are not theirs."""
    renamed, broken, spelled, torn = (of(keys, number) for number in ("0007", "0008", "0009", "0010"))
    return [
        ("Журнал станции печати.dat", renamed.close(), "quarantined", "это не имя электронного журнала"),
        (broken.name.encode().decode("cp866", "replace"), broken.close(), "accepted", "принят"),
        (unicodedata.normalize("NFD", spelled.name), spelled.close(), "accepted", "принят"),
        (torn.name.replace("0110", "0101"), torn.close(), "quarantined", "аудитория: в имени 0101, в журнале 0110"),
    ]


def grown(keys):
    """A longer, a shorter and a forked one of stations that have sent."""
    long = of(keys, "0011")
    short = long.close()
    long.add("journal_reopened", reason="ещё")
    tail = of(keys, "0012").add("set_printed", set=1)
    head = dataclasses.replace(tail.header)
    fork = of(keys, "0012", opened_at=head.opened_at)
    fork.lines = fork.lines[:2]
    brief = of(keys, "0013")
    cut = brief.close()
    brief.add("journal_reopened", reason="ещё")
    return [
        (long.name, short, "accepted", "принят"),
        (long.name, long.close(), "accepted", "принят"),
        (*whole(tail), "accepted", "принят"),
        (fork.name, fork.add("note_written", text="иначе").close(), "quarantined", "ПРОТИВОРЕЧИТ"),
        (*whole(brief), "accepted", "принят"),
        (brief.name, cut, "quarantined", "короче журнала этой же станции"),
    ]


def doubtful(keys):
    """Journals that a person must decide upon."""
    keys.certify(pki.CertificateRole.PRINT, "0099")
    moved, plain, foreign, changed = (of(keys, "0014", room="0101"), *(of(keys, "0014") for _ in range(3)))
    unknown, voice = of(keys, "0099", room="0101"), JournalStation(keys, "voice", "3", room="0101")
    late = of(keys, "0015")
    late.header = dataclasses.replace(late.header, opened_at=late.header.opened_at + timedelta(hours=8))
    late.lines = [journal.header_line(late.header)]
    entry = journal.next_entry(late.lines[0], "exam_started", kind="print", at=late.header.opened_at)
    late.lines.append(journal.make_line(entry))
    closed = journal.next_entry(late.lines[1], "journal_closed", kind="print", at=late.header.opened_at)
    late.lines.append(journal.make_line(closed))
    keys.certify(pki.CertificateRole.VOICE, "0101-3")
    return [
        (*whole(moved), "quarantined", "если её переставили, отметьте замену"),
        (plain.name, plain.close(signer=None), "quarantined", "не подписан"),
        (foreign.name, foreign.close(signer="print-0001"), "quarantined", "подписан сертификатом другой станции"),
        (changed.name, altered(changed.close()), "quarantined", "цепочка записей нарушена"),
        (of(keys, "0016").name, of(keys, "0016").signed(), "quarantined", "журнал не завершён"),
        (*whole(unknown), "quarantined", "станции 0099 нет в реестре"),
        (voice.name, voice.add("software_started", version="1").close(), "quarantined", "нет в реестре"),
        (late.name, late.signed(), "accepted", "принят"),
    ]


def foreign(keys):
    """Files of elsewhere."""
    elsewhere = [
        (of(keys, "0001", region="77"), "из региона 77"),
        (of(keys, "0001", point="0002"), "ППЭ 0002"),
        (of(keys, "0001", sitting=keys.day.key[:-2] + "03", subject="03"), "экзамена"),
        (of(keys, "0001", mode="training"), "тренировки"),
    ]
    return [(each.name, each.close(signer=None), "refused", said) for each, said in elsewhere]


def hostile(keys):
    """What is no journal at all, or wants to break its reader."""
    deep, name = b"[" * 5000 + b"]" * 5000, of(keys, "0016").name
    line = b'{"seq":2,"at":"2026-05-29T05:00:00.000000Z","event":"note_written","disposition":"success","person":null,'
    signed = of(keys, "0001").close()
    return [
        ("пусто.dat", b"", "refused", "Файл пуст"),
        ("снимок.jpg", b"\xff\xd8\xff\xe0" * 99, "refused", "фотография JPEG"),
        ("снимок.png", b"\x89PNG\r\n" * 99, "refused", "картинка PNG"),
        ("акт.pdf", b"%PDF-1.7" * 99, "refused", "документ PDF"),
        ("папка.zip", b"PK\x03\x04" * 99, "refused", "архив ZIP"),
        ("лист.tif", b"II*\x00" * 99, "refused", "скан TIFF"),
        ("нули.dat", bytes(4096), "refused", "заполнен нулями"),
        ("оборван.dat", signed[: len(signed) // 2], "refused", "записан не до конца"),
        ("текст.dat", "просто текст".encode(), "refused", "не электронный журнал"),
        ("\u202etad.цнуф.dat", b'{"format":"ppe-journal/9"}\n', "refused", "не электронный журнал"),
        ("я" * 120 + ".dat", b"{}\n", "refused", "не электронный журнал"),
        (name, line_with(keys, "0016", line + b'"data":{"text":"\\u0000"},"prev":""}'), "quarantined", "JSON"),
        (name, line_with(keys, "0016", line + b'"data":' + deep + b',"prev":""}'), "quarantined", "JSON"),
        (name, line_with(keys, "0016", line + b'"data":{},"data":{},"prev":""}'), "quarantined", "JSON"),
        (name, line_with(keys, "0016", line.replace(b":2,", b":1" + b"0" * 5000 + b",")), "quarantined", "JSON"),
    ]


def test_sixty_files_of_all_kinds_dropped_at_once(open_page, look, day, keys, technician):
    rows = everything(keys)
    assert len(rows) == 60
    page = open_page(technician, f"/monitoring/{day.key}/")
    with page.expect_navigation(timeout=120_000):
        page.evaluate(DROP, ["#journals [data-drop]", [[n, base64.b64encode(d).decode()] for n, d, *_ in rows]])
    # What a person must see to stands first; among equals the order is that of the files.
    rows.sort(key=lambda row: ["quarantined", "refused", "accepted"].index(row[2]))
    said = [(each.get_attribute("data-state"), each.inner_text()) for each in page.locator("#verdicts li").all()]
    wrong = [
        (name, state, words, found)
        for (name, _data, state, words), found in zip(rows, said, strict=True)
        if found[0] != state or words not in found[1]
    ]
    assert not wrong, "\n".join(map(str, wrong))
    assert not any("\n" in text.split("\n", 1)[-1] for _state, text in said)
    assert page.locator("#verdicts li", has_text="\u202e").count() == 0
    look(page, "journals-sixty")
    cells = page.locator(".matrix .cell.ok").all_inner_texts()
    assert len(cells) == 12
    # A clock that is hours ahead is told of, and does not keep the journal out.
    page.locator("details[data-keep=listed] summary").click()
    assert page.locator("td .chip.warn", has_text="мин").count() == 1
    look(page, "journals-sixty-listed")


def test_the_page_with_the_keyboard_alone(open_page, look, day, keys, technician, tmp_path):
    """Bring files, put a name right, accept for a reason, sign an act; never a mouse."""
    good, renamed, doubtful = of(keys, "0001"), of(keys, "0002"), of(keys, "0003")
    for name, data in (
        (good.name, good.close()),
        ("переименован.dat", renamed.close()),
        (doubtful.name, doubtful.close(signer="print-0002")),
    ):
        (tmp_path / name).write_bytes(data)
    page = open_page(technician, f"/monitoring/{day.key}/")

    def tab_to(test: str, most: int = 200) -> None:
        for _ in range(most):
            page.keyboard.press("Tab")
            if page.evaluate(f"(() => {{ const at = document.activeElement; return {test}; }})()"):
                return
        raise AssertionError(f"the keyboard does not reach: {test}")

    tab_to("at.type === 'file' && at.form.id === 'journals'")
    look(page, "journals-keyboard-focus", full=False)
    chosen = False
    while not chosen:  # a busy browser loses a key now and then: a person presses it again
        with contextlib.suppress(PatienceError):
            with page.expect_file_chooser(timeout=5_000) as chooser:
                page.keyboard.press("Space")
            chosen = True
    with page.expect_navigation(timeout=120_000):
        chooser.value.set_files(sorted(tmp_path.glob("*.dat")))
    assert page.locator("#verdicts li").count() == 3

    tab_to("at.tagName === 'BUTTON' && at.form?.id.startsWith('rename-')")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert Journal.objects.get(original_name="переименован.dat").state == "accepted"

    tab_to("at.name === 'reason' && at.form.id.startsWith('accept-')")
    page.keyboard.type("Сверено с бумагой")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert Journal.objects.get(original_name=doubtful.name).state == "accepted"

    tab_to("at.tagName === 'SUMMARY' && at.closest('.owing') && at.innerText.includes('0006')")
    page.keyboard.press("Enter")
    tab_to("at.name === 'text'")
    page.keyboard.type("Станция не включалась")
    tab_to("at.name === 'pin'")
    page.keyboard.type("00000000")
    tab_to("at.tagName === 'BUTTON' && at.form?.id.startsWith('act-')")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("[data-code]").count() >= 1  # the PIN was wrong, and it is said so
    look(page, "journals-keyboard-end")
