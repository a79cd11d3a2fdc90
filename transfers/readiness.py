"""What «Проверка перед экзаменом» shows: item by item, what is ready, what is not, and how it is mended."""

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
from transfers.models import LineCheck, Packet
from transfers.states import ON_THE_WAY, LineState, PacketState
from wire.errors import Refusal
from wire.pki import Role

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
class Readiness:
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
            return _("Не готово: %s.") % ", ".join(each.text[:1].lower() + each.text[1:] for each in self.bad)
        if self.packet is None:
            return _("Проверочный пакет ещё не передавали.")
        return _("Проверка идёт: ждём ответов.") if self.waiting else _("Всё готово к передаче.")


def readiness_of(sitting: Sitting) -> Readiness:
    """Return how ready this node is to deliver the packets of a sitting."""
    packet = trial.last(sitting)
    return Readiness(
        [*(item(sitting) for item in _STANDING), *_tokens(sitting), *_trial(packet), *_lines(packet)], packet
    )


def _needed_until(sitting: Sitting) -> datetime:
    """Return the end of the exam day: so long everything has to hold."""
    zone = ZoneInfo(sitting.point.timezone)
    return datetime.combine(sitting.date, time(23, 59), zone)


def _valid(code: str, text: str, until: datetime | None, sitting: Sitting, cure: str, address: str = "") -> Item:
    needed = max(_needed_until(sitting), now())
    if until is None:
        return Item(code, "bad", text, _("нет действующего"), cure, address)
    shown = f"{local(until, sitting.point.timezone):%d.%m.%Y %H:%M}"
    if until < needed:
        return Item(code, "bad", text, _("истекает %s, раньше конца экзамена") % shown, cure, address)
    return Item(code, "ok", text, _("действует до %s") % shown)


def _newest(role: Role, sitting: Sitting, *, own: bool) -> datetime | None:
    rows = Certificate.objects.filter(role=role.value).standing(now())
    if own:
        rows = rows.filter(region=sitting.point.region.code, point=sitting.point.code)
    return rows.order_by("-not_after").values_list("not_after", flat=True).first()


def _own_until(sign: Callable[..., object], sitting: Sitting) -> datetime | None:
    try:
        certificate = sign(sitting.point).certificate  # type: ignore[attr-defined]
    except Refusal:
        return None
    until: datetime = certificate.not_valid_after_utc
    return until


def _node(sitting: Sitting) -> Item:
    cure = _("Передайте запрос узла в РЦОИ и загрузите новый пакет экзамена.")
    return _valid("node", _("Сертификат узла штаба"), _own_until(node.node_signer, sitting), sitting, cure)


def _station(sitting: Sitting) -> Item:
    cure = _("Передайте запрос станции в РЦОИ и загрузите новый пакет экзамена.")
    text = _("Сертификат станции сканирования")
    return _valid("station", text, _own_until(node.station_signer, sitting), sitting, cure)


def _rcoi(sitting: Sitting) -> Item:
    cure = _("Загрузите пакет экзамена: в нём сертификаты РЦОИ.")
    return _valid("rcoi", _("Сертификат РЦОИ для шифрования"), _newest(Role.RCOI, sitting, own=False), sitting, cure)


def _key(sitting: Sitting) -> Item:
    usable = (AccessKeyState.LOADED, AccessKeyState.ACTIVATED)
    row = AccessKey.objects.filter(sitting=sitting, state__in=usable).order_by("-version").first()
    cure = _("Загрузите файл ключа на странице «Ключ доступа к ЭМ».")
    address = reverse("keys", kwargs={"key": sitting.key})
    return _valid("access_key", _("Ключ доступа к ЭМ"), row.until if row else None, sitting, cure, address)


def _phone(sitting: Sitting) -> Item:
    text = _("Код на случай, если связи нет")
    try:
        keys_phone.kept(sitting.point, sitting.date)
    except Refusal as refusal:
        from_package = _("Загрузите пакет экзамена, сформированный для этого узла.")
        return Item("phone", "warn", text, refusal.text(refusals.language()), from_package)
    return Item("phone", "ok", text, _("статус можно будет сообщить по телефону"))


def _disk(sitting: Sitting) -> Item:
    free = space.free()
    said = _("свободно %s ГБ") % number_format(free / 1e9, 1)
    if space.level():
        return Item("disk", "bad", _("Место на диске"), said, _("Освободите место: нужно не меньше 2 ГБ."))
    return Item("disk", "ok", _("Место на диске"), said)


