"""Wrong names of journals, picked by hand: what is wrong with each, what was expected, what it should have been.

`wrong_names.json` is the table. A row that changes says that people will be told something else: read it, then
write it anew.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from wire.names import read

TABLE: list[dict[str, Any]] = json.loads(Path(__file__).with_name("wrong_names.json").read_text("utf-8"))


def test_there_are_enough_of_them_and_each_is_wrong_in_its_own_way():
    assert len(TABLE) >= 200
    assert len({row["name"] for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize("row", TABLE, ids=[str(number) for number in range(len(TABLE))])
def test_a_wrong_name_is_explained(row):
    reading = read(row["name"])
    assert [[part.field, part.expected, part.message.ru] for part in reading.doubts] == row["wrong"]
    assert reading.proposed == row["proposed"]
    assert reading.certain is row["certain"]


@pytest.mark.parametrize("row", TABLE, ids=[str(number) for number in range(len(TABLE))])
def test_the_explanation_is_whole(row):
    reading = read(row["name"])
    assert reading.doubts
    assert all(part.message.en and part.message.en.isprintable() for part in reading.doubts)
    if reading.proposed is None:
        assert not reading.certain
    else:
        again = read(reading.proposed)
        assert again.name == reading.name
        known = all(part.field == "subject" for part in again.doubts)  # a code outside the list stays doubtful
        assert known
