from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DayConfig(AppConfig):
    """What a point still owes on a day; no tables of its own."""

    name = "day"
    verbose_name = _("The day")
