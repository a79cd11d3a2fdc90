"""Sentences for people: English in the source, Russian in the catalogues, rendered when somebody reads them.

A sentence travels as its English and what stands in its places, between processes as JSON (`Message.as_json`). Rows
still keep both wordings, which are read as `Both`.
"""

import gettext as _gettext
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

#: The catalogues of what stands apart from the portal: this package and the station's client.
LOCALES = tuple(Path(__file__).parents[1] / room / "locale" for room in ("wire", "station_client"))


@cache
def _catalogues() -> Sequence[_gettext.NullTranslations]:
    return [_gettext.translation("django", folder, languages=["ru"], fallback=True) for folder in LOCALES]


def from_catalogue(text: str, language: str) -> str:
    """Return a sentence in a language, from the catalogues beside the code; without one, as it is in the source."""
    if language.startswith("en"):
        return text
    return next((said for each in _catalogues() if (said := each.gettext(text)) != text), text)


_NO_TEXT = ""
#: How a sentence is translated, and the reader's language: the portal puts its own in their place.
translate: Callable[[str, str], str] = from_catalogue


def reader() -> str:
    """Return the reader's language; the portal puts its own answer in this place."""
    return "ru"


class Message:
    """A sentence with places: ``Message("Room {room} is closed.", room="0101")``.

    Args:
        text: The English, with ``{places}``. It is the sentence's name in the catalogues.
        params: What stands in the places: texts, numbers, other messages, or several of them (said one after another).
            Anything else is taken as the text it is now.
    """

    __slots__ = ("params", "text")

    def __init__(self, text: str, /, **params: Any) -> None:
        self.text = text
        self.params = {name: _settled(value) for name, value in params.items()}

    def render(self, language: str | None = None) -> str:
        """Return the sentence in a language; in the reader's when none is named."""
        language = language or reader()
        said = translate(self.text, language) if self.text else ""
        if not self.params:
            return said
        return said.format_map({name: _shown(value, language) for name, value in self.params.items()})

    @property
    def ru(self) -> str:
        """The sentence in Russian: what is signed and printed."""
        return self.render("ru")

    @property
    def en(self) -> str:
        """The sentence in English."""
        return self.render("en")

    def as_json(self) -> dict[str, Any]:
        """Return the sentence for another process."""
        return {"message": self.text, "params": {name: _kept(value) for name, value in self.params.items()}}

    @staticmethod
    def from_json(kept: Any) -> "Message":
        """Return a sentence as a row keeps it; a plain text, or one in two languages, is read as it stands."""
        if isinstance(kept, Mapping):
            if "message" in kept:
                params = {name: _read(value) for name, value in kept.get("params", {}).items()}
                return Message(str(kept["message"]), **params)
            return Both(str(kept.get("ru", "")), str(kept.get("en", "")))
        return Both(str(kept or ""))

    def __str__(self) -> str:
        return self.render()

    def __bool__(self) -> bool:
        return bool(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self.as_json() == other.as_json()

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.en!r})"


class Both(Message):
    """A sentence that was written in both languages at once; Russian stands for a missing English."""

    __slots__ = ()

    def __init__(self, ru: str, en: str = "") -> None:
        super().__init__(en or ru, ru=ru)

    def render(self, language: str | None = None) -> str:
        """Return the one of the two wordings."""
        return self.text if (language or reader()).startswith("en") else str(self.params["ru"]) or self.text

    def as_json(self) -> dict[str, Any]:
        """Return the two wordings."""
        return {"ru": self.params["ru"], "en": self.text}


class Several(Message):
    """Sentences said one after another."""

    __slots__ = ("each", "separator")

    def __init__(self, each: Sequence[Message], separator: str = "; ") -> None:
        super().__init__(_NO_TEXT)
        self.each, self.separator = tuple(each), separator

    def render(self, language: str | None = None) -> str:
        """Return them all."""
        language = language or reader()
        return self.separator.join(each.render(language) for each in self.each)

    def as_json(self) -> dict[str, Any]:
        """Return them in both wordings."""
        return Both(self.ru, self.en).as_json()

    def __bool__(self) -> bool:
        return bool(self.each)


def _settled(value: Any) -> Any:
    if isinstance(value, (str, int, float, Message)) or value is None:
        return value
    if isinstance(value, (list, tuple)) and all(isinstance(each, Message) for each in value):
        return Several(value)
    return str(value)


def _shown(value: Any, language: str) -> Any:
    return value.render(language) if isinstance(value, Message) else value


def _kept(value: Any) -> Any:
    return value.as_json() if isinstance(value, Message) else value


def _read(value: Any) -> Any:
    return Message.from_json(value) if isinstance(value, Mapping) else value


#: No sentence.
NOTHING = Message(_NO_TEXT)
