"""The impact record tells every labelled field, in both languages and forms."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from zhizhi.config.commands import impact_record
from zhizhi.engine import settings_in_force
from zhizhi.trust import audit, holding

pytestmark = pytest.mark.django_db


def written(out: Path, *options: str) -> str:
    parser = argparse.ArgumentParser()
    impact_record.arguments(parser)
    assert impact_record.run(parser.parse_args([*options, "--out", str(out)])) == 0
    return out.read_text(encoding="utf-8")


def record(out: Path, *options: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(written(out, "--format", "json", *options))
    return told


def test_every_labelled_field_is_told_whole(tmp_path: Path) -> None:
    told = record(tmp_path / "record.json", "--language", "en")

    assert [row["field"] for row in told["fields"]] == list(holding.labels())
    for row in told["fields"]:
        assert all(row[name] for name in impact_record.HEADS if name != "sensitive"), row
    assert told["audit_head"] == str(audit.head())
    assert [row["field"] for row in told["fields"] if row["sensitive"]] == [
        "directory.Person.identity_number"
    ]


def test_it_tells_the_time_that_is_in_force(tmp_path: Path) -> None:
    from django.utils import timezone  # noqa: PLC0415

    settings_in_force.change("residents.keep_days", 77, by="account:1", now=timezone.now())

    kept = {
        row["field"]: row["kept"] for row in record(tmp_path / "r", "--language", "en")["fields"]
    }

    assert "77 days" in kept["engine.Report.telling"]


@pytest.mark.parametrize(
    ("language", "word"), [("en", "Residents who reported"), ("zh-hans", "居民")]
)
def test_on_paper_each_field_is_one_row(language: str, word: str, tmp_path: Path) -> None:
    text = written(tmp_path / "record.md", "--language", language)

    assert word in text
    assert all(text.count(f"| `{name}` |") == 1 for name in holding.labels())
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count(" | ") for line in rows} == {6}
