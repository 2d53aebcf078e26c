"""The names of categories, as a manifest declares the names of its kinds of cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

SYSTEM, PREFIX = "grid", "grid."


class CategoryNames(Mapping[str, Any]):
    """What every category is called by kind of case; those that are disabled keep their names."""

    def __getitem__(self, kind: str) -> Any:
        if kind == SYSTEM:
            return _("Everyday matters of all categories")
        if not kind.startswith(PREFIX):  # asked for every kind of the house: answer at no cost
            raise KeyError(kind)
        return _known()[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(_known())

    def __len__(self) -> int:
        return len(_known())


def _known() -> Mapping[str, Any]:
    from zhizhi.systems.grid import catalogue  # noqa: PLC0415 - models load after the manifest

    return catalogue.recent().names
