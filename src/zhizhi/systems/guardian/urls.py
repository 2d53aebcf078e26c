"""The addresses of the guardian, below /guardian/."""

from django.urls import path

from zhizhi.systems.guardian.views import belongings, enrolments, readers, relatives, trail

app_name = "guardian"
urlpatterns = [
    path("", enrolments.list_page, name="enrolments"),
    path("asked/", relatives.asked, name="asked"),
    path("asked/<int:pk>/", relatives.answer, name="answer"),
    path("cases/<int:pk>/trail/", trail.trail, name="trail"),
    path("enrol/<int:pk>/", enrolments.enrol, name="enrol"),
    path("readers/", readers.list_page, name="readers"),
    path("readers/<int:pk>/down/", readers.take_down, name="reader-down"),
    path("<int:pk>/", enrolments.enrolment_page, name="enrolment"),
    path("<int:pk>/look/", enrolments.look, name="look"),
    path("<int:pk>/allow/", enrolments.allow, name="allow"),
    path("<int:pk>/change/<slug:what>/", enrolments.change, name="change"),
    path("<int:pk>/companions/", belongings.add_companion, name="companion"),
    path("<int:pk>/companions/<int:companion>/out/", belongings.take_out, name="companion-out"),
    path("<int:pk>/tags/", belongings.bind, name="tag"),
    path("<int:pk>/tags/<int:tag>/back/", belongings.take_back, name="tag-back"),
]
