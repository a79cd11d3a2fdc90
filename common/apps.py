from django.apps import AppConfig


class CommonConfig(AppConfig):
    """Helpers of every room; no tables of its own."""

    name = "common"
