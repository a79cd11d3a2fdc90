"""Machines log in with a signed challenge; see `keys.api`."""

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from keys.sessions import Machine, machine_of

__all__ = ["Machine", "MachineAuthentication"]


#: The key in a request's environment of the token that was looked up already, with its machine.
_FOUND = "ppe.machine"


def machine_in(request: HttpRequest | Request) -> Machine | None:
    """Return the machine whose token a request carries; the session is looked up once for each request."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    said = request.META.get(_FOUND)
    if said is None or said[0] != token:
        said = request.META[_FOUND] = (token, machine_of(token.strip()))
    found: Machine | None = said[1]
    return found


class MachineAuthentication(BaseAuthentication):
    """Bearer token of a machine session: ``request.user`` and ``request.auth`` are the `Machine`."""

    def authenticate(self, request: Request) -> tuple[Machine, Machine] | None:
        """Return the machine; None when the request names no token.

        Raises:
            AuthenticationFailed: The token is malformed, ended or unknown.
        """
        if request.headers.get("Authorization", "").partition(" ")[0].lower() != "bearer":
            return None
        machine = machine_in(request)
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
