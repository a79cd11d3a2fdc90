"""«Мониторинг»: files in, verdicts out, doubts decided, stations replaced, acts signed, statuses declared."""

import re

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from audit.log import SYSTEM
from audit.models import Event
from journals.models import Act, Journal
from stations import heartbeats
from stations.models import StationAssignment
from tests.support import factories
from tests.support.journals import print_station
from tests.support.keys import PIN
from transfers.models import Packet, PointStatus


def send(login, day, form, **said):
    return login.client.post(f"/monitoring/{day.key}/", {"form": form, **said}, follow=True)


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def file(data: bytes, name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def station(keys, number="0001", room="0101"):
    made = print_station(keys, number, room=room)
    return file(made.close(), made.name)


def all_journals(keys):
    return [station(keys, f"000{n}", f"010{n}") for n in range(1, 5)]


def sign_act(login, keys, day, number):
    return send(
        login,
        day,
        f"act-{day.posts[number].pk}",
        reason="Станция резервная, не использовалась",
        text="не включалась",
        token=keys.token_info().id,
        pin=PIN,
    )


def test_many_files_get_a_verdict_each(keys, day, technician):
    wrong = print_station(keys, "0002", room="0103")
    files = [station(keys), file(wrong.close(), wrong.name), file(b"\x00\x01", "photo.dat"), file(b"", "empty.dat")]
    shown = text(send(technician, day, "journals", files=files))
    states = re.findall(r'<li class="\w+" data-state="(\w+)"', shown)
    assert states == ["quarantined", "refused", "refused", "accepted"]
    assert "Файлов 4" in shown
    assert 'data-code="code-journal_empty"' in shown
    assert Journal.objects.count() == 2
    assert Event.objects.filter(kind="journals.turned_away").count() == 2


def test_no_files_is_a_refusal(day, technician):
    assert "code-no_files" in text(send(technician, day, "journals"))


def test_the_matrix_shows_words_and_icons(keys, day, technician):
    shown = text(send(technician, day, "journals", files=[station(keys)]))
    assert re.search(r'class="cell ok">.*?<b>0001</b>.*?check_circle.*?принят', shown, re.DOTALL)
    assert re.search(r'class="cell idle">.*?<b>0003</b>.*?нет журнала', shown, re.DOTALL)


def test_a_doubtful_journal_is_decided_with_a_reason(keys, day, technician):
    made = print_station(keys)
    send(technician, day, "journals", files=[file(made.close(signer="print-0002"), made.name)])
    journal = Journal.objects.get()
    assert journal.state == "quarantined"
    page = text(technician.client.get(f"/monitoring/{day.key}/"))
    assert f'id="accept-{journal.pk}"' in page
    assert "подписан, есть сомнения" in page
    send(technician, day, f"accept-{journal.pk}", reason="")
    journal.refresh_from_db()
    assert journal.state == "quarantined"
    send(technician, day, f"accept-{journal.pk}", reason="Сверено с протоколом печати")
    journal.refresh_from_db()
    assert journal.state == "accepted"


def test_a_journal_that_nobody_signed_has_no_button_of_acceptance_and_no_reason_helps(keys, day, technician):
    made = print_station(keys)
    send(technician, day, "journals", files=[file(made.close(signer=None), made.name)])
    journal = Journal.objects.get()
    page = text(technician.client.get(f"/monitoring/{day.key}/"))
    assert "не подписан" in page
    assert "Принесите другую копию со станции, иначе составьте акт" in page
    assert f'id="accept-{journal.pk}"' not in page
    assert f'id="refuse-{journal.pk}"' in page
    said = text(send(technician, day, f"accept-{journal.pk}", reason="Сверено с протоколом печати"))
    assert "одной причины недостаточно" in said
    journal.refresh_from_db()
    assert journal.state == "quarantined"


def test_a_wrong_name_is_put_right_with_one_click(keys, day, technician, observer):
    made = print_station(keys)
    send(technician, day, "journals", files=[file(made.close(), "Журнал (1).dat")])
    journal = Journal.objects.get()
    assert journal.state == "quarantined"
    page = text(technician.client.get(f"/monitoring/{day.key}/"))
    assert f'id="rename-{journal.pk}"' in page
    assert made.name in page
    send(observer, day, f"rename-{journal.pk}")
    journal.refresh_from_db()
    assert journal.state == "quarantined"
    assert made.name in text(send(technician, day, f"rename-{journal.pk}"))
    journal.refresh_from_db()
    assert (journal.state, journal.name, journal.original_name) == ("accepted", made.name, "Журнал (1).dat")
    assert "Неверное имя файла" in journal.reason
    event = Event.objects.get(kind="journals.accepted")
    assert made.name in event.data["reason"]


def test_one_click_cures_nothing_but_a_name(keys, day, technician):
    unsigned, moved = print_station(keys), print_station(keys, "0002", room="0103")
    names = ("копия.dat", "копия 2.dat")
    send(
        technician,
        day,
        "journals",
        files=[file(unsigned.close(signer=None), names[0]), file(moved.close(), names[1])],
    )
    page = text(technician.client.get(f"/monitoring/{day.key}/"))
    assert 'id="rename-' not in page
    for journal in Journal.objects.all():
        assert "code-journal_decision_refused" in text(send(technician, day, f"rename-{journal.pk}"))
    assert {journal.state for journal in Journal.objects.all()} == {"quarantined"}


def test_an_act_may_carry_a_photo_of_the_paper(keys, day, technician, gek):
    photo = b"\xff\xd8\xff\xe0 photo"
    said = {"reason": "Другая причина", "text": "сломалась", "token": keys.token_info().id, "pin": PIN}
    form = f"act-{day.posts['print-0006'].pk}"
    assert "code-act_refused" in text(send(technician, day, form, photo=file(b"MZ", "a.exe"), **said))
    send(technician, day, form, photo=file(photo, "IMG_1.jpg"), **said)
    act = Act.objects.get()
    page = text(technician.client.get(f"/monitoring/{day.key}/"))
    assert f"/acts/{act.pk}/file/" in page
    answer = technician.client.get(f"/acts/{act.pk}/photo/")
    assert b"".join(answer.streaming_content) == photo


def test_a_journal_of_another_point_is_not_found(keys, day, technician, outsider):
    made = print_station(keys)
    send(technician, day, "journals", files=[file(made.close(signer=None), made.name)])
    journal = Journal.objects.get()
    answer = outsider.client.post(f"/monitoring/{day.key}/", {"form": f"refuse-{journal.pk}", "reason": "x"})
    assert answer.status_code == 404


def test_the_folder_of_a_drive(keys, day, technician, flash_dir):
    for each in all_journals(keys):
        (flash_dir / str(each.name)).write_bytes(each.read())
    page = text(technician.client.get(f"/monitoring/{day.key}/"))
    assert f'value="{flash_dir}"' in page
    shown = text(send(technician, day, "flash", folder=str(flash_dir)))
    assert "принято 4" in shown
    assert "code-" in text(send(technician, day, "flash", folder="/etc"))


def test_a_station_is_replaced_and_its_early_journal_counts(keys, day, technician):
    shown = text(send(technician, day, "journals", files=[station(keys, "0005", "0102")]))
    assert Journal.objects.get().state == "quarantined"
    shown = text(send(technician, day, "replace", station="print:0002", new="print:0005", room="0102"))
    assert "заменена на 0005" in shown
    assert Journal.objects.get().state == "accepted"
    assert StationAssignment.objects.get(pk=day.posts["print-0002"].pk).duty == "replaced"
    assert "code-replacement_refused" in text(send(technician, day, "replace", station="9", new="0005", room="0102"))


def test_an_act_instead_of_a_journal(keys, day, technician):
    page = text(technician.client.get(f"/monitoring/{day.key}/"))
    assert f'<input type="hidden" name="station" value="{day.posts["print-0006"].station.number}">' in page
    assert "Акт подписан" in text(sign_act(technician, keys, day, "print-0006"))
    act = Act.objects.get()
    assert act.station_post == day.posts["print-0006"]
    wrong = send(
        technician, day, f"act-{day.posts['print-0005'].pk}", reason="x", text="", token=keys.token_info().id, pin="0"
    )
    assert 'data-level="error"' in text(wrong)
    assert Act.objects.count() == 1


def test_a_closed_gate_names_every_station(keys, day, technician):
    send(technician, day, "journals", files=all_journals(keys))
    shown = text(send(technician, day, "status-exams_finished"))
    assert not PointStatus.objects.exists()
    message = re.search(r'data-level="error"[^>]*>(.*?)</div>', shown, re.DOTALL).group(1)
    assert "0005" in message
    assert "0006" in message
    assert "0001" not in message


def test_an_open_gate_lets_the_status_go(keys, day, technician):
    send(technician, day, "journals", files=all_journals(keys))
    for number in ("print-0005", "print-0006"):
        sign_act(technician, keys, day, number)
    page = text(technician.client.get(f"/monitoring/{day.key}/"))
    assert "можно передавать" in page
    shown = text(send(technician, day, "status-exams_finished"))
    assert PointStatus.objects.get().status == "exams_finished"
    assert Packet.objects.get().kind == "status"
    assert 'id="status-exams_finished"' not in shown
    assert "END_PRINT" in shown


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("journals", {}),
        ("flash", {"folder": "/tmp"}),
        ("accept-1", {"reason": "x"}),
        ("refuse-1", {"reason": "x"}),
        ("act-1", {"reason": "x"}),
        ("replace", {}),
        ("status-exams_finished", {}),
        ("status-blanks_transferred", {}),
    ],
)
def test_an_observer_may_do_nothing(day, observer, form, said):
    answer = send(observer, day, form, **said)
    assert "code-not_allowed" in text(answer)
    for known in ("journals", "flash", "replace", "status-exams_finished", "status-blanks_transferred"):
        assert f'id="{known}"' not in text(observer.client.get(f"/monitoring/{day.key}/"))


