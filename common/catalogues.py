"""Whether a catalogue says everything that its source asks for: signed papers depend on it."""

import ast
import gettext
import re
from pathlib import Path

_FIELD = re.compile(r'^(msg\w+)(?:\[\d\])? "(.*)"$', re.MULTILINE)


def lacking(folder: Path, language: str = "ru") -> list[str]:
    """Return the sentences that a catalogue cannot say; a missing catalogue cannot say its own name.

    Args:
        folder: A folder of catalogues, as in `LOCALE_PATHS`.
        language: The language.
    """
    source = folder / language / "LC_MESSAGES" / "django.po"
    try:
        blocks = source.read_text("utf-8").replace('"\n"', "").strip().split("\n\n")[1:]
        with source.with_suffix(".mo").open("rb") as compiled:
            said = gettext.GNUTranslations(compiled)
    except OSError as error:
        return [str(error)]
    return [sentence for block in blocks if (sentence := _unsaid(block, said))]


def _unsaid(block: str, said: gettext.GNUTranslations) -> str:
    fields: list[tuple[str, str]] = [(name, ast.literal_eval(f'"{value}"')) for name, value in _FIELD.findall(block)]
    named = dict(reversed(fields))  # of several plural forms the first
    sentence = named["msgid"]
    if not all(value for name, value in fields if name == "msgstr"):
        return sentence
    if "msgid_plural" in named:
        spoken = said.ngettext(sentence, named["msgid_plural"], 1)
    elif "msgctxt" in named:
        spoken = said.pgettext(named["msgctxt"], sentence)
    else:
        spoken = said.gettext(sentence)
    return "" if spoken == named["msgstr"] else sentence
