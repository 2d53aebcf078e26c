"""The ASGI application that ``zhizhi web`` serves."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhizhi.config.settings")

from django.core.asgi import get_asgi_application

application = get_asgi_application()
