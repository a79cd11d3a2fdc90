from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KeysConfig(AppConfig):
    """Certificates, tokens, access keys."""

    name = "keys"
    verbose_name = _("Keys and certificates")

    def ready(self) -> None:
        """Name the room's events; lend the log the eye for signatures."""
        import keys.events  # noqa: F401, PLC0415 (translations exist only now)
        from audit import anchors as held  # noqa: PLC0415 (models exist only now)
        from keys import anchors  # noqa: PLC0415

        held.register(anchors.read)
