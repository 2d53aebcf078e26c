"""The demonstration knows what its categories speak of."""

from __future__ import annotations

import pytest

from zhizhi.config.demo.settling import AGENCIES
from zhizhi.engine.tests.building import NOON
from zhizhi.systems.grid import seeding
from zhizhi.systems.grid.models import Category

pytestmark = pytest.mark.django_db


def test_every_agency_of_the_starter_pack_is_in_the_demonstration() -> None:
    seeding.seed(NOON, "demo")

    named = set(Category.objects.values_list("lead_agency", flat=True)) - {""}

    assert named
    assert named - set(AGENCIES) == set()
