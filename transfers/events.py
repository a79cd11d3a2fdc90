"""Kinds of audit events of this room."""

from django.utils.translation import gettext_lazy as _

from audit import kinds

kinds.register(
    {
        "transfers.packet_made": _("Собирается пакет"),
        "transfers.packet_moved": _("Пакет сменил состояние"),
        "transfers.packet_signed": _("Пакет подписан"),
        "transfers.packet_on_flash": _("Пакет записан на флеш-накопитель"),
        "transfers.packet_imported": _("Принят пакет, собранный на другой машине штаба"),
        "transfers.journal_on_flash": _("Журнал сканирования записан на флеш-накопитель"),
        "transfers.feed_on_flash": _("Ответы РЦОИ записаны на флеш-накопитель"),
        "transfers.packet_retried": _("Пакет отправлен заново по решению человека"),
        "transfers.paused": _("Передача по сети приостановлена"),
        "transfers.resumed": _("Передача по сети продолжена"),
        "transfers.status_declared": _("Объявлен статус ППЭ"),
        "transfers.status_moved": _("Статус ППЭ сменил состояние"),
        "transfers.closing_act": _("Напечатан акт закрытия ППЭ"),
        "transfers.wiping_begun": _("Начато удаление исходных сканов и записей"),
        "transfers.wiped": _("Исходные сканы и записи удалены с узла"),
        "transfers.line_checked": _("Проверен канал связи с РЦОИ"),
        "transfers.phone_code": _("Получен код для сообщения статуса по телефону"),
        "transfers.phone_told": _("Статус сообщён в РЦОИ по телефону"),
        "transfers.receipt": _("Получена квитанция РЦОИ"),
        "transfers.foreign_receipt": _("Тревога: квитанция на неизвестный пакет"),
        "transfers.feed_item": _("Получена запись ленты РЦОИ"),
        "transfers.feed_gap": _("Записи ленты потеряны в РЦОИ и не придут"),
        "transfers.feed_broken": _("Тревога: лента РЦОИ прервана или подделана"),
    }
)
