"""The demo fails when anything does not hold: a step, a fault, a sheet."""

import io
import json
import time
from types import SimpleNamespace

import pytest
from rich.console import Console

from demo import evaluation, nodes, proofs
from demo import play as demo
from demo.recognised import Desk, Seen
from demo.report import DemoReport, DemoStep
from drawing.days import demo_day, mini_day
from drawing.truth import place
from wire.messages import Message


@pytest.fixture
def report():
    return DemoReport(Console(file=io.StringIO(), width=150))


def desks(plan, tmp_path):
    placed = place(plan, tmp_path)
    return [Desk(None, plan, point, placed, None, lambda _room, _again: []) for point in plan.points]


def see_everything(plan, desks):
    """Put into the desks what a perfect system says about the planted faults."""
    for fault in plan.faults:
        desk = next(each for each in desks if each.point.code == fault.point)
        file = fault.answer or next((e.path.name for e in desk.placed if e.row.note == fault.kind), "")
        for kind in evaluation.SAID_AS.get(fault.kind, ())[:1]:
            number = "" if kind in ("unreadable", "cut", "silent") else fault.number
            desk.seen.append(Seen(fault.point, fault.room, kind, number, file, "said"))


def test_it_holds_when_every_step_and_fault_holds(report, tmp_path):
    plan = demo_day()
    tables = desks(plan, tmp_path)
    see_everything(plan, tables)
    with report.step("1", Message("step")):
        pass
    evaluation.evaluate(report, plan.faults, tables, {"0001": "нет журнала станции 0006"})
    assert [fault.id for fault in report.faults if not fault.found] == []
    assert report.ok
    assert evaluation.false_alarms(plan.faults, tables) == []


@pytest.mark.parametrize("lost", range(12))
def test_a_fault_that_nobody_found_fails_the_day(report, tmp_path, lost):
    plan = demo_day()
    tables = desks(plan, tmp_path)
    see_everything(plan, tables)
    seen = [(desk, each) for desk in tables for each in desk.seen]
    desk, gone = seen[lost]
    desk.seen.remove(gone)
    with report.step("1", Message("step")):
        pass
    evaluation.evaluate(report, plan.faults, tables, {"0001": "нет журнала станции 0006"})
    assert [fault.found for fault in report.faults].count(False) == 1
    assert not report.ok


def test_a_sound_sheet_called_foreign_is_an_alarm(tmp_path):
    plan = demo_day()
    tables = desks(plan, tmp_path)
    sound = next(each for each in tables[0].placed if not each.row.note and each.row.pile == "0101")
    tables[0].seen.append(Seen("0001", "0101", "foreign", sound.row.number, sound.path.name, "чужой"))
    assert len(evaluation.false_alarms(plan.faults, tables)) == 1


def test_a_step_that_breaks_fails_the_day_and_is_written_down(report, tmp_path):
    with pytest.raises(ValueError, match="broken"), report.step("3", Message("step")):
        raise ValueError("broken on purpose")
    assert not report.ok
    report.write(tmp_path / "report.json", seed=1)
    written = json.loads((tmp_path / "report.json").read_text())
    assert written["ok"] is False
    assert "broken on purpose" in written["steps"][0]["problem"]


def test_a_day_without_steps_does_not_hold(report):
    assert not report.ok


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Журнал: станция печати 0006 – нет журнала", True),
        ("нет журнала станции 0006.", True),
        ("нет журнала станции 0005, 23.11.2026, станция 16", False),
        ("нет журнала станций 00061 и 10006", False),
        ("", False),
    ],
)
def test_the_gate_must_name_the_very_station(report, said, found):
    plan = demo_day()
    evaluation.evaluate(report, [fault for fault in plan.faults if fault.kind == "journal_missing"], [], {"0001": said})
    assert [fault.found for fault in report.faults] == [found]


def test_a_day_with_a_step_left_out_is_not_complete(report):
    plan = mini_day()
    for step_id in demo.wanted_steps(plan):
        report.steps.append(DemoStep(step_id, "", "", ok=True))
    assert report.ok
    assert demo.complete(report, plan)
    del report.steps[3]
    assert not demo.complete(report, plan)


def test_a_day_that_takes_longer_than_promised_fails_on_a_quiet_machine(report):
    with report.step("1", Message("step")):
        pass
    report.load = 0.0
    report.hold_time(239)
    assert report.ok
    report.hold_time(241)
    assert not report.ok


