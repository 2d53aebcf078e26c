"""``zhizhi doctor``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import override_settings

from zhizhi.config.commands import doctor
from zhizhi.trust import append_only, evidence, keys, vault
from zhizhi.trust.models import SubjectKey
from zhizhi.trust.tests.test_evidence import photo

pytestmark = pytest.mark.django_db
AT = datetime(2023, 2, 24, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA=tmp_path):
        yield tmp_path


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    doctor.arguments(parser)
    return doctor.run(parser.parse_args(words))


def test_a_healthy_installation_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0

    assert "✘" not in capsys.readouterr().out


@override_settings(MODE="production", SECRET_KEY="s" * 40)
def test_missing_keys_are_told_with_their_remedy_and_made_on_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run()
    told = capsys.readouterr().out
    assert "zhizhi.E004" in told
    assert "--make-keys" in told

    run("--make-keys", "--json")

    report = json.loads(capsys.readouterr().out)
    assert len(report["done"]) == 5
    assert "zhizhi.E004" not in {one.get("id") for one in report["checks"]}


def test_an_error_is_an_exit_status_and_machines_read_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with override_settings(TIME_ZONE="Atlantis/Capital"):
        assert run("--json") == 1

    report = json.loads(capsys.readouterr().out)
    wrong = [one for one in report["checks"] if one["level"] == "error"]
    assert report["ok"] is False
    assert [one["id"] for one in wrong] == ["zhizhi.E007"]
    assert wrong[0]["remedy"]


@override_settings(CARRIER_SECRET="")
def test_a_warning_alone_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0

    assert "! " in capsys.readouterr().out


def test_making_keys_twice_makes_none(capsys: pytest.CaptureFixture[str]) -> None:
    keys.ring()

    run("--make-keys")

    assert "no key was missing" in capsys.readouterr().out


def test_rotating_wraps_every_persons_key_anew(capsys: pytest.CaptureFixture[str]) -> None:
    (row, key), *_ = vault.make_keys(3, now=AT)
    old = keys.ring().current("vault")

    assert run("--rotate-keys") == 0

    assert "wrapped 3 keys of people" in capsys.readouterr().out
    stored = SubjectKey.objects.get(pk=row.pk)
    assert stored.key_id != old.id
    assert vault.unwrap(stored) == key


def drop(guard: str) -> None:
    with connection.cursor() as cursor:
        for name, dropping, _ in append_only._present(connection):
            if name == f"append_only_{guard}":
                cursor.execute(dropping)


def test_a_dropped_guard_is_named_and_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    drop("trust_auditentry_delete")

    assert run("--restore-guards") == 0

    assert "guarded trust_auditentry again" in capsys.readouterr().out
    run("--restore-guards")
    assert "no guard was missing" in capsys.readouterr().out


def test_a_restored_guard_lets_only_the_working_copy_change() -> None:
    drop("trust_evidence_update")
    run("--restore-guards")
    row = evidence.seal(photo(), case=1, kind="photo", media_type="", by="unit:3", now=AT)

    evidence.set_working_copy(row, photo())

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        type(row).objects.update(uploaded_by="unit:4")


def test_a_rotation_that_cannot_be_done_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    vault.make_keys(1, now=AT)
    next(keys.folder().glob("vault-*.key")).unlink()

    assert run("--rotate-keys") == 1

    assert "stopped: The key ring" in capsys.readouterr().out


def test_a_machine_that_cannot_write_pdf_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)

    assert run("--json") == 0

    told = {one.get("id"): one for one in json.loads(capsys.readouterr().out)["checks"]}
    assert told["zhizhi.W016"]["level"] == "warning"
    assert "apt-get install libpango" in told["zhizhi.W016"]["remedy"]


def test_a_machine_without_chinese_fonts_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fc-list").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "fc-list").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    run()

    assert "fonts-noto-cjk" in capsys.readouterr().out
