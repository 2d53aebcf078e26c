"""``zhizhi verify-log``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings

from zhizhi.config.commands import verify_log
from zhizhi.engine import timeline
from zhizhi.engine.tests.building import case
from zhizhi.engine.tests.racing import losers, race
from zhizhi.trust import append_only, audit, evidence
from zhizhi.trust.audit import Leaf
from zhizhi.trust.tests.test_evidence import photo

pytestmark = pytest.mark.django_db
AT = datetime(2023, 2, 24, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA=tmp_path):
        yield tmp_path


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    verify_log.arguments(parser)
    return verify_log.run(parser.parse_args(words))


def chain(count: int) -> None:
    with transaction.atomic():
        audit.append([Leaf("worker", "case.open", f"case:{n}", AT) for n in range(count)])


def tamper(statement: str) -> None:
    with append_only.lifted(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_whole_log_says_so_and_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    chain(3)

    assert run() == 0

    out = capsys.readouterr().out
    assert "✔ audit: 3 rows, 0 broken" in out
    assert f"Head of the log, worth writing down elsewhere: {audit.head()}" in out


@pytest.mark.django_db(transaction=True)
def test_what_is_written_meanwhile_is_no_tampering(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    worked = case()
    asked, read = [], audit.leaves

    def note() -> None:
        timeline.record(worked, verb="case.note", actor="worker", at=AT, note="seen")

    def slowly(*verbs: str, **which: Any) -> Iterator[dict[str, Any]]:
        yield from list(read(*verbs, **which))
        asked.extend(race(note))  # after the leaves of this log were read, before its rows are

    monkeypatch.setattr(audit, "leaves", slowly)

    assert run() == 0, capsys.readouterr().out
    assert asked
    assert not losers(asked)
    monkeypatch.setattr(audit, "leaves", read)
    assert run() == 0, capsys.readouterr().out


def test_one_flipped_byte_in_a_row_names_table_and_row(capsys: pytest.CaptureFixture[str]) -> None:
    chain(3)
    tamper("UPDATE trust_auditentry SET subject = 'case:0' WHERE seq = 2")

    assert run() == 1

    assert "trust_auditentry 2: changed" in capsys.readouterr().out


def test_one_flipped_byte_in_a_sealed_photo_names_the_row(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = evidence.seal(photo(), case=1, kind="photo", media_type="", by="unit:3", now=AT)
    path = data / "sealed" / row.original
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)

    assert run("--json") == 1

    summary = json.loads(capsys.readouterr().out)
    assert summary["ok"] is False
    assert summary["logs"][-1]["breaks"] == [
        {"table": "trust_evidence", "row": str(row.pk), "reason": f"{row.original} was changed"}
    ]


def a_case(lines: int = 3) -> int:
    one = case()
    for number in range(lines):
        timeline.record(one, verb=f"note.{number}", actor="worker", at=AT, note="as it was")
    return one.pk


@pytest.mark.parametrize(
    ("forgery", "named"),
    [
        ("UPDATE engine_timelineentry SET note = 'as it wbs' WHERE seq = 2", "line 2: changed"),
        ("DELETE FROM engine_timelineentry WHERE seq = 2", "line 2: missing"),
        ("DELETE FROM engine_timelineentry WHERE seq >= 2", "line 2-3: missing"),
        ("DELETE FROM engine_timelineentry", "line 1-3: missing"),
    ],
)
def test_a_case_history_that_was_changed_or_cut_names_its_lines(
    forgery: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pk = a_case()
    assert run() == 0
    tamper(forgery)

    assert run() == 1

    out = capsys.readouterr().out
    assert f"engine_timelineentry case {pk} {named}" in out
    assert "✔ audit: 3 rows, 0 broken" in out


def test_lines_that_changed_places_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    pk = a_case()
    for old, new in ((1, 99), (2, 1), (99, 2)):
        tamper(f"UPDATE engine_timelineentry SET seq = {new} WHERE seq = {old}")  # noqa: S608 - the forgery

    assert run() == 1

    out = capsys.readouterr().out
    assert f"engine_timelineentry case {pk} line 1: changed" in out
    assert f"engine_timelineentry case {pk} line 2: changed" in out


def test_an_installation_set_back_as_a_whole_shows_by_the_published_head(
    capsys: pytest.CaptureFixture[str],
) -> None:
    a_case()
    with transaction.atomic():
        a_case_later = case(key="later")
        timeline.record(a_case_later, verb="note", actor="worker", at=AT)
        published = str(audit.head())
        transaction.set_rollback(True)  # a backup from before is put back

    assert run() == 0
    assert run("--head", published) == 1

    assert "trust_auditentry 4: missing, though published" in capsys.readouterr().out


def test_machines_get_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    chain(2)

    assert run("--json") == 0

    summary = json.loads(capsys.readouterr().out)
    assert summary["ok"] is True
    assert summary["head"] == str(audit.head())
    assert [log["log"] for log in summary["logs"]] == [
        "audit", "tree", "access", "timeline", "consents", "settings", "macros", "categories",
        "routing", "figures", "erasures", "evidence",
    ]  # fmt: skip
    assert [log["rows"] for log in summary["logs"]] == [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]


def test_of_many_breaks_the_first_hundred_are_printed_and_all_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    chain(101)
    tamper("UPDATE trust_auditentry SET actor = 'nobody'")

    assert run() == 1

    out = capsys.readouterr().out
    assert "101 rows, 101 broken" in out
    assert "... and 1 more" in out


def test_the_published_head_finds_what_the_chain_alone_cannot(
    capsys: pytest.CaptureFixture[str],
) -> None:
    chain(2)
    whole = str(audit.head())
    assert run("--head", whole) == 0

    assert run("--head", whole[:-1] + ("0" if whole[-1] != "0" else "1")) == 1

    assert "is not the row that was published" in capsys.readouterr().out


def test_a_mistyped_head_is_no_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--head", "12") == 2

    assert "SEQ:DIGEST" in capsys.readouterr().err
