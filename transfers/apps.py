from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TransfersConfig(AppConfig):
    """Packets, statuses, the feed."""

    name = "transfers"
    verbose_name = _("Передача бланков")

    def ready(self) -> None:
        """Put the room's events into the catalogue."""
        from transfers import events  # noqa: F401, PLC0415
