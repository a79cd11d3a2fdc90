"""What a test needs of the machine: a missing thing skips it in words; under ``PPE_REQUIRE_ALL=1`` it fails."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Say that something is not on this machine."""
    words = f"not run here: {what}"
    if os.environ.get("PPE_REQUIRE_ALL") == "1":
        pytest.fail(words)
    pytest.skip(words)
