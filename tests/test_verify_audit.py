"""The verifier that needs nothing of the product finds what was done to the database by hand."""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings

from zhizhi.config.commands import prove
from zhizhi.trust import append_only, audit, canonical, ciphers, tree
from zhizhi.trust.audit import Leaf
from zhizhi.trust.models import AuditEntry, TreeRoot

pytestmark = pytest.mark.django_db
SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "verify_audit.py"
AT = datetime(2026, 2, 24, 8, 0, 0, 120_000, tzinfo=UTC)
COLUMNS = ("seq", "at", "actor", "verb", "subject", "area_path", "detail", "previous")
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA=tmp_path):
        yield tmp_path


def log(count: int) -> TreeRoot:
    """Write entries of every kind of detail and publish the root."""
    details: list[Row] = [
        {},
        {"rows": 3, "é": "镇"},
        {"share": 0.5, "whole": 2.0, "list": [1, None]},
    ]
    with transaction.atomic():
        audit.append(
            [
                Leaf("account:1", "case.open", f"case:{n}", AT + timedelta(seconds=n),
                     "/1/", details[n % 3])
                for n in range(count)
            ]
        )  # fmt: skip
    tree.grow(AT)
    root = tree.newest()
    assert root is not None
    return root


def verify(*words: str) -> tuple[int, str]:
    run = subprocess.run(
        [sys.executable, "-I", "-S", SCRIPT, *words],  # nothing but Python itself
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return run.returncode, run.stdout + run.stderr


def rows_in(data: Path) -> str:
    """Write the entries as they stand in the database, one JSON object a line, as psql would."""
    lines = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM trust_auditentry ORDER BY seq")
        names = [column[0] for column in cursor.description]
        for values in cursor.fetchall():
            row = dict(zip(names, values, strict=True))
            row["at"] = str(row["at"])
            row["detail"] = json.loads(row["detail"])
            lines.append(json.dumps(row, ensure_ascii=False))
    file = data / "rows.ndjson"
    file.write_text("\n".join(lines), encoding="utf-8")
    return str(file)


def tamper(statement: str) -> None:
    with append_only.lifted(), connection.cursor() as cursor:
        cursor.execute(statement)


def forge() -> None:
    """Change an entry and make the whole chain after it fit again, as somebody patient could."""
    previous = "0" * 64
    for row in AuditEntry.objects.order_by("seq").values():
        row["previous"] = previous
        row["subject"] = "case:0" if row["seq"] == 4 else row["subject"]
        previous = ciphers.sha256(canonical.encode({name: row[name] for name in COLUMNS}))
        tamper(
            f"UPDATE trust_auditentry SET subject = '{row['subject']}', digest = '{previous}', "  # noqa: S608 - our own words
            f"previous = '{row['previous']}' WHERE seq = {row['seq']}"
        )


def swap() -> None:
    """Let two entries change places."""
    tamper("UPDATE trust_auditentry SET seq = 1000 WHERE seq = 4")
    tamper("UPDATE trust_auditentry SET seq = 4 WHERE seq = 5")
    tamper("UPDATE trust_auditentry SET seq = 5 WHERE seq = 1000")


def test_the_file_of_a_small_installation_is_read_as_it_lies_there(data: Path) -> None:
    root, file = log(5), data / "zhizhi.sqlite3"
    with sqlite3.connect(file) as base:
        names = (*COLUMNS, "digest")
        base.execute(f"CREATE TABLE trust_auditentry ({', '.join(names)})")
        for row in AuditEntry.objects.values(*names):
            row |= {"at": f"{row['at']:%Y-%m-%d %H:%M:%S.%f}", "detail": json.dumps(row["detail"])}
            base.execute(f"INSERT INTO trust_auditentry VALUES ({'?,' * 8}?)", list(row.values()))  # noqa: S608 - question marks
    base.close()

    said = verify("database", str(file), "--root", f"5:{root.root}")

    assert said == (0, "agrees with the root of 5 entries\n")
    assert verify("database", str(data / "none"), "--root", f"5:{root.root}")[0] == 2


@pytest.mark.parametrize("more", [0, 4])
def test_an_untouched_log_agrees_also_when_it_has_grown_since(more: int, data: Path) -> None:
    root = log(10)
    if more:
        log(more)

    status, said = verify("rows", rows_in(data), "--root", f"{root.size}:{root.root}")

    assert (status, said) == (0, "agrees with the root of 10 entries\n")


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda: tamper("UPDATE trust_auditentry SET actor = 'account:2' WHERE seq = 4"),
         "entry 4: changed"),
        (lambda: tamper("UPDATE trust_auditentry SET detail = '{\"rows\": 4}' WHERE seq = 5"),
         "entry 5: changed"),
        (lambda: tamper("DELETE FROM trust_auditentry WHERE seq = 4"),
         "entry 4: missing, 5 stands in its place"),
        (swap, "entry 4: changed"),
        (lambda: tamper("DELETE FROM trust_auditentry WHERE seq > 8"),
         "entry 9 and those after it: missing, though published"),
        (lambda: tamper("DELETE FROM trust_auditentry"),
         "entry 1 and those after it: missing, though published"),
        (forge, "entries 1 to 10: not those that were published"),
    ],
    ids=["edited", "edited detail", "deleted", "reordered", "set back", "emptied", "made anew"],
)  # fmt: skip
def test_what_was_done_with_the_application_stopped_is_found(
    act: Callable[[], None], said: str, data: Path
) -> None:
    root = log(10)

    act()

    status, told = verify("rows", rows_in(data), "--root", f"{root.size}:{root.root}")
    assert status == 1
    assert said in told


