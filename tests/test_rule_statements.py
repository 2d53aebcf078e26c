"""Rules as SQL on SQLite or PostgreSQL have the hits of plain Python."""

from __future__ import annotations

from random import Random

import pytest
from django.db import connection

from zhizhi.kernel.rules.schema import BOOLEAN, TEXT
from zhizhi.kernel.rules.statements import POSTGRESQL, SQLITE, Dialect
from zhizhi.kernel.rules.tests import random_rules
from zhizhi.kernel.rules.tests.random_rules import SMALL

ENDS = 1_782_835_200_000_000  # 2026-07-01 in China
TYPES = {BOOLEAN: "boolean", TEXT: "text"}


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_the_database_answers_random_rules_as_plain_python_does(seed: int) -> None:
    draw = Random(seed)  # noqa: S311 - not for secrets
    rules = [random_rules.rule(draw, n) for n in range(100)]
    events = [
        (random_rules.event(draw), draw.choice(SMALL.kinds), ENDS + draw.randint(-1, 1))
        for _ in range(20)
    ]
    dialect = Dialect(SQLITE if connection.vendor == "sqlite" else POSTGRESQL, SMALL)
    columns = ", ".join(
        f'"{c.name}" {TYPES.get(c.kind, "double precision")}' for c in SMALL.columns.values()
    )

    answers = []
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE told (n integer, kind text, time_us bigint, {columns})"
        )
        for n, (event, kind, at) in enumerate(events):
            values = [n, kind, at, *(event.get(name) for name in SMALL.columns)]
            places = ", ".join(["%s"] * len(values))
            cursor.execute(f"INSERT INTO told VALUES ({places})", values)  # noqa: S608
        for rule in rules:
            sql = dialect.fires(rule)
            text = sql.text.replace("?", "%s")  # Django's places are the same on both
            cursor.execute(f"SELECT {text} FROM told ORDER BY n", sql.parameters)  # noqa: S608
            answers.append([bool(row[0]) for row in cursor.fetchall()])

    assert answers == [
        [rule.is_asked(kind, at) and rule.holds(event) for event, kind, at in events]
        for rule in rules
    ]
