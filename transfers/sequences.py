"""The numbers of a node's packets: none is given out twice, also after the database was put back from an older copy.

What has left the node stands in `common.marks` too; the chain goes on above it, from the hash that stands there.
"""

from django.db import transaction

from audit import numbers
from common import marks
from common.marks import Mark
from stations.models import ExamPoint
from transfers.models import Packet, SequenceHead

PREFIX = "packet:"


def _name(point: ExamPoint, node: str) -> str:
    return f"{PREFIX}{point.key}:{node}"


def lock(point: ExamPoint, node: str) -> SequenceHead:
    """Return the row that serialises a node's signing, not behind what it gave out. Call inside a transaction."""
    SequenceHead.objects.get_or_create(point=point, node=node)
    head = SequenceHead.objects.select_for_update().get(point=point, node=node)
    mark = numbers.ahead(_name(point, node), head.sequence, about=point)
    if mark is not None:
        advance(head, point, mark.number, mark.hash)
    return head


def advance(head: SequenceHead, point: ExamPoint, sequence: int, sha256: str) -> None:
    """Give out a number: the packet that has it is signed in this transaction."""
    head.sequence, head.sha256 = sequence, sha256
    head.save(update_fields=["sequence", "sha256"])
    marks.note(_name(point, head.node), sequence, sha256)


def leaves(packet: Packet) -> None:
    """Make sure that the number of a packet survives the database before its file leaves the node.

    Raises:
        DiskError: The disk does not take it; the packet must wait.
    """
    if packet.sequence is not None and not packet.imported:
        marks.leaves(_name(packet.sitting.point, packet.node), packet.sequence, packet.sha256)


def catch_up() -> None:
    """Hold the database to what was given out, and the file to the database: at each start of the node."""
    points = {point.key: point for point in ExamPoint.objects.select_related("region")}
    with transaction.atomic():
        for name in sorted(marks.known()):
            key, _colon, node = name.removeprefix(PREFIX).partition(":")
            if name.startswith(PREFIX) and key in points:
                lock(points[key], node)
        heads = list(SequenceHead.objects.filter(sequence__gt=0).select_related("point__region"))
    numbers.made_anew({_name(head.point, head.node): Mark(head.sequence, head.sha256) for head in heads})
