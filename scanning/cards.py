"""Room cards: made for each room of a sitting, filled in by two people at most at once, closed, opened again."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from audit.log import Actor, hold, record
from audit.moves import move
from common.errors import in_words
from common.listeners import Listeners
from common.messages import as_message
from common.work.clock import now
from journals import acts
from journals.forms import why_sealed
from keys.tokens import OpenToken
from scanning import contents, scan_journal, steps
from scanning.errors import (
    CardChangedError,
    CardIsClosedError,
    CardRefusedError,
    NotBalancedError,
    NothingDifferentError,
    NotReadYetError,
    StillSealedError,
)
from scanning.expected_forms import ExpectedForms, read_expected_forms
from scanning.models import COUNT_WORDS, COUNTS, Decision, RoomCard
from scanning.reconcile import Balance, go, reconcile
from scanning.states import CLOSED, CardState
from stations.models import Room, Sitting, SittingRoom
from wire.errors import FieldError
from wire.messages import Message

_MAX_COUNT = 2000

#: Called in the transaction that opens a closed room again: a packet that nobody has signed yet is of no use then.
on_reopened: Listeners[[RoomCard, Actor]] = Listeners()


def ensure_cards(sitting: Sitting) -> list[RoomCard]:
    """Return the cards of a sitting, the HQ last, making those that are not there yet."""
    rooms = [use.room for use in sitting.rooms.collecting().select_related("room")]
    rooms += [room for room in sitting.point.rooms.filter(kind=Room.Kind.HQ) if room not in rooms]
    known = {card.room_id for card in sitting.cards.all()}
    for room in rooms:
        if room.pk not in known:
            RoomCard.objects.get_or_create(sitting=sitting, room=room)
    cards = listed(sitting).select_related("sitting__point__region", "sitting__subject", "act")
    return sorted(cards, key=lambda card: (card.is_hq, card.room.number))


def listed(sitting: Sitting) -> "QuerySet[RoomCard]":
    """Return the cards that there are, with their rooms.

    A preparation room has none; one that was at work before the registry said so is shown until it is done.
    """
    preparing = sitting.rooms.filter(kind=SittingRoom.Kind.PREPARATION).values("room")
    rows = sitting.cards.exclude(state=CardState.WAITING, room__in=preparing)
    return rows.select_related("room")


def lock(card: RoomCard) -> RoomCard:
    """Return the card again, its row locked until the transaction ends."""
    hold(card)
    rows = RoomCard.objects.select_for_update(of=("self",))
    return rows.select_related("room", "sitting__point__region", "sitting__subject").get(pk=card.pk)


def prefill(card: RoomCard, register: ExpectedForms | None = None) -> dict[str, int | None]:
    """Return the values a card starts with: what the journals let one expect, until a person has typed a number."""
    typed = {name: getattr(card, name) for name in COUNTS}
    if card.closed or card.filled:
        return typed
    register = register or read_expected_forms(card.sitting)
    own = register.of_room(card.room.number)
    use = card.sitting.rooms.filter(room=card.room).first()
    if not own or use is None:
        return typed
    used = sum(each.used for each in own)
    expected = {"registration_count": used, "absent_count": max(use.seats - used, 0)}
    return {name: expected.get(name) if value is None else value for name, value in typed.items()}


def prefilled_from(card: RoomCard, register: ExpectedForms) -> list[str]:
    """Return the stations whose journals the values of `prefill` come from; none once a person has typed them."""
    if card.closed or card.filled:
        return []
    return sorted({each.station for each in register.of_room(card.room.number)})


def read_counts(card: RoomCard, values: Mapping[str, str]) -> dict[str, int | None]:
    """Read the fields of a card's form.

    Raises:
        CardRefusedError: A field is empty, or is not a whole number in its bounds; the parts name the fields.
    """
    counts: dict[str, int | None] = {}
    parts = []
    for name in COUNTS:
        text = str(values.get(name, "") or "").strip()
        if not text:
            counts[name] = None
        elif text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= _MAX_COUNT:
            counts[name] = int(text)
        else:
            counts[name] = None
            message = COUNT_WORDS[name]
            parts.append(
                FieldError(
                    name,
                    text[:40],
                    f"0…{_MAX_COUNT}",
                    Message("{label}: “{typed}”", label=message, typed=text[:40]),
                )
            )
    _require_counts(card, counts, parts)
    return counts


def _require_counts(card: RoomCard, counts: Mapping[str, int | None], parts: Sequence[FieldError] = ()) -> None:
    """Refuse a card that is not whole: what a person has not counted is never taken for zero.

    Raises:
        CardRefusedError: Something is wrong or not typed.
    """
    wrong = {part.field for part in parts}
    empty = [name for name in card.fields if counts.get(name) is None and name not in wrong]
    words = [(name, COUNT_WORDS[name]) for name in empty]
    parts = [
        *parts,
        *(
            FieldError(name, "", f"0…{_MAX_COUNT}", Message("{label}: not given", label=message))
            for name, message in words
        ),
    ]
    if not parts and not card.is_hq:
        parts = _impossible(card, counts)
    if parts:
        raise CardRefusedError(
            Message("The card was not saved: {parts}.", parts=[part.message for part in parts]),
            remedy=Message("Fill in the numbers from the covering sheet; where there are none, type 0.")
            if empty
            else Message("Fill in the numbers from the covering sheet."),
            parts=parts,
        )


def _impossible(card: RoomCard, counts: Mapping[str, int | None]) -> list[FieldError]:
    use = card.sitting.rooms.filter(room=card.room).first()
    absent = counts["absent_count"]
    if use is not None and absent is not None and absent > use.seats:
        message = Message("{absent} absent of {seats} seats", absent=absent, seats=use.seats)
        return [FieldError("absent_count", str(absent), str(use.seats), message)]
    return []


def save_card(*, card: RoomCard, counts: Mapping[str, int | None], version: int, actor: Actor) -> RoomCard:
    """Save the counts of a room.

    Args:
        card: The card.
        counts: The counts that the room has (`RoomCard.fields`); where there is none, zero.
        version: The version of the card that the person was looking at.
        actor: Who fills it in.

    Raises:
        CardIsClosedError: The room is closed.
        CardChangedError: Somebody else saved it in between; says what changed.
        CardRefusedError: A count is not given.
    """
    with steps.undoable(card=card, kind=Decision.Kind.CARD, what=str(card), actor=actor):
        card = lock(card)
        if card.closed:
            raise CardIsClosedError(card.room.number)
        values = {name: counts.get(name) for name in COUNTS}
        if version != card.version:
            raise CardChangedError(card.filled_by, _changes(card, values))
        _require_counts(card, values)
        previous = {name: getattr(card, name) for name in COUNTS}
        RoomCard.objects.filter(pk=card.pk).update(
            **values, version=card.version + 1, filled_by=actor.name, filled_at=now(), previous=previous
        )
        card.refresh_from_db()
        record("scanning.card_saved", about=card, actor=actor, data={"from": previous, "to": values})
        open_card(card, actor=actor)
        if not card.is_hq:
            scan_journal.note(
                sitting=card.sitting,
                event="card_entered",
                person=actor.name,
                room=card.room.number,
                counts={name: value for name, value in values.items() if value is not None},
                version=card.version,
            )
        reconcile(card, actor=actor)
    return card


def _changes(card: RoomCard, wanted: Mapping[str, int | None]) -> list[FieldError]:
    """What the other person's version says where this person's differs."""
    parts = []
    for name in COUNTS:
        theirs, mine = getattr(card, name), wanted[name]
        if theirs != mine:
            message = COUNT_WORDS[name]
            shown = Message("empty") if theirs is None else str(theirs)
            said = Message("{label} — {shown}", label=message, shown=shown)
            parts.append(FieldError(name, str(mine), "" if theirs is None else str(theirs), said))
    return parts


def open_card(card: RoomCard, *, actor: Actor) -> None:
    """Open a waiting room: the first thing was done in it."""
    if card.state == CardState.WAITING:
        go(card, CardState.OPEN, actor=actor)
        scan_journal.note(sitting=card.sitting, event="room_opened", person=actor.name, room=card.room.number)


def require_editable(card: RoomCard) -> None:
    """Refuse to touch a closed room.

    Raises:
        CardIsClosedError: It is closed.
    """
    if card.closed:
        raise CardIsClosedError(card.room.number)


def close(*, card: RoomCard, actor: Actor) -> RoomCard:
    """Close a room whose balance is zero.

    Raises:
        CardIsClosedError: It is closed already.
        NotBalancedError: With every reason.
    """
    contents.forget_altered(card)
    with transaction.atomic():
        card = lock(card)
        require_editable(card)
        balance = reconcile(card, actor=actor)
        card.refresh_from_db()
        if not balance.zero or card.state != CardState.RECONCILED:
            reasons = [(each.code, each.message) for each in balance.blockers]
            raise NotBalancedError(reasons or [("nothing", Message("there is nothing to compare"))])
        _shut(card, CardState.CLOSED, balance, actor)
    return card


def close_with_act(*, card: RoomCard, reason: str, text: str, token: OpenToken, actor: Actor) -> RoomCard:
    """Close a room with a difference, by an act that the GEK member signs.

    Raises:
        CardIsClosedError: It is closed already.
        StillSealed, NotReadYet, NotBalanced: Something is open that no act can settle.
        NothingDifferentError: The balance is zero.
    """
    if not in_words(reason):
        raise CardRefusedError(Message("Give the reason of the difference in words."))
    contents.forget_altered(card)
    with transaction.atomic():
        card = lock(card)
        require_editable(card)
        balance = reconcile(card, actor=actor)
        card.refresh_from_db()
        _require_actable(card, balance)
        if card.state == CardState.OPEN:
            # Nothing of it ever came, and an act says so: the whole room is the difference.
            go(card, CardState.DISCREPANT, actor=actor)
        open_rows = card.discrepancies.filter(resolved_at__isnull=True)
        act = acts.make(
            sitting=card.sitting,
            kind="room_difference",
            post=None,
            room=card.room,
            reason=reason.strip(),
            text=text.strip(),
            numbers=sorted({row.number for row in open_rows if len(row.number) == 13}),
            difference=balance.as_dict(),
            token=token,
            actor=actor,
        )
        RoomCard.objects.filter(pk=card.pk).update(act=act)
        card.act = act
        scan_journal.note(
            sitting=card.sitting,
            event="act_made",
            person=token.identity.ident,
            room=card.room.number,
            sha256=act.sha256,
            reason=reason.strip()[:1000],
        )
        _shut(card, CardState.CLOSED_WITH_ACT, balance, actor)
    return card


def _require_actable(card: RoomCard, balance: Balance) -> None:
    if balance.zero:
        raise NothingDifferentError
    if balance.sealed:
        raise StillSealedError(why_sealed(card.sitting, card.room))
    if balance.unread:
        raise NotReadYetError(balance.unread)
    if not balance.actable:
        open_reasons = [(b.code, b.message) for b in balance.blockers]
        raise NotBalancedError(open_reasons)


def _shut(card: RoomCard, state: CardState, balance: Balance, actor: Actor) -> None:
    with_act = state == CardState.CLOSED_WITH_ACT
    move(card, state, actor=actor, data={"counts": balance.counts}, closed_at=now(), balance=balance.as_dict())
    steps.settle(card)
    extra: dict[str, Any] = {"act": card.act.sha256} if with_act and card.act else {}
    scan_journal.note(
        sitting=card.sitting,
        event="room_closed",
        person=actor.name,
        room=card.room.number,
        counts=balance.counts,
        **extra,
    )


def reopen_by_hand(*, card: RoomCard, reason: str, actor: Actor) -> RoomCard:
    """Open again a room that was closed by mistake, on a person's word.

    Args:
        card: The card.
        reason: Why, in words. It stands in the scan journal and in the log.
        actor: Who opens it.

    Raises:
        CardRefusedError: The reason says nothing, or the room is open.
    """
    if not in_words(reason):
        raise CardRefusedError(Message("Give in words why the room is opened again."))
    with transaction.atomic():
        card = lock(card)
        if not card.closed:
            raise CardRefusedError(Message("The room is open already."))
        return reopen(card=card, numbers=(), reason=reason, actor=actor)


def reopen(*, card: RoomCard, numbers: Sequence[str], reason: Message | str, actor: Actor) -> RoomCard:
    """Open a closed room again: a packet was rejected, the centre asks for new scans, a journal says something new.

    A room that is open already only learns which sheets are awaited.

    Args:
        card: The card.
        numbers: Sheets that have to be scanned again although they are here.
        reason: Why, in words of the node or of a person. They stand in the scan journal and in the log, where no form
            number may stand.
        actor: Who or what opens it.
    """
    why: Message = as_message(reason.strip() if isinstance(reason, str) else reason)
    with transaction.atomic():
        card = lock(card)
        awaited = sorted({*card.awaited, *(number for number in numbers if number)})
        RoomCard.objects.filter(pk=card.pk).update(awaited=awaited, reopen_reason=why)
        card.awaited, card.reopen_reason = awaited, why
        if card.state in CLOSED:
            move(
                card,
                CardState.OPEN,
                kind="scanning.card_reopened",
                actor=actor,
                data={"sheets": len(awaited), "reason": why.ru[:500]},
                closed_at=None,
                act=None,
            )
            scan_journal.note(
                sitting=card.sitting,
                event="room_reopened",
                person=actor.name,
                room=card.room.number,
                reason=why.ru[:1000] or Message("scanned again").ru,
            )
            for listener in on_reopened:
                listener(card, actor)
        reconcile(card, actor=actor)
        card.refresh_from_db()
    return card
