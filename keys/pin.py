"""A PIN may come over TLS or from this very machine, and from nowhere else."""

import ipaddress

from django.http import HttpRequest

from audit.log import actor_of
from keys.errors import OpenChannelError
from keys.tokens import OpenToken, open_token
from stations.models import ExamPoint
from wire.messages import Message


def private_channel(request: HttpRequest) -> bool:
    """Return whether nobody between the person and the node could read what is typed."""
    if request.is_secure():
        return True
    if request.META.get("HTTP_X_FORWARDED_FOR") or request.META.get("HTTP_FORWARDED"):
        # A proxy on this machine, without TLS before it: the loopback address is the proxy's own.
        return False
    try:
        address = ipaddress.ip_address(str(request.META.get("REMOTE_ADDR", "")).strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def token_from(request: HttpRequest, point: ExamPoint) -> OpenToken:
    """Open the token that a bare form names in its fields ``token`` and ``pin`` (see `open_typed`)."""
    return open_typed(request, token=request.POST.get("token", ""), pin=request.POST.get("pin", ""), point=point)


def open_typed(request: HttpRequest, *, token: str, pin: str, point: ExamPoint) -> OpenToken:
    """Open a token with a PIN that came over a private channel.

    Raises:
        OpenChannelError: The PIN came over a plain connection of another machine.
        PpeError: See `keys.tokens.open_token`.
    """
    if not private_channel(request):
        raise OpenChannelError(
            Message("A PIN is accepted over TLS or on the node's own machine only."),
            remedy=Message("Open the page on the HQ's own machine or over https://."),
        )
    return open_token(token=token, pin=pin, point=point, actor=actor_of(request))
