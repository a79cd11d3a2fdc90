"""A journal's name beside its content: the name it should have, and every field in which the two differ."""

import datetime as dt
from collections.abc import Mapping

from wire.errors import FieldError
from wire.journal.lines import Header
from wire.messages import Message
from wire.names import JournalName
from wire.subjects import SUBJECT_NAMES

_WORDS = {
    "kind": Message("kind of journal"),
    "region": Message("region"),
    "point": Message("point"),
    "date": Message("date"),
    "subject": Message("subject"),
    "room": Message("room number"),
    "station": Message("station number"),
}
NO_ROOM = "0000"


def name_of(header: Header, *, subjects: Mapping[str, str] | None = None) -> JournalName:
    """The values of the name that a journal should have. A station that never had a room stands in room 0000."""
    known = SUBJECT_NAMES if subjects is None else subjects
    day = header.sitting.split("-")[2]
    return JournalName(
        kind=header.kind,
        region=header.region,
        point=header.point,
        date=dt.date(2000 + int(day[4:]), int(day[2:4]), int(day[:2])),
        subject=header.subject,
        subject_name=known.get(header.subject, header.subject),
        room=None if header.kind == "scan" else header.room or NO_ROOM,
        station=header.station.rpartition("-")[2] if header.kind == "voice" else header.station,
    )


def compare(name: JournalName, header: Header) -> tuple[FieldError, ...]:
    """Every field in which a name and the content of its file differ; numbers are compared as numbers."""
    inside = name_of(header, subjects={header.subject: name.subject_name})
    parts = []
    for field, message in _WORDS.items():
        outer, inner = _shown(name, field), _shown(inside, field)
        if outer != inner and not (field == "station" and outer.lstrip("0") == inner.lstrip("0")):
            parts.append(
                FieldError(
                    field,
                    outer,
                    inner,
                    Message(
                        "{label}: the name says {outer}, the journal {inner}",
                        label=message,
                        outer=outer or "—",
                        inner=inner or "—",
                    ),
                )
            )
    return tuple(parts)


def _shown(name: JournalName, field: str) -> str:
    value = getattr(name, field)
    return "" if value is None else str(value)
