"""The desk's other pages in Chromium: the rooms, recordings, readiness; two people with one card; «Говорение»."""

import pytest

from scanning import cards, recordings
from scanning.models import Recording, RoomCard
from scanning.states import CardState
from stations.models import Role
from tests.browser.test_desk import address, desk, workers  # noqa: F401
from tests.conftest import log_in
from tests.scanning.conftest import ACTOR, ScanningDesk
from tests.scanning.test_audio import save_wav, speech
from tests.scanning.test_recordings import answers, sha256
from tests.support import factories
from wire.forms import make_number

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_rooms_follow_by_themselves(open_page, look, desk, technician, workers):  # noqa: F811
    sets = desk.journal()
    page = open_page(technician, f"/scanning/{desk.sitting.key}/")
    look(page, "desk-rooms-morning")
    desk.scan(*[desk.page(number) for each in sets for number in each.values()], desk.page(make_number("C1", 7)))
    page.wait_for_selector("#rooms .chip.bad")
    look(page, "desk-rooms")
    page.keyboard.press("n")
    page.wait_for_selector("#rooms, #scan-room")


def test_two_people_edit_one_card(open_page, look, desk, technician, workers):  # noqa: F811
    desk.journal()
    user = factories.make_user("second", "Петрова Ольга Ивановна", Role.TECHNICAL_SPECIALIST, sitting=desk.sitting)
    one, two = open_page(technician, address(desk)), open_page(log_in(user), address(desk))
    for page, count in ((one, "2"), (two, "1")):
        page.fill("#card input[name=registration_count]", count)
        page.fill("#card input[name=absent_count]", str(2 - int(count)))
    # What nobody has typed is said beside its field; what was typed stands.
    one.get_by_role("button", name="Сохранить карточку", exact=True).click()
    one.wait_for_selector("#card-dbo_count-error")
    look(one, "desk-card-refused")
    assert one.input_value("#card input[name=registration_count]") == "2"
    for page in (one, two):
        page.fill("#card input[name=dbo_count]", "0")
        page.fill("#card input[name=not_finished_count]", "0")
    one.get_by_role("button", name="Сохранить карточку", exact=True).click()
    one.wait_for_selector("text=Карточка сохранена")
    two.get_by_role("button", name="Сохранить карточку", exact=True).click()
    said = two.wait_for_selector(".note.error").inner_text()
    assert "Иванов Пётр Ильич" in said
    assert "бланков регистрации — 2" in said
    look(two, "desk-card-changed")
    card = RoomCard.objects.get(room__number="0101")
    assert (card.registration_count, card.version) == (2, 1)
    # What was typed stands, what the other person saved is said beside it, and is saved over knowingly.
    assert two.input_value("#card input[name=registration_count]") == "1"
    assert "бланков регистрации — 2" in two.locator("#card-registration_count-error").inner_text()
    two.get_by_role("button", name="Сохранить карточку", exact=True).click()
    two.wait_for_selector("text=Карточка сохранена (версия 2)")


def test_a_typing_hand_is_left_alone(open_page, desk, technician, workers):  # noqa: F811
    sets = desk.journal()
    page = open_page(technician, address(desk))
    page.fill("#card input[name=absent_count]", "7")
    desk.scan(desk.page(sets[0]["R"]))
    page.wait_for_function("document.querySelectorAll('a.scan-thumb').length === 1")
    assert page.input_value("#card input[name=absent_count]") == "7"


def test_a_rescan_request_shows_which_sheets(open_page, look, desk, technician, workers):  # noqa: F811
    sets = desk.journal()
    desk.sitting.posts.exclude(station__number="0001").filter(room__number="0101").delete()
    desk.scan(*[desk.page(number) for each in sets for number in each.values()])
    desk.fill(registration_count=2)
    cards.close(card=desk.card(), actor=ACTOR)
    page = open_page(technician, address(desk))
    look(page, "desk-room-closed")
    assert page.locator("#upload").count() == 0
    cards.reopen(card=desk.card(), numbers=[sets[0]["R"]], reason="Полоса поперёк фамилии.", actor=ACTOR)
    page.wait_for_selector("text=РЦОИ просит отсканировать заново")
    assert sets[0]["R"] in page.locator("#live").inner_text()
    assert "Полоса поперёк фамилии" in page.locator("#live").inner_text()


