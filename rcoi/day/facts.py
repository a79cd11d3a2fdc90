"""What the conclusions of the centre rest on, read as frozen rows: one query a table, whatever the number of exams."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from django.db.models import Q

from common.work.clock import now
from rcoi.day import rules
from rcoi.day.making import SHEETS
from rcoi.day.rows import (
    KEPT,
    ActFacts,
    ExamFacts,
    FindingFacts,
    PacketFacts,
    PointWord,
    PrintSource,
    RescanFacts,
    RoomUse,
    ScanHeadFacts,
    ScanJournalFacts,
    StatusFacts,
)
from rcoi.models import (
    InboxAct,
    InboxFinding,
    InboxJournal,
    InboxKind,
    InboxPacket,
    InboxSheet,
    PhoneReport,
    PointStanding,
    PointStatusRecord,
    RescanRequest,
)
from rcoi.states import FindingState, PointStatusState, RescanState
from stations.models import Sitting, SittingRoom
from wire import journal
from wire.documents.standing import read_matter
from wire.messages import Message
from wire.room import CardCounts, PrintedSet

Status = PointStatusRecord.Status
_TITLES = {each.value: Message("“Exams finished”") for each in (Status.EXAMS_FINISHED,)} | {
    Status.BLANKS_TRANSFERRED.value: Message("“Blanks transferred to the regional centre”")
}


@dataclass
class CentreExam:
    """An exam with the rows that its facts were read from: pages show them and conclude nothing of them."""

    sitting: Sitting
    facts: ExamFacts
    packets: list[InboxPacket] = field(default_factory=list)
    records: dict[str, PointStatusRecord] = field(default_factory=dict)
    phoned: dict[str, PhoneReport] = field(default_factory=dict)
    findings: list[InboxFinding] = field(default_factory=list)


def read(sittings: Iterable[Sitting]) -> list[CentreExam]:
    """Read the facts of exams."""
    rows = list(sittings)
    uses: dict[int, list[SittingRoom]] = defaultdict(list)
    # Rooms come in the query of their uses: asked for by a list of keys they are more than SQLite takes.
    for use in SittingRoom.objects.filter(sitting__in=rows).select_related("room").order_by("room__number"):
        uses[use.sitting_id].append(use)
    packets: dict[int, list[InboxPacket]] = defaultdict(list)
    arrived = InboxPacket.objects.filter(sitting__in=rows, uid__isnull=False).exclude(kind=InboxKind.TEST)
    for packet in arrived.order_by("received_at", "pk"):
        packets[packet.sitting_id or 0].append(packet)
    findings: dict[int, list[InboxFinding]] = defaultdict(list)
    said = InboxFinding.objects.filter(packet__sitting__in=rows).exclude(packet__kind=InboxKind.TEST)
    for finding in said.order_by("pk"):
        findings[finding.packet_id].append(finding)
    acts: dict[int, list[ActFacts]] = defaultdict(list)
    for act in InboxAct.objects.filter(packet__sitting__in=rows, kind__in=("room_difference", "journal_missing")):
        told = ActFacts(
            act.kind, act.room, act.sha256, not act.problem, _plain(act.station), act.made_at, _named_sets(act.sets)
        )
        acts[act.packet_id].append(told)
    rescans: dict[int, list[RescanFacts]] = defaultdict(list)
    for row in RescanRequest.objects.filter(sitting__in=rows):
        rescans[row.sitting_id].append(_rescan(row))
    records: dict[int, dict[str, PointStatusRecord]] = defaultdict(dict)
    for record in PointStatusRecord.objects.filter(sitting__in=rows).select_related("packet"):
        records[record.sitting_id][record.status] = record
    sets, sources = _printed(rows)
    numbers = _numbers(packets.values(), sets)
    phoned = _phoned(rows)
    words = _words(rows)
    heads = {pk: [head for each in here if (head := _scan_head(each))] for pk, here in packets.items()}
    scans = _scan_journals(rows, heads)
    made = []
    for sitting in rows:
        here = packets[sitting.pk]
        exam = CentreExam(
            sitting,
            ExamFacts(
                key=sitting.key,
                oral=sitting.subject.oral,
                at=now(),
                places=_places(uses[sitting.pk]),
                packets=[_packet(each, acts[each.pk], numbers.get(each.pk, frozenset())) for each in here],
                findings=[_finding(each) for packet in here for each in findings[packet.pk]],
                statuses=[
                    _status(sitting, status, records[sitting.pk].get(status), phoned.get(_call(sitting, status)))
                    for status in rules.STATUSES
                ],
                rescans=rescans[sitting.pk],
                sets=sets.get(sitting.pk, {}),
                sources=sources.get(sitting.pk, {}),
                kinds={each.room.number: each.kind for each in uses[sitting.pk]},
                scan_journals=scans.get(sitting.pk, {}),
                words=words.get(sitting.key, ()),
            ),
            here,
            records[sitting.pk],
            {status: word for status in rules.STATUSES if (word := phoned.get(_call(sitting, status)))},
            [each for packet in here for each in findings[packet.pk]],
        )
        made.append(exam)
    return made


def _places(uses: Iterable[SittingRoom]) -> list[RoomUse]:
    rooms = [
        RoomUse(each.room.number, InboxKind.AUDIO if each.voice else InboxKind.BLANKS, each.seats)
        for each in uses
        if each.kind != SittingRoom.Kind.PREPARATION
    ]
    return [*rooms, RoomUse("", InboxKind.FORMS, None)]


def _packet(row: InboxPacket, acts: Iterable[ActFacts], numbers: frozenset[str]) -> PacketFacts:
    card = row.document.get("card")
    card = card if isinstance(card, dict) else {}
    return PacketFacts(
        pk=row.pk,
        sha256=row.sha256,
        uid=row.uid or "",
        version=row.version or 0,
        kind=row.kind,
        room=row.room,
        sitting=row.header.get("sitting", ""),
        state=row.state,
        parked=row.parked_at is not None,
        received_at=row.received_at,
        supersedes=row.supersedes_uid,
        superseded=row.superseded_by_id is not None,
        part=(row.header.get("part", 1), row.header.get("parts", 1)),
        counts=row.counts,
        card=CardCounts(*(_count(card, name) for name in ("registration_count", "absent_count", "dbo_count"))),
        acts=tuple(acts),
        numbers=numbers,
        closed_sets=_closed_sets(row.document.get("sets")),
        status=str(row.document.get("status", "")),
        scan_head=_scan_head(row),
        room_kind=row.header.get("room_kind") or "",
    )


def _scan_head(row: InboxPacket) -> ScanHeadFacts | None:
    said = row.header.get("scan_head")
    if row.kind not in SHEETS or not isinstance(said, dict):
        return None
    return ScanHeadFacts(_plain(said["station"]), said["number"], said["sha256"])


def _count(card: Mapping[str, Any], name: str) -> int | None:
    value = card.get(name)
    return value if isinstance(value, int) else None


def _closed_sets(said: Any) -> dict[str, frozenset[int]] | None:
    """Return the sets that the desk knew of, by station; cards of older points do not list them."""
    if not isinstance(said, dict) or not all(isinstance(each, list) for each in said.values()):
        return None
    return {
        _plain(station): frozenset(each for each in sets if isinstance(each, int)) for station, sets in said.items()
    }


def _named_sets(said: Any) -> tuple[tuple[str, str, int], ...] | None:
    """Return the sets that an act names, by room, station and ordinal."""
    if not isinstance(said, list):
        return None
    return tuple((room, _plain(station), ordinal) for room, station, ordinal in said)


def _plain(station: str) -> str:
    return station.lstrip("0") or "0"


def _finding(row: InboxFinding) -> FindingFacts:
    return FindingFacts(
        pk=row.pk,
        packet=row.packet_id,
        code=row.code,
        number=row.number,
        text=row.text.ru[:KEPT],
        message=row.text,
        settled=row.state == FindingState.SETTLED,
    )


def _rescan(row: RescanRequest) -> RescanFacts:
    return RescanFacts(
        packet=row.packet_id,
        numbers=frozenset(row.numbers),
        reason=row.reason,
        at=row.at,
        open=row.state == RescanState.OPEN,
        answered_by=row.answered_by_id,
    )


def _status(sitting: Sitting, status: str, row: PointStatusRecord | None, word: PhoneReport | None) -> StatusFacts:
    reported = row is not None and row.state == PointStatusState.REPORTED
    return StatusFacts(
        status=status,
        title=_TITLES[status],
        deadline=sitting.deadline(status),
        reported_at=row.reported_at if row is not None and reported else None,
        packet=row.packet.sha256 if row is not None and reported else "",
        by_phone=word.at if word else None,
        undone_at=row.undone_at if row else None,
    )


def _call(sitting: Sitting, status: str) -> tuple[int, Any, str]:
    return sitting.point_id, sitting.date, status


def _phoned(sittings: Sequence[Sitting]) -> dict[tuple[int, Any, str], PhoneReport]:
    """Return the newest word by telephone of every point, day and status."""
    rows = PhoneReport.objects.filter(
        outcome=PhoneReport.Outcome.ACCEPTED,
        point__in={row.point_id for row in sittings},
        date__in={row.date for row in sittings},
    )
    return {(row.point_id, row.date, row.status): row for row in rows.order_by("at", "pk")}


def _words(sittings: Sequence[Sitting]) -> dict[str, list[PointWord]]:
    """Return the newest word of every node about every exam that it speaks of."""
    rows = PointStanding.objects.filter(
        point__in={row.point_id for row in sittings}, date__in={row.date for row in sittings}
    )
    newest: dict[tuple[Any, ...], tuple[int, Any, dict[str, Any]]] = {}
    for point, date, node, number, at, said in rows.order_by("number").values_list(
        "point", "date", "node", "number", "at", "said"
    ):
        newest[point, date, node] = number, at, said
    found: dict[str, list[PointWord]] = defaultdict(list)
    for number, at, said in newest.values():
        for key, matters in said.items():
            found[key].append(PointWord(number, at, tuple(read_matter(each) for each in matters)))
    return found


def _printed(
    sittings: Sequence[Sitting],
) -> tuple[dict[int, dict[str, list[PrintedSet]]], dict[int, dict[str, PrintSource]]]:
    """Return the sets that print journals list, by exam and room: of each station the longest journal that came.

    Beside them, by exam and room, where they were read.
    """
    standing = InboxPacket.objects.filter(sitting__in=sittings, kind=InboxKind.STATUS).acknowledged()
    rows = InboxJournal.objects.filter(packet__in=standing, kind="print").exclude(sets=[])
    longest: dict[tuple[int, str, str], tuple[int, list[dict[str, Any]]]] = {}
    sources: dict[int, dict[str, PrintSource]] = defaultdict(dict)
    for sitting, room, station, entries, sets, packet, closed in rows.order_by("pk").values_list(
        "packet__sitting", "room", "station", "entry_count", "sets", "packet", "closed_at"
    ):
        key = (sitting, room, _plain(station))
        if key not in longest or entries >= longest[key][0]:
            longest[key] = (entries, sets)
            before = sources[sitting].get(room)
            last = max((each for each in (closed, before.closed_at if before else None) if each), default=None)
            sources[sitting][room] = PrintSource(packet, last)
    found: dict[int, dict[str, list[PrintedSet]]] = defaultdict(lambda: defaultdict(list))
    for (sitting, room, station), (_entries, sets) in longest.items():
        found[sitting][room] += [
            PrintedSet(
                room,
                station,
                each["set"],
                spoiled=bool(each.get("spoiled")),
                unused=bool(each.get("unused")),
                sheets=each.get("sheets", {}),
            )
            for each in sets
        ]
    return found, sources


def _scan_journals(
    sittings: Sequence[Sitting], heads: Mapping[int, Sequence[ScanHeadFacts]]
) -> dict[int, dict[str, ScanJournalFacts]]:
    """Return the scan journals by exam and station, of each the longest that came, held at what packets name."""
    standing = InboxPacket.objects.filter(sitting__in=sittings, kind=InboxKind.STATUS).acknowledged()
    rows = InboxJournal.objects.filter(packet__in=standing, kind="scan").annotate(unknown=Q(line_digests=None))
    longest: dict[tuple[int, str], tuple[int, str, bool]] = {}
    for sitting, station, entries, sha256, unknown in rows.order_by("pk").values_list(
        "packet__sitting", "station", "entry_count", "sha256", "unknown"
    ):
        key = (sitting, _plain(station))
        if key not in longest or entries >= longest[key][0]:
            longest[key] = (entries, sha256, unknown)
    wanted = {
        key: {head.number for head in heads.get(key[0], ()) if head.station == key[1]} if not unknown else set()
        for key, (_entries, _sha256, unknown) in longest.items()
    }
    lines = _lines_of({(longest[key][1], number) for key, numbers in wanted.items() for number in numbers})
    found: dict[int, dict[str, ScanJournalFacts]] = defaultdict(dict)
    for (sitting, station), (_entries, sha256, unknown) in longest.items():
        here = {number: lines[sha256, number] for number in wanted[sitting, station]}
        found[sitting][station] = ScanJournalFacts(not unknown, here)
    return found


def _lines_of(pairs: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Return (journal, number) → SHA-256 of the line; a journal is read once for what is asked of it."""
    found = {pair: _lines[pair] for pair in pairs if pair in _lines}
    unread = {sha256 for sha256, number in pairs if (sha256, number) not in found}
    if unread:
        rows = InboxJournal.objects.filter(sha256__in=unread).exclude(line_digests=None)
        digests = {sha256: bytes(blob or b"") for sha256, blob in rows.values_list("sha256", "line_digests")}
        new = {pair: journal.digest_at(digests.get(pair[0], b""), pair[1]) for pair in pairs if pair not in found}
        if len(_lines) > _LINES:
            _lines.clear()
        _lines.update(new)
        found |= new
    return found


