"""Addresses of this node: the API, the pages of the rooms, and last the admin, which owns the rest."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from common import renamed
from common.web import pages
from ppe_portal import api, health
from ppe_portal.apps import hide_foreign_admins


@csrf_exempt
def _nowhere(request: HttpRequest) -> HttpResponse:
    raise Http404


admin.autodiscover()
hide_foreign_admins()


def addresses() -> list[URLPattern | URLResolver]:
    """Return the addresses of this kind of node."""
    return [
        path("healthz", health.healthz, name="healthz"),
        path("i18n/", include("django.conf.urls.i18n")),
        path("api/v1/", include((api.addresses(), api.app_name))),
        # A machine that has the address wrong is told so, and not led to a log-in page.
        re_path(r"^[/]*[aA][pP][iI](?:/[\s\S]*)?$", _nowhere),
        *pages.url_patterns(),
        # Nothing of ours completes words or looks through all lists at once: the admin's doors for it stay shut.
        path("autocomplete/", _nowhere),
        path("search/", _nowhere),
        *renamed.addresses(),
        path("", admin.site.urls),
    ]


urlpatterns = addresses()
handler400 = "ppe_portal.errors.bad_request"
handler403 = "ppe_portal.errors.forbidden"
handler404 = "ppe_portal.errors.not_found"
handler500 = "ppe_portal.errors.server_error"
