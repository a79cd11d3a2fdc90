"""The balance of a room as four numbers side by side: printed, present, on the card, scanned."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from scanning.reconcile import Balance


@dataclass(frozen=True)
class Tile:
    """One of the numbers that must be equal."""

    label: str
    value: int | None
    detail: str
    colour: str


def tiles(balance: Balance, *, begun: bool = True) -> list[Tile]:
    """Return the four numbers; of a room that was begun, those that differ from what most of them say are red."""
    if balance.is_hq:
        return []
    known = None if balance.sealed or balance.journals_missing else balance.expected
    values = [known, balance.present, balance.card, balance.scanned]
    told = [each for each in values if each is not None]
    # What most of them say; where none is more often, the journal before the person before the scanner.
    right = max(told, key=told.count) if told else None
    equal, several = len(set(told)) == 1, len(told) > 1
    labels = (_("Printed"), _("Present"), _("On the card"), _("Scanned"))
    details = (_printed(balance), _present(balance), _card(balance), _scanned(balance))
    made = []
    for label, value, detail in zip(labels, values, details, strict=True):
        colour = (
            "idle"
            if value is None or not several
            else "ok"
            if equal
            else "info"
            if value == right
            else "bad"
            if begun
            else "idle"
        )
        made.append(Tile(label, value, detail, colour))
    return made


def _printed(balance: Balance) -> str:
    if balance.sealed:
        return _("numbers sealed by the key")
    if balance.journals_missing:
        return _("no journal of a station")
    parts = [str(balance.printed)]
    if balance.spoiled:
        parts.append(_("spoiled %(count)s") % {"count": balance.spoiled})
    if balance.unused:
        parts.append(_("unused %(count)s") % {"count": balance.unused})
    return " − ".join(parts) if len(parts) > 1 else _("sets in the journal")


def _present(balance: Balance) -> str:
    seats = _("seats %(count)s") % {"count": balance.seats}
    return seats if balance.absent is None else f"{seats} − " + _("absent %(count)s") % {"count": balance.absent}


def _card(balance: Balance) -> str:
    return _("not filled in") if balance.card is None else _("registration forms")


def _scanned(balance: Balance) -> str:
    if balance.missing_sets:
        return _("missing: set %(sets)s") % {"sets": ", ".join(balance.missing_sets[:4])}
    return _("registration forms")
