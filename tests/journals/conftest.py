import pytest

from tests.support.keys import Keys, make_keys


@pytest.fixture
def keys(day, data_dir, token_dir) -> Keys:
    """The keys of the usual exam day on an HQ node."""
    return make_keys(day, token_dir)
