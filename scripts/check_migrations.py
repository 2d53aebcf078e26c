"""Fail when a model and its migrations differ."""

from __future__ import annotations

import os
import sys
import tempfile

os.environ.setdefault("ZHIZHI_MODE", "test")
os.environ.setdefault("ZHIZHI_SECRET_KEY", "only-for-checks")
os.environ.setdefault("ZHIZHI_DATA", tempfile.mkdtemp(prefix="zhizhi-check-"))
os.environ["DJANGO_SETTINGS_MODULE"] = "zhizhi.config.settings"

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    execute_from_command_line([sys.argv[0], "makemigrations", "--check", "--dry-run"])
