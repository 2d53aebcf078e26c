"""The addresses of the one net, below /grid/."""

from django.urls import path

from zhizhi.systems.grid.views import categories

app_name = "grid"
urlpatterns = [
    path("", categories.category_tree, name="categories"),
    path("<str:code>/", categories.category_page, name="category"),
    path("<str:code>/switch/", categories.switch, name="switch"),
    path("<str:code>/check/", categories.check, name="check"),
]
