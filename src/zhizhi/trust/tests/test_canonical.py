"""One spelling for each record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zhizhi.trust import audit, canonical
from zhizhi.trust.audit import Leaf
from zhizhi.trust.canonical import NotCanonical, encode, moment, plain
from zhizhi.trust.models import AuditEntry

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
NUMBER = st.integers(-(2**63), 2**63 - 1) | st.floats(
    -(2.0**52), 2.0**52, allow_nan=False, allow_infinity=False
)
VALUE = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
RECORD = st.dictionaries(TEXT, VALUE, max_size=4)
AT = datetime(2023, 2, 24, 8, tzinfo=UTC)


@given(RECORD)
def test_what_json_gives_back_has_the_same_spelling(record: dict[str, Any]) -> None:
    again = json.loads(json.dumps(plain(record)))

    assert encode(again) == encode(record)


@given(RECORD)
def test_the_order_of_keys_does_not_matter(record: dict[str, Any]) -> None:
    turned = dict(reversed(record.items()))

    assert encode(turned) == encode(record)


@given(RECORD, RECORD)
def test_different_records_have_different_spellings(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    same = json.dumps(plain(one), sort_keys=True) == json.dumps(plain(other), sort_keys=True)

    assert (encode(one) == encode(other)) is same


@pytest.mark.django_db
@given(RECORD)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_chained_detail_verifies_after_its_way_through_the_database(
    detail: dict[str, Any],
) -> None:
    with gone_afterwards():
        audit.append([Leaf("worker", "test", "case:1", AT, detail=detail)])

        assert list(audit.verify()) == []
        assert encode(AuditEntry.objects.latest("seq").detail) == encode(detail)


@contextmanager
def gone_afterwards() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_the_spelling_is_the_documented_one() -> None:
    record = {"b": 1.0, "a": "智治", "at": AT, "c": [True, None, 1.5]}

    assert encode(record).decode() == (
        '{"a":"智治","at":"2023-02-24T08:00:00.000000Z","b":1,"c":[true,null,1.5]}'
    )


def test_a_moment_is_the_same_in_every_zone() -> None:
    shanghai = AT.astimezone(timezone(timedelta(hours=8)))

    assert moment(shanghai) == moment(AT) == "2023-02-24T08:00:00.000000Z"


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        2.0**53,
        "a\x00b",
        "\ud800",
        {1: "x"},
        {"x": b"bytes"},
        [AT],
        {1, 2},
    ],
    ids=repr,
)
def test_what_a_database_would_alter_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        plain(value)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(NotCanonical, match="no time zone"):
        moment(datetime(2023, 2, 24, 8))  # noqa: DTZ001 - the bad input itself


@pytest.mark.parametrize("value", [2.0**53 - 1, 1 - 2.0**53])
def test_the_largest_exact_floats_are_kept(value: float) -> None:
    assert canonical.plain(value) == int(value)
