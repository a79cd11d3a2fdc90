"""Reading the facts of a point's day: one query a table for all its exams together, into frozen rows."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any

from django.db.models import F, OuterRef, Subquery

from audit.models import NODE_CHAIN, ChainHead, Event
from common import files
from common.errors import both
from common.work import clock
from day.rows import AssignmentFacts, Came, Card, Facts, Key, Pack, PointExam, PointStatusFacts, Printing, SealedAt, Use
from journals.elsewhere import told_elsewhere
from journals.expected import LABELS, standing
from journals.models import Act
from journals.rows import ActRow, JournalRow, PostRow, journals, printed
from keys.models import AccessKey
from keys.states import AccessKeyState
from scanning import grounds
from scanning.models import COUNTS, Discrepancy, Finding, RoomCard, ScanEntry
from scanning.preparation import lost
from scanning.scan_journal import station_number
from scanning.states import CardState
from stations.matching import plain
from stations.models import Duty, ExamPoint, Room, Sitting, SittingRoom, StationKind
from transfers import link, pausing
from transfers.models import FeedKind, FeedRecord, Packet, PacketKind, PointStatus, StatusName
from transfers.states import PacketState, StatusState
from wire import canonical, cms, journal
from wire.errors import PpeError
from wire.messages import NOTHING, Both, Message


@dataclass(frozen=True)
class Glance:
    """What of a day moves without an event of its own, and the tag of the whole: enough to tell that nothing changed.

    Attributes:
        tag: Two evaluations under one tag say the same until the next deadline.
        cards: The rows of the room cards.
        journals: The rows of the journals.
    """

    tag: str
    cards: list[dict[str, Any]]
    journals: list[JournalRow]


def glance(point: ExamPoint, day: date) -> Glance:
    """Look at a day: the heads of the chains, how rooms were last compared, why numbers are not open."""
    # The registry is read in under the node's own chain.
    heads = ChainHead.objects.filter(chain__in=(point.key, NODE_CHAIN)).order_by("chain")
    seen = list(heads.values_list("chain", "number", "hash"))
    sittings: Any = Sitting.objects.filter(point=point, date=day).values("pk")
    cards, came = _cards(sittings), journals(sittings)
    said = repr([seen, cards, came, link.has_centre(), pausing.paused()])
    return Glance(hashlib.sha256(said.encode()).hexdigest(), cards, came)


def read(point: ExamPoint, day: date, sittings: list[Sitting] | None = None, seen: Glance | None = None) -> Facts:
    """Read everything about a point and a day.

    Args:
        point: The exam point.
        day: The day.
        sittings: Its exams in their order, when the caller has them.
        seen: What a glance has read of it just now.
    """
    if sittings is None:
        rows = Sitting.objects.filter(point=point, date=day).select_related("subject")
        sittings = list(rows.order_by("subject__code"))
    reader = _FactsReader(point, day, sittings, seen)
    return Facts(
        point=point.key,
        date=day,
        at=reader.at,
        today=clock.local(reader.at, point.timezone).date(),
        online=link.has_centre(),
        exams=tuple(reader.exam(each) for each in sittings),
        paused=pausing.paused(),
    )


@lru_cache(maxsize=256)
def _label(choices: Any, value: str) -> Message:
    """The words of a state in both languages."""
    return both(lambda: str(choices(value).label))


@lru_cache(maxsize=4096)
def _room(number: str, kind: str) -> Message:
    return both(lambda: str(Room(number=number, kind=kind)))


@lru_cache(maxsize=4096)
def _preparation(number: str) -> Message:
    """A preparation room, by the same words wherever it is named."""
    return Message("{kind} {room}", kind=_label(SittingRoom.Kind, SittingRoom.Kind.PREPARATION), room=number)


def _cards(sittings: Any) -> list[dict[str, Any]]:
    rows = RoomCard.objects.filter(sitting__in=sittings).order_by("room__number")
    found: list[dict[str, Any]] = list(
        rows.values(
            "pk",
            "sitting_id",
            "room_id",
            "state",
            "version",
            "awaited",
            "seen_journals",
            "reconciled_at",
            "closed_at",
            "reopen_reason",
            *COUNTS,
            number=F("room__number"),
            kind=F("room__kind"),
            act_name=F("act__name"),
        )
    )
    return found


class _FactsReader:
    """The rows of a day, each table asked once."""

    def __init__(self, point: ExamPoint, day: date, sittings: list[Sitting], seen: Glance | None) -> None:
        self.point, self.day, self.at = point, day, clock.now()
        self.keys = [each.pk for each in sittings]
        self.key_of = {each.pk: f"{point.key}-{each.date:%d%m%y}-{each.subject.code}" for each in sittings}
        # Their rooms count no additional forms.
        self.oral = {each.pk for each in sittings if each.subject.oral}
        for each in sittings:
            each.point = point
        self.read = grounds.read(self.keys, seen.journals if seen else None)
        self.cards = seen.cards if seen else _cards(self.keys)
        self.number_of = {row["pk"]: row["number"] for row in self.cards}
        self.sitting_of = {row["pk"]: row["sitting_id"] for row in self.cards}
        self.grounds = grounds.grounds_of(self.read, self.sitting_of)
        # What is not open lists nothing yet, and what is was read for the comparison.
        opened = printed(row for row in self.read.journals if row.opened_at is not None)
        self.elsewhere = told_elsewhere(self.read.journals, self.read.posts, self.read.answers, opened)
        self.differences = self._differences()
        self.packets = self._packets()
        self.statuses = list(PointStatus.objects.filter(sitting__in=self.keys).order_by("at", "pk").values())
        self.access = list(AccessKey.objects.filter(sitting__in=self.keys).order_by("-version").values())
        self.heads = self._heads()
        self.reopened = self._reopened()
        self.asked = self._asked()

    # --- tables ---------------------------------------------------------------------------------------------------

    def _differences(self) -> dict[int, list[Message]]:
        closed = (CardState.CLOSED, CardState.CLOSED_WITH_ACT, CardState.PACKED)
        if all(row["state"] in closed for row in self.cards):
            return {}
        rows = Discrepancy.objects.filter(
            card__sitting__in=self.keys, resolved_at__isnull=True, severity=Finding.Severity.PROBLEM
        )
        found: dict[int, list[Message]] = defaultdict(list)
        for card, text in rows.order_by("pk").values_list("card_id", "text"):
            found[card].append(text)
        return found

    def _packets(self) -> list[Mapping[str, Any]]:
        rows = Packet.objects.filter(sitting__in=self.keys).exclude(status__state=StatusState.UNDONE)
        return list(
            rows.exclude(kind=PacketKind.TEST)
            .order_by("version", "pk")
            .values(
                "uid",
                "kind",
                "sitting_id",
                "version",
                "state",
                "imported",
                "node",
                "receipt_number",
                "contents",
                "made_at",
                "handed_over_at",
                "handed_over_to",
                "delivered_at",
                "answered_at",
                "scan_head",
                "open_there",
                number=F("room__number"),
                status_name=F("status__status"),
            )
        )

    def _heads(self) -> dict[int, tuple[int, str, str]]:
        """Sitting → number, event and SHA-256 of the last entry of this node's own scan journal."""
        newest = ScanEntry.objects.filter(sitting=OuterRef("sitting")).order_by("-seq").values("seq")[:1]
        rows = ScanEntry.objects.filter(sitting__in=self.keys, seq=Subquery(newest))
        return {
            sitting: (seq, event, hashlib.sha256(bytes(line)).hexdigest())
            for sitting, seq, event, line in rows.values_list("sitting_id", "seq", "event", "line")
        }

    def _reopened(self) -> dict[str, datetime]:
        """Subject of the event → when a room was last opened again."""
        if not any(row["reopen_reason"] for row in self.cards):
            return {}
        since = datetime.combine(self.day, datetime.min.time(), tzinfo=self.point.zone)
        rows = Event.objects.filter(chain=self.point.key, kind="scanning.card_reopened", at__gte=since)
        return dict(rows.order_by("number").values_list("subject", "at"))

    def _asked(self) -> dict[str, tuple[str, datetime]]:
        """Packet → why the centre asks for its sheets again, and since when."""
        if not any(row["imported"] for row in self.packets):
            return {}
        rows = FeedRecord.objects.filter(point=self.point, kind=FeedKind.RESCAN_REQUEST).order_by("number")
        return {
            str(body.get("packet", "")): (str(body.get("reason", "")), at)
            for body, at in rows.values_list("body", "at")
        }

    # --- one exam -------------------------------------------------------------------------------------------------

    def exam(self, sitting: Sitting) -> PointExam:
        """Put together what belongs to one exam."""
        own = [row for row in self.read.journals if row.sitting == sitting.pk]
        acts = [row for row in self.read.acts if row.sitting == sitting.pk]
        instead = {row.post: row for row in acts if row.post is not None}
        stands = [
            (post, standing(post, [row for row in own if row.station == post.station], instead.get(post.pk)))
            for post in self.read.posts
            if post.sitting == sitting.pk
        ]
        preparing = {use.room for use in self.read.uses if use.sitting == sitting.pk and use.preparation}
        told = [act for act in acts if act.room in preparing and act.kind == Act.Kind.ROOM_DIFFERENCE]
        packets, beside = self._newest(sitting.pk, self._evidence(stands, instead, told))
        sealed = [pack.sealed_at for pack in (*packets.values(), *beside) if pack.sealed_at]
        posts = [
            self._post(sitting.pk, post, found.state, found.journal, instead, sealed, preparing=post.room in preparing)
            for post, found in stands
        ]
        # A card of a preparation room is one of a room that was at work, or of nothing.
        cards = [
            self._card(row)
            for row in self.cards
            if row["sitting_id"] == sitting.pk
            and not (row["state"] == CardState.WAITING and row["room_id"] in preparing)
        ]
        statuses = self._standing_statuses(sitting.pk)
        return PointExam(
            pk=sitting.pk,
            key=self.key_of[sitting.pk],
            subject=sitting.subject.code,
            name=sitting.subject.name,
            oral=sitting.subject.oral,
            deadlines={name: due for name in sitting.deadlines if (due := sitting.deadline(name)) is not None},
            uses=tuple(
                Use(use.number, _room(use.number, use.kind), use.seats, use.voice, use.places)
                for use in self.read.uses
                if use.sitting == sitting.pk and use.kind != Room.Kind.HQ and not use.preparation
            ),
            printing=self._printing(sitting.pk, acts),
            posts=tuple(sorted((post for post in posts if post), key=_in_order)),
            cards=tuple(cards),
            packets=packets,
            beside=beside,
            statuses=statuses,
            key_row=self._key(sitting.pk),
            journals=tuple(
                Came(
                    row.name,
                    Message("{kind} {number}", kind=_label(StationKind, row.kind), number=row.station_number)
                    if row.station
                    else Both(row.name),
                    row.room_number,
                    row.state,
                    tuple(Message.from_json(getattr(each, "message", each)) for each in row.doubts),
                    row.problem,
                    row.skew or 0.0,
                    self.elsewhere.get(row.pk, ()),
                )
                for row in own
            ),
            parked=tuple(
                (self.number_of[row.card], row.name, row.parked)
                for row in self.read.recordings
                if row.parked and self.sitting_of[row.card] == sitting.pk
            ),
            begun=bool(own or acts or packets or any(card.state != CardState.WAITING for card in cards))
            or any(row["sitting_id"] == sitting.pk for row in self.statuses),
        )

    def _printing(self, sitting: int, acts: list[ActRow]) -> tuple[Printing, ...]:
        """The preparation rooms, and the stations without a room that have printed for them, with what lies nowhere."""
        uses = [use for use in self.read.uses if use.sitting == sitting and use.preparation]
        if not uses:
            return ()
        own = self.grounds[sitting]
        hq = {row["pk"] for row in self.cards if row["kind"] == Room.Kind.HQ}
        lying = {number for number, cards in own.places.items() if set(cards) - hq}
        found: dict[str, list[tuple[str, int]]] = {use.number: [] for use in uses}
        for each in lost(own.register, lying, {number for act in acts for number in act.numbers}):
            found.setdefault(each.room if each.room in found else "", []).append((each.station, each.ordinal))
        rooms = {use.room for use in uses}
        collecting = {use.room for use in self.read.uses if use.sitting == sitting and not use.preparation}
        # Of any station, expected there or not: what is sealed may be a set that nobody else will ever name.
        sealed: dict[str, list[Message]] = defaultdict(list)
        for row in self.read.journals:
            here = row.sitting == sitting and (row.roomless or row.room not in collecting)
            if here and row.kind == StationKind.PRINT and row.sealed:
                sealed[row.room_number if row.room in rooms else ""].append(row.problem or NOTHING)
        for room in sealed:
            found.setdefault(room, [])
        return tuple(
            Printing(
                room,
                _preparation(room) if room else Message("stations without a room"),
                tuple(sorted(sets)),
                tuple(sealed.get(room, ())),
                tuple(act.name for act in acts if act.numbers and act.room in rooms),
            )
            for room, sets in found.items()
        )

    def _post(
        self,
        sitting: int,
        post: PostRow,
        state: str,
        row: JournalRow | None,
        instead: Mapping[int, ActRow],
        sealed: Sequence[SealedAt],
        *,
        preparing: bool,
    ) -> AssignmentFacts | None:
        if post.kind not in (StationKind.PRINT, StationKind.VOICE, StationKind.SCAN):
            return None
        act = instead.get(post.pk)
        behind = row is not None and post.kind == StationKind.SCAN and self._behind(sitting, post, row)
        return AssignmentFacts(
            pk=post.pk,
            key=post.station,
            kind=post.kind,
            station=post.number,
            room=post.room_number,
            words=_post_words(post, preparing=preparing),
            state=state,
            label=_state_words(state),
            journal=row.sha256 if row else "",
            received_at=row.received_at if row else None,
            sealed=bool(row and row.sealed),
            problem=row.problem or NOTHING if row else NOTHING,
            act=act.name if act and state == "act" else "",
            replaced=post.replaced is not None,
            behind=behind,
            behind_since=_written_at(sitting, row.entries + 1) if row and behind else None,
            own=post.kind == StationKind.SCAN and post.number == self.station and sitting in self.heads,
            lines=_lines(row, {each.number for each in sealed if each.station == plain(post.number)})
            if row and post.kind == StationKind.SCAN
            else {},
        )

    @cached_property
    def station(self) -> str:
        """Number of the scanning station that this node is."""
        return station_number()

    def _behind(self, sitting: int, post: PostRow, row: JournalRow) -> bool:
        """Whether a scan journal is this node's own and lacks an entry that the node has written."""
        head = self.heads.get(sitting)
        if head is None or post.number != self.station:
            return False
        seq, event, last = head
        if event != "journal_closed" or row.entries != seq:
            return True
        return _lines_hash(sitting, seq, last) != row.lines_sha256

    def _card(self, row: Mapping[str, Any]) -> Card:
        hq = row["kind"] == Room.Kind.HQ
        closed = row["state"] in (CardState.CLOSED, CardState.CLOSED_WITH_ACT, CardState.PACKED)
        current = True
        if closed:
            counts = [*(row[name] for name in COUNTS), sorted(row["awaited"])]
            own = self.grounds[row["sitting_id"]]
            mark = own.mark_of(row["pk"], row["room_id"], row["number"], counts, hq=hq)
            current = row["seen_journals"] == mark
        subject = f"{self.key_of[row['sitting_id']]} {row['number']}"
        again = bool(row["reopen_reason"]) and row["state"] != CardState.PACKED
        return Card(
            room=row["number"],
            hq=hq,
            words=_room(row["number"], row["kind"]),
            state=row["state"],
            label=_label(CardState, row["state"]),
            filled=hq or closed or (row["version"] > 0 and not self._unfilled(row)),
            closed_at=row["closed_at"],
            act=row["act_name"] or "",
            current=current,
            differences=() if closed else tuple(self.differences.get(row["pk"], ())),
            again=row["reopen_reason"] if again else NOTHING,
            again_at=self.reopened.get(subject) if again else None,
        )

    def _unfilled(self, row: Mapping[str, Any]) -> bool:
        oral = row["sitting_id"] in self.oral
        return any(row[name] is None for name in COUNTS if name != "dbo_count" or not oral)

    def _newest(
        self, sitting: int, evidence: Mapping[str, list[str]]
    ) -> tuple[dict[tuple[str, str], Pack], tuple[Pack, ...]]:
        """The packet that speaks for each place, and the newest ones of the other machines there."""
        newest: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = defaultdict(dict)
        for row in self.packets:
            if row["sitting_id"] == sitting:
                # The HQ has one packet of forms, whether it names its room or not.
                where = "" if row["kind"] == PacketKind.FORMS else row["status_name"] or row["number"] or ""
                machine = row["node"] if row["imported"] else ""
                versions = newest[row["kind"], where]
                versions.pop(machine, None)
                versions[machine] = row
        speaks = {place: _owed_most(versions.values()) for place, versions in newest.items()}
        beside = [
            row
            for place, versions in newest.items()
            for row in versions.values()
            if row is not speaks[place] and row["state"] != PacketState.SUPERSEDED
        ]
        packets = {place: self._pack(row, evidence) for place, row in speaks.items()}
        return packets, tuple(self._pack(row, evidence) for row in beside)

    def _pack(self, row: Mapping[str, Any], evidence: Mapping[str, list[str]]) -> Pack:
        moments = ("answered_at", "delivered_at", "handed_over_at", "made_at")
        asked = self.asked.get(row["uid"], ("", None))
        return Pack(
            uid=row["uid"],
            kind=row["kind"],
            room=row["number"] or "",
            version=row["version"],
            state=row["state"],
            label=_label(PacketState, row["state"]),
            imported=row["imported"],
            node=row["node"],
            receipt=row["receipt_number"] or 0,
            at=next((row[name] for name in moments if row[name]), None),
            drive=row["handed_over_to"],
            label_of_status=_label(StatusName, row["status_name"]) if row["status_name"] else NOTHING,
            complete=not row["status_name"] or row["contents"] == evidence.get(row["status_name"]),
            asked_again=Both(asked[0]) if asked[1] else NOTHING,
            asked_at=asked[1],
            sealed_at=_sealed_at(row["scan_head"]),
            open_there=tuple(Message.from_json(each) for each in row["open_there"]),
        )

    def _evidence(
        self, stands: list[Any], instead: Mapping[int, ActRow], told: Iterable[ActRow]
    ) -> dict[str, list[str]]:
        """Status → the SHA-256 of the journals and acts that belong to it now, sorted."""
        kinds = {StatusName.EXAMS_FINISHED: ("print", "voice"), StatusName.BLANKS_TRANSFERRED: ("scan",)}
        names: dict[str, set[str]] = defaultdict(set)
        names[StatusName.BLANKS_TRANSFERRED] |= {act.sha256 for act in told}
        for status, wanted in kinds.items():
            for post, found in stands:
                if post.kind not in wanted:
                    continue
                if found.state == "accepted":
                    names[status].add(found.journal.sha256)
                elif found.state == "act":
                    names[status].add(instead[post.pk].sha256)
        return {str(status): sorted(names[status]) for status in kinds}

    def _standing_statuses(self, sitting: int) -> dict[str, PointStatusFacts]:
        found: dict[str, PointStatusFacts] = {}
        for row in self.statuses:
            if row["sitting_id"] != sitting:
                continue
            known = found.get(row["status"])
            if row["state"] == StatusState.UNDONE and known is not None and known.state != StatusState.UNDONE:
                continue
            found[row["status"]] = PointStatusFacts(
                row["status"],
                row["state"],
                row["at"],
                row["by"],
                row["accepted_at"] or (known.accepted_at if known else None),
                row["undone_at"],
                Message("{by}: {reason}", by=row["undone_by"], reason=row["undone_reason"]),
            )
        return found

    def _key(self, sitting: int) -> Key | None:
        own = [row for row in self.access if row["sitting_id"] == sitting]
        for row in own:
            if row["state"] == AccessKeyState.ACTIVATED and row["until"] > self.at:
                return Key(True, row["until"], row["name"])
        for row in own:
            if row["state"] == AccessKeyState.LOADED:
                return Key(False, row["until"], row["name"])
        return None


