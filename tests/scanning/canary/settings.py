"""The product's settings with one address more, below which the flaws lie."""

from zhizhi.config.settings import *  # noqa: F403 - these and no others

ROOT_URLCONF = "tests.scanning.canary.urls"
