"""Machines log in with a signed challenge; see `keys.api`."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request


class MachineAuthentication(BaseAuthentication):
    """Bearer token of a machine session."""

    def authenticate(self, request: Request) -> None:
        """Return nothing until the session module is there."""
        return

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme."""
        return "Bearer"
