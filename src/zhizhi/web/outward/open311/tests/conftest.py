"""The district and the browsers of the page tests."""

from zhizhi.web.tests.conftest import browse, world

__all__ = ["browse", "world"]
