"""Remarks about what arrived: gaps, clocks, contents. They never block, and are looked at anew with each arrival.

A remark goes by itself when its facts have changed; while they have not, a person settles it in words.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from audit.log import Actor
from audit.moves import move
from common.errors import both
from common.work.clock import now
from rcoi.answering import notices
from rcoi.errors import RequestRefusedError
from rcoi.models import InboxAct, InboxFinding, InboxJournal, InboxKind, InboxPacket, InboxSheet
from rcoi.models.inbox import fingerprint_of
from rcoi.states import FindingState, InboxState
from stations.matching import station_of
from stations.models import ExamPoint, Station
from wire import canonical
from wire.cms import SignedBy
from wire.forms import CATALOGUE, ORAL_SUMMARY, SUMMARY
from wire.messages import Both, Message

SKEW = timedelta(minutes=5)
MIN_LETTERS = 5


@dataclass(frozen=True)
class PacketWarning:
    """Something to be said about a packet, in both languages."""

    packet: InboxPacket
    code: str
    message: Message
    number: str = ""


def say(packet: InboxPacket, code: str, message: Message, *, number: str = "", room: str = "") -> InboxFinding:
    """Write a remark once, in both languages."""
    row, _made = InboxFinding.objects.get_or_create(
        packet=packet,
        code=code,
        number=number[:13],
        fingerprint=fingerprint_of(message),
        defaults={"text": message, "room": room or packet.room, "found_at": now()},
    )
    return row


def retell(rows: QuerySet[InboxFinding], remarks: Iterable[PacketWarning]) -> None:
    """Let the open ones of these rows be exactly these remarks: what holds stays as it is, settled ones stay settled.

    Args:
        rows: The findings that were looked at anew.
        remarks: What is true now.
    """
    true = {say(each.packet, each.code, each.message, number=each.number).pk for each in remarks}
    gone = [row.pk for row in rows.filter(state=FindingState.OPEN) if row.pk not in true]
    InboxFinding.objects.filter(pk__in=gone).delete()


def settle(*, finding: InboxFinding, reason: str, actor: Actor) -> None:
    """Say that a person looked into a finding, and what came of it.

    Raises:
        RequestRefusedError: The reason is not in words.
        IllegalMoveError: It is settled already.
        StaleStateError: Somebody else settled it, or its facts changed, meanwhile.
    """
    reason = reason.strip()
    if sum(letter.isalpha() for letter in reason) < MIN_LETTERS:
        raise RequestRefusedError(
            Message("Say in words what was found out."),
            remedy=Message("For example: “The sheet came in the second packet; checked against its list”."),
        )
    with transaction.atomic():
        move(
            finding,
            FindingState.SETTLED,
            actor=actor,
            data={"code": finding.code, "text": finding.text.ru, "reason": reason},
            settled_at=now(),
            settled_by=actor.name[:200],
            settled_reason=reason,
        )
        if finding.packet.sitting is not None:
            notices.settled(finding.packet.sitting)


def sequence(packet: InboxPacket) -> None:
    """Look at the numbers of a node anew: gaps are shown, not guessed, and vanish when the packet comes."""
    chain = list(
        InboxPacket.objects.filter(point=packet.point, node=packet.node, sequence__isnull=False).order_by("sequence")
    )
    said: list[PacketWarning] = []
    before: InboxPacket | None = None
    for each in chain:
        last = before.sequence if before else 0
        assert each.sequence is not None  # noqa: S101 (the query says so)
        if each.sequence > (last or 0) + 1:
            lost = _span(last or 0, each.sequence)
            message = Message("Before this packet, those of the node with numbers {lost} have not come.", lost=lost)
            said.append(PacketWarning(each, "sequence_gap", message))
        elif before is not None and each.header.get("prev") not in ("", before.sha256):
            message = Message("The packet names another predecessor than the one that came as no. {last}.", last=last)
            said.append(PacketWarning(each, "chain_broken", message))
        before = each
    said += _went_back(chain)
    codes = ("sequence_gap", "chain_broken", "log_went_back")
    retell(InboxFinding.objects.filter(packet__in=chain, code__in=codes), said)


def _went_back(chain: Sequence[InboxPacket]) -> Iterator[PacketWarning]:
    """A node signs each packet further on in its log: one that tells of an earlier event was put back from a copy."""
    before: dict[str, int] = {}
    for each in chain:
        head = each.header.get("audit_head")
        if not isinstance(head, dict):
            continue
        last = before.get(head["chain"], -1)
        if head["number"] <= last:
            message = Message(
                "THE NODE'S EVENT LOG WENT BACK: the packet was signed at event {number}, one before it at event"
                " {last}. The node was put back from an older copy.",
                number=head["number"],
                last=last,
            )
            yield PacketWarning(each, "log_went_back", message)
        before[head["chain"]] = head["number"]


def _span(last: int, number: int) -> str:
    return str(last + 1) if number == last + 2 else f"{last + 1}–{number - 1}"


def arrival(packet: InboxPacket) -> None:
    """Remark on clocks: order follows numbers, not time, so a wrong clock is only shown."""
    stamps = [packet.header.get("created_at"), *(signer.get("at") for signer in packet.signers)]
    if any(canonical.parse_stamp(stamp) > packet.received_at + SKEW for stamp in stamps if stamp):
        say(
            packet,
            "clock_skew",
            Message("The point's clock is fast: the packet was made or signed after it came."),
        )


def late(packet: InboxPacket, signers: Sequence[SignedBy]) -> None:
    """Remark on certificates that ended between the signing and the arrival."""
    for signed in signers:
        ended = signed.certificate.not_valid_after_utc
        if ended < packet.received_at:
            say(
                packet,
                "certificate_ended",
                Message(
                    "The certificate of {unit} ended at {ended} UTC, before the packet came; signed at {signed} UTC.",
                    unit=signed.identity.unit,
                    ended=f"{ended:%d.%m.%Y %H:%M}",
                    signed=f"{signed.signed_at:%d.%m.%Y %H:%M}",
                ),
            )


# --- what an opened packet holds ---

#: Status → kinds of stations whose journals come with it.
STATIONS_OF = {"exams_finished": ("print", "voice"), "blanks_transferred": ("scan",)}


def remark(packet: InboxPacket) -> None:
    """Remark on an acknowledged packet's content, and on others that it touches."""
    sheets = list(packet.inboxsheets.all())
    _twice_inside(packet, sheets)
    _twice_elsewhere(packet)
    if packet.kind == InboxKind.FORMS:
        _mandatory(packet, sheets)
    if packet.document.get("closed_with_act"):
        say(
            packet,
            "closed_with_act",
            Message("The room was closed with an act about a difference."),
        )
    if packet.kind == InboxKind.AUDIO:
        _recordings(packet, sheets)
    if packet.kind == InboxKind.STATUS:
        stations(packet)
    for journal in packet.inboxjournals.all():
        for problem in journal.problems:
            message = Message("{name}: {reason}", name=journal.name, reason=Message.from_json(problem))
            say(packet, "journal_problem", message, room=journal.room)
    for act in packet.inboxacts.all():
        if act.problem:
            message = Message("{name}: {reason}", name=act.name, reason=act.problem)
            say(packet, "act_problem", message, room=act.room)


def _twice_inside(packet: InboxPacket, sheets: Iterable[InboxSheet]) -> None:
    for number, times in Counter(sheet.number for sheet in sheets if sheet.number).items():
        if times > 1:
            message = Message("Sheet no. {number} is there {times} times.", number=number, times=times)
            say(packet, "sheet_twice", message, number=number)


def _twice_elsewhere(packet: InboxPacket) -> None:
    """Name the sheets that stand in two packets; looked at anew for every number that any version of this one had."""
    family = InboxSheet.objects.filter(packet__in=packet.lineage()).exclude(number="")
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
    return both(lambda: _("Neither journal nor act: %s.") % station)


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
    rooms = packet.sitting.rooms.collecting().count() if packet.sitting else 0
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
