"""Reconciliation of a room: print journals, card and sheets in one balance; the differences by number as rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.db import transaction
from django.db.models import Q

from audit.log import SYSTEM, Actor, hold
from audit.moves import move
from common.work.clock import now
from scanning import pictures, recording_checks, scan_journal
from scanning.expected_forms import ExpectedForms, read_expected_forms
from scanning.grounds import ROOM_FORMS, room_mark
from scanning.models import COUNT_WORDS, Discrepancy, RoomCard, ScanJob, Sheet
from scanning.states import ACTIVE, CardState, ScanState, SheetState
from stations.models import Room, SittingRoom
from wire.forms import CATALOGUE, form_set
from wire.messages import Both, Message, Several
from wire.room import PROBLEM, CardCounts, Found, RoomBalance, RoomFacts, RoomPlace, SeenSheet, equation
from wire.room import balance as room_balance

_ACTABLE = frozenset({"balance", "dbo", "difference", "recordings", "journal_missing"})


@dataclass(frozen=True)
class Blocker:
    """One reason why the room does not close, in words."""

    code: str
    message: Message


@dataclass
class Balance:
    """The state of a room in figures, and everything that keeps it from closing."""

    room: str
    is_hq: bool
    oral: bool
    sealed: bool = False
    journals_missing: list[str] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)
    printed: int = 0
    spoiled: int = 0
    unused: int = 0
    expected: int = 0
    seats: int = 0
    absent: int | None = None
    present: int | None = None
    card: int | None = None
    scanned: int = 0
    dbo_card: int | None = None
    dbo_scanned: int = 0
    missing_sets: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    unread: int = 0
    undecided: int = 0
    no_picture: int = 0
    recordings: int = 0
    recordings_expected: int = 0
    blockers: list[Blocker] = field(default_factory=list)

    @property
    def zero(self) -> bool:
        """Whether the room may be closed without an act."""
        return not self.blockers

    @property
    def actable(self) -> bool:
        """Whether everything that is open may be settled by an act."""
        return bool(self.blockers) and all(blocker.code in _ACTABLE for blocker in self.blockers)

    @property
    def equation(self) -> str:
        """The balance as one line, as acts and packets carry it."""
        return equation(asdict(self)).ru

    def as_dict(self) -> dict[str, Any]:
        """The balance as plain values, the way pages, packets and acts carry it."""
        values = asdict(self)
        values["blockers"] = [{"code": each.code, "text": each.message.ru} for each in self.blockers]
        return {**values, "zero": self.zero, "equation": self.equation}


def reconcile(card: RoomCard, *, actor: Actor = SYSTEM, register: ExpectedForms | None = None) -> Balance:
    """Compare a room, store the differences, and move its state accordingly.

    Args:
        card: The room's card; a closed room is only compared, nothing of it changes.
        actor: Who set the comparison off.
        register: What the journals say, when the caller has already read it.
    """
    register = register or read_expected_forms(card.sitting)
    with transaction.atomic():
        hold(card)
        card = (
            RoomCard.objects.select_for_update(of=("self",)).select_related("room", "sitting__subject").get(pk=card.pk)
        )
        if not card.closed:
            recording_checks.evaluate_again(card, register)
        balance, found = evaluate(card, register)
        if card.closed:
            return balance
        changed = remember(card, balance, found, register)
        before = card.state
        _settle(card, balance, actor)
        if card.state != before or changed:
            _note(card, balance, found)
    return balance


def remember(card: RoomCard, balance: Balance, found: Sequence[Found], register: ExpectedForms) -> bool:
    """Keep a comparison for the pages, and what it rests on; call under the card's lock.

    Returns:
        Whether the differences are others than before.
    """
    changed = _store(card, found)
    RoomCard.objects.filter(pk=card.pk).update(
        balance=balance.as_dict(), reconciled_at=now(), seen_journals=room_mark(card, register)
    )
    return changed


def evaluate(card: RoomCard, register: ExpectedForms) -> tuple[Balance, list[Found]]:
    """Work out the balance of a room and its differences; nothing is stored."""
    place = place_of(card)
    sheets = list(card.sheets.filter(state__in=ACTIVE).select_related("source"))
    # What went into a packet may have been wiped since; until then a number without its picture is no sheet.
    bare = {each.pk for each in sheets if each.state != SheetState.RECEIVED and not _has_picture(card, each)}
    known = [each for each in sheets if each.state != SheetState.RECEIVED]
    read = [_seen(sheet) for sheet in known if not (sheet.number and sheet.pk in bare)]
    facts = facts_of(place, _seats(card), card, read, register, _elsewhere(card, register))
    comparison = room_balance(facts)
    comparison.found = _name_backs(card, comparison.found)
    balance = _figures(facts, comparison)
    balance.unread = len(sheets) - len(known)
    balance.no_picture = len(bare)
    balance.undecided = sum(sheet.state == SheetState.PROBLEM for sheet in sheets)
    sound = recording_checks.compare(card, register)
    comparison.found += sound.found
    balance.recordings, balance.recordings_expected = sound.here, sound.expected
    balance.unread += sound.unread
    balance.blockers = list(_blockers(card, balance, comparison, sound))
    return balance, comparison.found


def _name_backs(card: RoomCard, found: list[Found]) -> list[Found]:
    """Say of a missing sheet that its empty back was scanned: the number shows through it."""
    missing = [each.number for each in found if each.kind == "missing" and each.number]
    if not missing:
        return found
    backs = dict(
        card.sheets.filter(reading__back_of__in=missing).values_list("reading__back_of", "source__name").order_by("-pk")
    )
    return [
        replace(each, message=Message("{missing}; only its back was scanned: {name}", missing=each.message, name=name))
        if each.kind == "missing" and (name := backs.get(each.number))
        else each
        for each in found
    ]


def _has_picture(card: RoomCard, sheet: Sheet) -> bool:
    return bool(sheet.path) if card.state == CardState.PACKED else pictures.there(sheet.path)


def place_of(card: RoomCard) -> RoomPlace:
    """The address of a card."""
    sitting = card.sitting
    uses = dict(sitting.rooms.exclude(room__kind=Room.Kind.HQ).values_list("room__number", "kind"))
    return RoomPlace(
        region=sitting.point.region.code,
        point=sitting.point.code,
        date=sitting.date.isoformat(),
        subject=sitting.subject.code,
        form_set=form_set(sitting.subject.code),
        oral=sitting.subject.oral,
        room=card.room.number,
        is_hq=card.is_hq,
        rooms=tuple(uses),
        preparing=tuple(number for number, kind in uses.items() if kind == SittingRoom.Kind.PREPARATION),
    )


def _seen(sheet: Sheet) -> SeenSheet:
    page, many = sheet.page + 1, sheet.source.pages > 1
    return SeenSheet(
        pk=sheet.pk,
        number=sheet.number,
        kind=sheet.kind,
        address=sheet.address,
        picture_hash=sheet.picture_hash,
        name=Message("{name}, p. {page}", name=sheet.source.name, page=page) if many else Both(sheet.source.name),
        undecided=sheet.state == SheetState.PROBLEM,
    )


def _elsewhere(card: RoomCard, register: ExpectedForms) -> dict[str, str]:
    """Numbers of this room that were scanned in other rooms, and the room forms that lie there (as ``form/room``)."""
    own = register.numbers_of(card.room.number)
    wanted = Q(kind__in=ROOM_FORMS) if card.is_hq else Q(number__in=own)
    rows = (
        Sheet.objects.filter(wanted, card__sitting=card.sitting, state__in=ACTIVE)
        .exclude(card=card)
        .exclude(number="")
        .exclude(path="")
        .values_list("number", "kind", "card__room__number")
    )
    found: dict[str, str] = {}
    for number, kind, room in rows:
        found[number] = room
        form = CATALOGUE.get(kind)
        if form is not None and form.scope == "room":
            found[f"{kind}/{room}"] = room
    return found


def _seats(card: RoomCard) -> int:
    use = card.sitting.rooms.filter(room=card.room).first()
    return use.seats if use else 0


def facts_of(
    place: RoomPlace,
    seats: int,
    card: RoomCard,
    sheets: Sequence[SeenSheet],
    register: ExpectedForms,
    elsewhere: Mapping[str, str],
) -> RoomFacts:
    """Return what this desk knows of a room."""
    return RoomFacts(
        place=place,
        seats=seats,
        card=CardCounts(card.registration_count, card.absent_count, card.dbo_count),
        sheets=sheets,
        sets=register.of_room(place.room),
        by_number=register.by_number,
        stations_by_act=register.acts.get(place.room, []),
        stations_missing=register.absent_journals.get(place.room, []),
        sealed=place.room in register.sealed_rooms,
        numbers_sealed=bool(register.sealed_rooms),
        elsewhere=elsewhere,
        preparation=register.preparation,
    )


def _figures(facts: RoomFacts, comparison: RoomBalance) -> Balance:
    return Balance(
        room=facts.place.room,
        is_hq=facts.place.is_hq,
        oral=facts.place.oral,
        sealed=facts.sealed,
        journals_missing=list(facts.stations_missing),
        acts=list(facts.stations_by_act),
        printed=comparison.printed,
        spoiled=comparison.spoiled,
        unused=comparison.unused,
        expected=comparison.expected,
        seats=facts.seats,
        absent=facts.card.absent,
        present=comparison.present,
        card=facts.card.registration,
        scanned=comparison.counts["R"],
        dbo_card=comparison.dbo,
        dbo_scanned=comparison.counts["DBO"],
        missing_sets=comparison.missing_sets,
        counts=dict(comparison.counts),
    )


def _blockers(
    card: RoomCard, balance: Balance, comparison: RoomBalance, sound: recording_checks.Sound
) -> list[Blocker]:
    found: list[Blocker] = []

    def block(code: str, message: Message) -> None:
        found.append(Blocker(code, message))

    if scanning(card):
        block("scanning", Message("the scanner is at work"))
    if balance.unread:
        block("unread", Message("{unread} still being read", unread=balance.unread))
    if not card.is_hq:
        _block_room(card, balance, comparison, block)
    elif not comparison.counts:
        block("nothing", Message("the forms of the point are not scanned"))
    _block_sheets(balance, block)
    if card.awaited:
        count = len(card.awaited)
        block("awaited", Message("{count} sheets are awaited again", count=count))
    serious = [each for each in comparison.found if each.severity == PROBLEM and each.kind != "unreadable"]
    _block_differences(serious, block)
    if sound.undecided:
        block("recordings", Message("{undecided} recordings are open", undecided=sound.undecided))
    return found


def _block_differences(serious: Sequence[Found], block: Any) -> None:
    silent = next((each for each in serious if each.form == "audio"), None)
    if silent:
        # One row for every recording of the room: its number counts nothing.
        block("difference", silent.message)
    heard = [each for each in serious if each.form.startswith("audio/")]
    if heard:
        block(
            "difference",
            Message("recordings differ: {differences}", differences=_counted(Counter(each.kind for each in heard))),
        )
    lying = [each for each in serious if each is not silent and each not in heard]
    if lying:
        block("difference", difference_words(Counter(each.kind for each in lying)))


_KINDS = {
    "missing": Message("missing"),
    "foreign": Message("foreign"),
    "twice": Message("repeated"),
    "unlisted": Message("not in a journal"),
    "unknown": Message("unknown"),
    "contested": Message("named by two rooms"),
}


def difference_words(counts: Counter[str]) -> Message:
    """Return how many sheets differ in which way."""
    return Message("sheets differ: {differences}", differences=_counted(counts))


def _counted(counts: Counter[str]) -> Several:
    kinds = [
        Message("{kind} {count}", kind=words, count=counts[kind]) for kind, words in _KINDS.items() if counts[kind]
    ]
    return Several(kinds, ", ")


def _block_sheets(balance: Balance, block: Any) -> None:
    if count := balance.no_picture:
        block("no_picture", Message("{count} sheets have no picture: read them again", count=count))
    if count := balance.undecided:
        block("undecided", Message("{count} sheets need a decision", count=count))


def _block_room(card: RoomCard, balance: Balance, comparison: RoomBalance, block: Any) -> None:
    if balance.sealed:
        block("sealed", Message("the form numbers are sealed"))
    if balance.journals_missing:
        stations = ", ".join(balance.journals_missing)
        block("journal_missing", Message("no journal of station {stations}", stations=stations))
    lacking = card.unfilled
    if lacking:
        names = Several([COUNT_WORDS[name] for name in lacking], ", ")
        block("not_filled", Message("the card is not filled in: {counts}", counts=names))
    if card.registration_count is None or card.absent_count is None:
        return
    if comparison.uneven:
        block("balance", Message("the balance is not zero: {equation}", equation=equation(asdict(balance))))
    if comparison.dbo_differ:
        block(
            "dbo",
            Message(
                "additional forms: {card} on the card, {scanned} scanned",
                card=balance.dbo_card,
                scanned=balance.dbo_scanned,
            ),
        )


def scanning(card: RoomCard) -> bool:
    """Whether a pass of the scanner still brings sheets into a room."""
    return ScanJob.objects.filter(card=card, state__in=(ScanState.WAITING, ScanState.SCANNING)).exists()


def _store(card: RoomCard, found: Sequence[Found]) -> bool:
    """Bring the rows of differences up to date; rows that no longer hold are kept as resolved."""
    wanted = {each.key: each for each in found}
    stale = []
    changed = False
    for row in card.discrepancies.filter(resolved_at__isnull=True):
        each = wanted.pop((row.kind, row.number, row.form, row.sheet_id), None)
        if each is None:
            stale.append(row.pk)
        elif (each.message, each.severity) != (row.text, row.severity):
            Discrepancy.objects.filter(pk=row.pk).update(text=each.message, severity=each.severity)
    if stale:
        Discrepancy.objects.filter(pk__in=stale).update(resolved_at=now())
        changed = True
    rows = [
        Discrepancy(
            card=card,
            kind=each.kind,
            severity=each.severity,
            number=each.number,
            form=each.form,
            text=each.message,
            sheet_id=each.sheet,
        )
        for each in wanted.values()
    ]
    Discrepancy.objects.bulk_create(rows)
    return changed or bool(rows)


def _settle(card: RoomCard, balance: Balance, actor: Actor) -> None:
    """Move the room to the state its balance gives it."""
    if card.state == CardState.WAITING:
        return
    scanned = card.sheets.filter(state__in=ACTIVE).exists() or balance.recordings
    if balance.unread or balance.sealed or any(each.code == "scanning" for each in balance.blockers):
        wanted = CardState.SCANNING if scanned else CardState(card.state)
    elif not scanned and balance.blockers:
        wanted = CardState.OPEN if card.state == CardState.OPEN else CardState.DISCREPANT
    else:
        wanted = CardState.RECONCILED if balance.zero else CardState.DISCREPANT
    go(card, wanted, actor=actor)


def go(card: RoomCard, state: CardState, *, actor: Actor) -> None:
    """Move a card when it is not there already."""
    if card.state != state:
        move(card, state, actor=actor)


def _note(card: RoomCard, balance: Balance, found: Sequence[Found]) -> None:
    if card.state in (CardState.RECONCILED, CardState.DISCREPANT):
        scan_journal.note(
            sitting=card.sitting,
            event="room_reconciled",
            room=card.room.number,
            counts=balance.counts,
            discrepancies=len(found),
        )
