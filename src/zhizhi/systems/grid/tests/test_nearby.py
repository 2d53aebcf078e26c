"""What was reported near by is told to whoever reports the same, and can be followed instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from zhizhi.engine import closing, dispatching, likening, merging, nearby, reading, reporting
from zhizhi.engine.models import Case, CaseLink, Reply, Report
from zhizhi.engine.reporting import NewReport
from zhizhi.engine.tests.building import LAT, LON, NOON, alert, later, unit
from zhizhi.kernel.metres import metres_per_degree
from zhizhi.systems.grid import keeping
from zhizhi.systems.grid.tests.packs import brought, category, row

pytestmark = pytest.mark.django_db
METRE = 1 / metres_per_degree(LAT)[1]
LAMP = NewReport(
    external_id="a" * 32, kind="grid.lamp", telling="the third lamp is dark", lon=LON, lat=LAT,
    place_by="map", occurred_at=NOON - timedelta(minutes=5),
)  # fmt: skip


@pytest.fixture(autouse=True)
def pack(tmp_path: Path) -> Iterator[None]:
    brought(
        row("lamp", radius_m="30"), row("pole", radius_m="30"), row("bench", severity="important"),
        row("noise", kind="event", radius_m="300"), row("quarrel", kind="request", radius_m="30"),
        row("met", radius_m="30", residents="no"),
    )  # fmt: skip
    reading.forget()
    with override_settings(DATA=tmp_path):
        yield
    reading.forget()


def filed(number: int = 1, *, metres: float = 0, **changed: Any) -> Report:
    new = replace(LAMP, external_id=f"{number:032}", lat=LAT + metres * METRE, **changed)
    return reporting.file_report(new, now=NOON).report


def told(kind: str = "grid.lamp", telling: str = "a lamp is dark") -> list[int]:
    found = nearby.reported(reporting.kinds()[kind], telling, (LON, LAT), now=NOON)
    return [one.case.pk for one in found]


def replies(report: Report) -> list[tuple[str, int]]:
    return list(Reply.objects.filter(report=report).values_list("milestone", "round"))


@pytest.mark.parametrize(("metres", "is_near"), [(29.9, True), (30, True), (30.1, False)])
def test_the_radius_is_that_of_the_category(metres: float, *, is_near: bool) -> None:
    one, other = filed(1).case, filed(2, metres=metres).case

    candidates = [near.case for near in likening.candidates(one, Case.everything.all())]

    assert candidates == ([other] if is_near else [])
    assert (other.pk in told()) == is_near


@pytest.mark.parametrize(("metres", "is_near"), [(249.9, True), (250, True), (250.1, False)])
def test_a_category_without_a_radius_has_that_of_the_house(metres: float, *, is_near: bool) -> None:
    bench = filed(1, kind="grid.bench", metres=metres).case

    assert told("grid.bench") == ([bench.pk] if is_near else [])


@pytest.mark.parametrize(
    ("metres", "said"), [(0, 10), (9.9, 10), (10, 10), (10.1, 20), (20, 20), (29.9, 30)]
)
def test_a_distance_is_told_in_steps_that_are_never_too_small(metres: float, said: int) -> None:
    filed(metres=metres)

    [one] = nearby.reported(reporting.kinds()["grid.lamp"], "", (LON, LAT), now=NOON)

    assert one.metres == said


@pytest.mark.parametrize("kind", ["grid.noise", "grid.quarrel", "fishery.angling"])
def test_what_is_about_people_is_told_to_nobody(kind: str) -> None:
    filed(kind=kind, telling="a lamp is dark")

    assert told(kind) == told() == []


def test_what_only_the_staff_may_report_is_told_to_nobody() -> None:
    filed(kind="grid.met", telling="a lamp is dark")

    assert told("grid.met") == told() == []


def test_another_kind_is_told_when_its_words_are_alike() -> None:
    alike = filed(1, kind="grid.pole", telling="the third lamp is dark").case
    filed(2, kind="grid.pole", telling="bent")

    assert told(telling="the third lamp is dark") == [alike.pk]


def test_what_has_ended_or_rests_on_an_alert_is_told_no_more() -> None:
    ended, joined, found, open_case = (filed(number).case for number in range(4))
    closing.dismiss(ended, reason="seen", by="account:1", now=later(minutes=1))
    merging.merge(joined, open_case, by="account:1", now=later(minutes=1))
    alert(found)

    assert told() == [open_case.pk]


def test_a_case_of_less_severity_does_not_swallow_a_report() -> None:
    milder = filed().case
    Case.everything.filter(pk=milder.pk).update(severity="normal")
    lamp = category("lamp")
    brought(row("lamp", radius_m="30", severity="important"), now=later(minutes=1))

    assert lamp.severity == "normal"
    assert told() == []
    Case.everything.filter(pk=milder.pk).update(severity="important")
    assert told() == [milder.pk]
    Case.everything.filter(pk=milder.pk).update(severity="urgent")
    assert told() == [milder.pk]


def test_no_more_than_a_few_are_told_the_likeliest_first() -> None:
    for number in range(nearby.MOST + 1):
        filed(number, metres=number)

    assert told(telling=LAMP.telling) == list(
        Case.everything.order_by("lat").values_list("pk", flat=True)[: nearby.MOST]
    )


def test_whoever_follows_is_told_each_milestone_once_like_the_first() -> None:
    first = filed()

    followed = nearby.file_and_follow(LAMP, first.case, now=later(minutes=1))
    again = nearby.file_and_follow(LAMP, first.case, now=later(minutes=2))
    task = dispatching.dispatch(
        first.case, unit(capabilities=[]), by="account:1", now=later(minutes=3)
    )
    dispatching.accept(task, by="unit:1", now=later(minutes=4))

    assert (again.report, again.is_repeat) == (followed.report, True)
    assert followed.report.pk != first.pk
    assert replies(first) == replies(followed.report) == [("received", 1), ("sent", 1)]
    link = CaseLink.everything.get()
    assert (link.root_id, link.made_by) == (first.case_id, "resident")
    assert link.score is not None
    assert link.score["metres"] == 0


def test_whoever_follows_what_is_under_way_is_told_how_far_it_is() -> None:
    first = filed()
    task = dispatching.dispatch(
        first.case, unit(capabilities=[]), by="account:1", now=later(minutes=1)
    )
    dispatching.accept(task, by="unit:1", now=later(minutes=2))

    followed = nearby.file_and_follow(LAMP, first.case, now=later(minutes=3)).report

    assert replies(followed) == [("received", 1), ("sent", 1)]


def test_what_has_ended_meanwhile_is_not_followed_and_the_report_stands_for_itself() -> None:
    first = filed()
    closing.dismiss(first.case, reason="seen", by="account:1", now=later(minutes=1))

    report = nearby.file_and_follow(LAMP, first.case, now=later(minutes=2)).report

    assert Case.everything.get(pk=report.case_id).state == "open"
    assert not CaseLink.everything.exists()
    assert nearby.still_open([first.case_id], reporting.kinds()["grid.lamp"]) == {}


def test_staff_take_out_whoever_followed_by_mistake() -> None:
    first = filed()
    report = nearby.file_and_follow(LAMP, first.case, now=later(minutes=1)).report

    merging.unmerge(report.case, by="account:1", now=later(minutes=2))

    assert Case.everything.get(pk=report.case_id).state == "open"


def test_a_category_that_is_switched_off_keeps_no_radius_and_is_not_told() -> None:
    filed()
    keeping.switch(category("lamp"), on=False, seen=1, by="account:1", now=NOON)

    assert likening.radius_m("grid.lamp") == 250
    assert told("grid.pole", "the third lamp is dark") == []