def _flash(sitting: Sitting) -> Item:
    text, found = _("Флеш-накопитель"), drives.roots()
    if not found:
        return Item("flash", "warn", text, _("не вставлен"), _("Держите накопитель наготове: на него пишут без связи."))
    return Item("flash", "ok", text, ", ".join(drives.shown(each.name) for each in found))


_STANDING: tuple[Callable[[Sitting], Item], ...] = (_node, _station, _rcoi, _key, _phone, _disk, _flash)


def _tokens(sitting: Sitting) -> list[Item]:
    rows = Certificate.objects.of(Role.GEK, sitting.point.region.code, sitting.point.code).standing(now())
    cure = _("Запрос нового сертификата делает держатель токена; подписывает РЦОИ.")
    if not rows:
        return [Item("gek", "bad", _("Сертификаты членов ГЭК"), _("нет ни одного"), cure)]
    newest: dict[str, Certificate] = {}
    for row in rows.order_by("not_after"):
        newest[row.ident] = row
    return [_valid("gek", _("Токен: %s") % row.common_name, row.not_after, sitting, cure) for row in newest.values()]


def _trial(packet: Packet | None) -> list[Item]:
    signed, whole, answered = _("Токен и подпись"), _("Пакет передан в РЦОИ"), _("РЦОИ расшифровал пакет")
    if packet is None:
        untried = _("не проверено")
        return [Item("signed", "info", signed, untried), Item("answered", "info", answered, untried)]
    address = reverse("packet", kwargs={"key": packet.sitting.key, "uid": packet.uid})
    items = [Item("signed", "ok", signed, packet.signed_by)]
    if packet.state in (PacketState.STUCK, PacketState.REJECTED):
        why = packet.last_error_words if packet.state == PacketState.STUCK else _("РЦОИ отклонил проверочный пакет")
        cure = _("Откройте пакет: там причина и что делать; затем повторите проверку.")
        return [*items, Item("answered", "bad", answered, why, cure, address)]
    if packet.state in (PacketState.ACKNOWLEDGED, PacketState.SUPERSEDED):
        number = _("квитанция № %s") % packet.receipt_number
        return [*items, Item("delivered", "ok", whole, number), Item("answered", "ok", answered, _("«Подтвержден»"))]
    done = packet.state == PacketState.DELIVERED
    if not link.has_centre():
        cure = _("Запишите проверочный пакет на накопитель и прочитайте с него ответ РЦОИ.")
        said = _("адрес РЦОИ не настроен, путь — накопитель")
        return [*items, Item("delivered", "warn", whole, said, cure, address)]
    on_the_way = packet.get_state_display() if packet.state in ON_THE_WAY else ""
    error = f" {packet.last_error_words}" if packet.last_error else ""
    return [
        *items,
        Item("delivered", "ok" if done else "info", whole, f"{on_the_way}{error}", link=address),
        Item("answered", "info", answered, _("ждём ответа")),
    ]


def _lines(packet: Packet | None) -> list[Item]:
    if not link.has_centre():
        return []
    rows = {row.channel: row for row in packet.lines.all()} if packet else {}
    named = list(zip(LineCheck.Channel, link.addresses(), strict=False))
    items = [_line(str(channel.label), rows.get(channel.value)) for channel, _address in named]
    if len(named) == 1:
        cure = _("Если у ППЭ есть вторая линия, впишите второй адрес РЦОИ в настройки узла.")
        items.append(Item("reserve", "warn", _("Резервный канал"), _("не настроен"), cure))
    clock = next((row for row in rows.values() if row.skew_seconds is not None), None)
    return [*items, _clock(clock.skew_seconds)] if clock and clock.skew_seconds is not None else items


def _line(label: str, row: LineCheck | None) -> Item:
    text = label[:1].upper() + label[1:]
    if row is None or row.state == LineState.WAITING:
        return Item("line", "info", text, row.get_state_display() if row else _("не проверено"))
    if row.state == LineState.SILENT:
        cure = _("Проверьте кабель, модем и адрес; без этого канала пакеты пойдут другим или на накопителе.")
        return Item("line", "bad", text, f"{row.address}: {row.problem_words}", cure)
    return Item(
        "line", "ok", text, _("%(address)s ответил за %(ms)d мс") % {"address": row.address, "ms": row.milliseconds}
    )


def _clock(skew: int) -> Item:
    text = _("Часы узла")
    if abs(skew) <= MAX_SKEW:
        return Item("clock", "ok", text, _("расходятся с РЦОИ меньше чем на минуту"))
    minutes = timedelta(seconds=abs(skew)) // timedelta(minutes=1)
    said = (_("спешат на %d мин") if skew > 0 else _("отстают на %d мин")) % minutes
    return Item("clock", "bad", text, said, _("Поставьте верное время и часовой пояс компьютера."))
