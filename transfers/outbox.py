"""Delivery: one packet, at most a minute at a time, resumed where the centre stands, until its receipt is in hand."""

import base64
import contextlib
import fcntl
import logging
import random
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any

import httpx
from django.db import transaction
from django.db.models import Case, Value, When

from audit.log import SYSTEM, Actor, hold, record
from audit.moves import StaleStateError
from common import files
from common.errors import both
from common.work import faultpoints, jobs, leases
from common.work.clock import now
from stations.models import ExamPoint
from transfers import link, pausing, receipts, sequences
from transfers.errors import CannotRetryError
from transfers.models import AnswerChannel, Packet, PacketKind
from transfers.moves import move_packet
from transfers.states import SENDING, PacketState
from wire import tus
from wire.errors import MalformedDocumentError, PpeError
from wire.messages import Both, Message
from wire.tus_errors import ExchangeError, SessionEndedError

log = logging.getLogger(__name__)

LEASE_SECONDS = 150.0
WORK_SECONDS = 60.0
#: How many of the most urgent packets a worker tries to take: others may have them.
LOOKED_AT = 8
MAX_TRIES = 8
#: A packet that waits for a person is tried once more when the centre has answered, this long after it gave up.
REST = timedelta(minutes=1)
FIRST_PAUSE, LAST_PAUSE = 2.0, 60.0
#: Refusals after which the same bytes are worth sending from their start.
_START_AGAIN = frozenset({"content_mismatch", "upload_gone", "upload_damaged", "upload_unknown"})


def work(pk: int) -> None:
    """Deliver a packet for a while; called by a worker, safe to run twice or be killed anywhere.

    A wake-up names a packet, but all wake-ups are alike: whatever is most urgent now is sent.
    """
    if not link.has_centre() or pausing.paused():
        return
    with _turn() as mine:
        worked = mine and _work(pk)
    if worked:
        # Wake-ups that found no turn are gone: whoever ends one calls the next packet.
        _call_next()


@contextlib.contextmanager
def _turn() -> Iterator[bool]:
    """Take one of the turns of delivery for as long as the work lasts; False when all are taken.

    The cluster has one worker more than there are turns: the feed, with receipts in it, is read beside deliveries,
    however many packets wait on a slow line. A turn is a lock of this machine: a killed worker gives it back by dying.
    """
    with contextlib.ExitStack() as held:
        yield any(_locked(held.enter_context(_turn_file(number).open("ab"))) for number in range(link.DELIVERIES))


def _turn_file(number: int) -> Path:
    return files.folder("run") / f"delivery-{number}"


