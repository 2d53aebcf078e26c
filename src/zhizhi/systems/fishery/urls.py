"""The addresses of the fishery watch, below /fishery/."""

from django.urls import path

from zhizhi.systems.fishery.views import agency, figures, overview, photos, violations, words

app_name = "fishery"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("violations/", violations.violation_list, name="violations"),
    path("violations/export/", violations.export, name="violations-export"),
    path("violations/<int:pk>/", violations.violation_page, name="violation"),
    path("violations/<int:pk>/review/", violations.decide, name="review"),
    path("violations/<int:pk>/transfer/", violations.transfer, name="transfer"),
    path("violations/<int:pk>/photos/<int:photo>/", photos.working_copy, name="photo"),
    path("violations/<int:pk>/photos/<int:photo>/original/", photos.original, name="original"),
    path("violations/<int:pk>/photos/<int:photo>/mask/", photos.hide_bystanders, name="mask"),
    path("words/", words.word_list, name="words"),
    path("words/<str:code>/", words.word_page, name="word"),
    path("statistics/", figures.statistics_page, name="statistics"),
    path("statistics/export/", figures.export, name="export"),
    path("statistics/report.pdf", figures.report, name="report"),
    path("agency/", agency.task_list, name="agency"),
    path("agency/<int:task>/accept/", agency.accept, name="agency-accept"),
    path("agency/<int:task>/finish/", agency.finish, name="agency-finish"),
]
