"""Moving a record from one state to another, exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models


class StateConflict(Exception):
    """Somebody was faster, or the move is not allowed from where the record now is.

    ``code`` is a stable word for interfaces; ``record`` is the fresh row, so a page can say who
    won.
    """

    def __init__(self, message: str, *, code: str = "state-conflict", record: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.record = record


Transitions = Mapping[str, frozenset[str]]


def move(
    record: models.Model, to: str, *, allowed: Transitions, field: str = "state", **also: Any
) -> None:
    """Set ``field`` to ``to`` by one conditional UPDATE, together with the columns in ``also``.

    ``allowed`` maps a state to the states it may go to. Zero rows changed raises StateConflict; the
    given instance is brought up to date either way.
    """
    sources = [state for state, targets in allowed.items() if to in targets]
    manager = type(record)._base_manager  # noqa: SLF001 - Django's documented unscoped manager
    changed = manager.filter(pk=record.pk, **{f"{field}__in": sources}).update(
        **{field: to}, **also
    )
    record.refresh_from_db(from_queryset=manager.all())
    if not changed:
        now = getattr(record, field)
        message = f"{type(record).__name__} {record.pk} cannot go from {now} to {to}"
        raise StateConflict(message, record=record)
