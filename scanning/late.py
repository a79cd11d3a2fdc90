"""Why a closed room is opened again by itself, in words: which journal came, and what has not been scanned."""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db.models import Q

from journals.models import Act, Journal
from scanning.expected_forms import ExpectedForms
from scanning.models import RoomCard
from scanning.reconcile import Balance, difference_words
from stations.models import SittingRoom
from wire.messages import NOTHING, Both, Message, Several
from wire.room import PROBLEM, Found

_STATIONS = {"print": Message("print station"), "voice": Message("voice station")}
#: More sets than these are not named one by one.
_NAMED = 6


def reason(card: RoomCard, balance: Balance, found: Sequence[Found], register: ExpectedForms) -> Message:
    """Say why a closed room is open again. No form number: the sentence goes into the scan journal and the log."""
    return Message("{what}: {lacks}.", what=_came(card), lacks=_lacks(balance, found, register))


def _came(card: RoomCard) -> Message:
    since = card.closed_at
    if since is not None:
        own = (
            Journal.objects.filter(sitting=card.sitting, room__in=printed_in(card)).counting().select_related("station")
        )
        own = own.exclude(kind=Journal.Kind.SCAN).order_by("kind", "station_said")
        if rows := own.filter(Q(received_at__gt=since) | Q(decided_at__gt=since)):
            if len(rows) > 1:
                return Message("After the closing the journals of {stations} came", stations=_named(rows))
            return Message("After the closing the journal of {stations} came", stations=_named(rows))
        if rows := own.filter(forms_opened_at__gt=since):
            return Message("After the closing the numbers of {stations} were opened", stations=_named(rows))
        acts = Act.objects.filter(sitting=card.sitting, station_post__room=card.room, made_at__gt=since)
        if numbers := sorted(acts.values_list("station_post__station__number", flat=True)):
            stations = ", ".join(numbers)
            return Message(
                "After the closing an act was made instead of the journal of station {stations}", stations=stations
            )
    return Message("What the room was closed by has changed")


def printed_in(card: RoomCard) -> list[int]:
    """The room itself; of a voice room also those where its forms are printed."""
    preparing = card.sitting.rooms.filter(kind=SittingRoom.Kind.PREPARATION).values_list("room_id", flat=True)
    return [card.room_id] if card.is_hq else [card.room_id, *preparing]


def _named(rows: Iterable[Journal]) -> Message:
    return Several(
        [
            Message(
                "{kind} {number}",
                kind=_STATIONS.get(row.kind, Message("the station")),
                number=row.station.number if row.station else row.station_said,
            )
            for row in rows
        ],
        ", ",
    )


def _lacks(balance: Balance, found: Sequence[Found], register: ExpectedForms) -> Message:
    serious = [each for each in found if each.severity == PROBLEM]
    missing = [each for each in serious if each.kind == "missing"]
    blanks = [each for each in missing if each.number in register.by_number and not each.form.startswith("audio")]
    said: list[Message] = []
    if blanks:
        sets = Counter(register.by_number[each.number].ordinal for each in blanks)
        names = ", ".join(f"№ {ordinal}" for ordinal in sorted(sets)[:_NAMED])
        said.append(
            Message(
                "sheets not scanned: {count} ({set} {names}{more})",
                count=len(blanks),
                set=Message("set") if len(sets) == 1 else Message("sets"),
                names=Both(names, names.replace("№", "no.")),
                more=Message(" and more") if len(sets) > _NAMED else NOTHING,
            )
        )
    if sound := sum(each.form.startswith("audio") for each in missing):
        said.append(Message("recordings missing: {sound}", sound=sound))
    if forms := len(missing) - len(blanks) - sound:
        said.append(Message("forms missing: {forms}", forms=forms))
    others = Counter(each.kind for each in serious if each.kind not in ("missing", "unreadable"))
    if others:
        said.append(difference_words(others))
    # The differences by number say more than the balance that follows from them.
    passed = {"difference", "balance"} if said else {"difference"}
    said += [each.message for each in balance.blockers if each.code not in passed]
    if not said:
        return Message("it has to be compared again")
    return Several(said)
