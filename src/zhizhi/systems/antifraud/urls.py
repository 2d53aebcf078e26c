"""The addresses of Golden Bell, below /antifraud/."""

from django.urls import path

from zhizhi.systems.antifraud.views import caller, cases, check, circle, dissuasions, lists, report

app_name = "antifraud"
urlpatterns = [
    path("", lists.list_page, name="lists"),
    path("caller/", caller.caller_page, name="caller"),
    path("check/", check.check_page, name="check"),
    path("report/", report.report_page, name="report"),
    path("cases/<int:pk>/confirm/", cases.confirm, name="confirm"),
    path("cases/<int:pk>/dissuade/", dissuasions.begin, name="begin"),
    path("circle/", circle.circle_page, name="circle"),
    path("circle/code/", circle.code_page, name="circle-code"),
    path("circle/confirm/", circle.confirm, name="circle-confirm"),
    path("circle/invite/", circle.invite, name="circle-invite"),
    path("circle/leave/", circle.leave, name="circle-leave"),
    path("circle/looks/", circle.looks, name="circle-looks"),
    path("circle/members/<int:pk>/end/", circle.end_member, name="circle-end"),
    path("dissuasions/", dissuasions.queue_page, name="dissuasions"),
    path("dissuasions/new/", dissuasions.write_down, name="warning"),
    path("dissuasions/<int:pk>/attempt/", dissuasions.attempt, name="attempt"),
    path("dissuasions/<int:pk>/end/", dissuasions.end, name="outcome"),
    path("dissuasions/<int:pk>/numbers/", dissuasions.numbers, name="numbers"),
    path("dissuasions/<int:pk>/phrase/", dissuasions.phrase, name="phrase"),
    path("dissuasions/<int:pk>/send/", dissuasions.send, name="send"),
    path("dissuasions/<int:pk>/stop.pdf", dissuasions.stop_payment, name="stop-payment"),
    path("entries/<int:pk>/end/", lists.end_entry, name="end"),
]
