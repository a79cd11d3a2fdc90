"""The HQ of the usual day, as the tests of packets have it."""

from tests.transfers.conftest import hq

__all__ = ["hq"]
