"""Every address of the site. ``/data/`` is not here: the data plane answers it before Django (portal/asgi.py)."""

from django.contrib import admin
from django.urls import include, path

from portal import health, help_pages, metrics
from portal.accounts.views import reviewers_entrance

urlpatterns = [
    path("", include("datasets.catalogue.urls")),
    path("", include("datasets.processing.urls")),
    path("api/v1/", include("datasets.serving.api.urls")),  # first: the catalogue's paths of volumes match more
    path("api/v1/", include("datasets.catalogue.api.urls")),
    path("api/v1/", include("datasets.processing.api.urls")),
    path("api/v1/", include("datasets.publishing.api.urls")),
    path("account/", include("portal.accounts.urls")),
    path("r/<str:token>/", reviewers_entrance),
    path("guides/", help_pages.help_list, name="guides"),
    path("guides/<slug:slug>/", help_pages.guide_page, name="guide"),
    path("problems/", help_pages.help_list, name="problems"),
    path("problems/<slug:slug>/", help_pages.problem_page, name="problem"),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", metrics.metrics),
    path("admin/", admin.site.urls),
]

handler404 = "portal.problems.not_found"
handler500 = "portal.problems.server_error"
