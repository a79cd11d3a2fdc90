"""Anchors held against the log: what a node once signed about its chains must still stand in them."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from audit.models import Anchor, Event
from common import errors as refusals
from wire.documents import anchor as wire_anchor
from wire.errors import PpeError

Reader = Callable[[Anchor], wire_anchor.AnchorDocument]
_reader: Reader | None = None


def register(reader: Reader) -> Reader:
    """Set the one function that reads an anchor of this node and checks its signature; the last one set counts."""
    global _reader
    _reader = reader
    return reader


def _read(row: Anchor) -> wire_anchor.AnchorDocument:
    if _reader is None:
        raise LookupError("no reader of anchors is registered")
    return _reader(row)


def latest() -> Anchor | None:
    """Return the newest anchor."""
    return Anchor.objects.order_by("-number").first()


def faults() -> list[str]:
    """Return what is wrong with the anchors, or with the log they speak of, in words."""
    found: list[str] = []
    number, prev, held = 0, "", set[wire_anchor.AnchoredHead]()
    for row in Anchor.objects.order_by("number").iterator():
        try:
            said = _read(row)
        except PpeError as refusal:
            return [
                *found,
                _("Anchor no. %(number)d: %(why)s") % {"number": row.number, "why": refusals.words(refusal)},
            ]
        if (row.number, said.number, said.prev) != (number + 1, number + 1, prev):
            return [*found, _("Anchor no. %(number)d does not follow from the one before.") % {"number": row.number}]
        fresh = [head for head in said.heads if head not in held]
        found += [_lost(row, head) for head in fresh if not _stands(head)]
        held = set(said.heads)
        number, prev = row.number, wire_anchor.anchor_hash(bytes(row.document))
    return found


def _stands(head: wire_anchor.AnchoredHead) -> bool:
    return Event.objects.filter(chain=head.chain, number=head.number, hash=head.hash).exists()


def _lost(row: Anchor, head: wire_anchor.AnchoredHead) -> str:
    return _("Anchor no. %(anchor)d was signed over event no. %(number)d of chain %(chain)s, which is gone now.") % {
        "anchor": row.number,
        "number": head.number,
        "chain": head.chain,
    }
