"""The small district of the web's tests."""

from zhizhi.web.tests.conftest import browse, world

__all__ = ["browse", "world"]
