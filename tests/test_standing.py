"""The small district that is put back is the one that was built, and only where nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tests import standing
from tests.district_world import World, build
from zhizhi.trust import audit, evidence
from zhizhi.trust.models import AuditEntry, Evidence, SubjectKey

pytestmark = pytest.mark.django_db


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def mark(world: World) -> bytes:
    """Return what no second building gives again: a random key made it."""
    return bytes(SubjectKey.objects.get(pk=world.records["report"].key_id).wrapped or b"")


def files() -> list[Path]:
    return [Path(settings.DATA) / "sealed" / one.original for one in Evidence.objects.all()]


def test_rows_and_files_are_put_back_as_they_were() -> None:
    with taken_back():
        first, keys = mark(build()), list(SubjectKey.objects.values_list("pk", "wrapped"))
        chain = list(AuditEntry.objects.values_list("digest", flat=True))
        for file in files():
            file.unlink(missing_ok=True)

    again = build()

    assert mark(again) == first
    assert list(SubjectKey.objects.values_list("pk", "wrapped")) == keys
    assert list(AuditEntry.objects.values_list("digest", flat=True)) == chain != []
    assert list(audit.verify()) == list(evidence.verify_evidence()) == []


def test_what_a_test_does_to_it_stays_with_that_test() -> None:
    with taken_back():
        build().records["case"].key = "mine"

    assert build().records["case"].key != "mine"


def test_where_something_stands_already_it_is_built() -> None:
    with taken_back():
        first = mark(build())
    SubjectKey.objects.create(key_id="k" * 16, wrapped=b"w", created_at=timezone.now())

    assert mark(build()) != first


@pytest.mark.parametrize(("age", "is_same"), [(-1, True), (0, False), (1, False)])
def test_it_is_put_back_for_less_than_a_minute(
    age: int, monkeypatch: pytest.MonkeyPatch, *, is_same: bool
) -> None:
    with taken_back():
        first = mark(build())
    made_at = timezone.now()
    with taken_back():
        monkeypatch.setattr(standing.timezone, "now", lambda: made_at + timedelta(hours=1))
        built = mark(build())
    later = made_at + timedelta(hours=1) + standing.AGE + timedelta(seconds=age)
    monkeypatch.setattr(standing.timezone, "now", lambda: later)

    assert built != first
    assert (mark(build()) == built) is is_same
