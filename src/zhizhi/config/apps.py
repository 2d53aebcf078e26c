from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InstallationConfig(AppConfig):
    """The installation itself: it has no tables, only checks."""

    name = "zhizhi.config"
    label = "config"
    verbose_name = _("Installation")

    def ready(self) -> None:
        """Let ``manage.py check`` and ``migrate`` run the checks as well."""
        from zhizhi.config import checks  # noqa: PLC0415 - it needs the models of other apps

        checks.register()
