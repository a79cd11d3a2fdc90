"""Faults put into a node on purpose, one at a time, in its own process only: each must be found.

The first half are those of the truth of the day, the second half those of delivery. A plant names what it breaks in one
line; how many days it takes to find it is a measure of the simulator.
"""

import contextlib
import dataclasses
import os
import types
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings

PLANTS: dict[str, Callable[[], None]] = {}


def _plant(make: Callable[[], None]) -> Callable[[], None]:
    PLANTS[make.__name__] = make
    return make


def plant(name: str) -> None:
    """Put a fault into this process."""
    PLANTS[name]()


def _around(where: Any, name: str, change: Callable[..., Any]) -> None:
    """Let a function be called through another one, which gets it first."""
    whole = getattr(where, name)
    setattr(where, name, lambda *args, **more: change(whole, *args, **more))


# --- the truth of the day ---------------------------------------------------------------------------------------------


@_plant
def closed_for_ever() -> None:
    """A room that was closed once is closed, whatever its journals say later."""
    from day import rules
    from scanning import watch

    def packet(whole: Any, exam: Any, facts: Any, what: Any, room: str, card: Any, pack: Any) -> Any:
        return whole(exam, facts, what, room, card and dataclasses.replace(card, current=True), pack)

    watch._evaluate_again = lambda _card, _register: True
    _around(rules, "_packet", packet)


@_plant
def counts_for_content() -> None:
    """Whether the journals have changed is told by how many sets they list."""
    from scanning.grounds import Grounds

    def mark(self: Any, card: int, room_id: int, room: str, counts: Any, *, hq: bool) -> str:
        return f"{len(self.register.of_room(room))} {counts}"

    Grounds.mark_of = mark  # type: ignore[method-assign]


@_plant
def morning_end_scan() -> None:
    """A scan journal of the morning satisfies the evening."""
    from day import rules

    def journals(whole: Any, exam: Any, facts: Any, *, packed: bool) -> Any:
        posts = tuple(dataclasses.replace(post, behind=False) for post in exam.posts)
        return whole(dataclasses.replace(exam, posts=posts), facts, packed=packed)

    _around(rules, "_scan_journals", journals)


@_plant
def rescan_ignored() -> None:
    """What the centre asks for again after the final status opens no room."""
    from transfers import receipts
    from transfers.models import PointStatus

    def reopen(whole: Any, packet: Any, **more: Any) -> None:
        final = PointStatus.objects.filter(sitting=packet.sitting, status="blanks_transferred", state="accepted")
        if not final.exists():
            whole(packet, **more)

    _around(receipts, "reopen", reopen)


@_plant
def declared_is_delivered() -> None:
    """A status that was declared counts as one that the centre has accepted."""
    from common.obligations import ObligationState
    from day import rules
    from day.judged import stands

    def status(whole: Any, exam: Any, facts: Any, name: str, *, ready: bool) -> Any:
        made = whole(exam, facts, name, ready=ready)
        return dataclasses.replace(made, state=ObligationState.SETTLED) if stands(exam, name) else made

    _around(rules, "_status", status)


@_plant
def drive_is_delivery() -> None:
    """What was written to a drive is not sent by network any more."""
    from transfers import outbox, tasks
    from transfers.states import SENDING, PacketState

    outbox.SENDING = tasks.SENDING = SENDING - {PacketState.HANDED_OVER}


@_plant
def others_ignored() -> None:
    """The day is over when one exam is."""
    from day.judged import Day

    Day.others = lambda self, key: ()  # type: ignore[method-assign]


@_plant
def empty_card() -> None:
    """A room is closed over a card that nobody filled in."""
    from scanning import reconcile

    def evaluate(whole: Any, card: Any, register: Any) -> Any:
        balance, found = whole(card, register)
        balance.blockers = [each for each in balance.blockers if each.code != "not_filled"]
        return balance, found

    _around(reconcile, "evaluate", evaluate)


@_plant
def missing_unnoticed() -> None:
    """The comparison of a room says nothing of a printed sheet that was not scanned."""
    from scanning import reconcile

    def facts(whole: Any, *args: Any, **more: Any) -> Any:
        made = whole(*args, **more)
        here = {each.number for each in made.sheets}
        sets = [each for each in made.sets if set(each.sheets.values()) & here]
        return dataclasses.replace(made, sets=type(made.sets)(sets))

    _around(reconcile, "facts_of", facts)


