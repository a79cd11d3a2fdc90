from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScanningConfig(AppConfig):
    """The scanning desk."""

    name = "scanning"
    verbose_name = _("Станция сканирования")
