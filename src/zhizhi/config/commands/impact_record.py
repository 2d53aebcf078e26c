"""Write what is kept about people, why and how long, from the labels of all fields."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zhizhi.config.boot import boot

HELP = "write the data-protection impact record"
HEADS = ("field", "title", "about", "purpose", "basis", "kept", "form", "sensitive")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--format", choices=["markdown", "json"], default="markdown")
    parser.add_argument("--language", choices=["zh-hans", "en"], default="zh-hans")
    parser.add_argument("--out", type=Path, help="file to write; without it, standard output")


def run(arguments: argparse.Namespace) -> int:
    """Write the record of this installation, with the settings that are in force."""
    boot()
    from django.utils import translation  # noqa: PLC0415 - settings load in boot()

    with translation.override(arguments.language):
        record = _record(datetime.now(UTC))
        text = _as_json(record) if arguments.format == "json" else _as_markdown(record)
    if arguments.out is None:
        sys.stdout.write(text)
    else:
        arguments.out.write_text(text, encoding="utf-8")
        print(f"{len(record['fields'])} fields written to {arguments.out}", file=sys.stderr)
    return 0


def _record(now: datetime) -> dict[str, Any]:
    from zhizhi.trust import audit, holding  # noqa: PLC0415 - models load after boot()

    rows = [
        dict(zip(HEADS, _row(name, one), strict=True)) for name, one in holding.labels().items()
    ]
    return {
        "format": "zhizhi-impact-record@1",
        "made_at": now.isoformat(timespec="seconds"),
        "audit_head": str(audit.head()),
        "fields": rows,
    }


def _row(name: str, label: Any) -> Iterator[Any]:
    from zhizhi.web.residents import own_copy  # noqa: PLC0415 - models load after boot()

    yield name
    yield str(label.title)
    yield str(own_copy.WHOSE[label.whose])
    yield str(label.purpose)
    yield str(own_copy.BASES[label.basis])
    yield own_copy.kept_for(label.keep)
    yield str(own_copy.FORMS[label.form])
    yield label.is_special


def _as_json(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, indent=1) + "\n"


def _as_markdown(record: dict[str, Any]) -> str:
    """Return one table for each app and group of people, with how much is in it."""
    from django.utils.translation import gettext as _  # noqa: PLC0415 - settings load in boot()

    heads = [_("Field"), _("What it is"), _("Purpose"), _("Basis"), _("Kept"), _("How it is kept"),
             _("Sensitive")]  # fmt: skip
    lines = [f"# {_('Personal information protection impact record')}", "",
             f"{record['made_at']} · {record['audit_head']}", ""]  # fmt: skip
    for about in dict.fromkeys(row["about"] for row in record["fields"]):
        rows = [row for row in record["fields"] if row["about"] == about]
        lines += [f"## {about} ({len(rows)})", "", _line(heads), _line(["---"] * len(heads))]
        lines += [_line(_cells(row, _("yes"))) for row in rows] + [""]
    return "\n".join(lines)


def _cells(row: dict[str, Any], yes: str) -> list[str]:
    cells = [f"`{row['field']}`", *(row[name] for name in HEADS if name not in {"field", "about"})]
    return [yes if cell is True else str(cell or "") for cell in cells]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
