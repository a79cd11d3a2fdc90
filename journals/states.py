"""The states of a journal and the way between them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JournalState(models.TextChoices):
    """Where a journal stands."""

    RECEIVED = "received", _("Получен")
    ACCEPTED = "accepted", _("Принят")
    QUARANTINED = "quarantined", _("В карантине")
    REFUSED = "refused", _("Отклонён")
    SUPERSEDED = "superseded", _("Заменён более полным")


JOURNAL_MOVES: dict[str, frozenset[str]] = {
    JournalState.RECEIVED: frozenset({JournalState.ACCEPTED, JournalState.QUARANTINED}),
    JournalState.QUARANTINED: frozenset({JournalState.ACCEPTED, JournalState.REFUSED, JournalState.SUPERSEDED}),
    JournalState.ACCEPTED: frozenset({JournalState.SUPERSEDED}),
    JournalState.REFUSED: frozenset({JournalState.ACCEPTED}),
}


class Door(models.TextChoices):
    """How a journal came in."""

    API = "api", _("сеть")
    BROWSER = "browser", _("браузер")
    FLASH = "flash", _("флеш-накопитель")
    PACKET = "packet", _("другой узел")
    NODE = "node", _("этот узел")
