"""Remarks about the content of acknowledged packets, and about others that they touch. They never block."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import permutations

from django.db.models import QuerySet

from common.errors import both
from rcoi.checking import beside, standing
from rcoi.checking.findings import PacketWarning, retell, say
from rcoi.checking.versions import lineage
from rcoi.models import InboxAct, InboxFinding, InboxJournal, InboxKind, InboxPacket, InboxSheet
from rcoi.states import InboxState
from stations.matching import station_of
from stations.models import ExamPoint, Station
from wire.forms import CATALOGUE, ORAL_SUMMARY, SUMMARY
from wire.messages import Both, Message

#: Status → kinds of stations whose journals come with it.
STATIONS_OF = {"exams_finished": ("print", "voice"), "blanks_transferred": ("scan",)}


def write_warnings(packet: InboxPacket) -> None:
    """Remark on an acknowledged packet's content, and on others that it touches."""
    sheets = list(packet.inboxsheets.all())
    _twice_inside(packet, sheets)
    _twice_elsewhere(packet)
    beside.look(packet)
    if packet.kind == InboxKind.FORMS:
        _mandatory(packet, sheets)
    if packet.document.get("closed_with_act"):
        say(
            packet,
            "closed_with_act",
            Message("The room was closed with an act about a difference."),
        )
    _seats(packet)
    if packet.kind == InboxKind.AUDIO:
        _recordings(packet, sheets)
    if packet.kind == InboxKind.STATUS:
        stations(packet)
    for journal in packet.inboxjournals.all():
        for problem in journal.problems:
            message = Message("{name}: {problem}", name=journal.name, problem=Message.from_json(problem))
            say(packet, "journal_problem", message, room=journal.room)
    for act in packet.inboxacts.all():
        if act.problem:
            message = Message("{name}: {problem}", name=act.name, problem=act.problem)
            say(packet, "act_problem", message, room=act.room)


def _twice_inside(packet: InboxPacket, sheets: Iterable[InboxSheet]) -> None:
    for number, times in Counter(sheet.number for sheet in sheets if sheet.number).items():
        if times > 1:
            message = Message("Sheet no. {number} is there {times} times.", number=number, times=times)
            say(packet, "sheet_twice", message, number=number)


def _twice_elsewhere(packet: InboxPacket) -> None:
    """Name the sheets that stand in two packets; looked at anew for every number that any version of this one had."""
    family = InboxSheet.objects.filter(packet__in=lineage(packet)).exclude(number="")
    numbers = set(family.values_list("number", flat=True))
    rows = (
        InboxSheet.objects.filter(number__in=numbers, packet__state=InboxState.ACKNOWLEDGED)
        .filter(packet__superseded_by__isnull=True)
        .select_related("packet__point__region")
    )
    where: dict[str, dict[int, InboxPacket]] = defaultdict(dict)
    for sheet in rows:
        where[sheet.number][sheet.packet_id] = sheet.packet
    remarks = []
    for number, packets in where.items():
        for one, other in permutations(packets.values(), 2):
            message = Message(
                "Sheet no. {number} is also in the packet “{title}”.",
                number=number,
                title=Both(other.title_in("ru"), other.title_in("en")),
            )
            remarks.append(PacketWarning(one, "sheet_elsewhere", message, number))
    retell(InboxFinding.objects.filter(code="sheet_elsewhere", number__in=numbers), remarks)


def _seats(packet: InboxPacket) -> None:
    """Hold the card to the seats of the registry and to the sheets: seated − absent = card = registration forms."""
    use = packet.sitting.rooms.filter(room__number=packet.room).first() if packet.sitting else None
    said = None if use is None else standing.unbalanced(packet, use.seats)
    if said is not None and not beside.valid_acts(packet.inboxacts.all(), packet.room):
        say(packet, "seats_differ", said)


def _recordings(packet: InboxPacket, sheets: Iterable[InboxSheet]) -> None:
    """Name the registration forms of a voice room that no recording goes with."""
    found = {row.number for row in packet.inboxrecordings.all()}
    for sheet in sheets:
        if sheet.form == "R" and sheet.number and sheet.number not in found:
            message = Message("No recording goes with form no. {sheet_number}.", sheet_number=sheet.number)
            say(packet, "recording_missing", message, number=sheet.number)


def stations(packet: InboxPacket) -> None:
    """Name the stations of the sitting of which neither a journal nor an act has come; looked at anew each time."""
    sitting = packet.sitting
    if sitting is None:
        return
    kinds = STATIONS_OF.get(str(packet.document.get("status")), ())
    current = InboxPacket.objects.filter(sitting=sitting, kind=InboxKind.STATUS, superseded_by__isnull=True)
    same = current.filter(document__status=packet.document.get("status"))
    came = _stations_in(current.filter(state=InboxState.ACKNOWLEDGED), sitting.point, kinds)
    owing = [
        PacketWarning(packet, "station_missing", _owes(post.station))
        for post in sitting.posts.filter(station__kind__in=kinds).select_related("station")
        if post.station_id not in came
    ]
    retell(InboxFinding.objects.filter(packet__in=same, code="station_missing"), owing)


def _owes(station: Station) -> Message:
    return Message("Neither journal nor act: {station}.", station=both(lambda: str(station)))


def _stations_in(packets: QuerySet[InboxPacket], point: ExamPoint, kinds: Sequence[str]) -> set[int]:
    """Return the stations whose journals or acts are in packets."""
    rows: list[InboxJournal | InboxAct] = [
        *InboxJournal.objects.filter(packet__in=packets, kind__in=kinds),
        *InboxAct.objects.filter(packet__in=packets, kind="journal_missing"),
    ]
    found = set()
    for row in rows:
        for kind in [row.kind] if row.kind in kinds else kinds:
            station = station_of(point, kind, row.station, room=row.room or None) if row.station else None
            if station is not None:
                found.add(station.pk)
    return found


def _mandatory(packet: InboxPacket, sheets: Iterable[InboxSheet]) -> None:
    """Name the forms that the HQ must send: its own, and those of every room."""
    found = Counter(sheet.form for sheet in sheets)
    oral = bool(packet.sitting and packet.sitting.subject.oral)
    rooms = packet.sitting.rooms.count() if packet.sitting else 0
    for form in CATALOGUE.values():
        if not form.mandatory or form.scope == "participant" or form.code == (SUMMARY if oral else ORAL_SUMMARY):
            continue
        if form.scope == "room" and found[form.code] < rooms:
            message = Message(
                "{title}: {found} for {rooms} rooms.", title=form.title, found=found[form.code], rooms=rooms
            )
            say(packet, "form_missing", message)
        elif not found[form.code]:
            message = Message("A mandatory form is missing: {title}.", title=form.title)
            say(packet, "form_missing", message)
