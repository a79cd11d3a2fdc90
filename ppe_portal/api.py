"""REST: the addresses of every room that has some, below ``/api/v1/``."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularAPIView

from journals import api as journals
from keys import api as keys
from keys import station_api
from rcoi import api as rcoi
from uploads import api as uploads

app_name = "api"


def addresses() -> list[URLPattern | URLResolver]:
    """Return the addresses of this kind of node."""
    made: list[URLPattern | URLResolver] = [path("schema/", SpectacularAPIView.as_view(), name="schema")]
    for module in (uploads, keys, station_api, journals, rcoi):
        # A room serves its addresses on the kinds of node it names; without the name, on both.
        if settings.PPE_NODE in getattr(module, "NODES", ("hq", "rcoi")):
            made += module.urlpatterns
    return made
