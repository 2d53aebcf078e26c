"""The product's addresses, and the planted ones below ``canary/``."""

from django.urls import URLPattern, URLResolver, include, path

from tests.scanning.canary import views
from zhizhi.config.urls import urlpatterns as product

app_name = "canary"
planted = [
    path("", views.index, name="index"),
    path("openapi.json", views.description, name="openapi"),
    path("sql-injection/", views.sql_injection, name="sql-injection"),
    path("stored-xss/", views.stored_xss, name="stored-xss"),
    path("reflected-xss/", views.reflected_xss, name="reflected-xss"),
    path("idor-read/<int:pk>/", views.idor_read, name="idor-read"),
    path("idor-write/<int:pk>/", views.idor_write, name="idor-write"),
    path("mass-assignment/", views.mass_assignment, name="mass-assignment"),
    path("missing-csrf/", views.missing_csrf, name="missing-csrf"),
    path("open-redirect/", views.open_redirect, name="open-redirect"),
    path("path-traversal/", views.path_traversal, name="path-traversal"),
    path("ssrf/", views.ssrf, name="ssrf"),
    path("formula-injection/", views.formula_injection, name="formula-injection"),
    path("pixel-bomb/", views.pixel_bomb, name="pixel-bomb"),
    path("weak-lockout/", views.weak_lockout, name="weak-lockout"),
    path("log-injection/", views.log_injection, name="log-injection"),
    path("missing-csp/", views.missing_csp, name="missing-csp"),
    path("personal-log/", views.personal_log, name="personal-log"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("canary/", include((planted, app_name))),
    *product,
]
