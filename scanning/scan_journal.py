"""The scan journal of this node: its entries are written in the transaction of the change they tell of."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

import wire
from audit.log import Actor, hold, record
from common import files
from common.work.clock import now
from journals import intake
from keys.node import station_signer
from scanning.models import ScanEntry
from stations.lookup import this_node
from stations.models import Sitting, Station, StationKind
from wire import journal, names
from wire.durable import write_durable
from wire.forms import hide_numbers
from wire.messages import Message
from wire.packet import ScanHead

_CLOSED, _REOPENED = "journal_closed", "journal_reopened"


def note(*, sitting: Sitting, event: str, person: str | None = None, **data: Any) -> ScanEntry:
    """Append an entry; a journal that was already formed is continued.

    Raises:
        EventError: The event or its data do not stand in the catalogue.
    """
    with transaction.atomic():
        # The sitting's row serialises the writers of its journal.
        hold(sitting)
        Sitting.objects.select_for_update(no_key=True).get(pk=sitting.pk)
        last = ScanEntry.objects.filter(sitting=sitting).order_by("-seq").first() or _begin(sitting)
        if last.event == _CLOSED and event != _REOPENED:
            last = _append(sitting, last, _REOPENED, None, {"reason": Message("the station's work goes on").ru})
        return _append(sitting, last, event, person, data)


def station_number() -> str:
    """Return the number of the scanning station that this node is."""
    node = this_node()
    return (node.station if node else "") or settings.PPE_STATION


def _begin(sitting: Sitting) -> ScanEntry:
    number = station_number()
    station = Station.objects.filter(point=sitting.point, kind=StationKind.SCAN, number=number).first()
    node = this_node()
    header = journal.Header(
        kind="scan",
        mode=sitting.mode,
        region=sitting.point.region.code,
        point=sitting.point.code,
        room=None,
        sitting=sitting.key,
        subject=sitting.subject.code,
        station=number,
        serial=(station.serial if station else "") or (node.uid if node else number),
        software=f"PPE Portal {wire.VERSION}",
        opened_at=now(),
        duty=station.duty if station else "main",
    )
    return ScanEntry.objects.create(sitting=sitting, seq=0, event="header", line=journal.header_line(header))


def _append(sitting: Sitting, last: ScanEntry, event: str, person: str | None, data: dict[str, Any]) -> ScanEntry:
    # Its lines are open: form numbers that a person put into a reason do not stand there.
    data = hide_numbers(data)
    entry = journal.next_entry(bytes(last.line), event, kind="scan", person=person, data=data, at=now())
    return ScanEntry.objects.create(sitting=sitting, seq=entry.seq, event=event, line=journal.make_line(entry))


def head(sitting: Sitting) -> ScanHead | None:
    """Return the last line of this node's scan journal; None when nothing stands in it."""
    last = ScanEntry.objects.filter(sitting=sitting).order_by("-seq").first()
    if last is None:
        return None
    return ScanHead(station_number(), last.seq, hashlib.sha256(bytes(last.line)).hexdigest())


def ended(sitting: Sitting) -> bool:
    """Whether the journal was formed and nothing was done since."""
    last = ScanEntry.objects.filter(sitting=sitting).order_by("-seq").first()
    return last is not None and last.event == _CLOSED


def form(*, sitting: Sitting, actor: Actor) -> Path:
    """Form ``END_SCAN_….dat``: close the journal, sign it with the station's key, hand it to the intake.

    Called by `day.acts.form_end_scan`, which has judged that every room of the node is closed and packed.

    Returns:
        The stored file; its name is the official one.
    """
    with transaction.atomic():
        note(sitting=sitting, event=_CLOSED, person=actor.name)
        rows = ScanEntry.objects.filter(sitting=sitting).order_by("seq")
        lines = journal.join(bytes(row.line) for row in rows)
        data = journal.sign_lines(lines, station_signer(sitting.point))
        name = names.write(
            names.JournalName(
                kind="scan",
                region=sitting.point.region.code,
                point=sitting.point.code,
                date=sitting.date,
                subject=sitting.subject.code,
                subject_name=sitting.subject.name,
                room=None,
                station=station_number(),
            )
        )
        path = files.folder("scans", sitting.key, "end-scan") / name
        digest = write_durable(path, data)
        record(
            "scanning.end_scan_formed",
            about=sitting,
            subject=name,
            actor=actor,
            data={"sha256": digest, "entries": len(rows)},
        )
        intake.ingest(data=data, name=name, door="own", actor=actor, point=sitting.point)
    return path
