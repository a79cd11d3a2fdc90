"""Both kinds of node with everything a door needs to be open, so that only the file can be wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import Client

from common import errors as refusals
from tests.conftest import PersonLogin
from tests.support import factories
from tests.support.keys import Keys, make_keys
from wire.errors import PpeError


@dataclass
class HostilePoint:
    """The HQ of the usual day: keys, people, the three folders."""

    day: factories.Day
    keys: Keys
    technician: PersonLogin
    head: PersonLogin
    gek: PersonLogin
    data_dir: Path
    flash_dir: Path

    @property
    def client(self) -> Client:
        """The browser of the technical specialist."""
        return self.technician.client


@pytest.fixture
def point(day, data_dir, token_dir, flash_dir, gek, technician, head) -> HostilePoint:
    """An HQ node on the exam day."""
    return HostilePoint(day, make_keys(day, token_dir), technician, head, gek, data_dir, flash_dir)


@pytest.fixture
def told() -> Iterator[list[PpeError]]:
    """Every refusal that a door told of while the test ran."""
    heard: list[PpeError] = []

    def listen(refusal: PpeError, _request: object) -> None:
        heard.append(refusal)

    refusals.listeners.register(listen)
    yield heard
    refusals.listeners.forget(listen)