#: SHA-256 of a journal, number of a line → SHA-256 of the line. What a file holds never changes; it spares work only.
_lines: dict[tuple[str, int], str] = {}
_LINES = 100_000


def _numbers(
    packets: Iterable[Sequence[InboxPacket]], sets: Mapping[int, Mapping[str, Sequence[PrintedSet]]]
) -> dict[int, frozenset[str]]:
    """Return the numbers of the sheets of those packets that a rule compares by number; of most packets it is none."""
    wanted = []
    for here in packets:
        places: dict[tuple[str, str], list[int]] = defaultdict(list)
        for each in here:
            if each.kind in SHEETS:
                places[each.kind, each.room].append(each.pk)
        for (kind, room), pks in places.items():
            known = sets.get(here[0].sitting_id or 0, {})
            # What a voice room collects was printed elsewhere.
            listed = chain(*known.values()) if kind == InboxKind.AUDIO else known.get(room, ())
            if len(pks) > 1 or any(each.sheets for each in listed):
                wanted += pks
    found: dict[int, set[str]] = defaultdict(set)
    if wanted:
        rows = InboxSheet.objects.filter(packet__in=wanted).exclude(number="")
        for pk, number in rows.values_list("packet_id", "number"):
            found[pk].add(number)
    return {pk: frozenset(numbers) for pk, numbers in found.items()}
