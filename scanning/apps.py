from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScanningConfig(AppConfig):
    """The scanning desk."""

    name = "scanning"
    verbose_name = _("Scanning station")

    def ready(self) -> None:
        """Name the events of this room in the log's catalogue; compare rooms when what they rest on changes."""
        from audit.kinds import register  # noqa: PLC0415 (apps must be loaded)
        from journals import changes  # noqa: PLC0415
        from keys import access  # noqa: PLC0415
        from scanning import uploads, watch  # noqa: PLC0415 (models exist only now)
        from scanning.states import EVENT_KINDS  # noqa: PLC0415

        register(EVENT_KINDS)
        changes.on_change.register(watch.look_at)
        # Behind the listener of the journals, which opens the numbers.
        access.on_activated.register(watch.look_after_activation)
        uploads.register()
