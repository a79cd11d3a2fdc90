from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScanningConfig(AppConfig):
    """The scanning desk."""

    name = "scanning"
    verbose_name = _("Станция сканирования")

    def ready(self) -> None:
        """Name the events of this room in the log's catalogue."""
        from audit.kinds import register  # noqa: PLC0415 (apps must be loaded)
        from scanning import models_work, uploads  # noqa: F401, PLC0415 (models exist only now)
        from scanning.states import EVENT_KINDS  # noqa: PLC0415

        register(EVENT_KINDS)
        uploads.register()
