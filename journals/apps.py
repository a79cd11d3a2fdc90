from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JournalsConfig(AppConfig):
    """Electronic journals and acts."""

    name = "journals"
    verbose_name = _("Электронные журналы")
