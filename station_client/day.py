"""The day of a print or voice station, written into its log as it goes."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from station_client.home import StationHome, open_log, refuse
from wire import VERSION, canonical, durable
from wire.errors import PpeError
from wire.forms import check_number
from wire.journal import FormSet, Header, JournalLog, seal_forms
from wire.journal.events import EVENTS, check
from wire.journal.name import NO_ROOM
from wire.messages import Message

SOFTWARE = f"ppe-station {VERSION}"


def start(station: StationHome, *, subject: str, day: date, room: str | None, person: str | None, duty: str) -> Path:
    """Begin the log of one sitting, or go on with it.

    Raises:
        PpeError: no package, no such sitting, or a broken log.
    """
    exam = station.exam()
    sitting = f"{station.region}-{station.point}-{day:%d%m%y}-{subject}"
    _check_sitting(exam.registry, station, subject, day)
    place = room or (station.number.partition("-")[0] if station.kind == "voice" else NO_ROOM)
    path = station.log_path(sitting, place if station.kind != "scan" else None)
    if path.exists():
        open_log(path).release()
        return path
    header = Header(
        kind=station.kind,
        mode=exam.header["mode"],
        region=station.region,
        point=station.point,
        room=None if station.kind == "scan" else place,
        sitting=sitting,
        subject=subject,
        station=station.number,
        serial=station.serial,
        software=SOFTWARE,
        opened_at=datetime.now(UTC),
        duty=duty,
    )
    with JournalLog.create(path, header) as log:
        log.append("software_started", data={"version": VERSION})
        log.append("package_loaded", data={"sha256": station.package_sha256, "version": exam.header["version"]})
        log.append("readiness_checked", person=person, data={"check": "start", "result": "ok"})
        log.append("exam_started", person=person)
    return path


def _check_sitting(registry: Mapping[str, Any], station: StationHome, subject: str, day: date) -> None:
    for point in registry["points"]:
        for sitting in point["sittings"]:
            if (point["code"], sitting["subject"], sitting["date"]) == (station.point, subject, day.isoformat()):
                return
    raise refuse(
        Message(
            "The package has no exam of subject {subject} on {day}.",
            subject=subject,
            day=f"{day:%d.%m.%Y}",
        ),
    )


def event(path: Path, name: str, *, data: Mapping[str, Any], person: str | None, success: bool) -> None:
    """Write one entry."""
    with open_log(path) as log:
        log.append(name, person=person, disposition="success" if success else "failure", data=data)


def record_entries(path: Path, rows: Sequence[Mapping[str, Any]], *, person: str | None) -> int:
    """Record entries that another maker's station keeps in its own way: `[{event, data, person, failure}]`.

    Raises:
        StationError: a row is not in the format; nothing of the file is written.
        EventError: an entry does not agree with the catalogue; nothing of the file is written.
    """
    with open_log(path) as log:
        found = [_entry_row(row, log.header.kind) for row in rows]
        for name, data, who, success in found:
            log.append(name, person=who or person, disposition="success" if success else "failure", data=data)
    return len(found)


def _entry_row(row: Mapping[str, Any], kind: str) -> tuple[str, dict[str, Any], str | None, bool]:
    unknown = row.keys() - {"event", "data", "person", "failure"}
    match row:
        case {"event": str() as name} if not unknown:
            data, who, failure = row.get("data", {}), row.get("person"), row.get("failure", False)
            if isinstance(data, dict) and (who is None or isinstance(who, str)) and isinstance(failure, bool):
                check(kind, name, "failure" if failure else "success", data)
                return name, data, who, not failure
    raise _bad_row(row)


def parse_data(name: str, pairs: Iterable[str]) -> dict[str, Any]:
    """`key=value` pairs as the data of an event: numbers where the catalogue wants numbers.

    Raises:
        StationError: a pair without `=`, or a value that is not of its field's type.
    """
    kinds = {**EVENTS[name].required, **EVENTS[name].optional} if name in EVENTS else {}
    data: dict[str, Any] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator:
            raise refuse(Message("Expected key=value, not “{pair}”.", pair=pair))
        kind = kinds.get(key, "text")
        if kind in ("text", "sha256", "room", "base64", "uid"):
            data[key] = value
            continue
        try:
            data[key] = json.loads(value)
        except ValueError as error:
            raise refuse(Message("Field {key}: bad value “{value}”.", key=key, value=value)) from error
    return data


def record_sets(station: StationHome, path: Path, rows: Sequence[Mapping[str, Any]], *, person: str | None) -> int:
    """Record printed sets and seal their numbers to the access keys of the sitting.

    Raises:
        StationError: a row is not in the format; nothing of the file is written.
    """
    sets = [form_set(row) for row in rows]
    _once([row.ordinal for row in sets], [number for row in sets for number in row.sheets.values()])
    with open_log(path) as log:
        recipients = station.access_certificates(log.header.sitting)
        _need_recipients(recipients)
        log.append("sets_planned", person=person, data={"count": len(sets)})
        log.append("printing_started", person=person, data={"count": len(sets)})
        for row in sets:
            log.append("set_printed", person=person, data={"set": row.ordinal})
            if row.spoiled:
                log.append("set_spoiled", person=person, data={"set": row.ordinal, "reason": "spoiled"})
            if row.unused:
                log.append("set_unused", person=person, data={"set": row.ordinal})
        spoiled, unused = sum(row.spoiled for row in sets), sum(row.unused for row in sets)
        counts = {"printed": len(sets), "spoiled": spoiled, "unused": unused}
        log.append("printing_finished", person=person, data=counts)
        log.append("forms_sealed", data=seal_forms(sets, recipients=recipients))
    return len(sets)


def record_answers(station: StationHome, path: Path, rows: Sequence[Mapping[str, Any]], *, person: str | None) -> int:
    """Record answers of a voice station and seal the registration numbers to the access keys of the sitting.

    Raises:
        StationError: a row is not in the format; nothing of the file is written.
        EventError: an answer does not agree with the catalogue; nothing of the file is written.
    """
    answers = [_answer(row) for row in rows]
    sets = [each for each, _data in answers]
    _once([each.ordinal for each in sets], [each.sheets["R"] for each in sets])
    with open_log(path) as log:
        recipients = station.access_certificates(log.header.sitting)
        _need_recipients(recipients)
        for _set, finished in answers:
            seat = {"set": finished["set"], "place": finished["place"]}
            log.append("participant_seated", person=person, data=seat)
            log.append("answer_started", data=seat)
            log.append("answer_finished", data=finished)
        log.append("audio_exported", person=person, data={"files": len(rows)})
        log.append("forms_sealed", data=seal_forms(sets, recipients=recipients))
    return len(sets)


def _answer(row: Mapping[str, Any]) -> tuple[FormSet, dict[str, Any]]:
    """One row of a file of answers: the registration form, and the entry of the recording."""
    try:
        finished = {key: row[key] for key in ("set", "file_name", "seconds", "sha256")} | {"place": row.get("place", 1)}
        registration = row["registration"]
    except KeyError as error:
        raise _bad_row(row) from error
    check("voice", "answer_finished", "success", finished)
    return form_set({"set": finished["set"], "sheets": {"R": registration}}), finished


def _once(ordinals: Sequence[int], numbers: Sequence[str]) -> None:
    """Refuse a file that tells a set or a sheet twice."""
    for told in (ordinals, numbers):
        twice = [str(each) for each, count in Counter(told).items() if count > 1]
        if twice:
            listed = ", ".join(twice[:5])
            raise refuse(Message("Told twice: {listed}. Nothing is written.", listed=listed))


def _need_recipients(recipients: Sequence[object]) -> None:
    if not recipients:
        raise refuse(
            Message("The package has no access certificate of this exam: the numbers cannot be sealed."),
            remedy=Message("Take a new exam package from the centre."),
        )


def form_set(row: Mapping[str, Any]) -> FormSet:
    """One row of a file of sets.

    Raises:
        StationError: a field is missing or of a wrong type.
    """
    match row:
        case {"set": int() as ordinal, "sheets": dict() as sheets} if (
            not isinstance(ordinal, bool)
            and ordinal > 0
            and sheets
            and all(_is_number(kind, number) for kind, number in sheets.items())
            and all(isinstance(row.get(mark, False), bool) for mark in ("spoiled", "unused"))
        ):
            return FormSet(ordinal, bool(row.get("spoiled")), bool(row.get("unused")), dict(sheets))
    raise _bad_row(row)


def _is_number(kind: object, number: object) -> bool:
    """Whether this is the number of a form of that kind."""
    found = check_number(number) if isinstance(number, str) else None
    return found is not None and found.code == kind


def _bad_row(row: object) -> PpeError:
    return refuse(
        Message("A row is not in the format: {row}. Nothing is written.", row=str(row)[:200]),
    )


def read_rows(path: Path) -> list[Mapping[str, Any]]:
    """A JSON file that holds a list of objects.

    Raises:
        StationError: it does not.
    """
    try:
        rows = canonical.loads(path.read_bytes())
    except (OSError, PpeError) as error:
        why = durable.disk_refusal(error) if isinstance(error, OSError) else error
        message = why.message
        raise refuse(Message("The file {path} cannot be read. {reason}", path=path, reason=message)) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise refuse(Message("The file {path} holds no list.", path=path))
    return rows
