"""The catalogue of event kinds: dotted name → what a person reads."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS: dict[str, str | Promise] = {
    "refused": _("Отказано"),
    "node.founded": _("Узел настроен"),
    "node.started": _("Узел запущен"),
    "node.cluster_restarted": _("Очередь узла перезапущена"),
    "node.numbers_behind": _("База данных отстаёт от выданных номеров: её вернули к более старой копии"),
    "node.numbers_made": _("Файл выданных номеров составлен по базе данных"),
    "people.account_made": _("Выдана учётная запись"),
    "registry.taken_in": _("Загружен реестр"),
    "station.replaced": _("Станция заменена"),
}


def register(kinds: dict[str, str | Promise]) -> None:
    """Add the kinds of a room to the catalogue; a kind is named once."""
    for name, words in kinds.items():
        if KINDS.setdefault(name, words) is not words and str(KINDS[name]) != str(words):
            raise ValueError(f"event kind {name!r} is declared twice")


#: By what means something was done (`audit.log.Actor.means`).
MEANS: dict[str, str | Promise] = {
    "page": _("на странице"),
    "api": _("по сети"),
    "token": _("токеном"),
    "system": _("автоматически"),
}
