"""Sentences for people: English in the source, Russian in the catalogues, rendered when somebody reads them.

A sentence travels as its English and what stands in its places, between processes and in rows as JSON
(`Message.as_json`). Rows of older versions keep both wordings, which are read as `Both`.
"""

import gettext as _gettext
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from string import Formatter
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

    __slots__ = ("kept_ru", "params", "text")

    def __init__(self, text: str, /, **params: Any) -> None:
        self.text = text
        #: The Russian as it was written, of a sentence out of a row: a later catalogue may not know it any more.
        self.kept_ru = ""
        self.params = {name: _settled(value) for name, value in params.items()}

    def render(self, language: str | None = None) -> str:
        """Return the sentence in a language; in the reader's when none is named."""
        language = language or reader()
        if self.kept_ru and not language.startswith("en") and not self._sayable(language):
            return self.kept_ru
        said = translate(self.text, language) if self.text else ""
        if not self.params:
            return said
        return said.format_map({name: _shown(value, language) for name, value in self.params.items()})

    def _sayable(self, language: str) -> bool:
        """Whether the catalogue knows the sentence, and every one inside it, with the places that are filled here."""
        said = translate(self.text, language)
        places = {place[1] for place in Formatter().parse(said) if place[1]} if self.params else set()
        inside = [value for value in self.params.values() if isinstance(value, Message)]
        return said != self.text and places <= set(self.params) and all(each._sayable(language) for each in inside)

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
        if not isinstance(kept, Mapping):
            return Both(str(kept or ""))
        if "several" in kept:
            found: Message = Several([Message.from_json(each) for each in kept["several"]], str(kept["separator"]))
        elif "message" in kept:
            params = {name: _read(value) for name, value in kept.get("params", {}).items()}
            found = Message(str(kept["message"]), **params)
        else:
            return Both(str(kept.get("ru", "")), str(kept.get("en", "")))
        found.kept_ru = str(kept.get("ru", ""))
        return found

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

    def _sayable(self, language: str) -> bool:
        return True

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
        if self.kept_ru and not language.startswith("en") and not self._sayable(language):
            return self.kept_ru
        return self.separator.join(each.render(language) for each in self.each)

    def _sayable(self, language: str) -> bool:
        return all(each._sayable(language) for each in self.each)

    def as_json(self) -> dict[str, Any]:
        """Return each of them."""
        return {"several": [each.as_json() for each in self.each], "separator": self.separator}

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
