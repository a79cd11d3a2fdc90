"""Writes the journal that `verify` is measured on; a process of its own, so that its memory counts for nothing."""

import sys
from pathlib import Path

from tests.support.journal_lines import build, signed
from tests.support.pki import the_fixtures
from wire import pki

if __name__ == "__main__":
    folder, name, entries = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    (folder / name).write_bytes(signed(build(entries)))
    (folder / "ca.pem").write_text(pki.pem(the_fixtures().ca))
