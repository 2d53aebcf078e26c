"""``zhizhi simulate``: a month of the district of reference, and numbers that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zhizhi.config.cli import main
from zhizhi.config.commands.simulate import NUMBERS


def test_the_month_of_reference_keeps_what_is_promised(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "guardian", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)

    assert (found["people"], found["days"], found["seed"]) == (592, 30, 1)
    assert found["losses"] > 100
    assert found["missed"] == 0
    assert found["false_to_relatives"] <= 50
    assert found["false_to_officer"] <= 12
    assert found["minutes_to_first"]["median"] <= 10
    assert found["minutes_to_officer"]["median"] <= 15
    assert found["naive"]["false_to_relatives"] > 1000
    assert found["model"]["outing_visible"] == 0.9


def test_a_person_reads_both_rules_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "guardian", "--people", "5", "--days", "9"]) == 0

    words = capsys.readouterr().out
    assert "everybody seen alone" in words
    assert "people 5, days 9, seed 1, lost" in words


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("visible = 0.9", "", "outing_visible"),
        ("visible = 0.9", "seen = 0.9", "outing_seen"),
        ("[outing]", "[outing", "line 4"),
        ("[outing]", "minutes = 5\n[outing]", "minutes"),
    ],
)
def test_numbers_that_cannot_be_used_are_named(
    old: str, new: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "numbers.toml"
    file.write_text(NUMBERS.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    assert main(["simulate", "guardian", "--numbers", str(file)]) == 2

    assert said in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "-1", "100001", "2.5", "many"])
def test_counts_out_of_bounds_are_refused(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["simulate", "guardian", "--people", count])

    assert "write a whole number from 1 to 100000" in capsys.readouterr().err
