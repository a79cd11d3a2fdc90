"""The inbox: a list with filters, a packet with its checks and sheets, its pictures, and the state as JSON."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.cache import cache_control

from audit.log import actor_of
from common import files
from common.errors import told
from common.web.pages import page, render
from common.work import leases
from rcoi.answering import receipts, rescan
from rcoi.checking import findings
from rcoi.errors import RequestRefusedError
from rcoi.models import (
    InboxFinding,
    InboxKind,
    InboxPacket,
    InboxSheet,
    IssuedReceipt,
    PointStatusRecord,
)
from rcoi.pages.access import file_answer, needs
from rcoi.states import WORKING, InboxState, RescanState
from scanning import pictures
from stations import rules
from stations.models import User
from wire.errors import PpeError
from wire.messages import Message
from wire.packet.counts import KNOWN, counted_in

PER_PAGE = 50
#: A search by more letters than any uid, hash or number has finds nothing, and the database refuses such a pattern.
_LONGEST = 100
SMALL, LARGE = 240, 1800
FILTERS = {
    "": gettext_lazy("All"),
    "open": gettext_lazy("Not dealt with"),
    "rejected": pgettext_lazy("several", "Rejected"),
    "acknowledged": gettext_lazy("Confirmed"),
    "findings": gettext_lazy("With remarks"),
    "rescan": gettext_lazy("Being rescanned"),
}


def in_state(rows: QuerySet[InboxPacket], state: str) -> QuerySet[InboxPacket]:
    """Return the packets of a filter of the list."""
    if state == "open":
        return rows.filter(state__in=WORKING)
    if state in ("rejected", "acknowledged"):
        return rows.filter(state=state)
    if state == "findings":
        return rows.filter(superseded_by__isnull=True, pk__in=InboxFinding.objects.unsettled().values("packet"))
    if state == "rescan":
        return rows.filter(rescans__state=RescanState.OPEN).distinct()
    return rows


@page("centre/inbox/", name="centre-inbox", node="rcoi")
@needs("rcoi.inbox")
def inbox_list(request: HttpRequest) -> HttpResponse:
    """Show what arrived."""
    user: Any = request.user
    asked = {name: request.GET.get(name, "") for name in ("state", "point", "kind", "q")}
    rows: QuerySet[InboxPacket] = InboxPacket.objects.visible_to(user).for_page()
    if "-" in asked["point"]:
        region, _dash, code = asked["point"].partition("-")
        rows = rows.filter(point__region__code=region, point__code=code)
    if asked["kind"]:
        rows = rows.filter(kind=asked["kind"])
    if asked["q"]:
        text = asked["q"].strip()[:_LONGEST]
        rows = rows.filter(Q(uid__startswith=text) | Q(sha256__startswith=text.lower()) | Q(inboxsheets__number=text))
        rows = rows.distinct()
    tabs = [
        {"value": value, "label": label, "count": in_state(rows, value).count(), "on": asked["state"] == value}
        for value, label in FILTERS.items()
    ]
    found = in_state(rows, asked["state"]).annotate(
        found=Count("findings", filter=Q(findings__in=InboxFinding.objects.unsettled()), distinct=True)
    )
    shown = Paginator(found.order_by("-received_at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "tabs": tabs,
        "asked": asked,
        "shown": shown,
        "points": user.points(),
        "kinds": InboxKind.choices,
    }
    return render(request, "rcoi/inbox.html", context, title=_("Inbox"))


def packet_or_404(user: User | Any, uid: str) -> InboxPacket:
    """Return a packet by its uid, or a refused one by its hash.

    Raises:
        Http404: There is none within the person's scope.
    """
    rows = InboxPacket.objects.visible_to(user).for_page()
    row = rows.filter(Q(uid=uid) | Q(sha256=uid)).order_by("-version").first()
    if row is None:
        raise Http404(uid)
    return row


@dataclass(frozen=True)
class Check:
    """One line of the check list on the left."""

    text: str
    tone: str
    detail: str = ""


@page("centre/inbox/<str:uid>/", name="centre-packet", node="rcoi")
@needs("rcoi.inbox")
def packet_page(request: HttpRequest, uid: str) -> HttpResponse:
    """Show a packet: checks on the left, sheets on the right."""
    row = packet_or_404(request.user, uid)
    remarks = list(row.findings.all())
    marked = {remark.number for remark in remarks if remark.number}
    sheets = list(row.inboxsheets.all())
    context = {
        "packet": row,
        "checks": checks(row),
        "remarks": remarks,
        "sheets": [{"row": sheet, "marked": sheet.number in marked} for sheet in sheets],
        "recordings": row.inboxrecordings.all(),
        "journals": row.inboxjournals.all(),
        "acts": row.inboxacts.exclude(kind="attachment"),
        "receipts": row.receipts.order_by("number"),
        "versions": row.lineage() if row.uid else [],
        "rescans": row.rescans.all(),
        "counted": [(str(counted_in(key)), number) for key, number in row.counts.items() if number and key in KNOWN],
        "card": _card(row),
        "status_words": dict(PointStatusRecord.Status.choices).get(row.document.get("status", ""), ""),
        "may_settle": row.superseded_by_id is None and rules.allowed(request.user, "rcoi.settle", row.sitting),
        "may_rescan": _may_rescan(request, row),
        "may_retry": row.parked_at is not None and rules.allowed(request.user, "rcoi.inbox", row.point),
    }
    return render(request, "rcoi/packet.html", context, title=row.title)


def _card(row: InboxPacket) -> list[tuple[str, Any]]:
    words = {
        "registration_count": _("registration forms"),
        "dbo_count": _("Additional answer forms no. 2"),
        "absent_count": _("absent"),
        "not_finished_count": _("did not finish"),
    }
    card = row.document.get("card")
    return (
        [(text, card[key]) for key, text in words.items() if card.get(key) is not None]
        if isinstance(card, dict)
        else []
    )


def _may_rescan(request: HttpRequest, row: InboxPacket) -> bool:
    return (
        row.state == InboxState.ACKNOWLEDGED
        and row.kind not in (InboxKind.STATUS, InboxKind.TEST)
        and row.superseded_by_id is None
        and rules.allowed(request.user, "rcoi.rescan", row.sitting)
    )


@packet_page.post("rescan")
def ask_rescan(request: HttpRequest, uid: str) -> str:
    """Ask for sheets again."""
    row = packet_or_404(request.user, uid)
    rules.require(request.user, "rcoi.rescan", row.sitting)
    typed = request.POST.getlist("sheets")
    numbers = rescan.numbers_in(" ".join(typed))
    made = rescan.request(packet=row, numbers=numbers, reason=request.POST.get("reason", ""), actor=actor_of(request))
    return _("The request went into the point's feed as no. %d.") % made.entry.number


@packet_page.post("settle")
def settle(request: HttpRequest, uid: str) -> str:
    """Say what was found out about a finding."""
    row = packet_or_404(request.user, uid)
    rules.require(request.user, "rcoi.settle", row.sitting)
    pk = request.POST.get("finding", "")
    finding = row.findings.filter(pk=int(pk)).first() if pk.isascii() and pk.isdigit() and len(pk) < 19 else None
    if finding is None or row.superseded_by_id is not None:
        raise RequestRefusedError(
            Message("The remark is gone: its facts have changed."),
            remedy=Message("Reload the packet's page."),
        )
    findings.settle(finding=finding, reason=request.POST.get("reason", ""), actor=actor_of(request))
    return _("The finding is marked as settled.")


@packet_page.post("retry")
def retry(request: HttpRequest, uid: str) -> str:
    """Let a parked packet be tried again."""
    row = packet_or_404(request.user, uid)
    rules.require(request.user, "rcoi.inbox", row.point)
    leases.unpark(row)
    return _("The packet is queued again.")


def checks(row: InboxPacket) -> list[Check]:
    """Return the check list of a packet, in the order in which the checks are made."""
    if row.uid is None:
        return [Check(_("Receiving"), "bad", _reason(row))]
    signed = ", ".join(signer["name"] for signer in row.signers)
    lines = [
        Check(_("The file came whole, the hash of its content is the signed one"), "ok", row.sha256),
        Check(_("The signatures and certificates are valid"), "ok", signed),
    ]
    opened = row.opened_at is not None
    rejected = row.state == InboxState.REJECTED
    lines.append(
        Check(_("Decrypted, the files match the manifest, the counts match the card"), "ok")
        if opened
        else Check(_("Decrypting and checking the contents"), "bad" if rejected else "info", _reason(row))
    )
    if row.state == InboxState.ACKNOWLEDGED:
        lines.append(Check(pgettext("bare", "«Подтвержден» (confirmed)"), "ok"))
    return lines


def _reason(row: InboxPacket) -> str:
    if row.reasons:
        return told(row.reasons[0])
    return _(row.parked_reason) or _("under way")


@page("centre/inbox/<str:uid>/sheets/<int:pk>.png", name="centre-sheet", node="rcoi")
@needs("rcoi.inbox")
@cache_control(private=True, max_age=86400, immutable=True)
def sheet_picture(request: HttpRequest, uid: str, pk: int) -> HttpResponse:
    """Return the picture of a sheet, within the person's scope."""
    row = packet_or_404(request.user, uid)
    sheet = InboxSheet.objects.filter(packet=row, pk=pk).first()
    if sheet is None or not row.folder:
        raise Http404
    try:
        data = pictures.png(files.inside(row.folder, sheet.name), width=LARGE if "large" in request.GET else SMALL)
    except (PpeError, OSError):
        raise Http404 from None
    return file_answer(f"{sheet.number or sheet.ordinal}.png", data, content_type="image/png", inline=True)


