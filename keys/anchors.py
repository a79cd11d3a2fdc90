"""Hourly anchors: the node signs the last event of each of its chains; the centre prints the newest in its reports."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from audit import anchors
from audit.models import Anchor, ChainHead
from common.work.clock import now
from keys import authority, node
from keys.errors import AuthorityMissingError, NodeCertificateMissingError
from keys.trust import trust_store
from stations.lookup import this_node
from stations.models import ExamPoint
from wire.cms import Signer
from wire.documents import anchor as wire_anchor

PERIOD = timedelta(hours=1)


def signer() -> Signer | None:
    """Return the signer of this node, whatever its kind; None while it has no certificate."""
    try:
        if settings.PPE_NODE == "rcoi":
            return authority.rcoi_signer()
    except (AuthorityMissingError, NodeCertificateMissingError):
        return None
    for point in ExamPoint.objects.select_related("region").order_by("region__code", "code"):
        try:
            return node.node_signer(point)
        except NodeCertificateMissingError:
            continue
    return None


def make() -> Anchor | None:
    """Sign the heads of all chains as they stand; None while the node cannot sign, or has nothing to sign.

    The row is its own record: an event about it would move the very heads that it lists.
    """
    chosen, own = signer(), this_node()
    if chosen is None or own is None:
        return None
    with transaction.atomic():
        # The heads are locked, so that two anchors are never made at once and none is torn between two events.
        heads = list(ChainHead.objects.select_for_update().filter(number__gt=0).order_by("chain"))
        last = anchors.latest()
        if not heads:
            return None
        moment, number = now(), last.number + 1 if last else 1
        document = wire_anchor.write(
            wire_anchor.AnchorDocument(
                number=number,
                prev=last.sha256 if last else "",
                node=own.uid,
                mode=settings.PPE_MODE,
                at=moment,
                heads=tuple(wire_anchor.AnchoredHead(head.chain, head.number, head.hash) for head in heads),
            ),
            [chosen],
        )
        digest = wire_anchor.anchor_hash(document)
        return Anchor.objects.create(number=number, at=moment, sha256=digest, document=document)


def make_due() -> Anchor | None:
    """Make an anchor when the last one is an hour old, or when there is none."""
    last = anchors.latest()
    return make() if last is None or now() - last.at >= PERIOD else None


def newest() -> Anchor | None:
    """Return the newest anchor, made now when the node has none yet."""
    return anchors.latest() or make()


def read(row: Anchor) -> wire_anchor.AnchorDocument:
    """Read an anchor of this node; its signer was valid when it was made.

    Raises:
        PpeError: The signature does not hold, or the shape is wrong.
    """
    said, _signed_by = wire_anchor.read(bytes(row.document), trust_store(), at=row.at)
    return said
