"""Kinds of audit events of this room."""

from django.utils.translation import gettext_lazy as _

from audit import kinds

kinds.register(
    {
        "keys.authority_founded": _("Создан удостоверяющий центр региона"),
        "keys.request_taken": _("Принят запрос сертификата"),
        "keys.request_signed": _("Сертификат выдан"),
        "keys.request_refused": _("Запрос сертификата отклонён"),
        "keys.request_reopened": _("Запрос сертификата подан снова"),
        "keys.certificate_revoked": _("Сертификат отозван"),
        "keys.crl_taken": _("Принят список отозванных сертификатов"),
        "keys.package_made": _("Составлен пакет экзамена"),
        "keys.package_taken": _("Принят пакет экзамена"),
        "keys.access_key_made": _("Выпущен ключ доступа к ЭМ"),
        "keys.access_key_loaded": _("Ключ доступа к ЭМ загружен"),
        "keys.access_key_activated": _("Ключ доступа к ЭМ активирован"),
        "keys.access_key_expired": _("Истёк срок ключа доступа к ЭМ"),
        "keys.access_key_revoked": _("Ключ доступа к ЭМ отозван"),
        "keys.wrong_pin": _("Неверный ПИН-код токена"),
        "keys.foreign_token": _("Чужой токен"),
        "keys.session_opened": _("Машина вошла"),
        "keys.session_ended": _("Сессия машины прекращена"),
    }
)
