"""``zhizhi import-categories``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from zhizhi.config.commands import import_categories
from zhizhi.systems.grid.models import Category
from zhizhi.systems.grid.tests.packs import row, written

pytestmark = pytest.mark.django_db


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    import_categories.arguments(parser)
    return import_categories.run(parser.parse_args(words))


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    path = tmp_path / "city.csv"
    path.write_bytes(written(row("lamp", lead_agency="urban"), row("drain")))
    return path


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_dry_run_tells_what_would_change_and_writes_nothing(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(pack), "--dry-run", "--json") == 0

    report = told(capsys)
    assert (report["new"], report["written"], len(report["warnings"])) == (2, False, 1)
    assert not Category.objects.exists()


def test_a_pack_is_called_as_its_file_or_as_one_says(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(pack), "--json") == 0
    assert told(capsys)["written"] is True
    assert run(str(pack), "--json") == 0
    assert told(capsys)["written"] is False
    assert run(str(pack.rename(pack.with_name("newer.csv"))), "--pack", "city") == 0

    assert set(Category.objects.values_list("pack__code", flat=True)) == {"city"}


def test_what_a_newer_file_lacks_is_named(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(str(pack))
    pack.write_bytes(written(row("lamp", lead_agency="urban")))
    capsys.readouterr()

    assert run(str(pack)) == 0

    out = capsys.readouterr().out
    assert "new 0, changed 0, unchanged 1, disabled 1" in out
    assert "drain is no longer in the pack" in out


def test_a_row_with_an_error_is_named_and_nothing_is_written(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack.write_bytes(written(row("lamp"), row("drain", severity="bad")))

    assert run(str(pack)) == 1

    out = capsys.readouterr().out
    assert "✘ row 3, severity: " in out
    assert "nothing was written" in out
    assert not Category.objects.exists()


def test_a_file_that_is_not_there_ends_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(tmp_path / "no.csv")) == 2

    assert "no.csv" in capsys.readouterr().err


def test_the_starter_pack_comes_with_the_product(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("starter", "--json") == 0

    assert told(capsys)["errors"] == []
    assert Category.objects.filter(pack__code="starter").count() >= 60
