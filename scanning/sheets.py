"""Decisions about sheets. Nothing is ever decided by the machine against a person, and nothing disappears."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audit.log import Actor, record
from audit.moves import move
from common.errors import in_words
from common.stored import stored
from common.work import jobs, leases
from common.work.clock import now
from journals.forms import why_sealed
from scanning import pictures, scan_journal, steps
from scanning.cards import listed, lock, open_card, require_editable
from scanning.errors import DecisionRefusedError, NoPictureError, NumberRefusedError, StillSealedError
from scanning.expected_forms import read_expected_forms
from scanning.models import Decision, RoomCard, Sheet
from scanning.reconcile import go, reconcile
from scanning.states import ACTIVE, CardState, SheetState, SourceState
from wire.forms import CATALOGUE, check_number
from wire.messages import Message

ACCEPT, SET_NUMBER, DISCARD, MOVE = "accept", "set_number", "discard", "move"
READ_AGAIN = "read_again"
#: Keys of the actions on a sheet's own page: letters, for digits belong to numbers.
KEYS = {ACCEPT: "A", SET_NUMBER: "N", DISCARD: "X", MOVE: "M", READ_AGAIN: "T"}
RESTORE = frozenset({SheetState.DISCARDED, SheetState.REPLACED})


@dataclass(frozen=True)
class Legal:
    """An action that may be taken on a sheet now."""

    action: str
    label: str
    needs: str = ""

    @property
    def key(self) -> str:
        """The letter that does it on the page of the sheet."""
        return KEYS[self.action]


def legal_actions(sheet: Sheet, kinds: frozenset[str] = frozenset()) -> list[Legal]:
    """Return the actions a sheet allows: the page shows these, and `decide` allows no others.

    Args:
        sheet: The sheet.
        kinds: Kinds of the open differences that name it.
    """
    if sheet.card.closed or sheet.state == SheetState.RECEIVED:
        return []
    if sheet.state in RESTORE:
        return [Legal(ACCEPT, _("Take back"))] if sheet.number and pictures.there(sheet.path) else []
    if not pictures.there(sheet.path):
        # A number without a picture would close a room whose packet lacks the sheet.
        return [Legal(READ_AGAIN, _("Read again")), Legal(DISCARD, _("Leave out"), "reason")]
    actions = []
    # A number that nobody printed may be a label's, or read wrongly: the paper says which it is.
    if not sheet.number or sheet.state == SheetState.PROBLEM or sheet.decision == SET_NUMBER or "unknown" in kinds:
        actions.append(Legal(SET_NUMBER, _("Type the number"), "number"))
    # No acceptance makes a sheet ours that another room or nobody printed.
    if sheet.number and not kinds & {"foreign", "unknown"}:
        actions.append(Legal(ACCEPT, _("Keep this picture") if "twice" in kinds else _("Accept")))
    if not kinds & {"twice", "unknown"}:
        actions.append(Legal(MOVE, _("Move to the room"), "room"))
    actions.append(Legal(DISCARD, _("Leave out"), "reason"))
    return actions


def decide(*, sheet: Sheet, action: str, actor: Actor, number: str = "", reason: str = "", room: str = "") -> Sheet:
    """Decide about a sheet and compare its room again.

    Args:
        sheet: The sheet.
        action: ``accept``, ``set_number``, ``discard``, ``move`` or ``read_again``.
        actor: Who decides.
        number: The number read by a person from the paper, for ``set_number``.
        reason: Why, for ``discard``; optional for the others.
        room: Number of the room whose sheet it is, for ``move``.

    Raises:
        CardIsClosedError: The room is closed.
        DecisionRefused, NumberRefused, StillSealed: The decision is not a legal one.
    """
    if action == READ_AGAIN:
        return read_again(sheet=sheet, actor=actor)
    with steps.undoable(card=sheet.card, kind=Decision.Kind.SHEET, what=str(sheet), actor=actor):
        card = lock(sheet.card)
        require_editable(card)
        sheet = Sheet.objects.select_for_update(of=("self",)).select_related("source").get(pk=sheet.pk)
        sheet.card = card
        kinds = frozenset(sheet.discrepancies.filter(resolved_at__isnull=True).values_list("kind", flat=True))
        if action not in {each.action for each in legal_actions(sheet, kinds)}:
            if not pictures.there(sheet.path):
                raise NoPictureError
            raise DecisionRefusedError(Message("This cannot be done with the sheet now."))
        if action == MOVE:
            other = _move(card, sheet, room.strip(), actor)
            reconcile(other, actor=actor)
        elif action == DISCARD:
            _discard(card, sheet, reason.strip(), actor)
        else:
            found = _typed_number(card, sheet, number) if action == SET_NUMBER else None
            _keep(card, sheet, action, found, reason.strip(), actor)
        reconcile(card, actor=actor)
    sheet.refresh_from_db()
    return sheet


def read_again(*, sheet: Sheet, actor: Actor) -> Sheet:
    """Read a sheet again from its file, whose picture of record is not there: it is no verdict, nothing is taken back.

    Raises:
        CardIsClosedError: The room is closed.
        DecisionRefusedError: It has its picture, or its file is gone.
    """
    with transaction.atomic():
        card = lock(sheet.card)
        require_editable(card)
        sheet = Sheet.objects.select_for_update(of=("self",)).select_related("source").get(pk=sheet.pk)
        sheet.card = card
        if READ_AGAIN not in {each.action for each in legal_actions(sheet)}:
            raise DecisionRefusedError(
                Message("The sheet has its picture: nothing to read again."),
            )
        source = sheet.source
        if not pictures.there(source.path):
            raise DecisionRefusedError(
                Message("The file “{source_name}” is no longer on the node's disk.", source_name=source.name),
                remedy=Message("Scan the sheet again and leave this one out with a reason."),
            )
        again: dict[str, Any] = {"starts": 0, "path": "", "sha256": "", "number": ""}
        move(sheet, SheetState.RECEIVED, actor=actor, data={"sheet": sheet.pk}, **again)
        sheet.findings.all().delete()
        if source.state == SourceState.READ:
            # The sheet may have been moved since: its file is spoken of in the room where the sheet lies.
            about = card.audit_subject().of(source.name)
            move(source, SourceState.RECEIVED, about=about, actor=actor, data={"again": True})
        leases.unpark(source)
        jobs.enqueue("scanning.recognise", source.pk)
        go(card, CardState.SCANNING, actor=actor)
    sheet.refresh_from_db()
    return sheet


def _set_state(
    card: RoomCard, sheet: Sheet, state: SheetState, action: str, reason: str, actor: Actor, **more: Any
) -> None:
    move(
        sheet,
        state,
        kind="scanning.sheet_decided",
        actor=actor,
        data={"sheet": sheet.pk, "action": action, "reason": reason[:500]},
        decision=action,
        reason=reason,
        decided_by=actor.name[:200],
        decided_at=now(),
        **more,
    )


def _keep(card: RoomCard, sheet: Sheet, action: str, number: str | None, reason: str, actor: Actor) -> None:
    _set_state(card, sheet, SheetState.ACCEPTED, action, reason, actor)
    kind = check_number(number) if number else None
    if kind is not None:
        Sheet.objects.filter(pk=sheet.pk).update(number=number, kind=kind.code)
    wanted = number or sheet.number
    for other in card.sheets.filter(number=wanted, state__in=ACTIVE).exclude(pk=sheet.pk):
        _set_state(card, other, SheetState.REPLACED, "replaced", reason, actor, replaced_by=sheet)
    if wanted in card.awaited:
        # The person has looked at the picture that was asked for and keeps it.
        RoomCard.objects.filter(pk=card.pk).update(awaited=[each for each in card.awaited if each != wanted])
    scan_journal.note(
        sitting=card.sitting,
        event="sheet_decided",
        person=actor.name,
        room=card.room.number,
        action=action,
        **({"sha256": sheet.sha256} if sheet.sha256 else {}),
        **({"reason": reason[:1000]} if reason else {}),
    )


def _discard(card: RoomCard, sheet: Sheet, reason: str, actor: Actor) -> None:
    if not in_words(reason):
        raise DecisionRefusedError(
            Message("Give the reason for leaving the sheet out in words."),
            remedy=Message("For example: “a second picture of the same sheet”. A form number goes into its own field."),
        )
    _set_state(card, sheet, SheetState.DISCARDED, DISCARD, reason, actor)
    scan_journal.note(
        sitting=card.sitting,
        event="sheet_discarded",
        person=actor.name,
        room=card.room.number,
        reason=reason[:1000],
        **({"sha256": sheet.sha256} if sheet.sha256 else {}),
    )


def _move(card: RoomCard, sheet: Sheet, room: str, actor: Actor) -> RoomCard:
    other = listed(card.sitting).filter(room__number=room).exclude(pk=card.pk).first()
    if other is None:
        raise DecisionRefusedError(Message("There is no room “{room}” on this exam.", room=room[:20]))
    other = lock(other)
    require_editable(other)
    open_card(other, actor=actor)
    # The state stays; the row changes rooms, and the event says so.
    _record_move(card, other, sheet, actor)
    scan_journal.note(
        sitting=card.sitting,
        event="sheet_decided",
        person=actor.name,
        room=card.room.number,
        action=MOVE,
        to=other.room.number,
        **({"sha256": sheet.sha256} if sheet.sha256 else {}),
    )
    go(other, CardState.SCANNING, actor=actor)
    return other


def _record_move(card: RoomCard, other: RoomCard, sheet: Sheet, actor: Actor) -> None:
    Sheet.objects.filter(pk=sheet.pk).update(card=other, decision=MOVE, decided_by=actor.name[:200], decided_at=now())
    record(
        "scanning.sheet_moved",
        about=card,
        subject=f"{card.sitting.key} {card.room.number} → {other.room.number}",
        actor=actor,
        data={"sheet": sheet.pk},
    )


def _typed_number(card: RoomCard, sheet: Sheet, text: str) -> str:
    """Judge a number typed by hand: its check digit, the print journals, the other sheets."""
    number = "".join(text.split())
    kind = check_number(number)
    if kind is None:
        raise NumberRefusedError(
            Message("“{typed}” is no form number: 13 digits with a check digit.", typed=text[:40]),
            remedy=Message("Copy the number printed under the bar code again."),
        )
    if card.sheets.filter(number=number, state__in=ACTIVE).exclude(pk=sheet.pk).exists():
        raise NumberRefusedError(
            Message("Sheet {number} is already in this room.", number=number),
            remedy=Message("If this is another picture of the same sheet, leave it out."),
        )
    if CATALOGUE[kind.code].per_set:
        _require_printed(card, number)
    return number


def _require_printed(card: RoomCard, number: str) -> None:
    """A number of a set must stand in a journal of this room, unless a journal of the room cannot be had."""
    register = read_expected_forms(card.sitting)
    room = card.room.number
    known = register.by_number.get(number)
    printing = register.preparation
    if known is not None:
        if room not in (known.room, *known.others) and (printing is None or known.room not in printing.rooms):
            where = {"number": number, "room": known.room}
            raise NumberRefusedError(
                Message("{number}: the answer was recorded in room {room}.", **where)
                if known.recorded
                else Message("{number} was printed in room {room}.", **where),
                remedy=Message("If the paper bears this number, move the sheet to that room."),
            )
        return
    if register.sealed_rooms:
        raise StillSealedError(why_sealed(card.sitting))
    if room in register.acts or (printing is not None and printing.by_act):
        return
    raise NumberRefusedError(
        Message("{number} stands in no station's journal.", number=number),
        remedy=Message("Compare the digits with the paper; such a sheet can only be left out."),
    )


def empty_pages(sheets: Iterable[Sheet]) -> int:
    """Return how many of the sheets wait only because they are empty pages."""
    return sum(_only_empty(sheet) for sheet in sheets)


def _only_empty(sheet: Sheet) -> bool:
    serious = {each.kind for each in sheet.findings.all() if each.severity == "problem"}
    return sheet.state == SheetState.PROBLEM and not sheet.number and serious == {"empty_page"}


def discard_empty(*, card: RoomCard, actor: Actor) -> int:
    """Leave out the pages that are empty and nothing else: the backs of forms. One step, taken back as one.

    Raises:
        CardIsClosedError: The room is closed.
    """
    reason = stored("empty page")
    with steps.undoable(card=card, kind=Decision.Kind.SHEET, what=reason, actor=actor):
        card = lock(card)
        require_editable(card)
        found = card.sheets.filter(state=SheetState.PROBLEM, number="").prefetch_related("findings")
        empty = [each for each in found if _only_empty(each)]
        for sheet in empty:
            _discard(card, sheet, reason, actor)
        if empty:
            reconcile(card, actor=actor)
    return len(empty)
