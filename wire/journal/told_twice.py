"""What the open entries of a journal tell twice, or tell of what cannot be: judged without any key.

Equal ordinals would fall together when the numbers are opened, and the sheets of one of them would never be missed.
"""

from collections.abc import Mapping
from typing import Any

from wire import filenames
from wire.errors import FieldError
from wire.messages import Message

#: The events that are looked at: a journal of 50,000 entries must be read in under a second.
EVENTS = frozenset(
    {"set_printed", "set_reprinted", "participant_seated", "answer_finished", "answer_failed", "answer_started"}
)
#: How the fields of these problems begin; they keep a journal in quarantine.
FIELD = "told."


class Statements:
    """Hears the entries of one journal in their order."""

    def __init__(self) -> None:
        self.problems: list[FieldError] = []
        self._printed: set[int] = set()
        self._seated: set[int] = set()
        self._files: dict[str, int] = {}
        self._answers: dict[int, str] = {}

    def hear(self, number: int, event: str, data: Mapping[str, Any]) -> None:
        """Hear one entry; what is not of its type is told of elsewhere.

        Args:
            number: Its number in the journal.
            event: One of `EVENTS`.
            data: What it says.
        """
        ordinal = data.get("set")
        if type(ordinal) is not int:
            return
        if event in ("set_printed", "set_reprinted"):
            if ordinal in self._printed:
                self._say(
                    number, "set", str(ordinal), Message("set no. {set} is told of twice as printed", set=ordinal)
                )
            self._printed.add(ordinal)
        elif event == "participant_seated":
            if ordinal in self._seated:
                text = Message("the participant of set no. {set} is seated twice", set=ordinal)
                self._say(number, "participant", str(ordinal), text)
            self._seated.add(ordinal)
        elif event == "answer_failed":
            # Whoever's answer failed may sit down and answer once more.
            self._seated.discard(ordinal)
            self._answers.pop(ordinal, None)
        elif event == "answer_finished":
            self._answer(number, ordinal, data.get("file_name"))

    def _answer(self, number: int, ordinal: int, name: object) -> None:
        if type(name) is not str:
            return
        if not filenames.is_plain(name) or "/" in name:
            self._say(number, "file", name[:80], Message("“{name}” is no plain name of a file", name=name[:80]))
        other = self._files.setdefault(name.casefold(), ordinal)
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

    def _say(self, number: int, field: str, found: str, text: Message) -> None:
        self.problems.append(
            FieldError(FIELD + field, found, "", Message("entry {number}: {problem}", number=number, problem=text))
        )