def proof(data: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    parser = argparse.ArgumentParser()
    prove.arguments(parser)
    assert prove.run(parser.parse_args(words)) == 0
    file = data / "proof.json"
    file.write_text(capsys.readouterr().out)
    return str(file)


@pytest.mark.parametrize("seq", [1, 7, 10])
def test_a_proof_convinces_whoever_kept_the_root(
    seq: int, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = log(10)

    file = proof(data, capsys, str(seq))

    assert verify("proof", file, "--root", f"10:{root.root}")[0] == 0
    status, said = verify("proof", file, "--root", f"10:{'ab' * 32}")
    assert (status, said) == (1, f"entry {seq}: not shown to be in the log of this root\n")


@pytest.mark.parametrize(("old", "new"), [(3, 10), (4, 9), (8, 12), (5, 5)])
def test_growth_convinces_whoever_kept_both_roots(
    old: int, new: int, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = log(old)
    second = log(new - old) if new > old else first

    file = proof(data, capsys, "--since", str(old))

    roots = ("--root", f"{new}:{second.root}", "--old", f"{old}:{first.root}")
    assert verify("proof", file, *roots)[0] == 0
    status, said = verify("proof", file, *roots[:3], f"{old}:{'ab' * 32}")
    assert status == 1
    assert f"not shown to begin with that of {old}" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Say either which entry"),
        (("3", "--since", "2"), "Say either which entry"),
        (("11",), "entry 10 is not among the first 10"),
        (("1", "--at", "9"), "No root of size 9"),
    ],
)
def test_what_cannot_be_proved_says_why(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log(10)
    parser = argparse.ArgumentParser()
    prove.arguments(parser)

    assert prove.run(parser.parse_args(words)) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("content", ["not json", '{"seq": 1}', "[]"])
def test_what_cannot_be_read_is_neither_right_nor_wrong(content: str, data: Path) -> None:
    file = data / "rows.ndjson"
    file.write_text(content)

    status, said = verify("rows", str(file), "--root", f"1:{'ab' * 32}")

    assert status == 2
    assert said.startswith("cannot be read")


def test_the_verifier_is_short_enough_to_be_read() -> None:
    assert len(SCRIPT.read_text(encoding="utf-8").splitlines()) <= 200
