"""The addresses of the frame: sign-in, desk, cases, phone, zones, health, live stream, map data."""

from django.urls import path

from zhizhi.web.views import cases, desk, events, exports, geo, health, messages, my, signing, zones

app_name = "web"
urlpatterns = [
    path("", signing.home, name="home"),
    path("sign-in/", signing.sign_in, name="sign-in"),
    path("sign-in/demo/", signing.demo_sign_in, name="demo-sign-in"),
    path("sign-out/", signing.sign_out, name="sign-out"),
    path("theme/", signing.set_theme, name="theme"),
    path("desk/", desk.desk, name="desk"),
    path("desk/now", desk.now, name="now"),
    path("desk/queue.csv", exports.queue, {"form": "csv"}, name="queue-csv"),
    path("desk/queue.xlsx", exports.queue, {"form": "xlsx"}, name="queue-xlsx"),
    path("events/", events.events, name="events"),
    path("geo/areas.geojson", geo.areas, name="areas"),
    path("geo/zones.geojson", geo.zones, name="zone-shapes"),
    path("cases/<int:pk>/", cases.case_page, name="case"),
    path("cases/<int:pk>/detail", cases.detail, name="case-detail"),
    path("cases/<int:pk>/suggestions", cases.suggestions, name="suggestions"),
    path("cases/<int:pk>/acknowledge/", cases.acknowledge, name="acknowledge"),
    path("cases/<int:pk>/dispatch/", cases.dispatch, name="dispatch"),
    path("cases/<int:pk>/undo/<int:task>/", cases.undo, name="undo"),
    path("cases/<int:pk>/withdraw/<int:task>/", cases.withdraw, name="withdraw"),
    path("cases/<int:pk>/waive/<int:task>/", cases.waive, name="waive"),
    path("cases/<int:pk>/dismiss/", cases.dismiss, name="dismiss"),
    path("cases/<int:pk>/reopen/", cases.reopen, name="reopen"),
    path("cases/<int:pk>/inspect/", cases.inspect, name="inspect"),
    path("cases/<int:pk>/photos/<int:photo>/", cases.photo, name="photo"),
    path("my/", my.my_tasks, name="my"),
    path("my/<int:pk>/accept/", my.step, {"verb": "accept"}, name="accept"),
    path("my/<int:pk>/arrive/", my.step, {"verb": "arrive"}, name="arrive"),
    path("my/<int:pk>/return/", my.give_back, name="return"),
    path("my/<int:pk>/report/", my.report, name="report"),
    path("messages/", messages.inbox, name="messages"),
    path("messages/read/", messages.mark_all_read, name="messages-read"),
    path("messages/<int:pk>/read/", messages.mark_read, name="message-read"),
    path("zones/", zones.zones, name="zones"),
    path("zones/import/", zones.import_zones, name="zone-import"),
    path("zones/<slug:key>/retire/", zones.retire, name="zone-retire"),
    path("health/", health.health, name="health"),
    path("healthz", health.healthz, name="healthz"),
]
