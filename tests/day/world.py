"""A point of up to three exams on one day, small and real: its acts are those of the services, its paper is rows."""

import hashlib
import io
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection, transaction
from PIL import Image

from audit.log import SYSTEM, record
from audit.moves import IllegalMoveError
from common import files
from day import acts, evaluate
from journals import acts as journal_acts
from journals import intake
from journals import rows as journal_rows
from journals.models import Journal
from keys import access
from scanning import cards, preparation, recordings, scan_journal, sheets, watch
from scanning.expected_forms import read_expected_forms
from scanning.models import Batch, Recording, RoomCard, ScanEntry, Sheet, Source
from scanning.reconcile import reconcile
from stations.models import Assignment, Person, Sitting, StationAssignment
from tests.support import factories
from tests.support.journals import JournalStation, sets
from tests.support.keys import OPERATOR
from tests.transfers.conftest import ACTOR, Hq, fresh
from transfers import build, feed, flash, sign, statuses, tasks
from transfers.models import Packet, PointStatus
from wire.errors import PpeError
from wire.forms import make_number
from wire.journal import FormSet
from wire.room import required_for_point, required_for_room

FINISHED, TRANSFERRED = "exams_finished", "blanks_transferred"
SUBJECTS = {"22": "Математика (базовая)", "01": "Русский язык", "29": "Английский язык (устный)"}
#: Where the forms of the spoken exam are printed and handed out.
PREPARATION = "0105"
_serials = itertools.count(5_000_000)
_pictures = itertools.count()


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("1", (24, 34), 1).save(out, "TIFF", compression="group4")
    return out.getvalue()


PICTURE = _picture()


def sound(each: FormSet) -> tuple[str, bytes]:
    """Return the file that a voice station makes of one answer: its name and what is in it."""
    return f"answer-{each.sheets['R']}.ogg", b"OggS" + each.sheets["R"].encode()


@dataclass
class Exam:
    """An exam of the day, with what its stations have on their disks."""

    sitting: Sitting
    stations: dict[int, JournalStation] = field(default_factory=dict)
    made: dict[int, list[FormSet]] = field(default_factory=dict)

    @property
    def pk(self) -> int:
        """Its key in the database."""
        return self.sitting.pk


