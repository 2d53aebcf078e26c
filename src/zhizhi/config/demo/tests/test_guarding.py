from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from zhizhi.config.demo import guarding
from zhizhi.directory import accounts
from zhizhi.directory.models import Area

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The environment of a stranger's shell."""
    for name in ("ZHIZHI_MODE", "ZHIZHI_CARRIER_URL", "ZHIZHI_LOG_LEVEL"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("ZHIZHI_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.mark.parametrize("mode", ["production", "test"])
def test_another_mode_in_the_environment_is_refused(
    outside: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("ZHIZHI_MODE", mode)
    with pytest.raises(guarding.DemoRefused, match=mode):
        guarding.enter_demo_mode(gateway_port=8010)


def test_without_a_mode_the_demonstration_sets_its_own(
    outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert guarding.enter_demo_mode(gateway_port=8123) == outside
    import os  # noqa: PLC0415 - what the children will see

    assert os.environ["ZHIZHI_MODE"] == "demo"
    assert os.environ["ZHIZHI_CARRIER_URL"] == "http://127.0.0.1:8123"


def test_a_folder_with_a_foreign_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "zhizhi.sqlite3").touch()
    for is_fresh in (False, True):
        with pytest.raises(guarding.DemoRefused, match="ZHIZHI_DATA"):
            guarding.claim_folder(tmp_path, is_fresh=is_fresh)
    assert (tmp_path / "zhizhi.sqlite3").exists()


def test_fresh_empties_only_a_folder_of_its_own(tmp_path: Path) -> None:
    data = tmp_path / "data"
    guarding.claim_folder(data, is_fresh=True)
    (data / "zhizhi.sqlite3").touch()

    guarding.claim_folder(data, is_fresh=False)
    assert (data / "zhizhi.sqlite3").exists()
    guarding.claim_folder(data, is_fresh=True)

    assert not (data / "zhizhi.sqlite3").exists()
    assert (data / guarding.MARK).exists()


def test_fresh_leaves_a_folder_of_somebody_else_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    guarding.claim_folder(tmp_path, is_fresh=True)
    assert (tmp_path / "letters.txt").read_text() == "mine"


@pytest.mark.django_db
def test_a_database_of_real_people_is_refused() -> None:
    accounts.create_account(
        "wang", "a long enough secret 41", call_sign="值班员", by="account:1", now=NOW
    )
    with pytest.raises(guarding.DemoRefused, match="real people"):
        guarding.check_database(is_fresh=False)


@pytest.mark.django_db
def test_a_database_of_a_real_place_is_refused() -> None:
    Area.objects.create(
        kind="district", code="500102000000000", name="甲区", path="/500102000000000/",
        min_lon=107, min_lat=29, max_lon=108, max_lat=30, lon=107.5, lat=29.5, valid_from=NOW,
    )  # fmt: skip
    with pytest.raises(guarding.DemoRefused, match="real place"):
        guarding.check_database(is_fresh=False)


@pytest.mark.django_db
def test_an_empty_database_is_taken() -> None:
    guarding.check_database(is_fresh=True)
