"""The addresses of Golden Bell, below /antifraud/."""

from django.urls import path

from zhizhi.systems.antifraud.views import cases, check, lists, report

app_name = "antifraud"
urlpatterns = [
    path("", lists.list_page, name="lists"),
    path("check/", check.check_page, name="check"),
    path("report/", report.report_page, name="report"),
    path("cases/<int:pk>/confirm/", cases.confirm, name="confirm"),
    path("entries/<int:pk>/end/", lists.end_entry, name="end"),
]
