"""Both kinds of node with everything a door needs to be open, so that only the file can be wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import Client

from common import errors as refusals
from tests.conftest import Login
from tests.support import factories
from tests.support.keys import Keys, make_keys
from wire.errors import Refusal


@dataclass
class Point:
    """The HQ of the usual day: keys, people, the three folders."""

    day: factories.Day
    keys: Keys
    technician: Login
    head: Login
    gek: Login
    data_dir: Path
    flash_dir: Path

    @property
    def client(self) -> Client:
        """The browser of the technical specialist."""
        return self.technician.client


@pytest.fixture
def point(day, data_dir, token_dir, flash_dir, gek, technician, head) -> Point:
    """An HQ node on the exam day."""
    return Point(day, make_keys(day, token_dir), technician, head, gek, data_dir, flash_dir)


@pytest.fixture
def told() -> Iterator[list[Refusal]]:
    """Every refusal that a door told of while the test ran."""
    heard: list[Refusal] = []

    def listen(refusal: Refusal, _request: object) -> None:
        heard.append(refusal)

    refusals.listeners.append(listen)
    yield heard
    refusals.listeners.remove(listen)