@_plant
def reopened_is_settled() -> None:
    """A confirmed packet settles its room, though the room is open again."""
    from day import rules

    def packet(whole: Any, exam: Any, facts: Any, what: Any, room: str, card: Any, pack: Any) -> Any:
        return whole(exam, facts, what, room, card and dataclasses.replace(card, state="packed", current=True), pack)

    _around(rules, "_packet", packet)


@_plant
def quarantined_counts() -> None:
    """A journal that is not accepted serves."""
    from day import rules

    def journal(whole: Any, code: str, exam: Any, post: Any, missing: Any) -> Any:
        doubted = post.state in ("quarantined", "unsigned", "refused")
        return whole(code, exam, dataclasses.replace(post, state="accepted") if doubted else post, missing)

    _around(rules, "_journal", journal)


@_plant
def late_journal_ignored() -> None:
    """A journal that came after a status brings no next version of it."""
    from transfers import statuses

    statuses.catch_up = lambda: 0


@_plant
def second_packet_unseen() -> None:
    """The centre takes any two packets of a room."""
    from rcoi.day import rules

    rules.second_packets = lambda _facts: iter(())  # type: ignore[assignment]


# --- delivery ---------------------------------------------------------------------------------------------------------


@_plant
def undo_out_of_order() -> None:
    """«Exams finished» is undone while «Blanks transferred» stands."""
    from rcoi.answering import statuses

    statuses._require_last = lambda _sitting, _status: None


@_plant
def lost_sync() -> None:
    """What is written durably is not: neither the bytes nor the name are brought to the disk before it is promised."""
    from wire import durable

    whole = vars(os)
    durable.os = types.SimpleNamespace(**whole | {"fsync": lambda _handle: None})  # type: ignore[attr-defined]


@_plant
def receipt_number_twice() -> None:
    """The centre goes on from the numbers of a database that was put back."""
    from audit import numbers

    if settings.PPE_NODE == "rcoi":
        numbers.ahead = lambda *_args, **_more: None


@_plant
def packet_number_twice() -> None:
    """The point goes on from the numbers of a database that was put back."""
    from audit import numbers

    if settings.PPE_NODE == "hq":
        numbers.ahead = lambda *_args, **_more: None


@_plant
def lease_too_early() -> None:
    """A lease is renewed into the past: another worker takes what this one is sending."""
    from common.work import leases

    leases.renew = lambda row, *, seconds: (
        type(row)._default_manager.filter(pk=row.pk).update(lease_until=leases.now() - timedelta(seconds=1)) and None
    )


@_plant
def feed_item_skipped() -> None:
    """The point moves on in the feed without what stood there."""
    from transfers import feed
    from transfers.models import FeedCursor, FeedRecord

    def take(whole: Any, point: Any, document: bytes, door: str, actor: Any) -> bool:
        made: bool = whole(point, document, door, actor)
        if made and FeedCursor.objects.get(point=point).number % 7 == 0:
            FeedRecord.objects.filter(point=point, number=FeedCursor.objects.get(point=point).number).delete()
        return made

    _around(feed, "_take_item", take)


@_plant
def retry_starts_anew() -> None:
    """Whoever goes on with a packet at the centre gives its first receipt again."""
    from rcoi.answering import receipts
    from rcoi.models import IssuedReceipt
    from rcoi.receiving import opening

    def steps(whole: Any, row: Any) -> None:
        if row.attempts > 1:
            IssuedReceipt.objects.filter(packet=row, level="delivered").update(sha256="0" * 64)
            receipts.issue(packet=row, level="delivered", actor=opening.SYSTEM)
        whole(row)

    _around(opening, "_steps", steps)


@_plant
def acknowledged_early() -> None:
    """A packet is acknowledged when it came, before anybody has opened it."""
    from rcoi.answering import receipts

    def issue(whole: Any, *, packet: Any, level: str, **more: Any) -> Any:
        row = whole(packet=packet, level=level, **more)
        if level == "delivered":
            whole(packet=packet, level="acknowledged", **more)
        return row

    _around(receipts, "issue", issue)


@_plant
def thrown_away() -> None:
    """The centre keeps what it unpacked and forgets the signed file."""
    from rcoi.receiving import opening, store

    def acknowledge(whole: Any, row: Any) -> None:
        whole(row)
        with contextlib.suppress(OSError):
            store.packet_path(row.sha256).unlink()

    _around(opening, "acknowledge", acknowledge)


@_plant
def no_second_call() -> None:
    """A wake-up that was lost is never given again."""
    from common.work import jobs

    jobs.run_scheduler = lambda: 0
