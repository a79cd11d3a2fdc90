from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UploadsConfig(AppConfig):
    """Bytes arriving over a flaky link."""

    name = "uploads"
    verbose_name = _("Приём файлов")
