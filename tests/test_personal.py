"""Every column that could hold something about people says what it holds, or that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from zhizhi.trust import holding
from zhizhi.trust.holding import Holder, Keep, Stored, Whose

COULD_HOLD = (
    models.CharField, models.TextField, models.BinaryField, models.JSONField, models.FloatField,
    models.GenericIPAddressField, models.FileField,
)  # fmt: skip


def own_models() -> list[type[models.Model]]:
    return [one for one in apps.get_models() if one.__module__.startswith("zhizhi.")]


def could_hold(model: type[models.Model]) -> Iterator[str]:
    """Yield the columns that are not chosen from a list: there may be anything in them."""
    for column in model._meta.concrete_fields:
        if isinstance(column, COULD_HOLD) and not column.choices:
            yield column.name


def undeclared(model: type[models.Model], found: dict[str, Holder]) -> list[str]:
    label = model._meta.label
    holder = found[model._meta.app_label]
    known = {name.rpartition(".")[2] for name in holder.labels if name.startswith(f"{label}.")}
    return sorted(set(could_hold(model)) - known - set(holder.impersonal.get(label, ())))


@pytest.mark.parametrize("model", own_models(), ids=lambda one: one._meta.label)
def test_every_column_that_could_hold_something_about_people_is_declared(
    model: type[models.Model],
) -> None:
    assert undeclared(model, holding.holders()) == [], (
        f"label these in {model._meta.app_label}/personal.py"
    )


def test_a_column_that_nobody_declared_is_found() -> None:
    from zhizhi.engine.models import Report  # noqa: PLC0415 - what the check has to catch

    holder = holding.holders()["engine"]
    labels = {name: label for name, label in holder.labels.items() if "telling" not in name}

    assert undeclared(Report, {"engine": Holder(labels, holder.impersonal)}) == ["telling"]


def test_nothing_is_declared_twice_or_does_not_exist() -> None:
    for app, holder in holding.holders().items():
        known = {
            f"{one._meta.label}.{column.name}"
            for one in own_models() for column in one._meta.concrete_fields
        }  # fmt: skip
        impersonal = [
            f"{name}.{one}" for name, columns in holder.impersonal.items() for one in columns
        ]
        assert set(holder.labels) | set(impersonal) <= known, app
        assert set(holder.labels) & set(impersonal) == set(), app
        assert len(impersonal) == len(set(impersonal)), app
        assert all(name.startswith(f"{app}.") for name in [*holder.labels, *impersonal])


def test_an_app_with_tables_that_says_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> ModuleType:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(holding.importlib, "import_module", missing)

    with pytest.raises(
        holding.HolderMissing, match=r"zhizhi\.\w+ has tables and no module personal"
    ):
        holding.holders()


def test_what_bytes_hold_about_residents_is_sealed() -> None:
    """Bytes and words of residents lie under a key that can be destroyed, or are keyed hashes."""
    plain = [
        name for name, label in holding.labels().items()
        if label.whose in {Whose.RESIDENT, Whose.PARTY} and label.form == Stored.PLAIN
    ]  # fmt: skip

    assert sorted(plain) == [
        "engine.Report.consent",  # the name of a text
        "engine.Report.kind",
        "engine.Report.lat",  # of the place that was reported, no telephone's track
        "engine.Report.lon",
        "engine.Revisit.outcome",  # one of four
        "trust.AccessRecord.fields",
        "trust.AccessRecord.purpose",
        "trust.Consent.data",  # codes
        "trust.Consent.purpose",
        "trust.Evidence.lat",
        "trust.Evidence.lon",
    ]


@pytest.mark.parametrize("label", holding.labels().values(), ids=list(holding.labels()))
def test_a_label_says_everything(label: Any) -> None:
    assert str(label.title)
    assert str(label.purpose)
    assert label.keep in Keep


def test_sensitive_data_is_sealed() -> None:
    special = [label for label in holding.labels().values() if label.is_special]

    assert special
    assert {label.form for label in special} == {Stored.SEALED}
