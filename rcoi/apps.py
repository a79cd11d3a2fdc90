from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RcoiConfig(AppConfig):
    """The centre."""

    name = "rcoi"
    verbose_name = _("РЦОИ")
