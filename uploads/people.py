"""A person before a browser sends files over tus too: the session's user owns the upload as a machine would.

The session's cookie alone proves nothing about who wrote a page. tus needs its own header, which no foreign page can
send without our consent, and the browser itself says where a request comes from.
"""

from dataclasses import replace

from django.http import HttpRequest

from stations.models import User
from uploads.models import PERSON
from uploads.receiving import Owner

ROLE = "person"
_OURS = frozenset({"same-origin", ""})


def owner(request: HttpRequest) -> Owner | None:
    """Return the person of a request as the owner of an upload, or None when nobody is logged in."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not user.is_active or request.headers.get("Sec-Fetch-Site", "") not in _OURS:
        return None
    return Owner(f"{PERSON}{user.pk}", ROLE, "", "", name=user.get_full_name() or user.get_username())


def at_point(person: Owner, user: User, key: str) -> Owner:
    """Return the person as a sender of the point that a file is for: ``78-0001``, within the person's scope."""
    region, _dash, point = (key if key in (user.point_keys() or ()) else "").partition("-")
    return replace(person, region=region, point=point)
