"""Test settings: everything a test writes goes to a folder of its own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import django
from hypothesis import settings

# Named here and not in pyproject.toml: pytest-django would read the settings before this file.
os.environ["DJANGO_SETTINGS_MODULE"] = "zhizhi.config.settings"
os.environ["ZHIZHI_MODE"] = "test"
os.environ.setdefault("ZHIZHI_SECRET_KEY", "only-for-tests")
os.environ.setdefault("ZHIZHI_DATA", tempfile.mkdtemp(prefix="zhizhi-test-"))
os.environ.setdefault("ZHIZHI_LOG_LEVEL", "WARNING")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in the test thread


settings.register_profile("untimed", deadline=None)  # a busy machine is no failure


def pytest_configure() -> None:
    """Set Django up with the environment above."""
    if "CI" not in os.environ:  # there Hypothesis chooses its own profile, also without deadlines
        settings.load_profile("untimed")
    Path(os.environ["ZHIZHI_DATA"], "static").mkdir(parents=True, exist_ok=True)
    django.setup()
