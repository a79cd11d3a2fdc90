from django.apps import AppConfig
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.kinds import register

KINDS: dict[str, str | Promise] = {
    "rcoi.received": _("Пакет получен РЦОИ"),
    "rcoi.refused": _("Пакет не принят РЦОИ"),
    "rcoi.opening": _("Пакет открывается"),
    "rcoi.verified": _("Пакет расшифрован и сверен"),
    "rcoi.acknowledged": _("Пакет подтвержден"),
    "rcoi.rejected": _("Пакет отклонён"),
    "rcoi.again": _("Пакет взят на повторную проверку"),
    "rcoi.receipt": _("Выдана квитанция"),
    "rcoi.rescan": _("Запрошено пересканирование"),
    "rcoi.rescan_answered": _("Пересканированное получено"),
    "rcoi.finding_settled": _("Замечание разобрано"),
    "rcoi.status": _("Получен статус ППЭ"),
    "rcoi.status_undone": _("Статус ППЭ отменён"),
    "rcoi.phone_status": _("Статус ППЭ сообщён по телефону"),
    "rcoi.phone_wrong": _("Код, сообщённый по телефону, не подошёл"),
    "rcoi.announced": _("Отправлено объявление"),
    "rcoi.package": _("Пакет экзамена выдан"),
    "rcoi.file": _("Выдан файл"),
    "rcoi.report": _("Сформирован отчёт"),
}


class RcoiConfig(AppConfig):
    """The centre."""

    name = "rcoi"
    verbose_name = _("РЦОИ")

    def ready(self) -> None:
        """Name the room's events and take in the packets that arrive by network."""
        register(KINDS)
        from rcoi.receiving import door  # noqa: PLC0415 (models exist only now)

        door.connect()
