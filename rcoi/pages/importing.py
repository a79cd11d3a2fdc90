"""Importing packets from flash drives."""

from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.log import actor_of
from common import flash
from common.web.pages import page, render
from rcoi.pages.access import needs
from rcoi.receiving import channels
from stations import rules
from stations.lookup import point_or_404


@page("centre/inbox/import/", name="centre-import", node="rcoi", files=("rcoi.inbox",), max_body=16 << 30)
@needs("rcoi.inbox")
def import_page(request: HttpRequest) -> HttpResponse:
    """Show the drives with their packets, and a place to drop files."""
    drives = [
        {
            "path": str(drive),
            "packets": [
                *(flash.shown(path) for path in channels.packets_in(drive)),
                *(f"{flash.shown(each.name)} ({len(each.paths)}/{each.count})" for each in channels.volumes_in(drive)),
            ],
        }
        for drive in flash.roots()
    ]
    user: Any = request.user
    context = {"drives": drives, "points": user.points()}
    return render(request, "rcoi/import.html", context, title=_("Take in from a flash drive"))


@import_page.post("feed")
def write_feed(request: HttpRequest) -> str:
    """Write the feed of a point to a drive."""
    point = point_or_404(request.user, request.POST.get("point", ""))  # type: ignore[arg-type]
    rules.require(request.user, "rcoi.inbox", point)
    path = channels.write_feed(point=point, folder=request.POST.get("folder", ""), actor=actor_of(request))
    return _("The feed is written and read back: %s. The drive may be removed.") % path


@import_page.post("import")
def import_packets(request: HttpRequest) -> HttpResponse:
    """Take in a folder of a drive, or files sent by the browser."""
    rules.require(request.user, "rcoi.inbox")
    actor = actor_of(request)
    files: list[Any] = request.FILES.getlist("files")
    if files:
        pairs = [(Path(each.name).name, Path(each.temporary_file_path())) for each in files]
        taken = channels.import_files(files=pairs, actor=actor)
    else:
        taken = channels.import_folder(folder=request.POST.get("folder", ""), actor=actor)
        if len(taken) >= channels.MOST:
            words = _("At most %d files are taken in at a time; the others on the drive are untouched. ")
            cure = _("Move the files that were taken in elsewhere and take in the drive again.")
            messages.warning(request, words % channels.MOST + cure)
    for each in taken:
        level = messages.ERROR if each.refusal else messages.WARNING if each.refused else messages.SUCCESS
        code = f"code-{each.refusal.code}" if each.refusal else ""
        messages.add_message(request, level, each.line, extra_tags=code)
    return redirect("centre-inbox")
