"""``zhizhi rules check``: right files pass, wrong ones are told with line and column."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zhizhi.config.cli import main
from zhizhi.kernel.rules.tests.rule_texts import rule_text

FIXTURE = "[{event: minimum.json, expect: fire}, {event: {}, expect: silent}]"
MINIMUM = {
    "acct_resold_60d": True, "pwd_reset_24h": 1, "new_device_24h": True, "bal_out_ratio_2h": 0.5,
}  # fmt: skip


@pytest.fixture
def right(tmp_path: Path) -> Path:
    (tmp_path / "minimum.json").write_text(json.dumps(MINIMUM), encoding="utf-8")
    path = tmp_path / "right.yaml"
    path.write_text("\ufeff" + rule_text(tests=FIXTURE), encoding="utf-8")
    return path


def test_right_rules_are_summed_up(right: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "check", str(right)]) == 0
    told = capsys.readouterr()
    assert told.out == "1 rules of 1 typologies, 2 tests passed, 0 errors\n"
    assert told.err == ""


def test_a_wrong_rule_is_told_with_line_and_column(
    right: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = right.with_name("wrong.yaml")
    wrong.write_text(rule_text(when="pwd_reset_24h >= 1 AND foo = 1"), encoding="utf-8")

    assert main(["rules", "check", str(right), str(wrong)]) == 1
    told = capsys.readouterr()
    assert told.err.startswith(f"{wrong}:11:30: foo is no column of fraud_events.v1.")
    assert "1 errors" in told.out


def test_the_report_for_machines_names_every_place(
    right: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = right.with_name("wrong.yaml")
    wrong.write_text(rule_text(score="0"), encoding="utf-8")

    assert main(["rules", "check", str(right), str(wrong), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["rules"] == [
        {"id": "blindbox.takeover", "version": 3, "mode": "shadow", "tests": 2}
    ]
    assert [(e["line"], e["column"]) for e in report["errors"]] == [(7, 8)]


def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "latin.yaml").write_bytes("id: é".encode("latin-1"))

    assert main(["rules", "check", str(tmp_path / "gone.yaml")]) == 2
    assert main(["rules", "check", str(tmp_path / "latin.yaml")]) == 2
    assert "latin.yaml cannot be read as UTF-8 text" in capsys.readouterr().err
