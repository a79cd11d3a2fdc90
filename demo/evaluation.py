"""Comparing what the system concluded with what is true: planted faults, and every single sheet."""

import re
from collections.abc import Iterable

from demo.recognised import Desk, Seen
from demo.report import DemoReport
from drawing.plan import Fault

#: How the desk calls a planted fault: kind of discrepancy or code of a finding.
SAID_AS: dict[str, tuple[str, ...]] = {
    "missing_sheet": ("missing",),
    "foreign_sheet": ("foreign",),
    "scanned_twice": ("twice",),
    "upside_down": ("upside_down",),
    "unreadable_code": ("unreadable",),
    "false_code": ("unreadable",),
    "unknown_number": ("unknown",),
    "cut_recording": ("cut",),
    "silent_recording": ("silent",),
    "card_registrations": ("balance",),
    "card_absent": ("balance",),
    "card_dbo": ("dbo",),
}


def evaluate(report: DemoReport, faults: Iterable[Fault], desks: list[Desk], gate: dict[str, str]) -> None:
    """Write down which planted faults were found."""
    seen = [each for desk in desks for each in desk.seen]
    papers = {
        (desk.point.code, each.row.file.rsplit("/", 1)[1]): each.row.number
        for desk in desks
        for each in desk.placed
        if each.row.point == desk.point.code
    }
    for fault in faults:
        if fault.kind == "journal_missing":
            words = gate.get(fault.point, "")
            report.fault(fault, found=_names(fault.number, words), said=words[:300])
            continue
        hits = [each for each in seen if _matches(fault, each, papers)]
        report.fault(fault, found=bool(hits), said="; ".join(each.text or each.kind for each in hits)[:300])


def needless_acts(faults: Iterable[Fault], desks: list[Desk]) -> list[str]:
    """Return the rooms that were closed with an act though nothing planted there stays open."""
    silent = {(fault.point, fault.room) for fault in faults if fault.kind == "silent_recording"}
    acts = {(desk.point.code, room) for desk in desks for room in desk.closed_with_act}
    return [f"{point}/{room} was closed with an act" for point, room in sorted(acts - silent)] + [
        f"{point}/{room} was closed without an act" for point, room in sorted(silent - acts)
    ]


def _names(station: str, words: str) -> bool:
    """Whether a refusal names a station as a number of its own: a date or another station's number does not do."""
    return re.search(rf"(?<![\d.]){re.escape(station)}(?!\.?\d)", words) is not None


def _matches(fault: Fault, seen: Seen, papers: dict[tuple[str, str], str]) -> bool:
    if seen.point != fault.point or seen.room != fault.room or seen.kind not in SAID_AS[fault.kind]:
        return False
    if fault.answer:
        return seen.file == fault.answer
    if fault.kind in ("unreadable_code", "false_code", "upside_down"):
        return papers.get((seen.point, seen.file)) == fault.number
    return seen.number == fault.number


def false_alarms(faults: Iterable[Fault], desks: list[Desk]) -> list[str]:
    """Return the discrepancies that nobody planted and that follow from nothing planted."""
    listed = list(faults)
    numbers = {fault.number for fault in listed}
    kinds = {kind for said in SAID_AS.values() for kind in said} - {"upside_down", "cut", "silent", "balance", "dbo"}
    alarms = []
    for desk in desks:
        papers = {each.path.name: each.row.number for each in desk.placed if each.row.point == desk.point.code}
        for seen in desk.seen:
            number = seen.number or papers.get(seen.file, "")
            if seen.kind in kinds and number not in numbers:
                alarms.append(f"{seen.point}/{seen.room} {seen.kind} {number} {seen.text}")
        planted = {fault.answer for fault in listed if fault.answer}
        alarms += [
            f"{seen.point}/{seen.room} {seen.kind} {seen.file}"
            for seen in desk.seen
            if seen.kind in ("cut", "silent") and seen.file not in planted
        ]
        doubted = {(fault.point, fault.room, kind) for fault in listed for kind in SAID_AS.get(fault.kind, ())}
        alarms += [
            f"{seen.point}/{seen.room} {seen.kind} {seen.text}"
            for seen in desk.seen
            if seen.kind in ("balance", "dbo") and (seen.point, seen.room, seen.kind) not in doubted
        ]
        upside = {fault.number for fault in listed if fault.kind == "upside_down"}
        alarms += [
            f"{seen.point}/{seen.room} upside_down {seen.file}"
            for seen in desk.seen
            if seen.kind == "upside_down" and papers.get(seen.file) not in upside
        ]
    return alarms


def disagreements(desk: Desk) -> list[str]:
    """Return every sheet about which the desk's last word is not the truth."""
    concluded = desk.conclusions()
    wrong = []
    once: dict[str, int] = {}
    for each in desk.placed:
        if each.row.point != desk.point.code:
            continue
        name, row = each.path.name, each.row
        sheet = concluded.get(name)
        if sheet is None:
            wrong.append(f"{name}: the desk does not know it")
            continue
        if sheet["number"] and sheet["number"] != row.number:
            wrong.append(f"{name}: read as {sheet['number']}, it is {row.number}")
        kept = sheet["state"] in ("accepted", "recognised")
        if kept and not sheet["number"]:
            wrong.append(f"{name}: kept without a number, it is {row.number}")
        if kept and (row.owner != sheet["room"] or not row.owner):
            wrong.append(f"{name}: kept in {sheet['room']}, belongs to {row.owner or 'nobody'}")
        once[row.number] = once.get(row.number, 0) + kept
    for number, count in once.items():
        owned = any(each.row.number == number and each.row.owner for each in desk.placed)
        if count != int(owned):
            wrong.append(f"{number}: kept {count} times")
    return wrong
