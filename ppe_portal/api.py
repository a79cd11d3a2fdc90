"""REST: `<app>/api.py` of every room that has one, below ``/api/v1/``."""

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularAPIView

_ROOMS = ("uploads", "keys", "journals", "scanning", "transfers", "rcoi")
app_name = "api"


def addresses() -> list[URLPattern | URLResolver]:
    """Return the addresses of this kind of node."""
    made: list[URLPattern | URLResolver] = [path("schema/", SpectacularAPIView.as_view(), name="schema")]
    for room in _ROOMS:
        if find_spec(f"{room}.api"):
            module = import_module(f"{room}.api")
            # A room serves its addresses on the kinds of node it names; without the name, on both.
            if settings.PPE_NODE in getattr(module, "NODES", ("hq", "rcoi")):
                made += module.urlpatterns
    return made
