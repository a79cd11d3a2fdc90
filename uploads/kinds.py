"""Events of this room."""

from django.utils.translation import gettext_lazy as _

from audit import kinds

kinds.register(
    {
        "uploads.created": _("Начат приём файла"),
        "uploads.complete": _("Файл принят целиком"),
        "uploads.handled": _("Принятый файл обработан"),
        "uploads.refused": _("Принятый файл отклонён"),
        "uploads.terminated": _("Передача прервана отправителем"),
        "uploads.expired": _("Незаконченная передача забыта"),
    }
)