def test_the_fragment(day, technician):
    answer = technician.client.get(f"/monitoring/{day.key}/live/")
    assert 'data-part="statuses"' in text(answer)
    again = technician.client.get(f"/monitoring/{day.key}/live/", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304


def test_the_matrix_says_what_a_station_said_of_itself(keys, day, technician):
    at = timezone.now()
    heartbeats.store(
        station=day.posts["print-0001"].station,
        actor=SYSTEM,
        report=heartbeats.HeartbeatReport("fault", at, note="замятие бумаги", paper=4),
    )
    heartbeats.store(
        station=day.posts["print-0002"].station,
        actor=SYSTEM,
        report=heartbeats.HeartbeatReport("working", at, paper=90),
    )
    shown = text(technician.client.get(f"/monitoring/{day.key}/"))
    assert re.search(r'class="sign bad">.*?неисправна \d\d:\d\d, замятие бумаги, бумага 4 %', shown, re.DOTALL)
    assert re.search(r'class="sign ">.*?работает \d\d:\d\d\s*</span>', shown, re.DOTALL)
    today = text(technician.client.get(f"/today/{day.point.key}/"))
    assert "Станция печати 0001: замятие бумаги, бумага 4 %" in today
    assert "Станция печати 0002:" not in today


@pytest.mark.parametrize(("clock", "looks"), [("12:00", {"idle"}), ("18:30", {"unmet"})])
def test_a_condition_is_red_only_after_its_deadline(day, technician, clock, looks):
    with time_machine.travel(factories.moment(day, clock), tick=False):
        page = technician.client.get(f"/monitoring/{day.key}/").content.decode()
    card = page.partition('id="status-card-exams_finished"')[2].partition("</ul>")[0]
    assert looks <= set(re.findall(r'<li class="(\w+)">', card)) <= looks | {"met"}
    assert ("предстоит:" in card) == (clock == "12:00")
    assert ("не выполнено:" in card) == (clock == "18:30")
    later = page.partition('id="status-card-blanks_transferred"')[2].partition("</ul>")[0]
    assert "unmet" not in later
    assert "ещё не пора:" in later


def test_of_a_long_list_of_conditions_the_length_is_said_and_every_one_is_there(keys, day, technician):
    for number in range(20, 60):
        factories.add_post(day, "print", f"{number:04d}", room="0101")
    page = text(technician.client.get(f"/monitoring/{day.key}/"))
    card = page.partition('id="status-card-exams_finished"')[2].partition("</section>")[0]
    rows = re.findall(r'<li class="(?:idle|unmet|warn|met)">', card)
    assert len(rows) == 47
    shown, folded, rest = card.partition('<details data-keep="conditions-exams_finished">')
    assert folded
    assert len(re.findall(r"<li ", shown)) == 10
    assert "и ещё 37" in rest
    assert "Условий: 47, выполнено: 1" in shown


def test_an_empty_desk_is_not_green(day, technician):
    page = text(technician.client.get(f"/scanning/{day.key}/"))
    tile = page.partition("Ждут решения")[0].rpartition("<div")[2]
    assert 'class="scan-tile"' in tile
    assert "ещё ничего не отсканировано" in page
