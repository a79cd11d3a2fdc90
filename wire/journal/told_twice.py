"""What the open entries of a journal tell twice, or tell of what cannot be: judged without any key and any registry.

Equal ordinals would fall together when the numbers are opened, and the sheets of one of them would never be missed.
"""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Protocol

from wire import canonical, filenames
from wire.errors import FieldError
from wire.messages import Message

_SPOKEN = frozenset({"participant_seated", "answer_started", "answer_finished", "answer_failed"})
_PRINTED = frozenset({"set_printed", "set_reprinted"})
_GONE = frozenset({"set_spoiled", "set_unused"})
#: After these the station knows nothing of an answer that it had begun: the power may have gone.
_BEGUN_ANEW = frozenset({"software_started", "log_recovered", "journal_reopened", "station_replaced"})
#: What is done on the day of the exam alone; preparation is written down days before.
_EXAM = frozenset({"exam_started", "participant_seated", "answer_started", "answer_finished"}) | _PRINTED
#: The events that are looked at: a journal of 50,000 entries must be read in under a second.
EVENTS = _SPOKEN | _PRINTED | _GONE | _BEGUN_ANEW | _EXAM
#: How the fields of these problems begin; they keep a journal in quarantine.
FIELD = "told."
#: A clock that shows another zone of the country errs by less, and changes nothing: that is remarked upon. By more
#: than this the entries are of another day.
CLOCKS_APART = dt.timedelta(hours=12)
#: The exam of a day has no longer answer.
_LONGEST = 24 * 60 * 60
#: The name of a recording as our stations give it: room, place, set. Other makers' names say nothing.
_RECORDING = re.compile(r"([0-9]{4})_([0-9]{1,4})_([0-9]{1,6})\.[A-Za-z0-9]{1,4}", re.ASCII)

_LISTEN = Message("listen to the recording and find out whose it is")


class HeaderLike(Protocol):
    """What the first line of a journal says of its station."""

    @property
    def kind(self) -> str:
        """Kind of the journal."""

    @property
    def room(self) -> str | None:
        """Number of its room; None, or 0000, for none."""

    @property
    def station(self) -> str:
        """Its number; of a voice station the last part is its place."""


