"""Versions of a packet: the next one stands for those before it, in whatever order they come."""

from rcoi.models import InboxPacket
from rcoi.states import InboxState


def lineage(packet: InboxPacket) -> list[InboxPacket]:
    """Return every version of a packet that arrived, itself included, by the chain of `supersedes`."""
    family = list(
        InboxPacket.objects.filter(sitting=packet.sitting, kind=packet.kind, room=packet.room, uid__isnull=False)
    )
    uids = {packet.uid}
    while True:
        more = {each.uid for each in family if each.supersedes_uid in uids}
        more |= {each.supersedes_uid for each in family if each.uid in uids and each.supersedes_uid}
        if more <= uids:
            return [each for each in family if each.uid in uids]
        uids |= more


def supersede(row: InboxPacket) -> None:
    """Let the newest acknowledged version stand for its older ones, in whatever order they came."""
    family = [each for each in lineage(row) if each.version is not None]
    family.sort(key=lambda each: (each.version or 0, each.pk))
    newest = max(
        (each for each in family if each.pk == row.pk or each.state == InboxState.ACKNOWLEDGED),
        key=lambda each: (each.version or 0, each.pk),
    )
    older = [each.pk for each in family if (each.version or 0) < (newest.version or 0)]
    InboxPacket.objects.filter(pk__in=older, superseded_by__isnull=True).update(superseded_by=newest)
    row.refresh_from_db(fields=["superseded_by"])
