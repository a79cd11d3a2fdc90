"""Sets that a preparation room printed and gave out, and that no voice room has: whose they are, nobody can tell."""

from collections.abc import Collection, Iterable, Sequence

from django.db import transaction

from audit.log import Actor
from common.errors import in_words
from journals import acts
from journals.models import Act
from keys.tokens import OpenToken
from scanning.errors import CardRefusedError
from scanning.expected_forms import ExpectedForms, read_expected_forms
from scanning.models import Sheet
from scanning.states import ACTIVE
from stations.models import Room, Sitting, SittingRoom
from wire.messages import Message
from wire.room import PrintedSet


def lost(register: ExpectedForms, scanned: Collection[str], told: Collection[str]) -> list[PrintedSet]:
    """Return the used sets that lie nowhere: named by no voice journal, scanned in no room, told by no act.

    Args:
        register: What the journals say.
        scanned: Numbers of the sheets that lie in rooms.
        told: Numbers that acts name.
    """
    return [each for each in register.unplaced if not set(each.sheets.values()) & {*scanned, *told}]


def lost_of(sitting: Sitting, register: ExpectedForms) -> list[PrintedSet]:
    """Return the used sets of an exam that lie nowhere."""
    if not register.unplaced:
        return []
    numbers = [number for each in register.unplaced for number in each.sheets.values()]
    lying = Sheet.objects.filter(card__sitting=sitting, state__in=ACTIVE, number__in=numbers)
    lying = lying.exclude(card__room__kind=Room.Kind.HQ)
    told = Act.objects.filter(sitting=sitting).values_list("numbers", flat=True)
    return lost(register, set(lying.values_list("number", flat=True)), {number for each in told for number in each})


def name_of(each: PrintedSet) -> str:
    """Return what tells a set from the others of its exam: its registration form."""
    return each.sheets.get("R", "")


def make_act(
    *, sitting: Sitting, numbers: Sequence[str], reason: str, text: str, token: OpenToken, actor: Actor
) -> Act:
    """Make an act about used sets whose forms cannot be had; it goes to the centre with the last status.

    Args:
        sitting: The exam.
        numbers: Registration forms of the sets.
        reason: Why they cannot be had.
        text: The circumstances.
        token: The GEK member's open token.
        actor: The user of the session.

    Raises:
        CardRefusedError: No reason, no set, one that is not lost, or a voice journal is still to come.
    """
    if not in_words(reason):
        raise CardRefusedError(Message("Give in words why the forms cannot be had."))
    with transaction.atomic():
        Sitting.objects.select_for_update(of=("self",)).get(pk=sitting.pk)
        register = read_expected_forms(sitting)
        if register.preparation is None or register.voices_awaited:
            raise CardRefusedError(
                Message("A voice journal is not here, or its numbers are not open: it may name these sets."),
                remedy=Message("Load the voice journals first; the key opens their numbers."),
            )
        known = {name_of(each): each for each in lost_of(sitting, register)}
        chosen = [known[number] for number in dict.fromkeys(numbers) if number in known]
        if not chosen or len(chosen) != len(set(numbers)):
            raise CardRefusedError(Message("Choose the sets whose forms cannot be had, of those that are listed."))
        return acts.make(
            sitting=sitting,
            kind="room_difference",
            room=_room(sitting, chosen),
            reason=reason,
            text=text,
            numbers=sorted(name_of(each) for each in chosen),
            difference={"sets": [[each.room, each.station, each.ordinal] for each in chosen]},
            token=token,
            actor=actor,
        )


def _room(sitting: Sitting, chosen: Iterable[PrintedSet]) -> Room:
    """The preparation room that an act is about; a station without a room printed for any of them."""
    uses = sitting.rooms.filter(kind=SittingRoom.Kind.PREPARATION).select_related("room").order_by("room__number")
    rooms = {use.room.number: use.room for use in uses}
    return next((rooms[each.room] for each in chosen if each.room in rooms), next(iter(rooms.values())))