def test_on_a_busy_machine_the_time_is_told_and_not_judged(report):
    with report.step("1", Message("step")):
        pass
    report.load = 99.0
    report.hold_time(500)
    assert report.ok
    assert "load 99.0" in report.notes[0]


def test_a_proof_that_did_not_run_is_never_ticked(report, tmp_path, monkeypatch):
    monkeypatch.delenv("PPE_REQUIRE_ALL", raising=False)
    with report.step("1", Message("held")):
        pass
    with report.step("✓", Message("proof")):
        report.skip("pdftotext is missing")
    report.table()
    printed = report.console.file.getvalue()
    line = next(line for line in printed.splitlines() if "│" in line and "proof" in line)
    assert "✓ " not in line.replace("│ ✓ ", "", 1)
    assert "not checked" in line
    report.write(tmp_path / "report.json", seed=1)
    written = json.loads((tmp_path / "report.json").read_text())
    assert written["ok"] is False
    assert written["held"] is True
    assert [step["ok"] for step in written["steps"]] == [True, False]
    assert written["steps"][1]["not_run"] == ["pdftotext is missing"]
    assert report.code == 0
    monkeypatch.setenv("PPE_REQUIRE_ALL", "1")
    assert report.code == 1


def test_a_missing_tool_leaves_its_proof_unchecked(report, monkeypatch):
    monkeypatch.setattr("demo.checks.TOOLS", ("unzip", "no-such-tool"))
    with report.step("✓", Message("proof")) as step:
        proofs.public_tools(SimpleNamespace(report=report), step)
    assert (step.ok, step.not_run) == (False, ["public tools: no-such-tool missing"])


def test_words_in_brackets_are_printed_as_they_are(report, tmp_path):
    said = "manage.py [info     ] started; [/usr/bin/openssl] is not there"
    with report.step("1", Message("step")) as step:
        step.facts.append("[/facts]")
        step.problem = said
    report.say(Message("[/way]"))
    report.skip("[/skipped]")
    report.note("[/noted]")
    report.fail("[/failed]")
    report.table()
    printed = report.console.file.getvalue()
    for words in (said, "[/facts]", "[/skipped]", "[/noted]", "[/failed]"):
        assert words in printed
    (tmp_path / "[" / "x]").mkdir(parents=True)
    (tmp_path / "[" / "x]" / "mine").touch()
    assert demo.play(mini_day(), tmp_path / "[" / "x]") == 1


def test_a_folder_that_no_day_made_is_never_deleted(tmp_path, report):
    mine = tmp_path / "photos"
    mine.mkdir()
    (mine / "one.jpg").write_bytes(b"1")
    assert demo.play(mini_day(), mine) == 1
    assert (mine / "one.jpg").read_bytes() == b"1"
    with pytest.raises(nodes.FolderError, match="nothing was deleted"):
        nodes.fresh(mine)
    link = tmp_path / "link"
    link.symlink_to(mine)
    with pytest.raises(nodes.FolderError):
        nodes.fresh(link)
    assert [path.name for path in mine.iterdir()] == ["one.jpg"]


def test_a_folder_that_a_day_made_is_made_anew(tmp_path):
    nodes.fresh(tmp_path / "day")
    (tmp_path / "day" / "old").write_bytes(b"1")
    nodes.fresh(tmp_path / "day")
    assert [path.name for path in (tmp_path / "day").iterdir()] == [nodes.MADE_HERE]


def test_a_step_that_hangs_fails_everywhere(report, monkeypatch):
    monkeypatch.setattr("demo.report.LIMIT_SECONDS", 0.01)
    with report.step("0", Message("step")):
        pass
    assert report.ok
    with report.step("1", Message("step")):
        time.sleep(0.02)
    assert not report.ok


def test_a_room_closed_with_an_act_that_nothing_needed_is_a_disagreement(tmp_path):
    plan = demo_day()
    tables = desks(plan, tmp_path)
    tables[1].closed_with_act.append("0202")
    assert evaluation.needless_acts(plan.faults, tables) == []
    tables[0].closed_with_act.append("0103")
    assert evaluation.needless_acts(plan.faults, tables) == ["0001/0103 was closed with an act"]
    tables[1].closed_with_act.clear()
    assert len(evaluation.needless_acts(plan.faults, tables)) == 2


def test_a_doubted_card_that_is_right_is_an_alarm(tmp_path):
    plan = demo_day()
    tables = desks(plan, tmp_path)
    tables[0].seen.append(Seen("0001", "0101", "balance", "", "", "баланс не сходится"))
    assert len(evaluation.false_alarms(plan.faults, tables)) == 1
