"""The balance of a room as one line, in either language: «напечатано 15 − … = 14 · …»."""

from collections.abc import Mapping
from typing import Any

_WORDS = {
    "ru": {
        "printed": "напечатано",
        "spoiled": "испорчено",
        "unused": "не использовано",
        "sealed": "номера закрыты ключом",
        "seats": "мест",
        "absent": "не явились",
        "no_card": "карточка не заполнена",
        "card": "по карточке",
        "scanned": "отсканировано",
        "missing": "не хватает",
        "sets": "комплект",
    },
    "en": {
        "printed": "printed",
        "spoiled": "spoiled",
        "unused": "unused",
        "sealed": "the key still closes the numbers",
        "seats": "seats",
        "absent": "absent",
        "no_card": "the card is not filled in",
        "card": "on the card",
        "scanned": "scanned",
        "missing": "missing",
        "sets": "set",
    },
}


def equation(figures: Mapping[str, Any], language: str) -> str:
    """Return the balance as one line.

    Args:
        figures: The figures of `scanning.reconcile.Balance`, as it stands or as a card keeps them.
        language: ``ru`` or ``en``.
    """
    if not figures or figures["is_hq"]:
        return ""
    words = _WORDS[language]
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
