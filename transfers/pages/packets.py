"""“Transfer answer forms”: the packets of a sitting, signing, the flash drive; and the page of one packet."""

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _

from audit.log import actor_of
from common import errors as refusals
from common import flash as drives
from common.web.pages import page, render
from keys.pin import private_channel, token_from
from keys.tokens import list_tokens
from stations import rules
from stations.lookup import open_sitting, sitting_or_404
from stations.models import Sitting
from transfers import build, flash, importing, link, outbox, pausing, sequences, sign, statuses, trial
from transfers.errors import NothingToSignError
from transfers.history import milestones
from transfers.models import Packet, PacketKind, ReceiptLevel
from transfers.overview import Overview, Row
from transfers.states import PacketState
from wire.messages import Message

_ACTIONS = ("build", "sign", "retry", "flash", "pause", "wipe")


def _may(request: HttpRequest, sitting: Sitting) -> dict[str, bool]:
    return {name: rules.allowed(request.user, f"transfers.{name}", sitting) for name in _ACTIONS}


def _signing(request: HttpRequest, packets: list[Packet]) -> dict[str, object]:
    return {
        "offer": sign.offer(packets),
        "tokens": list_tokens() if packets else [],
        "private": private_channel(request),
    }


@page("transfers/<sitting:key>/", name="transfers", node="hq")
def transfers(request: HttpRequest, key: str) -> HttpResponse:
    """Show the packets of a sitting, what may be packed, signed and carried now."""
    sitting = open_sitting(request, key)
    view = Overview(sitting)
    awaiting = [row.packet for row in view.rows if row.packet.state == PacketState.AWAITING_SIGNATURE]
    context = {
        "sitting": sitting,
        "point": sitting.point,
        "view": view,
        "may": _may(request, sitting),
        **_signing(request, awaiting),
        "portable": flash.waiting(view.packets),
        "drives": drives.folders(empty=True),
        "brought": drives.folders((".jsonl", ".p7m")),
        "sealed": importing.folders(),
        "answered": view.cursor is not None and view.cursor.number > 0,
        "online": link.has_centre(),
        "paused": pausing.paused(),
        **transfers.added(sitting),
        "keep_days": settings.PPE_KEEP_SCANS_DAYS,
        "tested": trial.last(sitting),
    }
    return render(request, "transfers/transfers.html", context, title=_("Transfer answer forms"))


@transfers.post("build")
def build_all(request: HttpRequest, key: str) -> str:
    """Begin the packets of every closed room."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "transfers.build", sitting)
    made = build.build_ready(sitting=sitting, actor=actor_of(request))
    return _("Packets being built: %d. Sign them when they are encrypted.") % len(made)


@transfers.post("sign")
def sign_all(request: HttpRequest, key: str) -> str:
    """Sign everything that awaits a signature with one PIN."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "transfers.sign", sitting)
    packets = sign.awaiting(sitting)
    if not packets:
        raise NothingToSignError(
            Message("No packet awaits a signature."),
            remedy=Message("Build the packets of the closed rooms."),
        )
    token = token_from(request, sitting.point)
    signed = sign.sign_packets(packets=packets, token=token, actor=actor_of(request))
    return _("%(name)s: signed — %(words)s.") % {"name": token.name, "words": sign.offer(signed).words}


@transfers.post("pause")
def pause(request: HttpRequest, key: str) -> str:
    """Let the packets of this node wait."""
    rules.require(request.user, "transfers.pause", open_sitting(request, key))
    pausing.pause(actor=actor_of(request))
    return _("Delivery over the network is paused: the piece under way ends, the rest waits for «Resume».")


@transfers.post("resume")
def resume(request: HttpRequest, key: str) -> str:
    """Let the packets of this node go on."""
    rules.require(request.user, "transfers.pause", open_sitting(request, key))
    pausing.resume(actor=actor_of(request))
    return _("Delivery over the network goes on.")


@transfers.post("flash")
def to_flash(request: HttpRequest, key: str) -> str:
    """Write the packets to a flash drive; all that wait, or those that are named."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "transfers.flash", sitting)
    rows = Packet.objects.filter(sitting=sitting).full()
    named = request.POST.getlist("packet")
    packets = list(rows.filter(uid__in=named)) if named else flash.waiting(rows) or list(rows)
    folder, actor = request.POST.get("folder", ""), actor_of(request)
    said = flash.write(packets=packets, folder=folder, actor=actor).words
    journals = 0 if named else flash.write_journals(sitting=sitting, folder=folder, actor=actor)
    if journals:
        said += " " + _("Scan journals on the drive: %d.") % journals
    return said


@transfers.post("take")
def take_packets(request: HttpRequest, key: str) -> str:
    """Take in packets that the scanning station of this HQ made."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "transfers.flash", sitting)
    folder = request.POST.get("folder", "")
    taken = importing.import_folder(folder=folder, point=sitting.point, actor=actor_of(request))
    for _name, refusal in taken.failed:
        refusals.tell(refusal, request)
    return taken.words