_ORDER = ("print", "voice", "scan")


def _in_order(post: AssignmentFacts) -> tuple[int, bool, str, str]:
    return _ORDER.index(post.kind), not post.room, post.room, post.station


@lru_cache(maxsize=64)
def _state_words(state: str) -> Message:
    return both(lambda: str(LABELS[state]))


@lru_cache(maxsize=4096)
def _post_words(post: PostRow, *, preparing: bool) -> Message:
    kind = _label(StationKind, post.kind)
    station = Message("{kind} {number}", kind=kind, number=post.number)
    if not post.roomless:
        room = _preparation(post.room_number) if preparing else _room(post.room_number, post.room_kind)
        station = Message("{station}, {room}", station=station, room=room)
    if post.duty == Duty.RESERVE:
        return Message("{station} (reserve)", station=station)
    if post.duty == Duty.REPLACED:
        return Message("{station} (replaced)", station=station)
    return station


def _sealed_at(said: Mapping[str, Any]) -> SealedAt | None:
    return SealedAt(plain(said["station"]), said["number"], said["sha256"]) if said else None


def _lines(row: JournalRow, numbers: Collection[int]) -> Mapping[int, str] | None:
    """Return what stands in a journal at some entries; None when its file cannot be read."""
    if not numbers:
        return {}
    try:
        digests = _digests(row.path, row.sha256)
    except (OSError, PpeError):
        return None
    return {number: journal.digest_at(digests, number) for number in numbers}


