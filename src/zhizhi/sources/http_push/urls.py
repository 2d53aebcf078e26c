"""The addresses of the API, below /api/v1/."""

from django.urls import path

from zhizhi.sources.http_push.views import observations, openapi

urlpatterns = [
    path("observations/<str:stream>", observations, name="observations"),
    path("openapi.json", openapi, name="openapi"),
]