@transfers.post("answers")
def answers_to_flash(request: HttpRequest, key: str) -> str:
    """Write the centre's answers to a drive, for the scanning station of this HQ."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "transfers.flash", sitting)
    path = flash.write_answers(folder=request.POST.get("folder", ""), point=sitting.point, actor=actor_of(request))
    return _("The centre's answers were written and read back: %s. The drive may be removed.") % path.name


@transfers.post("feed")
def from_flash(request: HttpRequest, key: str) -> str | None:
    """Read the centre's feed and receipts from a flash drive."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "transfers.flash", sitting)
    brought = flash.read_feed(folder=request.POST.get("folder", ""), point=sitting.point, actor=actor_of(request))
    for name, refusal in brought.problems:
        refusals.tell(refusal, request)
        messages.error(request, f"{name}: {refusals.words(refusal)}", extra_tags=f"code-{refusal.code}")
    return brought.words if brought.items or brought.receipts or not brought.problems else None


@transfers.post("retry", numbered=True)
def retry(request: HttpRequest, key: str, number: str) -> str:
    """Let a packet go on after a person has looked."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "transfers.retry", sitting)
    return _retry(request, _packet(sitting, number))


def _retry(request: HttpRequest, packet: Packet) -> str:
    if packet.state == PacketState.REJECTED and packet.kind == PacketKind.STATUS:
        packet = statuses.repeat(packet=packet, actor=actor_of(request))
    else:
        packet = outbox.retry(packet=packet, actor=actor_of(request))
    return _("%(packet)s: %(state)s.") % {"packet": packet, "state": packet.get_state_display()}


def _packet(sitting: Sitting, uid: str) -> Packet:
    packet = Packet.objects.filter(sitting=sitting, uid=uid).full().first()
    if packet is None:
        raise Http404(uid)
    return packet


@page("transfers/<sitting:key>/state.json", name="transfers-state", node="hq")
def state(request: HttpRequest, key: str) -> JsonResponse:
    """Return the facts of the page."""
    sitting = sitting_or_404(request.user, key)  # type: ignore[arg-type]
    return JsonResponse({**Overview(sitting).as_json(), **state.added(sitting)})


@page("transfers/<sitting:key>/<uuid:uid>/", name="packet", node="hq")
def packet_page(request: HttpRequest, key: str, uid: object) -> HttpResponse:
    """Show one packet: its number, its story, what it holds, its receipts and files."""
    sitting = open_sitting(request, key)
    packet = _packet(sitting, str(uid))
    context = {
        "sitting": sitting,
        "point": sitting.point,
        "packet": packet,
        "row": Row(packet),
        "steps": packet.steps.all(),
        "receipts": packet.receipts.all(),
        "next": packet.next_versions.all(),
        "may": _may(request, sitting),
        "milestones": milestones(packet),
        "drives": drives.folders(empty=True),
    }
    return render(request, "transfers/packet.html", context, title=str(packet))


@packet_page.post("retry", numbered=True)
def retry_here(request: HttpRequest, key: str, uid: object, number: str) -> str:
    """Let the packet of this page go on."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "transfers.retry", sitting)
    return _retry(request, _packet(sitting, number))


@packet_page.post("flash", numbered=True)
def carry(request: HttpRequest, key: str, uid: object, number: str) -> str:
    """Write the packet of this page to a flash drive."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "transfers.flash", sitting)
    folder = request.POST.get("folder", "")
    return flash.write(packets=[_packet(sitting, number)], folder=folder, actor=actor_of(request)).words


@page("transfers/<sitting:key>/<uuid:uid>/file/", name="packet-file", node="hq")
def packet_file(request: HttpRequest, key: str, uid: object) -> HttpResponseBase:
    """Give the packet's file: the very bytes that are delivered."""
    sitting = open_sitting(request, key)
    packet = _packet(sitting, str(uid))
    if not packet.is_signed or not packet.file.is_file():
        raise Http404(str(uid))
    sequences.leaves(packet)
    return FileResponse(packet.file.open("rb"), as_attachment=True, filename=packet.name)


@page("transfers/<sitting:key>/<uuid:uid>/receipt/<str:level>/", name="packet-receipt", node="hq")
def receipt_file(request: HttpRequest, key: str, uid: object, level: str) -> HttpResponse:
    """Give a receipt as the centre signed it."""
    sitting = open_sitting(request, key)
    if level not in ReceiptLevel.values:
        raise Http404(level)
    row = _packet(sitting, str(uid)).receipts.filter(level=level).order_by("-number").first()
    if row is None:
        raise Http404(level)
    answer = HttpResponse(bytes(row.document), content_type="application/cms")
    answer["Content-Disposition"] = f'attachment; filename="{row.filename}"'
    return answer
