"""What the demo says and what its people type: English in the source, Russian in the catalogue beside it."""

import gettext
import os
from pathlib import Path

from wire.messages import Message

RUSSIAN = os.environ.get("LANG", "").startswith("ru")
_CATALOGUE = gettext.translation("django", Path(__file__).parent / "locale", languages=["ru"])


def russian(message: Message) -> str:
    """Return the sentence as the people of the played day read and type it."""
    return _filled(_CATALOGUE.gettext(message.text), message)


def word(message: Message) -> str:
    """Return the sentence in the language of the terminal."""
    return russian(message) if RUSSIAN else _filled(message.text, message)


def _filled(text: str, message: Message) -> str:
    return text.format_map(message.params) if message.params else text
