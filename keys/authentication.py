"""Machines log in with a signed challenge; see `keys.api`."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from keys.sessions import Machine, machine_of

__all__ = ["Machine", "MachineAuthentication"]


class MachineAuthentication(BaseAuthentication):
    """Bearer token of a machine session: ``request.user`` and ``request.auth`` are the `Machine`."""

    def authenticate(self, request: Request) -> tuple[Machine, Machine] | None:
        """Return the machine; None when the request names no token.

        Raises:
            AuthenticationFailed: The token is malformed, ended or unknown.
        """
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        machine = machine_of(token.strip())
        if machine is None:
            raise AuthenticationFailed
        return machine, machine

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme."""
        return "Bearer"


class MachineScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names the scheme."""

    target_class = "keys.authentication.MachineAuthentication"
    name = "machine"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the definition."""
        return {"type": "http", "scheme": "bearer", "description": "Token of POST /api/v1/session/"}
