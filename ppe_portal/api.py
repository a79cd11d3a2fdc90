"""REST: `<app>/api.py` of every room that has one, below ``/api/v1/``."""

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularAPIView

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [path("schema/", SpectacularAPIView.as_view(), name="schema")]
for _room in ("uploads", "keys", "journals", "scanning", "transfers", "rcoi"):
    if find_spec(f"{_room}.api"):
        _module = import_module(f"{_room}.api")
        # A room serves its addresses on the kinds of node it names; without the name, on both.
        if settings.PPE_NODE in getattr(_module, "NODES", ("hq", "rcoi")):
            urlpatterns += _module.urlpatterns
