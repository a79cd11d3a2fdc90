"""«Сегодня»: the steps are ticked by facts, and each reader sees what their role may do."""

import re

import pytest
import time_machine
from django.utils import timezone

from audit.log import SYSTEM, record
from audit.subjects import AuditSubject
from day import evaluate
from journals import acts, intake
from journals.models import Act
from monitoring import pages
from monitoring.steps import StepState, current
from monitoring.today import INNER_EVENTS
from scanning import cards
from scanning.models import RoomCard
from stations.models import Duty, Role
from tests.conftest import log_in
from tests.support import factories
from tests.support.evaluated import steps
from tests.support.journals import print_station
from tests.support.keys import PIN
from tests.support.marks import mark_compared
from transfers import statuses
from transfers.models import FeedRecord, Packet, PointStatus
from wire.messages import Message


def page(login, path="/today/78-0001/"):
    answer = login.client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def step(login, day, number):
    return steps(day.sitting, login.user)[number - 1]


def bring(keys, number, room):
    station = print_station(keys, number, room=room)
    return intake.ingest(data=station.close(), name=station.name, door="browser", actor=SYSTEM)


def test_an_empty_day_stands_at_its_first_step(day, technician):
    rows = steps(day.sitting, technician.user)
    assert [row.state for row in rows] == [
        "now",
        "absent",
        "blocked",
        "now",
        "blocked",
        "blocked",
        "blocked",
        "blocked",
    ]
    assert current(rows).number == 1
    assert "Станция печати 0003, ауд. 0103" in rows[0].missing
    text = page(technician)
    for words in ("Журналы станций печати", "0 из 6", "Почему недоступно", "Загрузить журналы", "Ваш следующий шаг"):
        assert words in text


def test_a_journal_ticks_its_station(keys, day, technician):
    assert bring(keys, "0001", "0101").state == "accepted"
    first = step(technician, day, 1)
    assert (first.tallies[0].done, first.tallies[0].total) == (1, 6)
    assert not any("0001" in line for line in first.missing)


def test_a_quarantined_journal_is_named_with_what_is_wrong(keys, day, technician):
    station = print_station(keys, "0002", room="0103")
    intake.ingest(data=station.close(), name=station.name, door="browser", actor=SYSTEM)
    text = page(technician)
    assert "Журнал ждёт решения" in text
    assert "Замечаний нет" not in text


def test_all_journals_open_the_status(keys, day, technician):
    for number in range(1, 5):
        bring(keys, f"000{number}", f"010{number}")
    token = keys.open_token()
    for number in ("0005", "0006"):
        acts.make(
            sitting=day.sitting,
            kind="journal_missing",
            post=day.posts[f"print-{number}"],
            reason="не использовалась",
            text="",
            token=token,
            actor=SYSTEM,
        )
    rows = steps(day.sitting, technician.user)
    assert (rows[0].state, rows[2].state) == (StepState.DONE, StepState.NOW)
    assert "акт" in rows[0].said
    assert current(rows).number == 3


def test_the_key_waits_for_its_member(keys, day, technician, gek):
    keys.load()
    fourth = step(technician, day, 4)
    assert "ожидает активации" in " ".join(fourth.missing)
    keys.activate(keys.day.sitting.access_keys.get())
    assert step(technician, day, 4).tallies[0].done == 2


def test_who_may_not_act_sees_no_button(day, observer, technician):
    assert "Загрузить журналы</a>" not in page(observer)
    assert "Сейчас действует" in page(observer)
    assert "Загрузить журналы</a>" in page(technician)


def test_strangers_see_nothing(day, outsider, client):
    assert outsider.client.get("/today/78-0001/").status_code == 404
    assert outsider.client.get("/today/78-0001/live/").status_code == 404
    assert client.get("/today/78-0001/").status_code == 302


@pytest.mark.parametrize(
    ("clock", "words"), [("09:30", "8 ч 30 мин"), ("17:45", "15 мин"), ("18:12", "поздно на 12 мин")]
)
def test_deadlines_are_of_the_point(day, technician, clock, words):
    day.point.timezone = "Asia/Vladivostok"
    day.point.save()
    with time_machine.travel(factories.moment(day, clock), tick=False):
        text = page(technician)
    assert words in text
    assert "UTC+10" in text


