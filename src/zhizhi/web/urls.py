"""The addresses of the frame: sign-in, desk, cases, phone, zones, health, live stream, map data."""

from django.urls import path

from zhizhi.web.views import cases, desk, events, geo, health, my, signing, zones

app_name = "web"
urlpatterns = [
    path("", signing.home, name="home"),
    path("sign-in/", signing.sign_in, name="sign-in"),
    path("sign-in/demo/", signing.demo_sign_in, name="demo-sign-in"),
    path("sign-out/", signing.sign_out, name="sign-out"),
    path("theme/", signing.set_theme, name="theme"),
    path("desk/", desk.desk, name="desk"),
    path("desk/queue", desk.queue_part, name="queue"),
    path("events/", events.events, name="events"),
    path("geo/areas.geojson", geo.areas, name="areas"),
    path("geo/counts.json", geo.counts, name="counts"),
    path("geo/zones.geojson", geo.zones, name="zone-shapes"),
    path("geo/alerts.json", geo.alerts, name="alert-points"),
    path("geo/units.json", geo.units, name="unit-points"),
    path("cases/<int:pk>/", cases.case_page, name="case"),
    path("cases/<int:pk>/detail", cases.detail, name="case-detail"),
    path("cases/<int:pk>/suggestions", cases.suggestions, name="suggestions"),
    path("cases/<int:pk>/acknowledge/", cases.acknowledge, name="acknowledge"),
    path("cases/<int:pk>/dispatch/", cases.dispatch, name="dispatch"),
    path("cases/<int:pk>/undo/<int:task>/", cases.undo, name="undo"),
    path("cases/<int:pk>/dismiss/", cases.dismiss, name="dismiss"),
    path("cases/<int:pk>/reopen/", cases.reopen, name="reopen"),
    path("cases/<int:pk>/inspect/", cases.inspect, name="inspect"),
    path("cases/<int:pk>/photos/<int:photo>/", cases.photo, name="photo"),
    path("my/", my.my_tasks, name="my"),
    path("my/<int:pk>/accept/", my.step, {"verb": "accept"}, name="accept"),
    path("my/<int:pk>/arrive/", my.step, {"verb": "arrive"}, name="arrive"),
    path("my/<int:pk>/return/", my.give_back, name="return"),
    path("my/<int:pk>/report/", my.report, name="report"),
    path("zones/", zones.zones, name="zones"),
    path("zones/import/", zones.import_zone, name="zone-import"),
    path("health/", health.health, name="health"),
    path("healthz", health.healthz, name="healthz"),
]
