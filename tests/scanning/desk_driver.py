"""Whoever stands at the desk of a running node: reads orders from stdin, answers each with a line of JSON.

``take ROOM PATH``, ``unread``, ``fill PEOPLE``, ``close``, ``quit``: the services that the pages call.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import django

django.setup()

from audit.log import Actor  # noqa: E402
from scanning import cards, sources  # noqa: E402
from scanning.models import RoomCard, Sheet, Source  # noqa: E402
from scanning.states import CardState, SheetState, SourceState  # noqa: E402

ACTOR = Actor("Иванов Пётр Ильич", "page")


def rooms() -> list[RoomCard]:
    rows = RoomCard.objects.exclude(room__number="HQ").select_related(
        "room", "sitting__point__region", "sitting__subject"
    )
    return list(rows.order_by("room__number"))


def answer(order: str, *words: str) -> Any:
    match order:
        case "take":
            card = next(each for each in rooms() if each.room.number == words[0])
            return sources.ingest(
                card=card, name=Path(words[1]).name, content=Path(words[1]), door="browser", actor=ACTOR
            ).source.pk
        case "unread":
            return {
                "sheets": Sheet.objects.filter(state=SheetState.RECEIVED).count(),
                "files": Source.objects.filter(state=SourceState.RECEIVED).count(),
            }
        case "fill":
            counts = {"registration_count": int(words[0]), "dbo_count": 0, "absent_count": 0, "not_finished_count": 0}
            return [
                cards.save_card(card=each, counts=counts, version=each.version, actor=ACTOR).version for each in rooms()
            ]
        case "settled":
            return sorted({each.state for each in rooms()})
        case "close":
            for each in rooms():
                if each.state == CardState.RECONCILED:
                    cards.close(card=each, actor=ACTOR)
            return {each.room.number: each.state for each in rooms()}
    raise ValueError(order)


def main() -> None:
    for line in sys.stdin:
        order, *words = line.rstrip("\n").split("\t")
        if order == "quit":
            return
        started = time.monotonic()
        said = answer(order, *words)
        sys.stdout.write(json.dumps({"said": said, "seconds": time.monotonic() - started}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
