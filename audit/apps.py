from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """The append-only log of everything that happened."""

    name = "audit"
    verbose_name = _("Event log")

    def ready(self) -> None:
        """Record every refusal that leaves through a page or the API."""
        from audit.log import record_refusal  # noqa: PLC0415 (models exist only now)
        from common import errors as refusals  # noqa: PLC0415

        refusals.listeners.register(record_refusal)
