"""Public figures: each month once, at its day, with no number of a few people in it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import override_settings
from django.utils import timezone

from zhizhi.directory.people import PersonalData
from zhizhi.engine import publishing, reporting, settings_in_force
from zhizhi.engine.models import Case, FigureRelease
from zhizhi.engine.reporting import NewReport
from zhizhi.engine.tests.building import LAT, LON, NOON, area, case
from zhizhi.trust import append_only
from zhizhi.trust.models import AuditEntry
from zhizhi.trust.tests.damage import damage

pytestmark = pytest.mark.django_db
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
_number = count(100)


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=timezone.get_default_timezone())  # type: ignore[arg-type,misc]


DUE = local(2026, 4, 5)


def cases(number: int, path: str, *, at: datetime = NOON, **columns: Any) -> list[Case]:
    """Cases of as many different boats."""
    found = []
    for _time in range(number):
        own = next(_number)
        given = {"subject": own, "key": f"k{own}", "area_path": path, "opened_at": at, **columns}
        found.append(case(**given))
    return found


@pytest.fixture
def towns() -> list[str]:
    root = area()
    codes = ("990100001000000", "990100002000000")
    return [area("town", code, parent=root, half=0.1).path for code in codes]


def published(at: datetime = DUE) -> FigureRelease:
    assert publishing.publish_due(at) == 1
    return FigureRelease.objects.get(month=MARCH)


def test_a_month_tells_places_kinds_and_totals(towns: list[str]) -> None:
    cases(12, towns[0])
    cases(20, f"{towns[1]}990100002001000/")
    cases(30, towns[1], kind="lost")
    cases(11, "/990100000000000/", kind="lost")

    release = published()

    assert release.places == ["990100001000000", "990100002000000", publishing.ELSEWHERE]
    assert release.kinds == ["illegal-fishing", "lost"]
    assert release.numbers == [[12, 0, 12], [20, 30, 50], [0, 11, 11], [32, 41, 73]]


@pytest.mark.parametrize(("number", "told"), [(1, None), (9, None), (10, 10), (11, 11)])
def test_fewer_than_ten_people_are_not_counted(
    number: int, told: int | None, towns: list[str]
) -> None:
    cases(number, towns[0])
    cases(40, towns[0], kind="lost")
    cases(40, towns[1])
    cases(40, towns[1], kind="lost")

    assert published().numbers[0][0] == told


def test_ten_cases_of_one_boat_are_one_boat(towns: list[str]) -> None:
    cases(40, towns[0], subject=7)
    cases(40, towns[1])

    release = published()

    assert release.numbers[0][0] is None
    assert 40 not in (release.numbers[0][1], release.numbers[1][0])


def test_cases_without_a_subject_stand_for_somebody_each(towns: list[str]) -> None:
    cases(10, towns[0], subject=None)

    assert published().numbers[0] == [10, 10]


def report(number: int, contact: PersonalData | None) -> None:
    new = NewReport(
        external_id=f"{number:032d}", kind="fishery.angling", telling="two men", lon=LON, lat=LAT,
        place_by="map", occurred_at=NOON, contact=contact,
    )  # fmt: skip
    reporting.file_report(new, now=NOON)


@pytest.mark.parametrize("is_named", [True, False])
def test_reports_of_one_resident_are_of_one_and_those_without_a_name_of_many(
    is_named: bool, towns: list[str], tmp_path: Path
) -> None:
    with override_settings(DATA=tmp_path):
        for number in range(10):
            report(number, PersonalData("Wei", "12012345678") if is_named else None)

    assert published().numbers[-1] == ([None, None] if is_named else [10, 10])


def test_a_greater_group_can_be_asked_for_but_no_smaller_one(towns: list[str]) -> None:
    cases(12, towns[0])
    settings_in_force.change("residents.figures_least", 13, by="account:1", now=NOON, reason="x")
    with pytest.raises(settings_in_force.SettingRefused):
        settings_in_force.change("residents.figures_least", 9, by="account:1", now=NOON, reason="x")

    release = published()

    assert (release.least, release.numbers[0][0]) == (13, None)


@pytest.mark.parametrize(
    ("at", "is_told"),
    [
        (local(2026, 3, 31), False),
        (DUE - timedelta(microseconds=1), False),
        (DUE, True),
        (DUE + timedelta(days=300), True),
    ],
)
def test_a_month_is_told_from_its_day_on(at: datetime, is_told: bool, towns: list[str]) -> None:
    cases(10, towns[0])

    assert publishing.publish_due(at) == is_told
    assert FigureRelease.objects.count() == is_told


def test_cases_count_by_the_local_day(towns: list[str]) -> None:
    cases(10, towns[0], at=local(2026, 3, 1))
    cases(10, towns[0], at=local(2026, 4, 1) - timedelta(seconds=1), kind="last")
    cases(10, towns[0], at=local(2026, 4, 1), kind="next")

    assert published().kinds == ["illegal-fishing", "last"]


def test_months_that_were_missed_follow_one_by_one(towns: list[str]) -> None:
    cases(10, towns[0])
    at = local(2026, 6, 20)

    assert [publishing.publish_due(at) for _time in range(4)] == [1, 1, 1, 0]
    assert [str(one) for one in FigureRelease.objects.all()] == ["2026-05", "2026-04", "2026-03"]
    assert FigureRelease.objects.get(month=APRIL).numbers == [[0], [0], [0], [0]]


def test_a_month_is_counted_once_and_never_again(towns: list[str]) -> None:
    cases(10, towns[0])
    before = published().numbers
    cases(10, towns[0])

    assert publishing.publish_due(DUE + timedelta(days=1)) == 0
    assert FigureRelease.objects.get().numbers == before


def test_without_cases_there_is_nothing_to_tell(towns: list[str]) -> None:
    assert publishing.publish_due(DUE) == 0


def test_what_is_withheld_is_kept_nowhere(towns: list[str]) -> None:
    cases(7, towns[0], kind="seven")
    cases(40, towns[0])
    cases(40, towns[1])
    release = published()

    entry = AuditEntry.objects.get(verb=publishing.VERB)
    assert entry.subject == "figures:2026-03"
    assert set(entry.detail) == {"digest", "least"}
    assert 7 not in [number for row in release.numbers for number in row]


def test_the_database_refuses_another_number(towns: list[str]) -> None:
    cases(10, towns[0])
    published()

    with pytest.raises(DatabaseError), transaction.atomic():
        FigureRelease.objects.update(least=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        FigureRelease.objects.all().delete()


def breaks(statement: str = "") -> list[str]:
    if statement:
        with append_only.lifted(), connection.cursor() as cursor:
            cursor.execute(statement)
    return [str(one) for one in publishing.verify()]


@pytest.mark.parametrize("change", ["least = 1", "numbers = '[[1]]'", "places = '[]'"])
def test_a_month_that_was_altered_is_named(change: str, towns: list[str]) -> None:
    cases(10, towns[0])
    published()

    assert breaks() == []
    found = breaks(f"UPDATE engine_figurerelease SET {change}")  # noqa: S608 - ours
    assert found == ["engine_figurerelease 2026-03: changed"]


def test_a_month_that_was_removed_or_added_is_named(towns: list[str]) -> None:
    cases(10, towns[0])
    published()
    FigureRelease.objects.create(
        month=date(2026, 1, 1), published_at=NOON, least=10, places=[], kinds=[], numbers=[]
    )

    assert breaks("DELETE FROM engine_figurerelease WHERE month = '2026-03-01'") == [
        "engine_figurerelease 2026-01: is not in the audit chain",
        "engine_figurerelease 2026-03: missing",
    ]


def test_a_month_that_cannot_be_read_is_named(towns: list[str]) -> None:
    cases(10, towns[0])
    published()
    damage("engine_figurerelease", "published_at", "least = 10")

    assert breaks() == ["engine_figurerelease 2026-03: cannot be read"]
