"""The sidebar: the pages of a day first, the lists behind them."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from common import space
from day.keeping import keeping_of
from stations import rules
from stations.lookup import current_sitting, this_node
from stations.models import Sitting, User
from transfers.models import StatusName

#: Exams looked at for originals that may be wiped.
_MOST_ORIGINALS = 20


def stylesheet(request: HttpRequest) -> str:
    """Return the address of the portal's own styles."""
    return static("ppe/app.css")


def favicon(request: HttpRequest) -> str:
    """Return the address of the portal's icon."""
    return static("ppe/icon.svg")


def node(request: HttpRequest) -> dict[str, Any]:
    """Context of every template: the kind of node, whether this is a rehearsal, and how full the disk is."""
    return {
        "ppe_node": settings.PPE_NODE,
        "ppe_training": settings.PPE_MODE == "training",
        "ppe_disk": space.level(),
        "ppe_disk_free": space.free() // 1_000_000,
        "ppe_originals": lambda: _originals(request),
    }


def _originals(request: HttpRequest) -> list[Sitting]:
    """Return the exams whose originals this person may wipe now: what makes room at a point."""
    user = getattr(request, "user", None)
    if settings.PPE_NODE != "hq" or not isinstance(user, User):
        return []
    sittings = Sitting.objects.visible_to(user).filter(statuses__status=StatusName.BLANKS_TRANSFERRED)
    rows = sittings.select_related("point__region", "subject").distinct().order_by("date")[:_MOST_ORIGINALS]
    return [row for row in rows if rules.allowed(user, "transfers.wipe", row) and keeping_of(row).free]


def site_header(request: HttpRequest) -> str:
    """Return the name in the corner."""
    return str(_("Regional centre (RCOI)") if settings.PPE_NODE == "rcoi" else _("PPE Portal"))


def site_subheader(request: HttpRequest) -> str:
    """Return the line under the name: point and subject, or the region."""
    if settings.PPE_NODE == "rcoi":
        row = this_node()
        return f"{row.region} {row.region_name}" if row else ""
    sitting = current_sitting(request)
    return f"{sitting.point.key} · {sitting.subject.name}" if sitting else ""


def _link(title: str, icon: str, name: str, **kwargs: str) -> list[dict[str, Any]]:
    """Return one link, or none when the room does not serve this page on this kind of node."""
    try:
        return [{"title": title, "icon": icon, "link": reverse(name, kwargs=kwargs)}]
    except NoReverseMatch:
        return []


def _ruled(request: HttpRequest, action: str, title: str, icon: str, name: str) -> list[dict[str, Any]]:
    """Return one link, or none when the person may not open its page: the page asks the same rule."""
    return _link(title, icon, name) if rules.allowed(request.user, action) else []


def _list(title: str, icon: str, model: str) -> list[dict[str, Any]]:
    return _link(title, icon, f"admin:{model}_changelist")


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the sidebar for this person on this node."""
    return _centre(request) if settings.PPE_NODE == "rcoi" else _hq(request)


def _hq(request: HttpRequest) -> list[dict[str, Any]]:
    sitting = current_sitting(request)
    day: list[dict[str, Any]] = []
    if sitting:
        key = sitting.key
        day = [
            *_link(_("Today"), "today", "today", key=sitting.point.key),
            *_link(_("Monitoring"), "monitoring", "monitoring", key=key),
            *_link(_("Access key"), "key", "keys", key=key),
            *_link(_("Scanning station"), "document_scanner", "scanning", key=key),
            *_link(_("Transfer answer forms"), "send", "transfers", key=key),
        ]
    return [
        {"title": _("Exam"), "items": [*day, *_link(_("Help"), "help", "help")]},
        {
            "title": _("Data"),
            "separator": True,
            "collapsible": True,
            "items": [
                *_list(_("Electronic journals"), "description", "journals_journal"),
                *_list(_("Sheets"), "draft", "scanning_sheet"),
                *_list(_("Packets"), "inventory_2", "transfers_packet"),
                *_list(_("Certificates"), "verified_user", "keys_certificate"),
                *_list(_("Stations"), "computer", "stations_station"),
                *_link(_("Staff"), "badge", "people"),
                *_list(_("Event log"), "history", "audit_event"),
                *_list(_("Anchors of the log"), "anchor", "audit_anchor"),
            ],
        },
    ]


def _centre(request: HttpRequest) -> list[dict[str, Any]]:
    home = _link(_("Regional centre (RCOI)"), "home", "centre")
    for item in home:
        # Every page of the centre lies below this address.
        item["active"] = request.path == item["link"]
    return [
        {
            "title": _("Exam day"),
            "items": [
                *home,
                *_link(_("Inbox"), "inbox", "centre-inbox"),
                *_link(_("Announcements"), "campaign", "centre-announcements"),
                *_link(_("Reports"), "picture_as_pdf", "centre-reports"),
                *_link(_("Help"), "help", "help"),
            ],
        },
        {
            "title": _("Preparation"),
            "separator": True,
            "items": [
                *_ruled(request, "rcoi.registry", _("Registry of the region"), "account_tree", "centre-registry"),
                *_ruled(request, "rcoi.requests", _("Certificate requests"), "verified_user", "centre-requests"),
                *_ruled(request, "rcoi.packages", _("Exam packages"), "package_2", "centre-packages"),
                *_ruled(request, "rcoi.access_keys", _("Access keys"), "key", "centre-access-keys"),
                *_link(_("Staff"), "badge", "people"),
            ],
        },
        {
            "title": _("Data"),
            "separator": True,
            "collapsible": True,
            "items": [
                *_list(_("Exam point"), "location_city", "stations_exampoint"),
                *_list(_("Exams"), "event", "stations_sitting"),
                *_list(_("Certificates"), "badge", "keys_certificate"),
                *_list(_("Event log"), "history", "audit_event"),
                *_list(_("Anchors of the log"), "anchor", "audit_anchor"),
            ],
        },
    ]
