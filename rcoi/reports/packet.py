"""Confirmation of one packet: what was confirmed, by whom it was signed, and where to check it."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy
from reportlab.platypus import Flowable, Spacer

from audit.log import Actor
from common.paper import layout
from common.paper.language import in_russian
from rcoi.day import evaluation
from rcoi.day.evaluation import Standing
from rcoi.errors import RequestRefusedError
from rcoi.models import InboxPacket, IssuedReceipt, Report
from rcoi.reports.registered import Stamp, formed
from rcoi.states import InboxState
from wire.canonical import parse_stamp
from wire.forms import CATALOGUE
from wire.messages import Message

_COUNTS = {
    "sheets": pgettext_lazy("number", "Participants' forms"),
    "forms": pgettext_lazy("number", "Forms of the exam point"),
    "recordings": pgettext_lazy("number", "Recordings"),
    "journals": pgettext_lazy("number", "Electronic journals"),
    "acts": pgettext_lazy("number", "Acts"),
}


@in_russian
def packet_report(packet: InboxPacket, *, actor: Actor) -> Report:
    """Return the report of a decided packet.

    Raises:
        RequestRefusedError: The centre has not decided yet, or the file was never taken in as a packet.
    """
    receipt = packet.receipts.order_by("-number").first()
    if packet.is_working or receipt is None or packet.sitting is None or packet.uid is None:
        raise RequestRefusedError(Message("There is no decision about this packet yet."))
    point = packet.sitting.point
    stands = evaluation.of_packet(packet)
    return formed(
        kind=Report.Kind.PACKET,
        key=packet.uid,
        data=_data(packet, receipt, stands),
        draw=lambda stamp: _story(packet, receipt, stamp, stands),
        region=point.region,
        point=point,
        title=_("The regional centre about a packet: %(packet)s") % {"packet": packet.title},
        actor=actor,
        receipts=[receipt],
    )


def _data(packet: InboxPacket, receipt: IssuedReceipt, stands: Standing) -> dict[str, Any]:
    return {
        "packet": packet.uid,
        "sha256": packet.sha256,
        "state": packet.state,
        "receipt": receipt.number,
        "receipt_sha256": receipt.body_sha256,
        "counts": packet.counts,
        "signers": packet.signers,
        "reasons": packet.reasons,
        "told": receipt.open,
        "superseded_by": packet.superseded_by.uid if packet.superseded_by else "",
        "open": [each.text for each in stands.open],
        "covered": [each.text for each in stands.covered],
    }


def _story(packet: InboxPacket, receipt: IssuedReceipt, stamp: Stamp, stands: Standing) -> list[Flowable]:
    sitting = packet.sitting
    assert sitting is not None  # noqa: S101 (checked by the caller)
    point, good = sitting.point, packet.state == InboxState.ACKNOWLEDGED
    lines = [
        _("%(region)s, exam point %(key)s “%(name)s”")
        % {"region": f"{point.region.code} {point.region.name}", "key": point.key, "name": point.name},
        f"{sitting.subject.code} {sitting.subject.name}, {sitting.date:%d.%m.%Y}",
    ]
    qr = f"PPE1|RECEIPT|{point.key}|{receipt.number}|{packet.sha256[:32]}|{receipt.body_sha256[:32]}"
    confirmed, refused = (
        _("The regional centre confirms that it accepted the packet"),
        _("The regional centre refuses the packet"),
    )
    return [
        *layout.head(title=confirmed if good else refused, lines=lines, qr=qr),
        _verdict(packet, stands),
        Spacer(1, 8),
        *_warnings(stands),
        layout.facts(_facts(packet, receipt, stamp)),
        *layout.table(
            _("What is in the packet"),
            [(_("What"), 130), (_("Count"), 50)],
            _counts(packet),
            empty=pgettext("paper", "Not counted."),
        ),
        *_reasons(packet),
        *_told(receipt),
        *layout.table(
            _("The packet is signed by"),
            [(_("Who"), 100), (_("Role"), 35), (_("Time of signing"), 45)],
            [[s["name"], _role(s["role"]), _signed_at(s, stamp)] for s in packet.signers],
            empty=_("No signatures."),
        ),
        layout.signatures([_("Operator of the regional centre")], _("Event log: %(head)s.") % {"head": stamp.head}),
    ]


def _verdict(packet: InboxPacket, stands: Standing) -> Flowable:
    """Return the decision; green only where nothing about the packet is open or had to be covered."""
    said = str(packet.get_state_display())
    if packet.state != InboxState.ACKNOWLEDGED:
        return layout.verdict(said, good=False)
    parts = [_("not settled: %(count)d") % {"count": len(stands.open)}] if stands.open else []
    if stands.covered:
        parts.append(_("covered by an act or settled: %(count)d") % {"count": len(stands.covered)})
    return layout.verdict(f"{said}; {', '.join(parts)}" if parts else said, good=None if parts else True)


def _warnings(stands: Standing) -> list[Flowable]:
    rows = [[_("not settled"), each.text] for each in stands.open]
    rows += [[_("covered by an act or settled"), each.text] for each in stands.covered]
    if not rows:
        return []
    columns = [(_("State"), 40), (_("What"), 140)]
    return [*layout.table(_("Differences and warnings"), columns, rows, empty=""), Spacer(1, 8)]


def _facts(packet: InboxPacket, receipt: IssuedReceipt, stamp: Stamp) -> list[tuple[str, str]]:
    room = packet.room or (_("HQ") if packet.kind == "forms" else "—")
    rows = [
        (_("Kind of the packet"), str(packet.get_kind_display())),
        (_("Room"), room),
        (
            _("Packet"),
            _("%(uid)s, version %(version)d, No. %(number)s of node %(node)s")
            % {"uid": packet.uid, "version": packet.version, "number": packet.sequence, "node": packet.node},
        ),
        (_("File"), packet.name),
        (_("SHA-256 of the file"), packet.sha256),
        (_("Received"), f"{stamp.when(packet.received_at)}, {packet.get_door_display()}"),
        (pgettext("paper", "Decrypted"), stamp.when(packet.opened_at)),
        (_("Decided (time of the change)"), stamp.when(packet.decided_at)),
        (
            _("Receipt"),
            _("No. %(number)d of %(moment)s") % {"number": receipt.number, "moment": stamp.when(receipt.issued_at)},
        ),
        (_("SHA-256 of the receipt"), receipt.body_sha256),
        (_("Printed"), f"{stamp.when(stamp.at)} ({stamp.zone})"),
    ]
    if packet.superseded_by:
        new = packet.superseded_by
        by = _("by the packet %(uid)s, version %(version)d") % {"uid": new.uid, "version": new.version}
        rows.append((_("Replaced"), by))
    return rows


def _counts(packet: InboxPacket) -> list[list[str]]:
    rows = [[str(words), str(packet.counts[key])] for key, words in _COUNTS.items() if packet.counts.get(key)]
    rows += [
        [f"· {CATALOGUE[key].title.ru}", str(number)]
        for key, number in sorted(packet.counts.items())
        if key in CATALOGUE
    ]
    return rows


def _reasons(packet: InboxPacket) -> list[Flowable]:
    if not packet.reasons:
        return []
    rows = [[reason["code"], reason["ru"], reason.get("sheet") or ""] for reason in packet.reasons]
    return layout.table(
        _("Reasons of the rejection"), [(_("Code"), 35), (_("Reason"), 115), (_("Sheet"), 30)], rows, empty=""
    )


def _told(receipt: IssuedReceipt) -> list[Flowable]:
    """What the receipt told the point, beside what stands now."""
    rows = [[each["ru"], each.get("sheet") or ""] for each in receipt.open]
    columns = [(_("What"), 150), (_("Sheet"), 30)]
    return layout.table(_("Open when it was confirmed, as its receipt says"), columns, rows, empty="") if rows else []


def _role(role: str) -> str:
    return {"hq": pgettext("paper", "Node of the HQ"), "gek": pgettext("capital", "GEK member")}.get(role, role)


def _signed_at(signer: dict[str, str], stamp: Stamp) -> str:
    return stamp.when(parse_stamp(signer["at"])) if signer.get("at") else "—"
