from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings
from tests.districts import district_of

from zhizhi.config.demo import settling
from zhizhi.directory.models import Area

NOW = datetime(2026, 4, 10, 4, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_a_settling_that_fails_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settling, "ACCOUNTS", (("x", "x", "no such role", "", ""),))
    with (
        override_settings(DATA=tmp_path, MODE="demo", DEMO=True),
        pytest.raises(ValidationError),
    ):
        settling.settle(district_of(7), now=NOW)
    assert not Area.objects.exists()
