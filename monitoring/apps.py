from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MonitoringConfig(AppConfig):
    """The pages of the HQ."""

    name = "monitoring"
    verbose_name = _("Monitoring")