class Statements:
    """Hears the entries of one journal in their order."""

    def __init__(self, header: HeaderLike) -> None:
        self.problems: list[FieldError] = []
        #: When the first and the last entry of the exam itself were written.
        self.exam: tuple[dt.datetime, dt.datetime] | None = None
        self._scans = header.kind == "scan"
        self._room = None if header.room in (None, "", "0000", "HQ") else header.room
        self._place = header.station.rpartition("-")[2]
        self._printed: set[int] = set()
        self._seats: dict[int, tuple[int, str]] = {}
        self._gone: set[int] = set()
        self._seated: set[int] = set()
        self._speaking: dict[str, int] = {}
        self._files: dict[str, int] = {}
        self._answers: dict[int, str] = {}

    def hear(self, number: int, event: str, data: Mapping[str, Any], at: dt.datetime) -> None:
        """Hear one entry; what is not of its type is told of elsewhere.

        Args:
            number: Its number in the journal.
            event: One of `EVENTS`.
            data: What it says.
            at: When it was written.
        """
        if event in _EXAM and not self._scans:
            first, last = self.exam or (at, at)
            self.exam = (min(first, at), max(last, at))
        if event in _BEGUN_ANEW:
            self._speaking.clear()
        ordinal = data.get("set")
        if type(ordinal) is not int:
            return
        if event in _PRINTED:
            self._print(number, ordinal, data)
        elif event in _GONE:
            self._gone.add(ordinal)
        elif event in _SPOKEN:
            self._speak(number, event, ordinal, data)

    def went_back(self, number: int, at: dt.datetime, latest: dt.datetime) -> bool:
        """Hear that an entry is older than the one before it; return whether that may be another day."""
        if latest - at <= CLOCKS_APART:
            return False
        hours = int((latest - at).total_seconds() // 3600)
        text = Message("the clock went back by {hours} h: compare the station's clock with its entries", hours=hours)
        self._say(number, "clock", canonical.stamp(at), text)
        return True

    def finish(self) -> None:
        """Hear that there are no more entries: a set that was printed for somebody's seat may be spoiled later."""
        owners: dict[str, int] = {}
        for ordinal, (number, seat) in self._seats.items():
            if ordinal in self._gone:
                continue
            other = owners.setdefault(filenames.folded(seat.strip()), ordinal)
            if other != ordinal:
                text = Message(
                    "seat {seat} is named for sets no. {other} and {set}, and neither is spoiled or unused;"
                    " find out which was given out",
                    seat=seat[:20],
                    other=other,
                    set=ordinal,
                )
                self._say(number, "seat", seat[:20], text)

    def _print(self, number: int, ordinal: int, data: Mapping[str, Any]) -> None:
        if ordinal in self._printed:
            self._say(number, "set", str(ordinal), Message("set no. {set} is told of twice as printed", set=ordinal))
        self._printed.add(ordinal)
        seat, replaced = data.get("seat"), data.get("instead_of")
        if type(seat) is str and seat.strip():
            self._seats[ordinal] = (number, seat)
        if type(replaced) is int:
            self._gone.add(replaced)

    def _speak(self, number: int, event: str, ordinal: int, data: Mapping[str, Any]) -> None:
        place = data.get("place")
        where = str(place) if type(place) is int else self._place
        if event in ("participant_seated", "answer_started"):
            other = self._speaking.get(where, ordinal)
            if other != ordinal:
                text = Message(
                    "set no. {set} is at place {place} while the answer of set no. {other} goes on there;"
                    " find out by the seating who answered",
                    set=ordinal,
                    place=where,
                    other=other,
                )
                self._say(number, "place", where, text)
        if event == "participant_seated":
            if ordinal in self._seated:
                text = Message("the participant of set no. {set} is seated twice", set=ordinal)
                self._say(number, "participant", str(ordinal), text)
            self._seated.add(ordinal)
        elif event == "answer_started":
            self._speaking[where] = ordinal
        else:
            self._speaking = {place: each for place, each in self._speaking.items() if each != ordinal}
        if event == "answer_failed":
            # Whoever's answer failed may sit down and answer once more.
            self._seated.discard(ordinal)
            self._answers.pop(ordinal, None)
        elif event == "answer_finished":
            self._answer(number, ordinal, data.get("file_name"))
            self._name(number, ordinal, where, data.get("file_name"))
            self._length(number, data.get("seconds"))

    def _answer(self, number: int, ordinal: int, name: object) -> None:
        if type(name) is not str:
            return
        if not filenames.is_plain(name) or "/" in name:
            self._say(number, "file", name[:80], Message("“{name}” is no plain name of a file", name=name[:80]))
        other = self._files.setdefault(filenames.folded(name), ordinal)
        if other != ordinal:
            text = Message(
                "the file “{name}” is named for sets no. {set} and {other}", name=name, set=ordinal, other=other
            )
            self._say(number, "file", name[:80], text)
        earlier = self._answers.setdefault(ordinal, name)
        if earlier != name:
            text = Message(
                "two files are named for set no. {set}: “{earlier}” and “{name}”",
                set=ordinal,
                earlier=earlier,
                name=name,
            )
            self._say(number, "answer", str(ordinal), text)

    def _name(self, number: int, ordinal: int, place: str, name: object) -> None:
        """Hold the parts of a recording's name against its entry: they would send the answer to somebody else."""
        said = _RECORDING.fullmatch(name) if type(name) is str else None
        if said is None:
            return
        room, *rest = said.groups()
        if self._room not in (None, room):
            text = Message(
                "the file “{name}” is of another room: the journal is of {room}; {cure}",
                name=name,
                room=self._room,
                cure=_LISTEN,
            )
            self._say(number, "file.room", room, text)
        if place.isdecimal() and int(rest[0]) != int(place):
            text = Message(
                "the file “{name}” is of another place: the entry is of {place}; {cure}",
                name=name,
                place=place,
                cure=_LISTEN,
            )
            self._say(number, "file.place", rest[0], text)
        if int(rest[1]) != ordinal:
            text = Message(
                "the file “{name}” is of another set: the entry is of no. {set}; {cure}",
                name=name,
                set=ordinal,
                cure=_LISTEN,
            )
            self._say(number, "file.set", rest[1], text)

    def _length(self, number: int, seconds: object) -> None:
        if type(seconds) in (int, float) and not 0 <= seconds <= _LONGEST:  # type: ignore[operator]
            text = Message("a recording cannot be {seconds} s long; {cure}", seconds=f"{seconds:.0f}", cure=_LISTEN)
            self._say(number, "seconds", str(seconds)[:40], text)

    def _say(self, number: int, field: str, found: str, text: Message) -> None:
        self.problems.append(
            FieldError(FIELD + field, found, "", Message("entry {number}: {problem}", number=number, problem=text))
        )