def _locked(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _call_next() -> None:
    due = Packet.objects.filter(leases.free(now()), state__in=SENDING).order_by("pk").values_list("pk", flat=True)
    if (pk := due.first()) is not None:
        jobs.enqueue("transfers.deliver", pk)


def _work(pk: int) -> bool:
    """Deliver the most urgent packet; return whether there was one."""
    packet = next((row for each in urgent(pk) if (row := _claim(each)) is not None), None)
    if packet is None:
        return False
    if packet.attempts > MAX_TRIES and packet.state != PacketState.HANDED_OVER:
        # What lies on a drive needs no other person yet: the network is tried until a receipt comes by either road.
        _give_up(packet)
        return True
    if packet.state == PacketState.QUEUED:
        move_packet(
            packet,
            PacketState.UPLOADING,
            actor=SYSTEM,
            attempts=packet.attempts,
            lease_until=packet.lease_until,
            woken_at=packet.woken_at,
        )
    faultpoints.here("send.claimed")
    before = packet.offset
    try:
        finished = _deliver(packet)
    except PpeError as refusal:
        _failed(packet, refusal, before)
    else:
        Packet.objects.filter(pk=packet.pk).update(last_error="", last_error_code="")
        leases.release(packet, retry_in=None if finished else 0.0, reset_attempts=True)
    return True


def urgent(pk: int) -> list[int]:
    """Return the packets to be sent now: statuses first, then small ones before big ones; `pk` at least."""
    first = Case(
        When(kind__in=(PacketKind.STATUS, PacketKind.TEST), then=Value(0)),
        When(state=PacketState.HANDED_OVER, then=Value(2)),  # already under way by another road
        default=Value(1),
    )
    due = Packet.objects.filter(leases.free(now()), state__in=SENDING).order_by(first, "size", "pk")
    listed = list(due.values_list("pk", flat=True)[:LOOKED_AT])
    return [*listed, *([] if pk in listed else [pk])]


def _claim(pk: int) -> Packet | None:
    rows = Packet.objects.filter(state__in=SENDING).full()
    return leases.claim(rows, pk, seconds=LEASE_SECONDS, max_attempts=1_000_000)


def _deliver(packet: Packet) -> bool:
    """Send what is left and fetch the receipt; return False when the minute is over."""
    point = packet.sitting.point
    sequences.leaves(packet)
    with link.session(point, link.address(packet.attempts)) as client:
        if packet.uploaded_at is None:
            outcome = tus.upload(
                client,
                "/api/v1/uploads/",
                packet.file,
                metadata={"purpose": "packet", "filename": packet.name, "sha256": packet.sha256},
                location=packet.location or None,
                on_created=lambda at: _located(packet, at),
                on_progress=lambda offset, _size: _moved(packet, offset),
                deadline=WORK_SECONDS,
                rate=link.rate(),
            )
            link.heard(point)
            _moved(packet, outcome.offset)
            if not outcome.done:
                return False
            _located(packet, outcome.location or "")
            faultpoints.here("send.whole")
            _read_answer(client, packet, point)
            faultpoints.here("send.answered")
            Packet.objects.filter(pk=packet.pk, uploaded_at=None).update(uploaded_at=now())
            packet.refresh_from_db(fields=["uploaded_at"])
        return _fetch_receipt(client, packet, point)


def _located(packet: Packet, location: str) -> None:
    if packet.location != location:
        faultpoints.here("send.created")
        Packet.objects.filter(pk=packet.pk).update(location=location)
        packet.location = location
        faultpoints.here("send.located")


def _moved(packet: Packet, offset: int) -> None:
    Packet.objects.filter(pk=packet.pk).update(offset=offset)
    packet.offset = offset
    faultpoints.here("send.moved")
    leases.renew(packet, seconds=LEASE_SECONDS)


def _read_answer(client: httpx.Client, packet: Packet, point: ExamPoint) -> None:
    """Read what the centre made of the upload; its receipt is taken at once."""
    answer: dict[str, Any] = tus.answer(client, packet.location) or {}
    problem = answer.get("problem")
    if answer.get("state") == "refused" and isinstance(problem, dict):
        raise _refusal(problem)
    result = answer.get("result")
    document = result.get("receipt") if isinstance(result, dict) else None
    if document:
        try:
            blob = base64.b64decode(str(document), validate=True)
        except ValueError as error:
            raise MalformedDocumentError(Message("The receipt cannot be read.")) from error
        receipts.ingest(document=blob, point=point, door=AnswerChannel.ANSWER)


def _refusal(problem: dict[str, Any]) -> ExchangeError:
    kind = tus.RetryLaterError if problem.get("code") in _START_AGAIN else tus.TransferRefusedError
    return kind(
        Both(str(problem.get("detail_ru") or problem["detail"]), str(problem["detail"]))
        if problem.get("detail")
        else Message("The centre did not take the file."),
        problem=problem,
        status=200,
    )


def _fetch_receipt(client: httpx.Client, packet: Packet, point: ExamPoint) -> bool:
    """Make sure that a receipt is in hand: the file is delivered when the centre has said so, signed."""
    packet.refresh_from_db()
    if packet.state not in SENDING:
        return True
    blob = link.get_bytes(client, f"/api/v1/receipts/{packet.sha256}/")
    if blob is not None:
        receipts.said_again(packet, receipts.ingest(document=blob, point=point, door=AnswerChannel.ANSWER))
    else:
        # A centre that was put back knows neither the file nor its upload, and says so: it is sent from its start.
        _read_answer(client, packet, point)
    packet.refresh_from_db()
    if packet.state not in SENDING:
        return True
    raise tus.RetryLaterError(
        Message("The centre has the file but gave no receipt yet."),
        retry_after=2,
        status=404,
    )


def _failed(packet: Packet, refusal: PpeError, before: int) -> None:
    """Say what came of a try: it will be tried again by itself, or a person must act."""
    point = packet.sitting.point
    packet.refresh_from_db()
    if packet.state not in SENDING:
        leases.release(packet, reset_attempts=True)
        return
    if isinstance(refusal, SessionEndedError):
        link.forget(point)
    if isinstance(refusal, ExchangeError) and refusal.status is None:
        link.silent(point, refusal)
    if str(_problem_code(refusal)) in _START_AGAIN:
        Packet.objects.filter(pk=packet.pk).update(location="", offset=0, uploaded_at=None)
    elif refusal.permanent:
        _park(packet, refusal.message, refusal.code)
        return
    # A centre without room says when to come again; that is no reason to call a person here.
    full = getattr(refusal, "status", None) == HTTPStatus.INSUFFICIENT_STORAGE
    tries = 1 if full or packet.offset > before else packet.attempts
    pause = pause_after(tries, getattr(refusal, "retry_after", None))
    why = link.words(refusal)
    story = Message("Attempt {tries}: {why} Next one in {pause} s.", tries=tries, why=why, pause=round(pause))
    packet.steps.create(at=now(), who=SYSTEM.name, text=story)
    Packet.objects.filter(pk=packet.pk).update(last_error=why, last_error_code=refusal.code, attempts=tries)
    leases.release(packet, retry_in=pause)


def _problem_code(refusal: PpeError) -> str:
    problem = getattr(refusal, "problem", None)
    return str(problem.get("code", "")) if isinstance(problem, dict) else refusal.code


def pause_after(tries: int, retry_after: float | None) -> float:
    """Return the seconds until the next try: doubling, never together with a thousand others, never before asked."""
    pause: float = min(LAST_PAUSE, FIRST_PAUSE * 2.0 ** min(max(tries - 1, 0), 10))
    jittered = pause * random.uniform(0.5, 1.0)  # noqa: S311 (spreads load, guards nothing)
    return max(jittered, min(float(retry_after), 3600.0)) if retry_after else max(jittered, 1.0)


def _give_up(packet: Packet) -> None:
    code = packet.last_error_code or "too_many_tries"
    if code == tus.RetryLaterError.code:
        why = Message(
            "{why} Hand the packet over on a flash drive, or wait: as soon as the centre answers, sending goes on by "
            "itself.",
            why=packet.last_error,
        )
    else:
        why = packet.last_error or Message("It could not be sent.")
    _park(packet, why, code)


def revive(point: ExamPoint) -> int:
    """Send again what only the line had stopped: called when the centre has answered, so that nobody has to press.

    Each gets one try; where that fails too, it is with a person again after one pause.

    Returns:
        How many packets go on.
    """
    stopped = Packet.objects.filter(
        sitting__point=point,
        state=PacketState.STUCK,
        last_error_code=tus.RetryLaterError.code,
        next_try_at__lte=now() - REST,
    ).exclude(signed_at=None)
    went = 0
    for packet in stopped.full():
        with contextlib.suppress(StaleStateError):
            story = Message("The centre answers again: sending goes on")
            move_packet(packet, PacketState.QUEUED, actor=SYSTEM, text=story, attempts=MAX_TRIES - 1)
            jobs.enqueue("transfers.deliver", packet.pk)
            went += 1
    return went


def _park(packet: Packet, text: Message, code: str) -> None:
    move_packet(
        packet,
        PacketState.STUCK,
        actor=SYSTEM,
        text=text,
        data={"code": code},
        last_error=text,
        last_error_code=code,
    )


def retry(*, packet: Packet, actor: Actor) -> Packet:
    """Let a packet go on after a person has looked: built again when it was not signed, else sent again.

    Raises:
        CannotRetryError: It is not in need of help.
    """
    with transaction.atomic():
        hold(packet)
        packet = Packet.objects.select_for_update(of=("self",)).full().get(pk=packet.pk)
        again = packet.state in (PacketState.STUCK, PacketState.DELIVERED)
        if not again and packet.state not in SENDING:
            raise CannotRetryError(
                Message(
                    "The packet «{packet}» in the state «{state}» needs no retry.",
                    packet=packet,
                    state=both(lambda: str(packet.get_state_display())),
                ),
            )
        record("transfers.packet_retried", about=packet, actor=actor, data={"uid": packet.uid, "from": packet.state})
        if again:
            _again(packet, actor)
        else:
            Packet.objects.filter(pk=packet.pk).update(attempts=0, next_try_at=now(), lease_until=None)
            jobs.enqueue("transfers.deliver", packet.pk)
    return packet


def _again(packet: Packet, actor: Actor) -> None:
    if packet.is_signed:
        move_packet(
            packet,
            PacketState.QUEUED,
            actor=actor,
            text=Message("Again by a person's decision"),
            uploaded_at=None,
        )
        jobs.enqueue("transfers.deliver", packet.pk)
    else:
        move_packet(packet, PacketState.BUILDING, actor=actor, text=Message("Being built again"), progress=0)
        jobs.enqueue("transfers.seal", packet.pk)
