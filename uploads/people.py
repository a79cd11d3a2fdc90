"""A person before a browser sends files over tus too: the session's user owns the upload as a machine would.

The session's cookie alone proves nothing about who wrote a page. tus needs its own header, which no foreign page can
send without our consent, and the browser itself says where a request comes from.
"""

from dataclasses import replace

from django.http import Http404, HttpRequest

from stations import rules
from stations.lookup import sitting_or_404
from stations.models import User
from uploads import handlers
from uploads.models import PERSON
from uploads.receiving import Owner
from wire.messages import Message

ROLE = "person"
_OURS = frozenset({"same-origin", ""})


def owner(request: HttpRequest) -> Owner | None:
    """Return the person of a request as the owner of an upload, or None when nobody is logged in."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not user.is_active or request.headers.get("Sec-Fetch-Site", "") not in _OURS:
        return None
    return Owner(f"{PERSON}{user.pk}", ROLE, "", "", name=user.get_full_name() or user.get_username())


def require_role(user: User, metadata: dict[str, str]) -> None:
    """Refuse a person who may not bring such a file to its sitting, before anything of it is read.

    Raises:
        UnknownPurposeError: Nobody takes such files.
        NotAllowedError: The person's roles at that sitting do not include it.
    """
    action = handlers.purpose_of(metadata.get("purpose", "")).action
    if not action:
        return
    try:
        sitting = sitting_or_404(user, metadata.get("sitting", ""))
    except Http404:
        raise rules.NotAllowedError(Message("You have no such exam.")) from None
    rules.require(user, action, sitting)


def at_point(person: Owner, user: User, key: str) -> Owner:
    """Return the person as a sender of the point that a file is for: ``78-0001``, within the person's scope."""
    region, _dash, point = (key if key in (user.point_keys() or ()) else "").partition("-")
    return replace(person, region=region, point=point)