class World:
    """The point and what people do there; each act is one of the services, and a refusal of it is no failure."""

    def __init__(self, hq: Hq, flash_dir: Any) -> None:
        self.hq, self.flash = hq, flash_dir
        self.token = hq.keys.open_token()
        self.point = hq.point
        self.exams: list[Exam] = []
        self.acts = 0
        self.refused: dict[str, int] = {}

    @classmethod
    def found(cls, day: factories.Day, hq: Hq, flash_dir: Any, exams: int = 3) -> "World":
        """Make the registry of the day, and activate its keys."""
        world = cls(hq, flash_dir)
        day.sitting.rooms.all().delete()
        day.sitting.posts.all().delete()
        plan = [("22", ("0101", "0102")), ("01", ("0103",)), ("29", ("0104",))][:exams]
        for subject, rooms in plan:
            oral = subject == "29"
            made = factories.SubjectFactory(code=subject, name=SUBJECTS[subject], oral=oral)
            sitting = factories.SittingFactory(point=day.point, subject=made, date=day.sitting.date)
            own = factories.Day(day.node, day.region, day.point, sitting, {"HQ": day.rooms["HQ"]})
            person = Person.objects.get(uid=hq.keys.gek_uid)
            Assignment.objects.get_or_create(person=person, role="gek_member", sitting=sitting)
            for number in rooms:
                own.rooms[number] = factories.RoomFactory(point=day.point, number=number)
                places = {"voice": True, "places": 1} if oral else {}
                factories.SittingRoomFactory(sitting=sitting, room=own.rooms[number], seats=3, **places)
                if oral:
                    factories.add_post(own, "voice", f"{number}-1", room=number, place="1")
                    factories.add_preparation(own, PREPARATION, PREPARATION)
                else:
                    factories.add_post(own, "print", number, room=number)
            factories.add_post(own, "scan", "01", room="HQ")
            name, data = hq.keys.access_file(sitting=sitting)
            key = access.load(data=data, name=name, actor=hq.keys.operator, sitting=sitting)
            access.activate(access_key=key, token=world.token, actor=hq.keys.operator)
            world.exams.append(Exam(Sitting.objects.select_related("point__region", "subject").get(pk=sitting.pk)))
        return world

    def copy(self) -> "World":
        """Return this world for one example: what it does is rolled back, what its stations write is its own."""
        made = type(self).__new__(type(self))
        made.hq = replace(self.hq, feed=list(self.hq.feed))
        made.flash, made.token, made.point, made.acts, made.refused = self.flash, self.token, self.point, 0, {}
        made.exams = [
            Exam(each.sitting, {}, {key: list(rows) for key, rows in each.made.items()}) for each in self.exams
        ]
        for old, new in zip(self.exams, made.exams, strict=True):
            for key, station in old.stations.items():
                new.stations[key] = JournalStation(station.keys, station.kind, station.number, room=station.header.room)
                new.stations[key].header = station.header
                new.stations[key].lines, new.stations[key].ticks = list(station.lines), station.ticks
        return made

    @contextmanager
    def act(self, name: str) -> Iterator[None]:
        """An act of a person: what it refuses is refused, and changes nothing that it would not change for a person."""
        self.acts += 1
        try:
            yield
        except (PpeError, IllegalMoveError) as refusal:
            self.refused[name] = self.refused.get(name, 0) + 1
            self.last = refusal

    # --- journals ---------------------------------------------------------------------------------------------------

    def posts(self, exam: Exam) -> list[StationAssignment]:
        """The stations whose journals a person brings."""
        rows = StationAssignment.objects.filter(sitting=exam.sitting).exclude(station__kind="scan")
        return list(rows.select_related("station", "room").order_by("pk"))

    def station(self, exam: Exam, post: StationAssignment) -> JournalStation:
        """Return the station at a post, with its first sets."""
        if post.pk not in exam.stations:
            subject = exam.sitting.subject.code
            made = exam.stations[post.pk] = JournalStation(
                self.hq.keys,
                post.station.kind,
                post.station.number,
                room=post.room.number,
                sitting=exam.sitting.key,
                subject=subject,
            )
            made.add("software_started", version="1")
            if post.station.kind == "print":
                made.add("exam_started")
                exam.made[post.pk] = sets(2, subject=subject)
                self.seal(exam, made, exam.made[post.pk])
            else:
                exam.made[post.pk] = []
                self.hear(exam, post)
        return exam.stations[post.pk]

    def hear(self, exam: Exam, post: StationAssignment) -> None:
        """A voice station records whoever came from the preparation room since."""
        station, heard = self.station(exam, post), exam.made[post.pk]
        (printer,) = [each for each in self.posts(exam) if each.station.kind == "print"]
        self.station(exam, printer)
        came = [
            replace(each, sheets={"R": each.sheets["R"]})
            for each in exam.made[printer.pk][len(heard) :]
            if not (each.spoiled or each.unused)
        ]
        if came:
            self.seal(exam, station, came)
        for each in came:
            name, said = sound(each)
            sha256 = hashlib.sha256(said).hexdigest()
            station.add("answer_finished", set=each.ordinal, place=1, file_name=name, seconds=9.5, sha256=sha256)
        heard += came

    def seal(self, exam: Exam, station: JournalStation, made: list[FormSet]) -> None:
        """Let a station write numbers that only this exam's key opens."""
        from wire import journal

        ident = f"access-{exam.sitting.date:%d%m%y}-{exam.sitting.subject.code}-v1"
        station.add("forms_sealed", **journal.seal_forms(made, recipients=[self.hq.keys.certificates[ident]]))

    def bring(self, exam: Exam, post: StationAssignment, *, signer: str | None = "") -> None:
        """Bring the journal of a station as it is now."""
        station = self.station(exam, post)
        if station.lines and b'"journal_closed"' in station.lines[-1]:
            data = station.signed(signer=signer)
        else:
            data = station.close(signer=signer)
        with self.act("bring"):
            intake.ingest(data=data, name=station.name, door="flash", actor=OPERATOR)

    def longer(self, exam: Exam, post: StationAssignment, what: str) -> None:
        """The station goes on after its journal was formed.

        Args:
            exam: The exam.
            post: Where it stands.
            what: One more set, the last one is spoiled, both (it was printed anew), nothing, or another end (a fork).
        """
        station = self.station(exam, post)
        if b'"journal_closed"' not in station.lines[-1]:
            self.bring(exam, post)
        if what == "fork":
            while len(station.lines) > 2 and b'"journal_closed"' in station.lines[-1]:
                station.lines.pop()
            station.add("software_started", version="2")
        else:
            station.add("journal_reopened", reason="ещё")
        if what in ("spoiled", "swapped") and station.kind == "print":
            last = replace(exam.made[post.pk][-1], spoiled=True)
            exam.made[post.pk][-1] = last
            self.seal(exam, station, [last])
        if what in ("set", "swapped") and station.kind == "print" and len(exam.made[post.pk]) < 3:
            (one,) = sets(1, subject=exam.sitting.subject.code)
            one = replace(one, ordinal=len(exam.made[post.pk]) + 1)
            exam.made[post.pk].append(one)
            self.seal(exam, station, [one])
        if what == "set" and station.kind == "voice":
            self.hear(exam, post)
        self.bring(exam, post)

    def excuse(self, exam: Exam, post: StationAssignment) -> None:
        """Make an act instead of a journal."""
        with self.act("excuse"):
            journal_acts.make(
                sitting=exam.sitting,
                kind="journal_missing",
                post=post,
                reason="диск станции не читается",
                text="Диск станции не читается.",
                token=self.token,
                actor=ACTOR,
            )

    def tell(self, exam: Exam) -> None:
        """Make an act about sets of the preparation room that lie nowhere."""
        lost = preparation.lost_of(exam.sitting, read_expected_forms(exam.sitting))
        if lost:
            with self.act("tell"):
                preparation.make_act(
                    sitting=exam.sitting,
                    numbers=[preparation.name_of(each) for each in lost],
                    reason="бланк унесён участником",
                    text="Бланк унесён участником.",
                    token=self.token,
                    actor=ACTOR,
                )

    def decide_journal(self, exam: Exam, *, accept: bool) -> None:
        """Decide about a journal in quarantine."""
        row = Journal.objects.filter(sitting=exam.sitting, state="quarantined").order_by("pk").last()
        if row is not None:
            with self.act("decide_journal"):
                (intake.accept if accept else intake.refuse)(journal=row, reason="решение руководителя", actor=ACTOR)

    # --- rooms ------------------------------------------------------------------------------------------------------

    def cards(self, exam: Exam) -> list[RoomCard]:
        """The rooms of an exam, the HQ last."""
        return cards.ensure_cards(exam.sitting)

    def awaited_forms(self, exam: Exam, card: RoomCard) -> list[tuple[str, str, dict[str, str]]]:
        """What lies in the envelope: kind, number and address of every sheet."""
        if card.is_hq:
            oral = exam.sitting.subject.oral
            found = [(kind, "", {}) for kind in required_for_point(oral=oral)]
            rooms = [each.room.number for each in self.cards(exam) if not each.is_hq]
            where = {"region": "78", "point": self.point.code, "date": exam.sitting.date.isoformat()}
            where["subject"] = exam.sitting.subject.code
            return found + [(kind, "", {**where, "room": room}) for room in rooms for kind in required_for_room()]
        posts = [post for post in self.posts(exam) if post.room_id == card.room_id]
        for post in posts:
            if post.station.kind == "voice":
                self.station(exam, post)
        return [
            (kind, number, {})
            for post in posts
            for each in exam.made.get(post.pk, ())
            if not (each.spoiled or each.unused)
            for kind, number in each.sheets.items()
        ]

    def scan(self, exam: Exam, card: RoomCard, *, some: int = 0) -> None:
        """Put the envelope through the scanner: what is not here yet, and what the centre asks for again."""
        card = cards.lock(card)
        if card.closed:
            return
        self.acts += 1
        standing = list(card.sheets.filter(state__in=("accepted", "problem")))
        here = {each.number for each in standing}
        kinds = {(each.kind, each.address.get("room", "")) for each in standing}
        wanted = [
            each
            for each in self.awaited_forms(exam, card)
            if (each[1] not in here if each[1] else (each[0], each[2].get("room", "")) not in kinds)
        ]
        again = [(each.kind, each.number, each.address) for each in standing if each.number in card.awaited]
        wanted = (wanted[:some] if some else wanted) + again
        self._recordings(exam, card)
        if not wanted:
            return
        with transaction.atomic():
            cards.open_card(card, actor=ACTOR)
            batch = Batch.objects.create(card=card, number=card.batches.count() + 1, door="browser", made_by="т")
            source = Source.objects.create(
                batch=batch,
                card=card,
                name="s.tif",
                path="s",
                sha256="0" * 64,
                size=1,
                format="tiff",
                pages=9,
                state="read",
            )
            for page, (kind, number, address) in enumerate(wanted):
                self._sheet(card, source, page, kind, number, address)
            record("scanning.source_read", about=exam.sitting, actor=ACTOR)
            reconcile(cards.lock(card), actor=ACTOR)

    def _recordings(self, exam: Exam, card: RoomCard) -> None:
        """Take in what the voice stations of a room have recorded."""
        for post in self.posts(exam):
            if post.room_id != card.room_id or post.station.kind != "voice":
                continue
            known = set(card.recordings.exclude(state="discarded").values_list("name", flat=True))
            for each in exam.made.get(post.pk, ()):
                name, said = sound(each)
                if name in known:
                    continue
                path = files.folder("scans", card.sitting.key, card.room.number, "audio") / name
                path.write_bytes(said)
                with transaction.atomic():
                    cards.open_card(card, actor=ACTOR)
                    Recording.objects.create(
                        card=card,
                        state="read",
                        name=name,
                        path=files.relative(path),
                        sha256=hashlib.sha256(said).hexdigest(),
                        size=len(said),
                        seconds=9.5,
                    )
                    record("scanning.recording_read", about=exam.sitting, actor=ACTOR)
                    reconcile(cards.lock(card), actor=ACTOR)

    def _sheet(
        self, card: RoomCard, source: Source, page: int, kind: str, number: str, address: dict[str, str]
    ) -> None:
        path = files.folder("scans", card.sitting.key, card.room.number, "sheets") / f"{next(_pictures)}.tif"
        path.write_bytes(PICTURE)
        number = number or make_number(kind, next(_serials))
        made = Sheet.objects.create(
            card=card,
            source=source,
            page=page,
            state=Sheet.State.ACCEPTED,
            number=number,
            kind=kind,
            address=address,
            path=files.relative(path),
            sha256=hashlib.sha256(PICTURE).hexdigest(),
        )
        if number in card.awaited:
            old = card.sheets.filter(number=number, state="accepted").exclude(pk=made.pk)
            old.update(state=Sheet.State.REPLACED, replaced_by=made)
            card.awaited = [each for each in card.awaited if each != number]
            RoomCard.objects.filter(pk=card.pk).update(awaited=card.awaited)

    def leave_out(self, card: RoomCard, *, everything: bool = False) -> None:
        """Exclude a sheet of an open room, or all of them."""
        rows = card.sheets.filter(state="accepted").order_by("-pk")
        for sheet in rows if everything else rows[:1]:
            with self.act("leave_out"):
                sheets.decide(sheet=sheet, action="discard", reason="лишний лист", actor=ACTOR)

    def leave_unwanted_out(self, exam: Exam, card: RoomCard) -> None:
        """Exclude the sheets of an open room that its journals call for no more."""
        wanted = {number for _kind, number, _address in self.awaited_forms(exam, card)}
        for sheet in card.sheets.filter(state="accepted").exclude(number__in=wanted) if not card.is_hq else ():
            with self.act("leave_out"):
                sheets.decide(sheet=sheet, action="discard", reason="комплект испорчен", actor=ACTOR)

    def leave_sound_out(self, card: RoomCard) -> None:
        """Exclude a recording of an open room."""
        recording = card.recordings.filter(state="read").order_by("-pk").first()
        if recording is not None:
            with self.act("leave_sound_out"):
                recordings.decide(recording=recording, action="discard", reason="запись не того ответа", actor=ACTOR)

    def fill(self, exam: Exam, card: RoomCard, wrong: int = 0) -> None:
        """Type the numbers of the covering sheet; wrong ones are wrong by so many."""
        card = cards.lock(card)
        came = card.sheets.filter(state="accepted", kind="R").count()
        seats = 0 if card.is_hq else exam.sitting.rooms.get(room=card.room).seats
        counts = {"registration_count": came + wrong, "dbo_count": 0, "absent_count": max(seats - came, 0)}
        counts["not_finished_count"] = 0
        with self.act("fill"):
            cards.save_card(card=card, counts=counts, version=card.version, actor=ACTOR)

    def close(self, card: RoomCard) -> None:
        """Close a room at zero."""
        with self.act("close"):
            cards.close(card=card, actor=ACTOR)

    def close_with_act(self, card: RoomCard) -> None:
        """Close a room with a difference."""
        with self.act("close_with_act"):
            cards.close_with_act(card=card, reason="лист утрачен", text="Лист утрачен.", token=self.token, actor=ACTOR)

    def reopen(self, card: RoomCard) -> None:
        """Open a room again by hand."""
        with self.act("reopen"):
            cards.reopen_by_hand(card=card, reason="закрыта по ошибке", actor=ACTOR)

    # --- packets ----------------------------------------------------------------------------------------------------

    def packets(self, *states: str) -> list[Packet]:
        """Packets in some states, oldest first."""
        return list(Packet.objects.filter(state__in=states).full().order_by("pk"))

    def build(self, exam: Exam) -> None:
        """Build the packets of the closed rooms."""
        with self.act("build"):
            build.build_ready(sitting=exam.sitting, actor=ACTOR)

    def seal_all(self) -> None:
        """Let the queue seal what waits for it."""
        for packet in self.packets("building", "sealing"):
            tasks.seal_packet(packet.pk)

    def sign_all(self) -> None:
        """Sign what waits for a token."""
        if waiting := self.packets("awaiting_signature"):
            with self.act("sign"):
                sign.sign_packets(packets=waiting, token=self.token, actor=ACTOR)

    def carry(self, packet: Packet) -> None:
        """Write a packet to a drive."""
        with self.act("carry"):
            flash.write(packets=[packet], folder=str(self.flash), actor=ACTOR)

    def answer(self, packet: Packet, level: str) -> None:
        """Let the centre say something about a packet."""
        with self.act(f"answer {level}"):
            self.take(self.hq.receipt_item(packet, level))

    def take(self, item: bytes) -> None:
        """Take in an item of the feed."""
        feed.take_items(point=self.point, items=[item], door="feed", actor=SYSTEM)

    def ask_again(self, packet: Packet, *, sheets: bool) -> None:
        """Let the centre ask for a new scan."""
        card = RoomCard.objects.get(sitting=packet.sitting, room=packet.room)
        numbers = list(card.sheets.filter(state="accepted").values_list("number", flat=True)[:1]) if sheets else []
        room = packet.room.number if packet.kind != "forms" else ""
        body = {"packet": packet.uid, "room": room, "sheets": numbers, "reason": "Полоса поперёк листа"}
        with self.act("ask_again"):
            self.take(self.hq.item("rescan_request", body))

    def withdraw(self, packet: Packet) -> None:
        """Let the centre withdraw its word."""
        with self.act("withdraw"):
            self.take(self.hq.item("withdrawal", {"packet": packet.uid, "reason": "Принят по ошибке"}))

    # --- statuses, scan journal, and what the node does by itself -----------------------------------------------------

    def declare(self, exam: Exam, status: str) -> None:
        """Declare a status."""
        with self.act(f"declare {status}"):
            acts.declare(sitting=exam.sitting, status=status, actor=ACTOR)

    def undo(self, exam: Exam, status: str) -> None:
        """Let the coordinator undo a status."""
        body = {"sitting": exam.sitting.key, "status": status, "reason": "рано", "by": "Крылова"}
        with self.act(f"undo {status}"):
            self.take(self.hq.item("status_undo", body))

    def end_scan(self, exam: Exam) -> None:
        """Form the scan journal."""
        with self.act("end_scan"):
            acts.form_end_scan(sitting=exam.sitting, actor=ACTOR)

    def put_back(self, exam: Exam, some: int) -> None:
        """The scan journal of the node goes back to an older copy, and the work goes on."""
        newest = ScanEntry.objects.filter(sitting=exam.sitting, seq__gt=0).order_by("-seq").values_list("pk", flat=True)
        gone = list(newest[:some])
        if gone:
            self.acts += 1
            with transaction.atomic():
                ScanEntry.objects.filter(pk__in=gone).delete()
                scan_journal.note(sitting=exam.sitting, event="note_written", text="после восстановления")
                record("scanning.source_read", about=exam.sitting, actor=ACTOR)

    def lost_heads(self, exam: Exam) -> set[int]:
        """The rooms whose own packets were signed under entries that the node has no more."""
        lines = dict(ScanEntry.objects.filter(sitting=exam.sitting).values_list("seq", "line"))
        sums = {seq: hashlib.sha256(bytes(line)).hexdigest() for seq, line in lines.items()}
        rows = Packet.objects.filter(sitting=exam.sitting, imported=False, room__isnull=False).order_by("version", "pk")
        newest = {each.room_id: each.scan_head for each in rows}
        return {room for room, head in newest.items() if head and sums.get(head["number"]) != head["sha256"]}

    def node(self) -> None:
        """What the node does by itself every few seconds."""
        self.acts += 1
        connection.run_on_commit.clear()
        watch.watch_journals()
        statuses.catch_up()
        self.seal_all()

    # --- everything that is left ------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Do everything that a diligent point would do, until nothing is left or nothing moves."""
        for _round in range(4):
            self.node()
            self.confirm()
            for exam in self.exams:
                if not self.own(exam).over:
                    self._finish(exam)
            self.node()
            self.confirm()
            if all(self.own(exam).over for exam in self.exams):
                return

    def _finish(self, exam: Exam) -> None:
        for post in self.posts(exam):
            rows = Journal.objects.filter(sitting=exam.sitting, station=post.station)
            if not rows.filter(state="accepted").exists():
                self.bring(exam, post)
                if not rows.filter(state="accepted").exists():
                    self.excuse(exam, post)
        watch.watch_journals()
        self._close_rooms(exam)
        self.tell(exam)
        if build.ready(exam.sitting):
            self.build(exam)
        self.seal_all()
        self.sign_all()
        self.confirm()
        self._status(exam, FINISHED)
        if not self.scan_ok(exam):
            self.end_scan(exam)
        if not self.scan_ok(exam):
            # A journal that went back does not continue the one that was taken in: a person decides.
            self.decide_journal(exam, accept=True)
        self._status(exam, TRANSFERRED)

    def _close_rooms(self, exam: Exam) -> None:
        lost = self.lost_heads(exam)
        for card in self.cards(exam):
            if card.closed and card.room_id in lost:
                self.reopen(card)
                card.refresh_from_db()
            if not card.closed:
                self.scan(exam, card)
                self.fill(exam, card)
                self.close(card)
                card.refresh_from_db()
            if not card.closed:
                self.close_with_act(card)

    def own(self, exam: Exam) -> Any:
        """What the evaluation says of an exam, from scratch."""
        return evaluate.evaluate(self.point, exam.sitting.date).sitting(exam.sitting.key)

    def scan_ok(self, exam: Exam) -> bool:
        """Whether the scan journal is settled."""
        return all(each.settled for each in self.own(exam).of("scan_journal", "scan_journal_behind"))

    def _status(self, exam: Exam, status: str) -> None:
        rows = PointStatus.objects.filter(sitting=exam.sitting, status=status).exclude(state="undone")
        if not rows.exists():
            self.declare(exam, status)
        for packet in Packet.objects.filter(status__in=rows, state="rejected").full():
            with self.act("repeat"):
                statuses.repeat(packet=packet, actor=ACTOR)
        self.seal_all()
        self.confirm()

    def confirm(self) -> None:
        """Let the centre confirm everything that is on its way."""
        for packet in self.packets("queued", "uploading", "handed_over", "delivered"):
            self.answer(packet, "acknowledged")


def begin() -> None:
    """Forget what this process has kept of another example's rows."""
    evaluate.forget()
    journal_rows.forget()
    watch._seen.clear()


__all__ = ["FINISHED", "TRANSFERRED", "Exam", "World", "begin", "fresh"]
