"""Stations that keep journals, in this process."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.keys import Keys
from wire import forms, journal, names
from wire.journal import FormSet, Header
from wire.journal import name as journal_name
from wire.subjects import form_set

_serial = iter(range(1000, 10**9))


def sets(count: int, *, spoiled: Sequence[int] = (), unused: Sequence[int] = (), subject: str = "01") -> list[FormSet]:
    """Return freshly numbered sets of forms."""
    return [
        FormSet(
            ordinal,
            ordinal in spoiled,
            ordinal in unused,
            {kind: forms.make_number(kind, next(_serial)) for kind in form_set(subject)},
        )
        for ordinal in range(1, count + 1)
    ]


class JournalStation:
    """A station with its local log."""

    def __init__(self, keys: Keys, kind: str, number: str, *, room: str | None, **header: Any) -> None:
        day = keys.day
        self.keys, self.kind, self.number = keys, kind, number
        values: dict[str, Any] = {
            "kind": kind,
            "mode": day.sitting.mode,
            "region": "78",
            "point": day.point.code,
            "room": room,
            "sitting": day.key,
            "subject": day.sitting.subject.code,
            "station": number,
            "serial": f"SN-{kind}-{number}",
            "software": "ppe-station 1",
            "opened_at": _tick(0),
            "duty": "main",
        }
        self.header = Header(**{**values, **header})
        self.lines = [journal.header_line(self.header)]
        self.ticks = 0

    def add(self, event: str, **data: Any) -> "JournalStation":
        """Append an entry."""
        self.ticks += 1
        entry = journal.next_entry(self.lines[-1], event, kind=self.kind, data=data, at=_tick(self.ticks))
        self.lines.append(journal.make_line(entry))
        return self

    def seal(self, made: Iterable[FormSet]) -> "JournalStation":
        """Append the numbers of forms, sealed to every access key made so far."""
        data = journal.seal_forms(list(made), recipients=self.keys.access_certificates())
        return self.add("forms_sealed", **data)

    def close(self, *, signer: str | None = "") -> bytes:
        """Close and sign; ``signer=None`` leaves it unsigned."""
        self.add("journal_closed")
        return self.signed(signer=signer)

    def signed(self, *, signer: str | None = "") -> bytes:
        """Sign what is there."""
        blob = journal.join(self.lines)
        if signer is None:
            return blob
        return journal.sign_lines(blob, self.keys.signer(signer or f"{self.kind}-{journal.station_ident(self.header)}"))

    @property
    def name(self) -> str:
        """The official name."""
        return names.write(journal_name.name_of(self.header))


_START = datetime.now(UTC) - timedelta(hours=6)


def _tick(number: int) -> datetime:
    return _START + timedelta(seconds=number)


def print_station(keys: Keys, number: str = "0001", *, room: str | None = "0101", **header: Any) -> JournalStation:
    """Return a print station in the middle of its day."""
    return (
        JournalStation(keys, "print", number, room=room, **header)
        .add("software_started", version="1")
        .add("exam_started")
    )
