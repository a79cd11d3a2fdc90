"""Addresses of this node: the API, the pages of the rooms, and last the admin, which owns the rest."""

from django.contrib import admin
from django.urls import include, path

from common import pages
from ppe_portal import health
from ppe_portal.apps import hide_foreign_admins

admin.autodiscover()
hide_foreign_admins()

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", include("ppe_portal.api")),
    *pages.url_patterns(),
    path("", admin.site.urls),
]
handler400 = "ppe_portal.errors.bad_request"
handler403 = "ppe_portal.errors.forbidden"
handler404 = "ppe_portal.errors.not_found"
handler500 = "ppe_portal.errors.server_error"
