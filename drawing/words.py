"""What is printed on the drawn forms, and whom and what the played days are about: data, kept in `drawing/data`."""

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any


def _data(name: str) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(resources.files("drawing.data").joinpath(name).read_text("utf-8"))
    return document


FORMS = _data("forms.json")
PEOPLE = _data("people.json")