@lru_cache(maxsize=64)
def _digests(path: str, sha256: str) -> bytes:
    """Return the hashes of the lines of a journal, read once out of its file, which never changes under its hash."""
    blob = files.inside(path).read_bytes()
    if hashlib.sha256(blob).hexdigest() != sha256:
        raise PpeError(Message("The journal is not on the node's disk."))
    return journal.line_digests(blob if blob[:1] == b"{" else cms.unverified_content(blob))


@lru_cache(maxsize=64)
def _lines_hash(sitting: int, seq: int, last: str) -> str:
    """Return the SHA-256 of a node's own scan journal; the hash of its last line stands for every line before it."""
    rows = ScanEntry.objects.filter(sitting=sitting, seq__lte=seq).order_by("seq").values_list("line", flat=True)
    return hashlib.sha256(journal.join(bytes(line) for line in rows)).hexdigest()


def _written_at(sitting: int, seq: int) -> datetime | None:
    """Return when this node wrote an entry of its scan journal."""
    entry = ScanEntry.objects.filter(sitting=sitting, seq=seq).values_list("line", flat=True).first()
    return canonical.parse_stamp(json.loads(bytes(entry))["at"]) if entry else None


def _owed_most(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return which of the newest packets of one place speaks for it: no machine's confirmed one hides another's.

    Nor does one that is under way hide one that waits for a person.
    """
    return max(reversed([*rows]), key=lambda row: _RANKS.get(row["state"], 2))


_RANKS = {
    PacketState.SUPERSEDED: 0,
    PacketState.ACKNOWLEDGED: 1,
    PacketState.AWAITING_SIGNATURE: 3,
    PacketState.STUCK: 3,
    PacketState.REJECTED: 3,
}
