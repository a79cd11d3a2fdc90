"""The balance of a room as one line, in either language: “printed 15 − … = 14 · …”."""

from collections.abc import Mapping
from typing import Any

from django.utils import translation
from django.utils.translation import pgettext_lazy

_WORDS = {
    "printed": pgettext_lazy("balance", "printed"),
    "spoiled": pgettext_lazy("balance", "spoiled"),
    "unused": pgettext_lazy("balance", "unused"),
    "sealed": pgettext_lazy("balance", "the key still closes the numbers"),
    "seats": pgettext_lazy("balance", "seats"),
    "absent": pgettext_lazy("balance", "absent"),
    "no_card": pgettext_lazy("balance", "the card is not filled in"),
    "card": pgettext_lazy("balance", "on the card"),
    "scanned": pgettext_lazy("balance", "scanned"),
    "missing": pgettext_lazy("balance", "missing"),
    "sets": pgettext_lazy("balance", "set"),
}


def equation(figures: Mapping[str, Any], language: str) -> str:
    """Return the balance as one line.

    Args:
        figures: The figures of `scanning.reconcile.Balance`, as it stands or as a card keeps them.
        language: ``ru`` or ``en``.
    """
    if not figures or figures["is_hq"]:
        return ""
    with translation.override(language):
        words = {name: str(word) for name, word in _WORDS.items()}
    left = f"{words['printed']} {figures['printed']}"
    for name in ("spoiled", "unused"):
        if figures[name]:
            left += f" − {words[name]} {figures[name]}"
    parts = [words["sealed"] if figures["sealed"] else f"{left} = {figures['expected']}"]
    seats = f"{words['seats']} {figures['seats']}"
    if figures["absent"] is not None:
        seats += f" − {words['absent']} {figures['absent']} = {figures['present']}"
    parts.append(seats)
    parts.append(words["no_card"] if figures["card"] is None else f"{words['card']} {figures['card']}")
    parts.append(f"{words['scanned']} {figures['scanned']}")
    line = " · ".join(parts)
    lost = figures["missing_sets"]
    return f"{line} → {words['missing']} {len(lost)} ({words['sets']} {', '.join(lost[:6])})" if lost else line
