"""Rooms that have to be compared again although nobody touches them, the closed and packed ones too.

Journals may come, and keys be activated, after the sheets were read and after the room was closed; a worker may be
killed between the last sheet and the comparison.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from audit.log import SYSTEM
from audit.models import ChainHead
from common.work.clock import now
from journals.models import Act, Journal
from keys import access
from scanning import cards, late
from scanning.expected_forms import ExpectedForms
from scanning.grounds import read_grounds, room_mark
from scanning.models import RoomCard
from scanning.reconcile import Balance, evaluate, reconcile, remember, scanning
from scanning.states import CLOSED, CardState, RecordingState, SourceState
from stations.models import Sitting, SittingRoom, StationAssignment
from wire.messages import NOTHING
from wire.room import PROBLEM, Found

log = logging.getLogger(__name__)

#: An accepted journal is opened in the next breath when the key is active; a closed room waits that long for it.
_OPENING = timedelta(minutes=1)
#: Sitting → what it looked like when all its rooms were last compared; only spares work, and is lost with the process.
_seen: dict[int, int] = {}


def watch_journals() -> None:
    """Compare every room whose last comparison rested on something else: closed rooms as well as open ones."""
    at_work = Sitting.objects.filter(cards__in=RoomCard.objects.exclude(state=CardState.WAITING)).distinct()
    sittings = list(at_work.select_related("point__region", "subject"))
    looks = _looks(sittings)
    for sitting in sittings:
        # What it looks like is read before its content: a change in between is seen the next time.
        if _seen.get(sitting.pk) != looks[sitting.pk]:
            whole = look(sitting)
            _seen[sitting.pk] = looks[sitting.pk] if whole else 0


def _looks(sittings: Iterable[Sitting]) -> dict[int, int]:
    """Return sitting → a cheap picture of everything that may change a verdict.

    In closed rooms nothing changes but journals, acts and the registry. For the others the head of the point's log
    speaks: every change of state writes its event.
    """
    keys = {sitting.pk: sitting.point.key for sitting in sittings}
    heads = dict(ChainHead.objects.filter(chain__in=set(keys.values())).values_list("chain", "hash"))
    found: dict[int, list[Any]] = defaultdict(list)
    rows: tuple[Any, ...] = (
        RoomCard.objects.values_list("sitting_id", "pk", "state", "version", "seen_journals"),
        Journal.objects.values_list(
            "sitting_id", "pk", "state", "room_id", "station_id", "received_at", "forms_opened_at", "forms_problem"
        ),
        Act.objects.values_list("sitting_id", "pk", "station_post_id"),
        StationAssignment.objects.values_list("sitting_id", "pk", "station_id", "room_id"),
        SittingRoom.objects.values_list("sitting_id", "pk", "room_id", "seats", "kind"),
    )
    for place, each in enumerate(rows):
        for sitting, *values in each.filter(sitting__in=keys).order_by("pk"):
            found[sitting].append((place, *values))
            if place == 0 and values[1] not in CLOSED and values[1] != CardState.WAITING:
                found[sitting].append(heads.get(keys[sitting], ""))
    return {pk: hash(tuple(found[pk])) for pk in keys}


def look(sitting: Sitting, rooms: Iterable[int | None] | None = None) -> bool:
    """Compare the rooms of a sitting that rest on something else than when they were last compared.

    Args:
        sitting: The exam.
        rooms: Only the closed ones among these rooms; all rooms when None.

    Returns:
        Whether nothing is left to be looked at again.
    """
    rows = sitting.cards.exclude(state=CardState.WAITING).select_related(
        "room", "sitting__point__region", "sitting__subject"
    )
    if rooms is not None:
        rows = rows.filter(state__in=CLOSED, room__in=[room for room in rooms if room])
    standing = list(rows)
    if not standing:
        return True
    grounds = read_grounds(sitting)
    register = grounds.register
    reading = set(sitting.cards.filter(sources__state=SourceState.RECEIVED).values_list("pk", flat=True))
    whole = True
    for card in standing:
        try:
            changed = card.seen_journals != grounds.mark(card)
            if card.closed:
                whole &= not changed or _evaluate_again(card, register)
            elif card.pk in reading:
                whole = False
            elif changed or _left(card):
                reconcile(card, register=register)
        except Exception:
            # One room that cannot be compared keeps no other from being compared.
            log.exception("room %s of %s was not compared", card.room.number, sitting.key)
            whole = False
    return whole


def look_at(sitting: Sitting, rooms: Iterable[int | None]) -> None:
    """Look at closed rooms at once when a journal of theirs changed; `journals` calls it after its commit.

    What a preparation room printed lies in voice rooms, and what one of those recorded is no other's.
    """
    if sitting.rooms.filter(kind=SittingRoom.Kind.PREPARATION).exists():
        rooms = sitting.rooms.values_list("room_id", flat=True)
    look(sitting, rooms)


def look_after_activation(sitting: Sitting) -> None:
    """Look at the closed rooms of a sitting once its numbers are open; `keys.access` calls it after the commit.

    The open ones may be many, and a person waits for the page: the watch follows within seconds.
    """
    look(sitting, sitting.rooms.values_list("room_id", flat=True))


def _left(card: RoomCard) -> bool:
    """Whether everything of a room is read and its verdict still stands out."""
    if (
        scanning(card)
        or card.state != CardState.SCANNING
        or card.recordings.filter(state=RecordingState.RECEIVED).exists()
    ):
        return False
    return bool(card.balance.get("unread")) or not card.balance.get("sealed")


def _evaluate_again(card: RoomCard, register: ExpectedForms) -> bool:
    """Judge a closed room anew: it stays closed as long as its verdict stands, else it is opened again.

    Returns:
        Whether that is done; False when the numbers of a fresh journal are just being opened.
    """
    with transaction.atomic():
        card = cards.lock(card)
        if not card.closed:
            return True
        balance, found = evaluate(card, register)
        if _stands(card, balance, found):
            if card.act_id is not None:
                # The act may cover more than still differs: what is shown is what is true now.
                remember(card, balance, found, register)
            else:
                mark = room_mark(card, register)
                RoomCard.objects.filter(pk=card.pk).update(seen_journals=mark)
            return True
        sealed = balance.sealed or (register.preparation is not None and register.preparation.sealed)
        if sealed and _being_opened(card):
            return False
        why = late.reason(card, balance, found, register)
        cards.reopen(card=card, numbers=(), reason=why, actor=SYSTEM)
    return True


def _stands(card: RoomCard, balance: Balance, found: Iterable[Found]) -> bool:
    """Whether the verdict with which a room was closed still holds: zero, or nothing but what its act covers."""
    if card.act_id is None:
        return balance.zero
    kept = card.balance
    said = {each["code"] for each in kept.get("blockers", ())}
    codes = {each.code for each in balance.blockers}
    fresh = balance.as_dict()
    same = {
        "balance": ("expected", "present", "card", "scanned"),
        "dbo": ("dbo_card", "dbo_scanned"),
        "recordings": ("recordings", "recordings_expected"),
    }
    rows = card.discrepancies.filter(resolved_at__isnull=True)
    known = {(row.kind, row.number, row.form, row.sheet_id) for row in rows}
    return (
        codes <= said
        and all(fresh[name] == kept.get(name) for code in codes & set(same) for name in same[code])
        and set(balance.journals_missing) <= set(kept.get("journals_missing", ()))
        and all(each.key in known for each in found if each.severity == PROBLEM)
    )


def _being_opened(card: RoomCard) -> bool:
    """Whether the sealed numbers of a room are about to be opened by themselves: the key is active."""
    lately = now() - _OPENING
    fresh = Journal.objects.filter(sitting=card.sitting).sealed().filter(room__in=late.printed_in(card))
    fresh = fresh.filter(Q(received_at__gt=lately) | Q(decided_at__gt=lately), forms_problem=NOTHING)
    return fresh.exists() and access.active(card.sitting) is not None
