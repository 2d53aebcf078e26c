"""Two towns with people of several offices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from zhizhi.directory.models import Account, Person
    from zhizhi.directory.tests.two_people import Staff


@pytest.fixture
def staff(db: None) -> Staff:
    from zhizhi.directory.models import Agency, Area, Unit  # noqa: PLC0415 - models load after Django
    from zhizhi.directory.tests.two_people import AT, HERE, THERE, Staff  # noqa: PLC0415 - models load after Django

    found = Staff()
    for number, path in enumerate((HERE, THERE)):
        found.areas[path] = Area.objects.create(
            kind="town", code=str(number), name=path, path=path, lon=1, lat=1, min_lon=0,
            min_lat=0, max_lon=2, max_lat=2, valid_from=AT,
        )  # fmt: skip
    for name in ("river", "market"):
        found.agencies[name] = Agency.objects.create(code=name, name=name)
    for number, agency in enumerate(("river", "river", "market"), 1):
        name = f"{agency}{number}"
        found.units[name] = Unit.objects.create(
            code=name, name=name, kind="car", area=found.areas[HERE], lon=1, lat=1,
            agency=found.agencies[agency], position_at=AT,
        )  # fmt: skip
    return found


@pytest.fixture
def operator(staff: Staff) -> Account:
    return staff.hire("operator")


@pytest.fixture
def leader(staff: Staff) -> Account:
    return staff.hire("leader")


@pytest.fixture
def person(db: None) -> Person:
    from zhizhi.directory.tests.two_people import somebody  # noqa: PLC0415 - models load after Django

    return somebody("Wei Xiaohe", "12012345678")
