"""States of an upload."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """From the first byte to the answer of the room that takes the file."""

    RECEIVING = "receiving", _("Принимается")
    COMPLETE = "complete", _("Принят целиком")
    HANDLED = "handled", _("Обработан")
    REFUSED = "refused", _("Отклонён")
    TERMINATED = "terminated", _("Прерван отправителем")
    EXPIRED = "expired", _("Истёк")


MOVES: dict[str, frozenset[str]] = {
    State.RECEIVING: frozenset({State.COMPLETE, State.REFUSED, State.TERMINATED, State.EXPIRED}),
    State.COMPLETE: frozenset({State.HANDLED, State.REFUSED}),
}

FINISHED = frozenset({State.COMPLETE, State.HANDLED, State.REFUSED})
GONE = frozenset({State.TERMINATED, State.EXPIRED})
