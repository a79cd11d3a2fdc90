"""The lines of a print journal as long as is wanted, and signed."""

import datetime as dt

from tests.support.pki import header, the_fixtures
from wire import journal

START = dt.datetime(2026, 5, 29, 6, 0, tzinfo=dt.UTC)


def build(count: int, **changes: object) -> bytes:
    """The lines of a closed print journal with `count` printed sets."""
    line = journal.header_line(header(**changes))
    lines = [line]
    for number in range(count):
        at = START + dt.timedelta(seconds=number)
        data = {"set": number}
        entry = journal.Entry(number + 1, at, "set_printed", "success", "p-001", data, journal.line_hash(line))
        line = journal.make_line(entry)
        lines.append(line)
    closing = journal.next_entry(line, "journal_closed", kind="print", at=START + dt.timedelta(days=1))
    return journal.join([*lines, journal.make_line(closing)])


def signed(lines: bytes, name: str = "print") -> bytes:
    return journal.sign_lines(lines, the_fixtures().signer(name))
