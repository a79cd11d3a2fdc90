"""Letters and words of names as the regulation and the file managers write them: data, kept in `wire/data`."""

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

_DATA: Mapping[str, Any] = json.loads(resources.files("wire.data").joinpath("letters.json").read_text("utf-8"))
#: How the regulation writes the fields of a journal's name.
FIELDS: Mapping[str, str] = _DATA["fields"]
#: What a file manager adds to the name of a copy.
COPY: str = _DATA["copy"]


def table(name: str) -> dict[int, int]:
    """Return which letter is taken for which, for `str.translate`."""
    return str.maketrans(*_DATA["tables"][name])
