"""Writing the log and proving it whole."""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from audit.kinds import KINDS
from audit.models import NODE_CHAIN, ChainHead, Event
from audit.subjects import Audited, AuditSubject
from common.stored import stored
from common.work.clock import now
from wire import canonical
from wire.errors import PpeError
from wire.forms import hide_numbers


@dataclass(frozen=True)
class Actor:
    """Who did it and by what means.

    Attributes:
        name: Full name of a person, or the name of a machine.
        means: ``page``, ``api``, ``token`` or ``system``.
        user_id: The logged-in user, when there is one.
        certificate: Fingerprint of the certificate that acted, when there is one.
    """

    name: str
    means: str
    user_id: int | None = None
    certificate: str = ""


# Names that are no person's: kept as they stand, said in the reader's language (`Event.actor_words`).
SYSTEM = Actor(stored("system"), "system")


def actor_of(request: HttpRequest) -> Actor:
    """Return the person of a page request, or the machine of an API request."""
    machine = getattr(request, "auth", None)
    if machine is not None and hasattr(machine, "identity"):
        return Actor(machine.identity.urn, "api", certificate=machine.fingerprint)
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return Actor(stored("not logged in"), "page")
    return Actor(user.get_full_name() or user.get_username(), "page", user_id=user.pk)


def record(
    kind: str,
    *,
    actor: Actor,
    about: Audited | None = None,
    subject: str | None = None,
    data: dict[str, Any] | None = None,
) -> Event:
    """Append an event to the chain of its point, or of the node.

    Args:
        kind: A kind of `audit.kinds`.
        actor: Who did it.
        about: The row that it is about; it names the chain. Without one the event stands in the node's chain.
        subject: What it is about, in words, where these are not the row's own.
        data: JSON-able details; never secrets or names of participants. Form numbers that a person or a refusal has
            put into words here or into `subject` are cut to their last four digits.

    Returns:
        The stored event. It is written in the transaction around the call.
    """
    if kind not in KINDS:
        raise KeyError(f"event kind {kind!r} is not in the catalogue (audit/kinds.py)")
    of = about.audit_subject() if about is not None else AuditSubject()
    chain = _chain_of(of)
    with transaction.atomic():
        head = _locked_head(chain)
        event = Event(
            chain=chain,
            number=head.number + 1,
            at=now(),
            kind=kind,
            actor=actor.name[:200],
            means=actor.means,
            certificate=actor.certificate,
            region=of.region,
            point=of.point,
            subject=hide_numbers(of.text if subject is None else subject)[:200],
            data=hide_numbers(data or {}),
            prev=head.hash,
        )
        event.hash = digest(event)
        event.save(force_insert=True)
        head.number, head.hash = event.number, event.hash
        head.save(update_fields=["number", "hash"])
    return event


def _chain_of(of: AuditSubject) -> str:
    return f"{of.region}-{of.point}" if of.point else NODE_CHAIN


def _locked_head(chain: str) -> ChainHead:
    head = ChainHead.objects.select_for_update().filter(chain=chain).first()
    if head is None:
        ChainHead.objects.get_or_create(chain=chain)
        head = ChainHead.objects.select_for_update().get(chain=chain)
    return head


def hold(*about: Audited) -> None:
    """Take the heads of the chains of some rows before any other lock; call first in a transaction that locks rows.

    Whoever writes an event takes the head of its chain. One that took a row before it would wait for one that took the
    head first and waits for the row: so the head comes first everywhere, then the row of a room, a packet or an exam.
    On SQLite a transaction that writes is alone from its first statement, and nothing is asked.
    """
    if transaction.get_connection().features.has_select_for_update:
        for chain in sorted({_chain_of(each.audit_subject()) for each in about}):
            _locked_head(chain)


def digest(event: Event) -> str:
    """Return the hash of an event: every field that a reader sees, and the hash before it."""
    fields = {
        name: getattr(event, name)
        for name in ("chain", "number", "kind", "actor", "means", "certificate", "region", "point", "subject", "data")
    }
    return hashlib.sha256(canonical.dumps({**fields, "at": canonical.stamp(event.at), "prev": event.prev})).hexdigest()


def first_broken(chain: str) -> Event | None:
    """Return the first event of a chain that does not follow from the one before it, or None when all do."""
    prev, number = "", 0
    event: Event
    for event in Event.objects.filter(chain=chain).order_by("number").iterator():
        if event.number != number + 1 or event.prev != prev or event.hash != digest(event):
            return event
        prev, number = event.hash, event.number
    return None


def record_refusal(refusal: PpeError, request: HttpRequest | None) -> None:
    """Record that something was refused at a door."""
    actor = actor_of(request) if request is not None else SYSTEM
    path = request.path if request is not None else ""
    record("refused", actor=actor, subject=refusal.code, data={"path": path, "text": refusal.text("ru")[:1000]})
