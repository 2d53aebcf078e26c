"""Every address of the product; a system's pages live below its own name."""

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path

from zhizhi.config.metrics.views import metrics
from zhizhi.engine.system import SystemConfig


def _systems() -> list[URLPattern | URLResolver]:
    """Return one include for each installed system that has pages."""
    found = [app for app in apps.get_app_configs() if isinstance(app, SystemConfig)]
    return [path(f"{app.label}/", include(f"{app.name}.urls")) for app in found if app.has_pages]


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("zhizhi.sources.http_push.urls")),
    path("api/v1/", include("zhizhi.channels.carrier_sms.urls")),
    path("metrics", metrics, name="metrics"),
    path("i18n/", include("django.conf.urls.i18n")),
    *_systems(),
    path("", include("zhizhi.web.urls")),
]
