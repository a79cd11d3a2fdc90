"""The resumable door: scanning stations and watched folders of other machines send sheets and recordings over tus."""

from typing import Any

from django.conf import settings

from audit.log import Actor
from scanning import cards, recordings, sources
from scanning.errors import DecisionRefused
from scanning.models import RoomCard
from stations.models import Sitting
from uploads import handlers
from uploads.models import Upload
from wire.pki import Role


def register() -> None:
    """Take sheets and recordings on a point's node."""
    if settings.PPE_NODE == "hq":
        roles = {Role.SCAN, Role.HQ}
        handlers.register("sheets", take_sheets, roles=roles, max_bytes=sources.MAX_BYTES)
        handlers.register("recording", take_recording, roles=roles | {Role.VOICE}, max_bytes=sources.MAX_BYTES)


def take_sheets(upload: Upload) -> dict[str, Any]:
    """Take a complete file with sheets into the room that its metadata name (``sitting``, ``room``)."""
    taken = sources.take_in(
        card=_card(upload), name=_name(upload), content=upload.path, door="api", actor=_actor(upload)
    )
    return {"line": taken.line, "source": taken.source.pk, "pages": taken.source.pages, "sha256": taken.source.sha256}


def take_recording(upload: Upload) -> dict[str, Any]:
    """Take a complete recording into the room that its metadata name."""
    row, line = recordings.take_in(card=_card(upload), name=_name(upload), content=upload.path, actor=_actor(upload))
    return {"line": line, "recording": row.pk, "sha256": row.sha256}


def _card(upload: Upload) -> RoomCard:
    key, room = str(upload.metadata.get("sitting", "")), str(upload.metadata.get("room", ""))
    rows = Sitting.objects.filter(point__region__code=upload.region, point__code=upload.point)
    for sitting in rows.select_related("point__region", "subject"):
        if sitting.key == key:
            for card in cards.ensure_cards(sitting):
                if card.room.number == room:
                    return card
    raise DecisionRefused(
        f"Экзамена «{key[:40]}» с аудиторией «{room[:10]}» у вашей станции нет.",
        f"Your station has no exam “{key[:40]}” with room “{room[:10]}”.",
    )


def _name(upload: Upload) -> str:
    return str(upload.metadata.get("filename", "") or upload.uid)


def _actor(upload: Upload) -> Actor:
    return Actor(upload.owner_urn[:200], "api", certificate=upload.certificate)
