"""The source is English: Russian stands in the catalogues and in files of data."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
CYRILLIC = re.compile(r"[А-Яа-яЁё]")
#: An official word keeps its Russian in a sentence, with the gloss beside it.
GLOSSED = re.compile(r"«[^«»]+» \([a-z ]+\)")
#: No source, or the field's own words on purpose.
ASIDE = ("tests/", "var/", "build/", "node_modules/")
#: What may hold Cyrillic besides, and why.
ALLOWED = {
    "journals/api.py": "an example of an answer, as the node gives it",
    "keys/station_api.py": "an example of an answer, as the node gives it",
    "scanning/folders.py": "names of two folders on the disk of a scanner's computer",
    "station_client/verifying_pdf.py": "words of printed papers, as the program reads them out of a PDF",
}


def russian_lines() -> dict[str, list[str]]:
    """Return the lines with Cyrillic letters of each Python file that is no test."""
    found = {}
    for path in sorted(ROOT.glob("[a-z]*/**/*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(ASIDE):
            continue
        lines = [
            line for line in (ROOT / name).read_text("utf-8").splitlines() if CYRILLIC.search(GLOSSED.sub("", line))
        ]
        if lines:
            found[name] = lines
    return found


def test_python_files_hold_no_russian():
    found = russian_lines()
    assert {name: lines for name, lines in found.items() if name not in ALLOWED} == {}
    assert sorted(ALLOWED) == sorted(found), "no longer needed"