def test_readiness(open_page, look, desk, technician, sane, data_dir):  # noqa: F811
    sane("test")
    page = open_page(technician, f"/scanning/readiness/{desk.sitting.key}/")
    look(page, "desk-readiness-first")
    page.get_by_role("button", name="Проверить станцию", exact=True).click()
    page.wait_for_selector(".scan-ready li")
    look(page, "desk-readiness")


@pytest.fixture
def voice_desk(voice_day, data_dir, tmp_path):
    made = ScanningDesk(voice_day, tmp_path)
    made.seats(2, "0201")
    return made


def test_a_set_of_the_preparation_room_that_no_room_has(open_page, look, voice_desk, workers):  # noqa: F811
    desk = voice_desk  # noqa: F811
    factories.add_preparation(desk.day)
    desk.journal(room="0101", station="0001", count=2)
    user = factories.make_user("prep", "Иванов Пётр Ильич", Role.GEK_MEMBER, point=desk.day.point)
    page = open_page(log_in(user), f"/scanning/{desk.sitting.key}/")
    look(page, "desk-preparation-awaited")
    assert "Загрузите журналы записи ответов" in page.locator("#preparation").inner_text()
    assert "0101" not in page.locator("#rooms").inner_text()
    desk.sitting.posts.filter(station__kind="voice").delete()
    page.reload()
    page.get_by_text("Бланка аудитории подготовки нет").click()
    assert page.locator("select[name=sets] option").all_inner_texts() == [
        "станция 0001, комплект № 1",
        "станция 0001, комплект № 2",
    ]
    look(page, "desk-preparation-lost")
    page = open_page(log_in(user), f"/monitoring/{desk.sitting.key}/")
    assert "аудитория подготовки 0101" in page.locator("table.matrix").inner_text()
    look(page, "monitoring-preparation")


def test_recordings_beside_places_with_their_picture_and_player(open_page, look, voice_desk, workers):  # noqa: F811
    desk = voice_desk  # noqa: F811
    user = factories.make_user("voice", "Иванов Пётр Ильич", Role.TECHNICAL_SPECIALIST, sitting=desk.sitting)
    person = log_in(user)
    files = []
    for name, seconds in (("0201_1_01.wav", 6), ("0201_2_01.wav", 4)):
        save_wav(desk.folder / name, speech(seconds))
        files.append((name, float(seconds), sha256(desk.folder / name)))
    answers(desk, *files, ("0201_3_01.wav", 5.0, "0" * 64))
    for name, _seconds, _digest in files:
        row, _line = recordings.ingest(card=desk.card("0201"), name=name, content=desk.folder / name, actor=ACTOR)
        recordings.listen(row.pk)
    page = open_page(person, address(desk, "0201"))
    assert page.locator("input[name=dbo_count]").count() == 0
    look(page, "desk-voice-room")
    page.get_by_text("По местам и участникам").click()
    page.wait_for_selector(".scan-answers")
    look(page, "desk-recordings")
    assert "нет файла" in page.locator("body").inner_text()
    row = Recording.objects.first()
    ranged = page.evaluate(
        "async (address) => { const a = await fetch(address, {headers: {Range: 'bytes=0-99'}});"
        " return [a.status, a.headers.get('Content-Range'), (await a.arrayBuffer()).byteLength]; }",
        f"/scanning/{desk.sitting.key}/recordings/{row.pk}/",
    )
    assert ranged == [206, f"bytes 0-99/{row.size}", 100]
    # A press in the middle of the picture plays from there.
    wave = page.locator(".scan-wave").first
    wave.click()
    at = page.wait_for_function(
        "document.querySelector('audio').currentTime > 1.5 && document.querySelector('audio').currentTime"
    )
    assert 1.5 < at.json_value() < 6
    assert RoomCard.objects.get(room__number="0201").state != CardState.WAITING
