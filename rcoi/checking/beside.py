"""A packet of sheets beside the others of its room: what a version lost, what stands twice, what came too late.

Judged anew whenever a packet of the room or a status is confirmed, so that the order of arrival does not matter.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from rcoi.checking.findings import PacketWarning, retell
from rcoi.checking.verdict import COUNTED_FILES, counted_in
from rcoi.checking.versions import lineage
from rcoi.models import InboxAct, InboxFinding, InboxKind, InboxPacket, InboxSheet, PointStatusRecord, RescanRequest
from rcoi.states import FindingState, InboxState, PointStatusState
from stations.models import Sitting
from wire.forms import CATALOGUE, check_number
from wire.messages import Both, Message, Several

SHEETS = (InboxKind.BLANKS, InboxKind.FORMS, InboxKind.AUDIO)
SHOWN = 10


def look(packet: InboxPacket) -> None:
    """Look at everything that a packet, just confirmed, may have changed."""
    if packet.kind in SHEETS:
        fewer(packet)
        second(packet)
    if packet.sitting is not None:
        after_last_status(packet.sitting)


def fewer(packet: InboxPacket) -> None:
    """Name what a version lost against the one before it by number, as long as the newest has not brought it back."""
    family = sorted(
        (each for each in lineage(packet) if each.state == InboxState.ACKNOWLEDGED),
        key=lambda each: (each.version or 0, each.pk),
    )
    rows = InboxFinding.objects.filter(packet__in=family, code__in=("fewer_sheets", "fewer_with_act"))
    settled = {each.text.ru[:1000] for each in rows.filter(state=FindingState.SETTLED)}
    numbers = _numbers(family)
    remarks = []
    for before, after in pairwise(family):
        lost = _lost(before, after, family[-1], numbers, _asked(family, before))
        if lost is None:
            continue
        code = "fewer_with_act" if _new_act(before, after) else "fewer_sheets"
        message = _fewer(before, after, code, lost)
        if message.ru[:1000] not in settled:
            remarks.append(PacketWarning(family[-1], code, message))
    retell(rows, remarks)


def _fewer(before: InboxPacket, after: InboxPacket, code: str, lost: Message) -> Message:
    if code == "fewer_with_act":
        return Message(
            "Version {after} has fewer sheets than version {before}, covered by an act: {lost}.",
            after=after.version,
            before=before.version,
            lost=lost,
        )
    return Message(
        "Version {after} has fewer sheets than version {before}: {lost}.",
        after=after.version,
        before=before.version,
        lost=lost,
    )


def _numbers(family: Iterable[InboxPacket]) -> dict[int, set[str]]:
    numbers: dict[int, set[str]] = {}
    for pk, number in (
        InboxSheet.objects.filter(packet__in=family).exclude(number="").values_list("packet_id", "number")
    ):
        numbers.setdefault(pk, set()).add(number)
    return numbers


def _asked(family: Sequence[InboxPacket], before: InboxPacket) -> set[str] | None:
    """Return the numbers that the centre asked for again; None is the whole room."""
    asked: set[str] = set()
    known = [each for each in family if (each.version or 0) <= (before.version or 0)]
    for row in RescanRequest.objects.filter(packet__in=known):
        if not row.numbers:
            return None
        asked |= set(row.numbers)
    return asked


def _lost(
    before: InboxPacket, after: InboxPacket, newest: InboxPacket, numbers: dict[int, set[str]], asked: set[str] | None
) -> Message | None:
    """Return what a version lost, in words; None is nothing."""
    had = before.counts
    keys = [
        key
        for key in (*CATALOGUE, *COUNTED_FILES)
        if had.get(key, 0) > max(after.counts.get(key, 0), newest.counts.get(key, 0))
    ]
    # The totals of files are said only where no kind of form tells more.
    fewer_forms = [key for key in keys if key in CATALOGUE]
    keys = [key for key in keys if key in CATALOGUE or key == "recordings" or not fewer_forms]
    gone = numbers.get(before.pk, set()) - numbers.get(after.pk, set()) - numbers.get(newest.pk, set())
    # A sheet that the centre itself asked for again may come under another number, but not less often.
    gone = {number for number in gone if _code(number) in fewer_forms or (asked is not None and number not in asked)}
    if not keys and not gone:
        return None
    said = [
        Message(
            "{what} — {now} instead of {before}",
            what=counted_in(key),
            now=after.counts.get(key, 0),
            before=had.get(key, 0),
        )
        for key in keys
    ]
    if gone:
        shown = ", ".join(sorted(gone)[:SHOWN]) + (f" (+{len(gone) - SHOWN})" if len(gone) > SHOWN else "")
        said.append(Message("no sheets {numbers}", numbers=shown))
    return Several(said)


def _code(number: str) -> str:
    kind = check_number(number)
    return kind.code if kind else ""


def _new_act(before: InboxPacket, after: InboxPacket) -> bool:
    """Return whether a version carries an act about the difference that the one before it did not have."""
    rows = valid_acts(InboxAct.objects.filter(packet=after), after.room)
    old = InboxAct.objects.filter(packet=before).values_list("sha256", flat=True)
    return any(row.sha256 not in set(old) for row in rows)


def valid_acts(acts: Iterable[InboxAct], room: str) -> list[InboxAct]:
    """Return the acts that cover a difference of a room: signed by a GEK member, and about this very room."""
    return [
        each
        for each in acts
        if each.kind == "room_difference" and not each.problem and each.room in (room, room or "HQ")
    ]


def second(packet: InboxPacket) -> None:
    """Name the packets of a room that stand beside another one without replacing it."""
    here = InboxPacket.objects.filter(sitting=packet.sitting, room=packet.room, kind__in=SHEETS)
    standing = list(here.acknowledged().order_by("received_at", "pk"))
    remarks = []
    for place, each in enumerate(standing):
        other = next((one for one in standing[:place] if _part(one) == _part(each)), None)
        if other is not None:
            message = Message(
                "Beside the packet “{title}” ({uid}) another one of the same room is confirmed: "
                "neither replaces the other.",
                title=Both(other.title_in("ru"), other.title_in("en")),
                uid=other.uid,
            )
            remarks.append(PacketWarning(each, "second_packet", message))
    retell(InboxFinding.objects.filter(packet__in=here, code="second_packet"), remarks)


def _part(packet: InboxPacket) -> tuple[int, int]:
    return packet.header.get("part", 1), packet.header.get("parts", 1)


def after_last_status(sitting: Sitting) -> None:
    """Name the packets of sheets that came after the point had said that everything was handed over.

    What the centre asked for itself is no surprise; nor is anything once the status is undone.
    """
    last = PointStatusRecord.Status.BLANKS_TRANSFERRED
    record = PointStatusRecord.objects.filter(sitting=sitting, status=last, state=PointStatusState.REPORTED).first()
    remarks = []
    if record is not None:
        came = InboxPacket.objects.acknowledged().filter(sitting=sitting, kind__in=SHEETS)
        answers = set(RescanRequest.objects.filter(sitting=sitting).values_list("answered_by", flat=True))
        for each in came.filter(received_at__gt=record.reported_at).order_by("pk"):
            if each.pk not in answers:
                message = Message(
                    "The packet came after the accepted status “Blanks transferred to the regional centre”."
                )
                remarks.append(PacketWarning(each, "after_last_status", message))
    retell(InboxFinding.objects.filter(packet__sitting=sitting, code="after_last_status"), remarks)
