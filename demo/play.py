"""The demo: the whole day headless, with proofs; and the same day left open in the browser."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.markup import escape

from demo import artefacts, evaluation, forgeries, harness, leaks, proofs, steps
from demo.harness import Harness
from demo.nodes import FolderError
from demo.recognised import Desk
from demo.report import DemoReport, DemoStep
from demo.scenes import SCENES
from demo.words import word
from drawing.plan import RESCAN, DayPlan
from wire.messages import Message


@dataclass
class Played:
    """What the steps of a day leave for each other."""

    stage: Harness
    gate: dict[str, str] = field(default_factory=dict)
    desks: list[Desk] = field(default_factory=list)


def _prepare(played: Played, step: DemoStep) -> None:
    on = played.stage
    harness.start(on)
    step.facts.append(f"HQ uid {on.hq.runner.uid if on.hq.runner.uid is not None else os.geteuid()}")
    harness.found_centre(on)
    requests = harness.make_keys(on)
    archive = harness.identify_hq(on)
    harness.sign_and_pack(on, requests, archive)
    harness.take_packages(on)
    harness.export_pki(on)
    step.facts.append(f"{len(requests)} CSR, {len(on.packages)} packages")


def _finished(played: Played, step: DemoStep) -> None:
    played.gate = steps.finished(played.stage, step)


def _activate(played: Played, step: DemoStep) -> None:
    played.desks = steps.activate(played.stage, step)


STEPS: tuple[tuple[str, Message, Callable[[Played, DemoStep], None]], ...] = (
    ("0", Message("Nodes, keys, exam packages"), _prepare),
    (
        "1",
        Message("Print stations form END_PRINT"),
        lambda on, step: steps.print_journals(on.stage, step),
    ),
    (
        "2",
        Message("Voice stations form END_VOICE"),
        lambda on, step: steps.voice_journals(on.stage, step),
    ),
    ("3", Message("Exams finished: journals, act, receipt"), _finished),
    ("4", Message("Access key loaded and activated"), _activate),
    (
        "5",
        Message("Scanning, reconciling, sending the answer forms"),
        lambda on, step: steps.scan(on.stage, on.desks, step),
    ),
    ("6", Message("The centre: confirmed"), lambda on, step: steps.acknowledged(on.stage, on.desks, step)),
    (
        "6+",
        Message("The centre's feed: a rescan, an undone status"),
        lambda on, step: steps.feed_back(on.stage, on.desks, step),
    ),
    (
        "7",
        Message("Scanning stations form END_SCAN"),
        lambda on, step: steps.scan_journals(on.stage, on.desks, step),
    ),
    (
        "8",
        Message("Answer forms transferred"),
        lambda on, step: steps.transferred(on.stage, on.desks, step),
    ),
)


def wanted_steps(plan: DayPlan) -> list[str]:
    """Return the steps that a played day must show, in their order: one that was left out is not a step that held."""
    again = any(scan.note == RESCAN for point in plan.points for scan in point.scans)
    bad = [scene_id for scene_id, _title, _action in SCENES] if plan.crowd else []
    return [*"0123456", *(["6+"] if again else []), "7", "8", *bad, *"✓✓✓✓✓✓✓"]


def complete(report: DemoReport, plan: DayPlan) -> bool:
    """Return whether every step was played and every planted fault was judged, once each."""
    lost = [each.id for each in plan.faults if [fault.id for fault in report.faults].count(each.id) != 1]
    played = [step.id for step in report.steps]
    return played == wanted_steps(plan) and not lost


def play_steps(played: Played) -> None:
    """Play the steps of the day; the first that does not hold ends it."""
    for step_id, title, action in STEPS:
        if step_id == "6+" and not any(each.row.note == RESCAN for each in played.stage.placed):
            continue
        with played.stage.report.step(step_id, title) as step:
            action(played, step)
    for scene_id, title, scene in SCENES if played.stage.plan.crowd else ():
        with played.stage.report.step(scene_id, title) as step:
            scene(played.stage, step)


def evaluate_day(played: Played, step: DemoStep) -> None:
    """Compare the system's conclusions with the truth."""
    on = played.stage
    evaluation.evaluate(on.report, on.plan.faults, played.desks, played.gate)
    wrong = [line for desk in played.desks for line in evaluation.disagreements(desk)]
    wrong += evaluation.false_alarms(on.plan.faults, played.desks)
    wrong += evaluation.needless_acts(on.plan.faults, played.desks)
    found = sum(fault.found for fault in on.report.faults)
    step.facts.append(f"{found}/{len(on.plan.faults)} faults, {sum(each.fed for each in played.desks)} sheets")
    if wrong:
        step.problem = f"{len(wrong)} disagreements with truth.csv: " + "; ".join(wrong[:8])


