"""The states of keys and requests, each beside its table of legal transitions."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RequestState(models.TextChoices):
    """A certificate request at the centre."""

    PENDING = "pending", _("Waits for a decision")
    SIGNED = "signed", _("Signed")
    REFUSED = "refused", _("Rejected")


REQUEST_MOVES: dict[str, frozenset[str]] = {
    RequestState.PENDING: frozenset({RequestState.SIGNED, RequestState.REFUSED}),
    RequestState.REFUSED: frozenset({RequestState.PENDING}),
}


class AccessKeyState(models.TextChoices):
    """An access key: `made` at the centre, the rest at the exam point."""

    MADE = "made", _("Made")
    LOADED = "loaded", _("Loaded")
    ACTIVATED = "activated", _("Activated")
    EXPIRED = "expired", _("Expired")
    REVOKED = "revoked", _("Revoked")


ACCESS_KEY_MOVES: dict[str, frozenset[str]] = {
    AccessKeyState.MADE: frozenset({AccessKeyState.REVOKED}),
    AccessKeyState.LOADED: frozenset({AccessKeyState.ACTIVATED, AccessKeyState.EXPIRED, AccessKeyState.REVOKED}),
    AccessKeyState.ACTIVATED: frozenset({AccessKeyState.EXPIRED, AccessKeyState.REVOKED}),
}
