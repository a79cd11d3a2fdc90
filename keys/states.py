"""The states of keys and requests, each beside its table of legal transitions."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RequestState(models.TextChoices):
    """A certificate request at the centre."""

    PENDING = "pending", _("Ожидает решения")
    SIGNED = "signed", _("Подписан")
    REFUSED = "refused", _("Отклонён")


REQUEST_MOVES: dict[str, frozenset[str]] = {
    RequestState.PENDING: frozenset({RequestState.SIGNED, RequestState.REFUSED}),
    RequestState.REFUSED: frozenset({RequestState.PENDING}),
}


class AccessKeyState(models.TextChoices):
    """An access key: `made` at the centre, the rest at the exam point."""

    MADE = "made", _("Выпущен")
    LOADED = "loaded", _("Загружен")
    ACTIVATED = "activated", _("Активирован")
    EXPIRED = "expired", _("Срок истёк")
    REVOKED = "revoked", _("Отозван")


ACCESS_KEY_MOVES: dict[str, frozenset[str]] = {
    AccessKeyState.MADE: frozenset({AccessKeyState.REVOKED}),
    AccessKeyState.LOADED: frozenset({AccessKeyState.ACTIVATED, AccessKeyState.EXPIRED, AccessKeyState.REVOKED}),
    AccessKeyState.ACTIVATED: frozenset({AccessKeyState.EXPIRED, AccessKeyState.REVOKED}),
}
