from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UploadsConfig(AppConfig):
    """Bytes arriving over a flaky link."""

    name = "uploads"
    verbose_name = _("Receiving of files")

    def ready(self) -> None:
        """Name the room's events and jobs."""
        from uploads import kinds, tasks  # noqa: F401, PLC0415 (models exist only now)
