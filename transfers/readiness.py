"""What “Check before the exam” shows: item by item, what is ready, what is not, and how it is mended."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from common import errors as refusals
from common import flash as drives
from common import space
from common.work.clock import local, now
from keys import node
from keys import phone as keys_phone
from keys.models import AccessKey, Certificate
from keys.states import AccessKeyState
from stations.models import Sitting
from transfers import link, trial
from transfers.models import ConnectivityCheck, Packet
from transfers.states import ON_THE_WAY, LineState, PacketState
from wire.errors import PpeError
from wire.pki import CertificateRole

MAX_SKEW = 60


@dataclass(frozen=True)
class Item:
    """One thing that must be ready.

    Attributes:
        code: Stable name.
        level: ``ok``, ``bad``, ``warn`` (can be lived without) or ``info`` (under way, or not tried yet).
        text: What was looked at.
        said: What was found.
        cure: How it is mended; empty when nothing is wrong.
        link: Where.
    """

    code: str
    level: str
    text: str
    said: str
    cure: str = ""
    link: str = ""

    @property
    def icon(self) -> str:
        """The level as an icon."""
        return {"ok": "check_circle", "bad": "cancel", "warn": "warning"}.get(self.level, "hourglass_top")


@dataclass(frozen=True)
class ReadinessList:
    """All items and what they come to."""

    items: list[Item]
    packet: Packet | None

    @property
    def bad(self) -> list[Item]:
        """What is not ready."""
        return [each for each in self.items if each.level == "bad"]

    @property
    def waiting(self) -> bool:
        """Whether answers are still on their way."""
        return self.packet is not None and any(each.level == "info" for each in self.items)

    @property
    def level(self) -> str:
        """Level of the whole."""
        if self.bad:
            return "bad"
        return "info" if any(each.level == "info" for each in self.items) else "ok"

    @property
    def words(self) -> str:
        """The whole in one sentence."""
        if self.bad:
            return _("Not ready: %s.") % ", ".join(each.text[:1].lower() + each.text[1:] for each in self.bad)
        if self.packet is None:
            return _("No test packet was sent yet.")
        return (
            _("The check is under way: answers are awaited.")
            if self.waiting
            else _("Everything is ready for delivery.")
        )


def readiness_of(sitting: Sitting) -> ReadinessList:
    """Return how ready this node is to deliver the packets of a sitting."""
    packet = trial.last(sitting)
    return ReadinessList(
        [*(item(sitting) for item in _STANDING), *_tokens(sitting), *_trial(packet), *_lines(packet)], packet
    )


def _needed_until(sitting: Sitting) -> datetime:
    """Return the end of the exam day: so long everything has to hold."""
    zone = ZoneInfo(sitting.point.timezone)
    return datetime.combine(sitting.date, time(23, 59), zone)


def _valid(code: str, text: str, until: datetime | None, sitting: Sitting, cure: str, address: str = "") -> Item:
    needed = max(_needed_until(sitting), now())
    if until is None:
        return Item(code, "bad", text, _("none is valid"), cure, address)
    shown = f"{local(until, sitting.point.timezone):%d.%m.%Y %H:%M}"
    if until < needed:
        return Item(code, "bad", text, _("ends at %s, before the end of the exam") % shown, cure, address)
    return Item(code, "ok", text, _("valid until %s") % shown)


def _newest(role: CertificateRole, sitting: Sitting, *, own: bool) -> datetime | None:
    rows = Certificate.objects.filter(role=role.value).standing(now())
    if own:
        rows = rows.filter(region=sitting.point.region.code, point=sitting.point.code)
    return rows.order_by("-not_after").values_list("not_after", flat=True).first()


def _own_until(sign: Callable[..., object], sitting: Sitting) -> datetime | None:
    try:
        certificate = sign(sitting.point).certificate  # type: ignore[attr-defined]
    except PpeError:
        return None
    until: datetime = certificate.not_valid_after_utc
    return until


def _node(sitting: Sitting) -> Item:
    cure = _("Give the node's request to the centre and take in the new exam package.")
    return _valid("node", _("Certificate of the HQ node"), _own_until(node.node_signer, sitting), sitting, cure)


def _station(sitting: Sitting) -> Item:
    cure = _("Give the station's request to the centre and take in the new exam package.")
    text = _("Certificate of the scanning station")
    return _valid("station", text, _own_until(node.station_signer, sitting), sitting, cure)


def _rcoi(sitting: Sitting) -> Item:
    cure = _("Take in the exam package: it carries the centre's certificates.")
    return _valid(
        "rcoi",
        _("The centre's certificate to seal to"),
        _newest(CertificateRole.RCOI, sitting, own=False),
        sitting,
        cure,
    )


def _key(sitting: Sitting) -> Item:
    usable = (AccessKeyState.LOADED, AccessKeyState.ACTIVATED)
    row = AccessKey.objects.filter(sitting=sitting, state__in=usable).order_by("-version").first()
    cure = _("Load the key file on the page «Access key».")
    address = reverse("keys", kwargs={"key": sitting.key})
    return _valid("access_key", _("Access key"), row.until if row else None, sitting, cure, address)


def _phone(sitting: Sitting) -> Item:
    text = _("Code for when there is no line")
    try:
        keys_phone.stored_secret(sitting.point, sitting.date)
    except PpeError as refusal:
        from_package = _("Take in the exam package that was made for this node.")
        return Item("phone", "warn", text, refusal.text(refusals.language()), from_package)
    return Item("phone", "ok", text, _("a status can be told by telephone"))


def _disk(sitting: Sitting) -> Item:
    free = space.free()
    said = _("%s GB free") % number_format(free / 1e9, 1)
    if space.level():
        return Item("disk", "bad", _("Room on the disk"), said, _("Free some room: at least 2 GB are needed."))
    return Item("disk", "ok", _("Room on the disk"), said)


def _flash(sitting: Sitting) -> Item:
    text, found = _("Flash drive"), drives.roots()
    if not found:
        return Item(
            "flash", "warn", text, _("not inserted"), _("Keep a drive at hand: packets go there when there is no line.")
        )
    return Item("flash", "ok", text, ", ".join(drives.shown(each.name) for each in found))


_STANDING: tuple[Callable[[Sitting], Item], ...] = (_node, _station, _rcoi, _key, _phone, _disk, _flash)


def _tokens(sitting: Sitting) -> list[Item]:
    rows = Certificate.objects.of(CertificateRole.GEK, sitting.point.region.code, sitting.point.code).standing(now())
    cure = _("The holder of the token makes the request of a new certificate; the centre signs it.")
    if not rows:
        return [Item("gek", "bad", _("Certificates of GEK members"), _("there is none"), cure)]
    newest: dict[str, Certificate] = {}
    for row in rows.order_by("not_after"):
        newest[row.ident] = row
    return [_valid("gek", _("Token: %s") % row.common_name, row.not_after, sitting, cure) for row in newest.values()]


def _trial(packet: Packet | None) -> list[Item]:
    signed, whole, answered = (
        _("Token and signature"),
        _("Packet delivered to the centre"),
        _("Packet opened by the centre"),
    )
    if packet is None:
        untried = _("not tried")
        return [Item("signed", "info", signed, untried), Item("answered", "info", answered, untried)]
    address = reverse("packet", kwargs={"key": packet.sitting.key, "uid": packet.uid})
    items = [Item("signed", "ok", signed, packet.signed_by)]
    if packet.state in (PacketState.STUCK, PacketState.REJECTED):
        why = str(packet.last_error) if packet.state == PacketState.STUCK else _("the centre rejected the test packet")
        cure = _("Open the packet: it tells the reason and what to do; then repeat the check.")
        return [*items, Item("answered", "bad", answered, why, cure, address)]
    if packet.state in (PacketState.ACKNOWLEDGED, PacketState.SUPERSEDED):
        number = _("receipt No. %s") % packet.receipt_number
        return [
            *items,
            Item("delivered", "ok", whole, number),
            Item("answered", "ok", answered, _("«Подтвержден» (confirmed)")),
        ]
    done = packet.state == PacketState.DELIVERED
    if not link.has_centre():
        cure = _("Write the test packet to a drive and read the centre's answer from it.")
        said = _("the centre's address is not set: the way is a drive")
        return [*items, Item("delivered", "warn", whole, said, cure, address)]
    on_the_way = packet.get_state_display() if packet.state in ON_THE_WAY else ""
    error = f" {packet.last_error}" if packet.last_error else ""
    return [
        *items,
        Item("delivered", "ok" if done else "info", whole, f"{on_the_way}{error}", link=address),
        Item("answered", "info", answered, _("an answer is awaited")),
    ]


def _lines(packet: Packet | None) -> list[Item]:
    if not link.has_centre():
        return []
    rows = {row.channel: row for row in packet.lines.all()} if packet else {}
    named = list(zip(ConnectivityCheck.Channel, link.addresses(), strict=False))
    items = [_line(str(channel.label), rows.get(channel.value)) for channel, _address in named]
    if len(named) == 1:
        cure = _("If the point has a second line, write the centre's second address into the node's settings.")
        items.append(Item("reserve", "warn", _("Reserve channel"), _("not set"), cure))
    clock = next((row for row in rows.values() if row.skew_seconds is not None), None)
    return [*items, _clock(clock.skew_seconds)] if clock and clock.skew_seconds is not None else items


def _line(label: str, row: ConnectivityCheck | None) -> Item:
    text = label[:1].upper() + label[1:]
    if row is None or row.state == LineState.WAITING:
        return Item("line", "info", text, row.get_state_display() if row else _("not tried"))
    if row.state == LineState.SILENT:
        cure = _(
            "See to the cable, the modem and the address; without this channel packets go by "
            "the other one or on a drive."
        )
        return Item("line", "bad", text, f"{row.address}: {row.problem}", cure)
    return Item(
        "line", "ok", text, _("%(address)s answered in %(ms)d ms") % {"address": row.address, "ms": row.milliseconds}
    )


def _clock(skew: int) -> Item:
    text = _("Clock of the node")
    if abs(skew) <= MAX_SKEW:
        return Item("clock", "ok", text, _("less than a minute from the centre's"))
    minutes = timedelta(seconds=abs(skew)) // timedelta(minutes=1)
    said = (_("%d min fast") if skew > 0 else _("%d min slow")) % minutes
    return Item("clock", "bad", text, said, _("Set the computer's time and time zone right."))
