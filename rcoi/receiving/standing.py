"""Taking in what a point says is open there again: of each node and day the word with the highest number counts."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction

from audit.log import Actor, hold, record
from common.work.clock import now
from keys import trust
from rcoi.errors import ForeignPointError, SequenceForkError, UnknownSittingError, WrongModeError
from rcoi.models import PointStanding
from rcoi.receiving.admission import MODES
from stations.models import ExamPoint, Sitting
from wire.documents import standing
from wire.documents.standing import StandingDocument
from wire.messages import Message
from wire.pki import Identity


def receive(*, document: bytes, sender: Identity, actor: Actor) -> PointStanding:
    """Take in a word; the same bytes again, and an older word that comes late, change nothing.

    Args:
        document: The signed bytes.
        sender: The machine that brought it.
        actor: The same for the log.

    Returns:
        The word that counts now.

    Raises:
        WrongModeError: It is of a rehearsal at a live centre, or the other way round.
        ForeignPointError: It is of another point than the machine that brought it.
        UnknownSittingError: It names an exam that the registry does not have on that day.
        SequenceForkError: Other bytes came under its number.
        PpeError: The signature does not hold, its signer is no node of the point, or the shape is wrong.
    """
    said, signed_by = standing.read(document, trust.trust_store(), at=now())
    point = _point(said, sender)
    sittings = _sittings(said, point)
    node, digest = signed_by.identity.ident, hashlib.sha256(document).hexdigest()
    with transaction.atomic():
        hold(point)
        # Of two that come at once, the second sees the first.
        list(Sitting.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=sittings).order_by("pk"))
        rows = PointStanding.objects.filter(point=point, date=said.date, node=node)
        known = rows.filter(number=said.number).first()
        if known is None:
            made = PointStanding.objects.create(
                point=point,
                date=said.date,
                node=node,
                number=said.number,
                at=said.at,
                received_at=now(),
                said=_matters(said),
                document=document,
                sha256=digest,
            )
            record(
                "rcoi.standing",
                about=made,
                actor=actor,
                data={
                    "number": said.number,
                    "node": node,
                    "sha256": digest,
                    "open": {each.sitting: len(each.open) for each in said.sittings},
                },
            )
        elif known.sha256 != digest:
            raise SequenceForkError(
                Message("Word no. {number} of the point about this day came with other bytes.", number=said.number),
                remedy=Message("See whether the node was restored from a copy."),
            )
        return rows.order_by("-number")[0]


def _matters(said: StandingDocument) -> dict[str, list[dict[str, Any]]]:
    # An exam told twice has everything open that either of the two tells: the second never empties the first.
    found: dict[str, list[dict[str, Any]]] = {}
    for each in said.sittings:
        found.setdefault(each.sitting, []).extend(standing.matter_json(one) for one in each.open)
    return found


def _point(said: StandingDocument, sender: Identity) -> ExamPoint:
    if said.mode != settings.PPE_MODE:
        raise WrongModeError(
            Message(
                "The word of the point is of mode {mode}; this centre works in «{own}».",
                mode=MODES[said.mode],
                own=MODES[settings.PPE_MODE],
            )
        )
    if (sender.region, sender.point) != (said.region, said.point):
        raise ForeignPointError(
            Message(
                "A word of {region}-{point} came in the name of {region2}-{point2}.",
                region=said.region,
                point=said.point,
                region2=sender.region,
                point2=sender.point,
            ),
        )
    point = ExamPoint.objects.filter(region__code=said.region, code=said.point).select_related("region").first()
    if point is None:
        raise UnknownSittingError(Message("No point {region}-{point} here.", region=said.region, point=said.point))
    return point


def _sittings(said: StandingDocument, point: ExamPoint) -> Sequence[int]:
    rows = Sitting.objects.filter(point=point, date=said.date).select_related("point__region", "subject")
    known = {row.key: row.pk for row in rows}
    for each in said.sittings:
        if each.sitting not in known:
            raise UnknownSittingError(
                Message("No sitting {sitting} at point {point} in the registry.", sitting=each.sitting, point=point.key)
            )
    return [known[each.sitting] for each in said.sittings]
