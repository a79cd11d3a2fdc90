"""What becomes of a file at the door."""

from dataclasses import dataclass

from journals.models import Journal
from journals.reading import ParsedJournal
from wire.errors import PpeError


@dataclass(frozen=True)
class Verdict:
    """What became of one file.

    Attributes:
        state: ``accepted``, ``quarantined``, ``refused``, ``superseded`` (a journal of that state), or ``refused``
            without a journal when the file was turned away.
        line: The verdict in one line, for a person.
        journal: The row; None when the file was turned away.
        repeated: The same bytes or entries were here before.
        refusal: Why it was turned away.
    """

    state: str
    line: str
    journal: Journal | None
    repeated: bool = False
    refusal: PpeError | None = None


@dataclass(frozen=True)
class Pending:
    """A journal that was read and judged, and is not stored yet."""

    row: Journal
    found: ParsedJournal
    data: bytes
