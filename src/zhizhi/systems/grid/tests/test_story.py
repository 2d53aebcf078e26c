"""The seed's sentence: everyday matters come in by every door and each becomes one case.

"线上一张网": every report is taken under one tree of categories, and the case has the severity, the
ability, the lead agency and the time limit of its category.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import override_settings
from django.utils import translation

from zhizhi.engine import reading, reporting
from zhizhi.engine.models import Clock, Report
from zhizhi.engine.reporting import NewReport, ReportRefused
from zhizhi.engine.tests.building import LAT, LON, NOON, agency
from zhizhi.systems.grid import keeping, seeding
from zhizhi.systems.grid.tests.packs import category
from zhizhi.web.words import case_kind_name

pytestmark = pytest.mark.django_db
NEW = NewReport(
    external_id="a" * 32, kind="grid.manhole", telling="the cover is gone", lon=LON, lat=LAT,
    place_by="map", occurred_at=NOON - timedelta(minutes=5),
)  # fmt: skip


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[None]:
    reading.forget()
    with override_settings(DATA=tmp_path):
        yield
    reading.forget()


def filed(kind: str, key: str = "a") -> Report:
    new = replace(NEW, kind=kind, external_id=key * 32)
    return reporting.file_report(new, now=NOON).report


def test_a_missing_cover_is_urgent_and_seen_within_a_quarter_of_an_hour() -> None:
    urban = agency("urban")
    seeding.seed(NOON, "demo")

    case = filed("grid.manhole").case

    assert (case.system, case.kind, case.severity) == ("grid", "grid.manhole", "urgent")
    assert case.capabilities == ["foot"]
    assert [part.agency for part in case.agencies.all()] == [urban]
    assert case.code.startswith("GR-")
    clock = Clock.objects.get(case=case)
    assert clock.due_at - NOON == timedelta(minutes=15)
    with translation.override("en"):
        assert case_kind_name(case.kind) == "Missing or broken manhole cover"


def test_a_category_without_a_limit_of_its_own_has_that_of_all_reports() -> None:
    seeding.seed(NOON, "demo")

    case = filed("grid.litter").case

    assert Clock.objects.get(case=case).due_at - NOON == timedelta(minutes=30)


def test_what_was_reported_keeps_its_name_when_its_category_is_switched_off() -> None:
    seeding.seed(NOON, "demo")
    report = filed("grid.litter")

    keeping.switch(category("litter"), on=False, seen=1, by="account:1", now=NOON)

    with pytest.raises(ReportRefused) as refused:
        filed("grid.litter", "b")
    assert refused.value.code == "unknown-kind"
    assert filed("grid.litter").pk == report.pk  # sent again, it is the one that is here
    with translation.override("en"):
        assert reporting.explanation(report)["kind"] == "Rubbish lying about"
        assert case_kind_name(report.case.kind) == "Rubbish lying about"
