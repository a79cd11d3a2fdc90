"""What the counts of a packet count: files by kind, and sheets by form."""

from wire.forms import CATALOGUE
from wire.messages import Message

#: Kind of file → its key among the counts.
COUNTED = {"sheet": "sheets", "form": "forms", "recording": "recordings", "journal": "journals", "act": "acts"}
COUNTED_FILES = tuple(COUNTED.values())
KNOWN = frozenset({*COUNTED_FILES, *CATALOGUE})
_WORDS = {
    "sheets": Message("number of sheets"),
    "forms": Message("number of forms"),
    "recordings": Message("number of recordings"),
    "journals": Message("number of journals"),
    "acts": Message("number of acts"),
}


def counted_in(key: str) -> Message:
    """Return what a key of the counts counts."""
    return _WORDS[key] if key in _WORDS else CATALOGUE[key].title
