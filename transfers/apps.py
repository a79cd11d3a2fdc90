from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TransfersConfig(AppConfig):
    """Packets, statuses, the feed."""

    name = "transfers"
    verbose_name = _("Transfer of answer forms")

    def ready(self) -> None:
        """Put the room's events into the catalogue; take back unsigned packets of a room that is opened again."""
        from scanning import cards  # noqa: PLC0415 (models exist only now)
        from transfers import build, events  # noqa: F401, PLC0415

        cards.on_reopened.register(build.give_way)
