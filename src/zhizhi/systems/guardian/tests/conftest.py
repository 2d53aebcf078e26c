"""The street that most tests of the guardian start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from zhizhi.systems.guardian.tests.street import Street


@pytest.fixture
def street(db: None) -> Street:
    from zhizhi.systems.guardian.tests.street import build  # noqa: PLC0415 - read before Django

    return build()