def test_clock_skew_is_an_incident(keys, day, technician):
    bring(keys, "0001", "0101")
    journal = day.sitting.journals.get()
    journal.skew_seconds = 3600
    journal.save()
    assert "часы спешат на 60 мин" in page(technician)


def test_several_sittings_have_tabs(day, technician):
    other = factories.SittingFactory(
        point=day.point, subject=factories.SubjectFactory(code="22", name="Математика базовая"), date=day.sitting.date
    )
    text = page(technician, f"/today/78-0001/?sitting={other.key}")
    assert re.search(r'aria-current="page">\s*22 Математика базовая', text)
    assert "01 Русский язык" in text


def test_the_fragment_is_304_until_something_happens(day, technician):
    with time_machine.travel(factories.moment(day, "12:00"), tick=False):
        first = technician.client.get("/today/78-0001/live/")
        tag = first["ETag"]
        assert "no-cache" in first["Cache-Control"]
        again = technician.client.get("/today/78-0001/live/", headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        record("node.started", about=AuditSubject("78", "0001"), actor=SYSTEM)
        assert technician.client.get("/today/78-0001/live/", headers={"If-None-Match": tag}).status_code == 200
        tag = technician.client.get("/today/78-0001/live/")["ETag"]
    # The browser counts the minutes; a deadline that passes is news.
    with time_machine.travel(factories.moment(day, "12:01"), tick=False):
        assert technician.client.get("/today/78-0001/live/", headers={"If-None-Match": tag}).status_code == 304
    with time_machine.travel(factories.moment(day, "18:01"), tick=False):
        assert technician.client.get("/today/78-0001/live/", headers={"If-None-Match": tag}).status_code == 200


def test_the_fragment_is_new_when_numbers_do_not_open_though_nothing_is_counted_anew(keys, day, technician):
    bring(keys, "0001", "0101")
    with time_machine.travel(factories.moment(day, "12:00"), tick=False):
        tag = technician.client.get("/today/78-0001/live/")["ETag"]
        # Written when a key was tried: no event, as many journals, none of another state.
        day.sitting.journals.update(forms_problem=Message("Set {number}: a form number is malformed.", number=1))
        answer = technician.client.get("/today/78-0001/live/", headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert "номера бланков не открыты" in answer.content.decode()


def test_the_page_does_not_ask_for_every_row(keys, day, technician, django_assert_max_num_queries):
    for number in range(1, 5):
        bring(keys, f"000{number}", f"010{number}")
    page(technician)
    with django_assert_max_num_queries(60):
        page(technician)


def test_the_checklist_prints_every_step(day, technician):
    text = page(technician)
    sheet = text[text.index("sheet-print") :]
    assert sheet.count("☐") == 7
    assert sheet.count('<td class="box">—') == 1
    assert str(Duty.RESERVE.label) in sheet
    assert PIN not in text


def finish(day):
    """Make the rows that a finished day leaves behind."""
    at = factories.moment(day, "17:00")
    cards.ensure_cards(day.sitting)
    for index, card in enumerate(RoomCard.objects.filter(sitting=day.sitting), 1):
        RoomCard.objects.filter(pk=card.pk).update(state="packed", version=1)
        Packet.objects.create(
            uid=f"uid-{index}",
            kind="forms" if card.is_hq else "blanks",
            sitting=day.sitting,
            made_by="x",
            room=None if card.is_hq else card.room,
            state="acknowledged",
            sequence=index,
            node="n",
        )
    for post in day.posts.values():
        Act.objects.create(
            sitting=day.sitting,
            kind="journal_missing",
            station_post=post,
            reason="x",
            name=f"ACT-{post.pk}",
            path="x",
            sha256=f"{post.pk:064d}",
            signed_by="x",
            made_at=at,
        )
    for number, name in enumerate(("exams_finished", "blanks_transferred"), 10):
        status = PointStatus.objects.create(
            sitting=day.sitting, status=name, state="accepted", at=at, by="Иванов П. И.", accepted_at=at
        )
        Packet.objects.create(
            uid=f"uid-{number}",
            kind="status",
            sitting=day.sitting,
            status=status,
            made_by="x",
            state="acknowledged",
            sequence=number,
            node="n",
            receipt_number=number,
            contents=statuses.evidence_names(status),
        )
    mark_compared(day.sitting)


def test_a_finished_day(keys, day, technician):
    keys.activate()
    finish(day)
    rows = steps(day.sitting, technician.user)
    assert [row.state for row in rows] == ["done", "absent", *["done"] * 6]
    assert current(rows) is None
    text = page(technician)
    assert "День завершён" in text
    assert "квитанция № 10" in text
    assert "все статусы переданы" in text
    assert text.count('class="btn primary"') == 1
    assert "можно расходиться" in text
    assert f"/transfers/{day.sitting.key}/closing-act/" in text


def test_a_rejected_packet_is_somebodys_work(keys, day, technician):
    keys.activate()
    finish(day)
    Packet.objects.filter(room=day.rooms["0103"]).update(state="rejected")
    rows = steps(day.sitting, technician.user)
    assert (rows[5].state, current(rows).number) == (StepState.NOW, 6)
    assert rows[5].missing == ["ауд. 0103 — Отклонён"]
    assert "РЦОИ отклонил пакет" in page(technician)


def test_an_oral_exam_has_its_own_steps(voice_day):
    user = factories.make_user("oral", "Фомин Олег Олегович", Role.TECHNICAL_SPECIALIST, sitting=voice_day.sitting)
    rows = steps(voice_day.sitting, user)
    assert [row.state for row in rows[:3]] == ["absent", "now", "blocked"]
    assert rows[1].tallies[0].total == 8
    assert "место 3" in log_in(user).client.get(f"/monitoring/{voice_day.key}/").content.decode()


def test_the_last_events_are_those_that_a_person_wants_to_read(day, technician):
    record("station.replaced", about=AuditSubject("78", "0001", "0002"), actor=SYSTEM)
    for kind in INNER_EVENTS:
        record(kind, about=AuditSubject("78", "0001", "внутреннее"), actor=SYSTEM)
    shown = page(technician)
    assert "Станция заменена" in shown
    assert "внутреннее" not in shown


def test_a_live_part_is_drawn_once_for_people_who_may_do_the_same(day, technician, observer, monkeypatch):
    monkeypatch.setattr(evaluate, "KEPT", 8)
    user = factories.make_user("second", "Второй Пётр Ильич", Role.TECHNICAL_SPECIALIST, point=day.point)
    record("node.started", actor=SYSTEM, about=day.point)
    asked, address = [], f"/today/{day.point.key}/live/?sitting={day.key}"
    draw = pages.plain
    monkeypatch.setattr(pages, "plain", lambda *given: (asked.append(given[0].user), draw(*given))[1])
    answers = [login.client.get(address) for login in (technician, log_in(user), observer)]
    assert len(asked) == 2
    assert answers[0].content == answers[1].content
    assert answers[0]["ETag"] == answers[1]["ETag"] != answers[2]["ETag"]
    record("node.started", actor=SYSTEM, about=day.point)
    technician.client.get(address)
    assert len(asked) == 3


def test_what_the_centre_says_by_itself_leaves_a_persons_announcement_in_sight(day, technician):
    for number, title in enumerate(["Связь", *["есть неразобранное"] * 5, "Ещё"], 1):
        FeedRecord.objects.create(
            point=day.point,
            number=number,
            kind="announcement",
            at=timezone.now(),
            sha256=f"{number:064d}",
            document=b"",
            body={"title": title, "text": f"слова {number}"},
        )
    page = technician.client.get(f"/today/{day.point.key}/").content.decode()
    first, _details, rest = page.partition('data-keep="announcements"')
    assert all(f"слова {number}" in first for number in (1, 6, 7))
    assert all(f"слова {number}<" in rest.replace("</p>", "<") for number in (2, 3, 4, 5))
    assert "Другие объявления: 4" in rest
