from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JournalsConfig(AppConfig):
    """Electronic journals and acts."""

    name = "journals"
    verbose_name = _("Electronic journals")

    def ready(self) -> None:
        """Name the room's events; open sealed numbers when a key is activated."""
        import journals.events  # noqa: F401, PLC0415 (translations exist only now)
        from journals import forms, uploads  # noqa: PLC0415 (models exist only now)
        from keys import access  # noqa: PLC0415

        access.on_activated.register(forms.open_activated)
        uploads.register()
