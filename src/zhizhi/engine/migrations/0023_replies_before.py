"""Write down what reporters were told before replies were kept, from the history of their cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import migrations

AT_ONCE = 500
TOLD = {
    "report.receive": "received",
    "task.accept": "sent",
    "task.finish": "handled",
    "case.close": "closed",
    "case.dismiss": "closed",
    "case.reopen": "reopened",
}


def write(apps: Any, _editor: Any) -> None:
    reports, replies = apps.get_model("engine", "Report"), apps.get_model("engine", "Reply")
    lines = apps.get_model("engine", "TimelineEntry").objects.filter(verb__in=TOLD)
    newest = 0
    while found := list(reports._base_manager.filter(pk__gt=newest).order_by("pk")[:AT_ONCE]):
        newest = found[-1].pk
        histories: dict[int, list[Any]] = {one.case_id: [] for one in found}
        for line in lines.filter(case__in=histories).order_by("case", "seq"):
            histories[line.case_id].append(line)
        replies.objects.bulk_create(
            [
                replies(report=one, case_id=one.case_id, **told)
                for one in found
                for told in _told(one.pk, histories[one.case_id])
            ]
        )


def _told(report: int, lines: Sequence[Any]) -> Iterator[dict[str, Any]]:
    seen: set[tuple[int, str]] = set()
    turn = 1
    for line in lines:
        what = TOLD[line.verb]
        if line.data.get("report", report) != report or (turn, what) in seen:
            continue
        seen.add((turn, what))
        result = line.data.get("outcome", "") if what == "handled" else ""
        yield {"milestone": what, "round": turn, "at": line.at, "result": result}
        turn += what == "reopened"


class Migration(migrations.Migration):

    dependencies = [
        ("engine", "0022_replies"),
    ]

    operations = [
        migrations.RunPython(write, migrations.RunPython.noop),
    ]
