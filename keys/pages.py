"""“Keys”: the access key of a sitting, loaded and activated; exam packages that come after the first run."""

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from audit.log import Actor, actor_of
from audit.models import Anchor
from common import errors as refusals
from common.web.pages import page, render, row_number
from common.work import clock
from keys import access, package, pin, second_person
from keys.errors import KeyFileRefusedError
from keys.models import AccessKey, ExamPackage
from keys.states import AccessKeyState
from keys.tokens import list_tokens
from stations import rules
from stations.lookup import open_sitting
from stations.models import Sitting
from wire.errors import PpeError
from wire.messages import Message

_CHIPS = {
    AccessKeyState.MADE: ("info", "vpn_key"),
    AccessKeyState.LOADED: ("warn", "hourglass_top"),
    AccessKeyState.ACTIVATED: ("ok", "lock_open"),
    AccessKeyState.EXPIRED: ("idle", "timer_off"),
    AccessKeyState.REVOKED: ("bad", "block"),
}


def _rows(sitting: Sitting, actor: Actor) -> list[dict[str, object]]:
    keys = AccessKey.objects.filter(sitting=sitting).select_related("certificate", "sitting__point__region")
    return [_row(key, sitting, actor) for key in keys.prefetch_related("activations", "loads").order_by("-version")]


def _row(key: AccessKey, sitting: Sitting, actor: Actor) -> dict[str, object]:
    state = AccessKeyState(key.state)
    lost = state is AccessKeyState.ACTIVATED and not access.is_usable(key)
    colour, icon = ("bad", "error") if lost else _CHIPS[state]
    waits = state is AccessKeyState.LOADED or lost
    alone = second_person.objection(access_key=key, actor=actor) if waits else None
    return {
        "key": key,
        "colour": colour,
        "icon": icon,
        "words": _words(key, sitting, lost=lost),
        "lost": lost,
        "waits": waits,
        "alone": refusals.words(alone) if alone else "",
        "confirmed": [load for load in key.loads.all() if load.sha256 == key.sha256][1:],
        "to_confirm": waits and second_person.to_confirm(access_key=key, actor=actor),
    }


def _words(key: AccessKey, sitting: Sitting, *, lost: bool) -> str:
    """Return the state as the operator reads it: “awaits activation by a GEK member”, “active until 30.05 00:00”."""
    zone = sitting.point.timezone
    if lost:
        return _("The key file is not on the node's disk: activate the key again.")
    if key.state == AccessKeyState.LOADED:
        return _("Waits for a GEK member to activate it")
    if key.state == AccessKeyState.ACTIVATED:
        last = max(key.activations.all(), key=lambda each: each.at, default=None)
        return _("Active until %(until)s, activated by %(who)s at %(at)s") % {
            "until": f"{clock.local(key.until, zone):%d.%m %H:%M}",
            "who": last.holder if last else "—",
            "at": f"{clock.local(last.at, zone):%H:%M}" if last else "—",
        }
    ended = f"{clock.local(key.ended_at, zone):%d.%m %H:%M}" if key.ended_at else ""
    return f"{key.get_state_display()} {ended}. {_(key.end_reason)}".strip()


@page("keys/<sitting:key>/", name="keys", node="hq", files=("keys.load",))
def keys(request: HttpRequest, key: str) -> HttpResponse:
    """Show the access keys of a sitting and what can be done with them."""
    sitting = open_sitting(request, key)
    rows = _rows(sitting, actor_of(request))
    context = {
        "sitting": sitting,
        "rows": rows,
        "ready": [row["key"] for row in rows if row["waits"] and not row["alone"]],
        "tokens": list_tokens(),
        "private": pin.private_channel(request),
        "may_load": rules.allowed(request.user, "keys.load", sitting),
        "may_activate": rules.allowed(request.user, "keys.activate", sitting),
        "packages": ExamPackage.objects.filter(point=sitting.point).order_by("-date", "-version")[:5],
        "waiting_forms": sitting.journals.filter(
            state="accepted", sealed_sets__gt=0, forms_opened_at__isnull=True
        ).count(),
    }
    return render(request, "keys/keys.html", context, title=_("Access key"))


def _uploads(request: HttpRequest) -> list[UploadedFile]:
    uploads = request.FILES.getlist("files")
    if not uploads:
        raise KeyFileRefusedError(Message("Choose a file."))
    return list(uploads)


@keys.post("load")
def load(request: HttpRequest, key: str) -> str | None:
    """Load key files; one that is refused does not stop the others."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "keys.load", sitting)
    lines = []
    for upload in _uploads(request):
        try:
            data = upload.read(access.MAX_FILE + 1)
            row = access.load(data=data, name=str(upload.name), actor=actor_of(request), sitting=sitting)
        except PpeError as refusal:
            refusals.tell(refusal, request)
            _tell(request, refusal)
            continue
        loaded = clock.local(row.at, sitting.point.timezone)
        lines.append(
            _("%(name)s: loaded at %(at)s. %(state)s.")
            % {
                "name": row.name,
                "at": f"{loaded:%H:%M}",
                "state": _words(row, sitting, lost=False),
            }
        )
    return "\n".join(lines) or None


def _tell(request: HttpRequest, refusal: PpeError) -> None:
    messages.error(request, refusals.words(refusal), extra_tags=f"code-{refusal.code}")


@keys.post("activate")
def activate(request: HttpRequest, key: str) -> str:
    """Activate a loaded key with a token."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "keys.activate", sitting)
    number = request.POST.get("access_key", "")
    row = get_object_or_404(AccessKey, sitting=sitting, pk=row_number(number))
    token = pin.token_from(request, sitting.point)
    access.activate(access_key=row, token=token, actor=actor_of(request))
    until = clock.local(row.until, sitting.point.timezone)
    return _("Key activated: %(who)s. Active until %(until)s.") % {
        "who": token.name,
        "until": f"{until:%d.%m.%Y %H:%M}",
    }


@keys.post("confirm", numbered=True)
def confirm(request: HttpRequest, key: str, number: str) -> str:
    """Confirm the loading of a key as another person."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "keys.load", sitting)
    row = get_object_or_404(AccessKey, sitting=sitting, pk=row_number(number))
    access.confirm(access_key=row, actor=actor_of(request))
    return _("%(name)s: the loading is confirmed. A GEK member may activate the key.") % {"name": row.name}


@keys.post("package")
def take_package(request: HttpRequest, key: str) -> str:
    """Take in a newer exam package; the region's authority is known by now."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "keys.load", sitting)
    lines = []
    for upload in _uploads(request):
        said = package.import_package(upload.read(package.MAX_FILE + 1), actor=actor_of(request))
        lines.append(
            _("Exam package taken in: exam point %(point)s, %(date)s, version %(version)d.")
            % {"point": f"{said.region}-{said.point}", "date": f"{said.date:%d.%m.%Y}", "version": said.version}
        )
    return "\n".join(lines)


@page("audit/anchors/<int:number>.p7m", name="anchor")
def anchor(request: HttpRequest, number: int) -> HttpResponse:
    """Give out an anchor of the event logs as it was signed; it holds hashes alone."""
    row = get_object_or_404(Anchor, number=number)
    headers = {"Content-Disposition": f'attachment; filename="ANCHOR_{row.number:06d}.p7m"'}
    return HttpResponse(bytes(row.document), content_type="application/pkcs7-mime", headers=headers)