def play(plan: DayPlan, folder: Path) -> int:
    """Play a day headless, prove it, print the tables; return the exit code."""
    report = DemoReport()
    heading = word(Message("Exam day"))
    report.console.print(f"[bold]{heading}[/] {plan.date:%d.%m.%Y}, {escape(str(folder))}")
    _end_by_signal()
    try:
        on = harness.build(plan, folder, report)
    except FolderError as error:
        report.console.print(f"[red]{escape(str(error))}[/]")
        return 1
    played = Played(on)
    try:
        play_steps(played)
        with report.step("✓", Message("Agreement with truth.csv")) as step:
            evaluate_day(played, step)
        with report.step("✓", Message("RCOI reports, packets, receipts")) as step:
            proofs.collect(on, step)
        with report.step("✓", Message("Proofs with public tools")) as step:
            proofs.public_tools(on, step)
        with report.step("✓", Message("Proofs with ppe-station verify")) as step:
            artefacts.verify(on, step)
        with report.step("✓", Message("Forgeries are refused")) as step:
            forgeries.bring(on, step)
        with report.step("✓", Message("No key, password, PIN lies open")) as step:
            leaks.nothing_lies_open(on, step)
        with report.step("✓", Message("The event logs of both nodes are whole")) as step:
            proofs.event_logs(on, step)
    except Exception as error:
        report.console.print(f"[red]{type(error).__name__}[/]: " + word(Message("the day stopped")))
    finally:
        on.close()
    if report.held and not complete(report, plan):
        report.fail(word(Message("not every step was played")))
    report.hold_time()
    report.table()
    report.write(folder / "report.json", seed=plan.seed, date=plan.date.isoformat())
    report.console.print(word(Message("Report:")) + " " + escape(str(folder / "report.json")))
    return report.code


def _end_by_signal() -> None:
    """Let a TERM end the day as Ctrl-C does: both nodes are stopped."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


def serve(plan: DayPlan, folder: Path, ports: tuple[int, int] = (8000, 8001)) -> int:
    """Play a day and leave both nodes open in the browser until Ctrl-C."""
    report = DemoReport()
    try:
        on = harness.build(plan, folder, report, ports=ports)
    except FolderError as error:
        report.console.print(f"[red]{escape(str(error))}[/]")
        return 1
    _end_by_signal()
    try:
        play_steps(Played(on))
        show_logins(on)
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        return 0
    except Exception as error:
        report.console.print(f"[red]{type(error).__name__}[/]: {escape(str(error))}")
        return 1
    finally:
        on.close()


def show_logins(on: Harness) -> None:
    """Print where the nodes are and how to enter them."""
    console = on.report.console
    point, centre = word(Message("Exam point")), word(Message("RCOI"))
    console.print(f"\n{point}: {on.hq.url}/    {centre}: {on.rcoi.url}/")
    for username, (login, person) in on.logins.items():
        node = "RCOI" if person in on.plan.staff else "HQ"
        console.print(
            f"  {node:5} {username:10} {login.password:18} {person.full_name} ({person.role})",
            markup=False,
            soft_wrap=True,
        )
    label = word(Message("token"))
    for code, token in on.tokens.items():
        console.print(f"  {label} {code}: {token.path.name}  PIN {token.pin}", markup=False)
    console.print(word(Message("Ctrl-C stops")))
