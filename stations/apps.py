from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StationsConfig(AppConfig):
    """Who and where: regions, points, rooms, stations, sittings, people."""

    name = "stations"
    verbose_name = _("Registry")
