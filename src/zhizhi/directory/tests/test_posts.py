"""Which post somebody acts in, and what offices are called."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from zhizhi.directory.models import Agency, Area, Unit
from zhizhi.directory.posts import office_names, post_for
from zhizhi.trust.access import UNTOLD, Post
from zhizhi.trust.scoping import Grant, Scope

AT = datetime(2026, 3, 1, tzinfo=UTC)
HERE = "/990101000000000/990101001000000/"
GRANTS = {
    "district": Grant("leader"),
    "town": Grant("operator", HERE),
    "elsewhere": Grant("operator", "/990101000000000/990101002000000/"),
    "agency": Grant("agency_officer", "", agency=3),
    "unit": Grant("unit_member", "", unit=4),
}


@pytest.mark.parametrize(
    ("names", "post"),
    [
        ("district", Post("leader", "")),
        ("district town", Post("operator", f"area:{HERE}")),
        ("town agency", Post("agency_officer", "agency:3")),
        ("agency unit town", Post("unit_member", "unit:4")),
        ("elsewhere", UNTOLD),
        ("elsewhere district", Post("leader", "")),
    ],
)
def test_the_narrowest_grant_that_covers_the_place_is_the_post(names: str, post: Post) -> None:
    scope = Scope(1, tuple(GRANTS[name] for name in names.split()))

    assert post_for(scope, f"{HERE}990101001001000/") == post


@pytest.mark.django_db
def test_offices_are_named_by_their_names_of_today() -> None:
    area = Area.objects.create(
        kind="town", code="990101001000000", name="Riverside", path=HERE, min_lon=1, min_lat=1,
        max_lon=2, max_lat=2, lon=1.5, lat=1.5, valid_from=AT,
    )  # fmt: skip
    agency = Agency.objects.create(code="fishery", name="Fishery")
    unit = Unit.objects.create(code="b", name="Boat", kind="boat", area=area, lon=1, lat=1,
                               position_at=AT)  # fmt: skip
    wanted = [
        f"agency:{agency.pk}",
        f"unit:{unit.pk}",
        f"area:{HERE}",
        "agency:999",
        "area:/x/",
        "",
    ]

    assert office_names(wanted) == {
        f"agency:{agency.pk}": "Fishery", f"unit:{unit.pk}": "Boat", f"area:{HERE}": "Riverside",
        "agency:999": "", "area:/x/": "",
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("office", ["agency:", "agency:x", "unit:1:2", "nonsense", "area:"])
def test_what_names_no_office_has_no_name(office: str) -> None:
    assert office_names([office]) == {office: ""}
