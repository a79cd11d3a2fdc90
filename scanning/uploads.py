"""The resumable door: the pages of the desk and other scanning stations send sheets and recordings over tus."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings

from scanning import cards, recordings, sources
from scanning.errors import DecisionRefusedError
from scanning.models import Batch, RoomCard
from scanning.states import BatchState
from stations import rules
from stations.models import Sitting
from uploads import handlers, people
from uploads.models import Upload
from wire.messages import Message
from wire.pki import CertificateRole


def register() -> None:
    """Take sheets and recordings on a point's node."""
    if settings.PPE_NODE == "hq":
        roles = {CertificateRole.SCAN, CertificateRole.HQ, people.ROLE}
        files: Any = {"max_bytes": sources.MAX_BYTES, "action": "scanning.edit"}
        handlers.register("sheets", take_sheets, roles=roles, **files)
        handlers.register("recording", take_recording, roles=roles | {CertificateRole.VOICE}, **files)


def take_sheets(upload: Upload) -> dict[str, Any]:
    """Take a complete file with sheets into the room that its metadata name (``sitting``, ``room``)."""
    card, person = _card(upload), upload.person
    taken = sources.ingest(
        card=card,
        name=_name(upload),
        content=upload.path,
        door="browser" if person else "api",
        actor=upload.actor,
        batch=_batch(card, upload) if person else None,
    )
    return {"line": taken.line, "source": taken.source.pk, "pages": taken.source.pages, "sha256": taken.source.sha256}


def take_recording(upload: Upload) -> dict[str, Any]:
    """Take a complete recording into the room that its metadata name."""
    row, line = recordings.ingest(card=_card(upload), name=_name(upload), content=upload.path, actor=upload.actor)
    return {"line": line, "recording": row.pk, "sha256": row.sha256}


def _card(upload: Upload) -> RoomCard:
    key, room = str(upload.metadata.get("sitting", "")), str(upload.metadata.get("room", ""))
    for sitting in _sittings(upload):
        if sitting.key == key:
            for card in cards.ensure_cards(sitting):
                if card.room.number == room:
                    return card
    raise DecisionRefusedError(
        Message("You have no exam “{key}” with room “{room}”.", key=key[:40], room=room[:10]),
    )


def _sittings(upload: Upload) -> Iterator[Sitting]:
    """The sittings that a sender may bring sheets to: a person those of their role, a machine those of its point."""
    person = upload.person
    if person is not None:
        for sitting in Sitting.objects.visible_to(person).select_related("point__region", "subject"):
            if rules.allowed(person, "scanning.edit", sitting):
                yield sitting
        return
    rows = Sitting.objects.filter(point__region__code=upload.region, point__code=upload.point)
    yield from rows.select_related("point__region", "subject")


def _batch(card: RoomCard, upload: Upload) -> Batch | None:
    """The batch that the page began for the files of one gesture."""
    number = str(upload.metadata.get("batch", ""))
    rows = card.batches.filter(state=BatchState.OPEN, sealed_at__isnull=True)
    return rows.filter(number=int(number)).first() if number.isdecimal() and len(number) < 9 else None


def _name(upload: Upload) -> str:
    return str(upload.metadata.get("filename", "") or upload.uid)
