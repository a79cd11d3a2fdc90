from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KeysConfig(AppConfig):
    """Certificates, tokens, access keys."""

    name = "keys"
    verbose_name = _("Ключи и сертификаты")
