from django.apps import AppConfig
from django.contrib import admin
from django.utils.module_loading import autodiscover_modules


class PortalConfig(AppConfig):
    """Puts the rooms together."""

    name = "ppe_portal"

    def ready(self) -> None:
        """Load the pages and the background work of every room, and hide what must not be touched."""
        autodiscover_modules("checks", "tasks", "pages", "guides", "api_page")


def hide_foreign_admins() -> None:
    """Unregister the admin pages of libraries: django-q2's run arbitrary functions."""
    for model in list(admin.site._registry):
        if model._meta.app_label in {"django_q", "auth", "axes"}:
            admin.site.unregister(model)