@page("centre/inbox/<str:uid>/receipt/<int:number>.p7m", name="centre-receipt", node="rcoi")
@needs("rcoi.inbox")
def receipt_file(request: HttpRequest, uid: str, number: int) -> HttpResponse:
    """Return the stored bytes of a receipt."""
    row = packet_or_404(request.user, uid)
    receipt = row.receipts.filter(number=number).first()
    if receipt is None:
        raise Http404
    return file_answer(
        f"{row.sha256[:16]}.{receipt.level}.p7m", receipts.bytes_of(receipt), content_type="application/cms"
    )


@page("centre/receipts/<str:sha256>.<slug:level>.p7m", name="centre-receipt-of-file", node="rcoi")
@needs("rcoi.inbox")
def receipt_of_file(request: HttpRequest, sha256: str, level: str) -> HttpResponse:
    """Return the stored bytes of the receipt that was given for a file at a level."""
    rows = IssuedReceipt.objects.filter(packet__in=InboxPacket.objects.visible_to(request.user))
    row = rows.filter(sha256=sha256, level=level).first()
    if row is None:
        raise Http404
    return file_answer(f"{sha256}.{level}.p7m", receipts.bytes_of(row), content_type="application/cms")


@page("centre/inbox/state.json", name="centre-inbox-state", node="rcoi")
@needs("rcoi.inbox")
def state_json(request: HttpRequest) -> JsonResponse:
    """Return packets and statuses in scope as JSON, for live pages and checks."""
    rows = InboxPacket.objects.visible_to(request.user).for_page().order_by("received_at", "pk")
    statuses = PointStatusRecord.objects.visible_to(request.user).select_related(
        "sitting__point__region", "sitting__subject"
    )
    numbers = dict(receipts.latest_numbers())
    return JsonResponse(
        {
            "packets": [
                {
                    "uid": row.claimed_uid,
                    "version": row.version or row.header.get("version"),
                    "kind": row.kind,
                    "point": row.point.key if row.point else "",
                    "room": row.room,
                    "state": row.state,
                    "sha256": row.sha256,
                    "number": numbers.get(row.sha256),
                    "sitting": row.header.get("sitting", ""),
                    "superseded": row.superseded_by_id is not None,
                    "reasons": [reason["code"] for reason in row.reasons],
                    "parked": row.parked_at is not None,
                }
                for row in rows
            ],
            "statuses": [
                {"sitting": record.sitting.key, "status": record.status, "state": record.state} for record in statuses
            ],
        }
    )
