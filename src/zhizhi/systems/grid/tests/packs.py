"""Small packs of categories, written as their files are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from zhizhi.systems.grid import drafting, importing
from zhizhi.systems.grid.drafting import COLUMNS, HandedPack
from zhizhi.systems.grid.importing import PackPreview
from zhizhi.systems.grid.models import Category

NOON = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
GOOD = {
    "name_zh": "路灯不亮", "name_en": "Lamp out", "kind": "part", "severity": "normal",
    "residents": "yes",
}  # fmt: skip


def row(code: str, parent: str = "", **cells: Any) -> dict[str, str]:
    return {**dict.fromkeys(COLUMNS, ""), **GOOD, "code": code, "parent": parent, **cells}


def written(*rows: dict[str, str]) -> bytes:
    lines = [",".join(COLUMNS), *(",".join(one[name] for name in COLUMNS) for one in rows)]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def handed(*rows: dict[str, str], pack: str = "city") -> HandedPack:
    return drafting.read(written(*rows), pack=pack)


def brought(*rows: dict[str, str], pack: str = "city", now: datetime = NOON) -> PackPreview:
    return importing.import_pack(handed(*rows, pack=pack), by="cli", now=now)


def category(code: str) -> Category:
    return Category.objects.select_related("parent", "pack").get(code=code)
