from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TransfersConfig(AppConfig):
    """Packets, statuses, the feed."""

    name = "transfers"
    verbose_name = _("Передача бланков")
