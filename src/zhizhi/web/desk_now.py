"""What a desk draws anew after a change, made once for all desks that see the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import orjson
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.text import compress_string
from django.utils.translation import override

from zhizhi.trust.scoping import Scope
from zhizhi.web import places, queue
from zhizhi.web.board import board
from zhizhi.web.live import newest_seq
from zhizhi.web.queue import QueueFilter, Window
from zhizhi.web.snapshot import Snapshots
from zhizhi.web.unit_filter import UnitFilter

PARTS = {
    "queue": "web/parts/queue.html",
    "tabs": "web/parts/tabs.html",
    "situation": "web/parts/situation.html",
    "board-head": "web/parts/board_head.html",
    "board-rows": "web/parts/board_rows.html",
}
# After a change two hundred desks fetch this: compressed once for all, and by a random length
# longer, so that its size tells nothing of what somebody else has written (as Django pads pages).
PADDED_BY_AT_MOST = 100

_snapshots = Snapshots()


@dataclass(frozen=True, slots=True)
class DeskQuestion:
    """What a desk asks; questions of desks that see alike are equal."""

    scope: Scope = field(compare=False)
    reach: frozenset[tuple[str, int | None]]  # all its roles see alike what lies in their area
    wanted: QueueFilter
    units: UnitFilter
    window: Window
    is_queue_alone: bool
    language: str

    @classmethod
    def of(cls, scope: Scope, query: QueryDict, language: str) -> Self:
        """Read the question from an address."""
        return cls(
            scope=scope,
            reach=frozenset((grant.area_path, grant.unit) for grant in scope.grants),
            wanted=QueueFilter.of(query),
            units=UnitFilter.of(query),
            window=Window.of(query),
            is_queue_alone=query.get("only") == "queue",
            language=language,
        )


def answer(question: DeskQuestion) -> bytes:
    """Return the answer as compressed JSON: parts of the page, and the map's points."""
    return _snapshots.get(question, newest_seq(), lambda: _made(question))


def _made(question: DeskQuestion) -> bytes:
    with override(question.language):
        told = _queue_alone(question) if question.is_queue_alone else _everything(question)
        return compress_string(orjson.dumps(told), max_random_bytes=PADDED_BY_AT_MOST)


def _queue_alone(asked: DeskQuestion) -> Mapping[str, Any]:
    """Return the rows of another window: nothing has happened, somebody scrolls."""
    rows = queue.page(asked.scope, asked.wanted, asked.window, now=timezone.now())
    context = {**rows, "wanted": asked.wanted}
    return {"parts": {"queue": render_to_string(PARTS["queue"], context)}}


def _everything(asked: DeskQuestion) -> Mapping[str, Any]:
    moment, scope, wanted = timezone.now(), asked.scope, asked.wanted
    rows = queue.page(scope, wanted, asked.window, now=moment)
    units = board(scope, now=moment, wanted=asked.units, needs=rows["needs"])
    context = {**rows, "board": units, "wanted": wanted}
    return {
        "newest": queue.newest(scope, wanted, now=moment),
        "parts": {name: render_to_string(template, context) for name, template in PARTS.items()},
        "counts": {str(pk): count for pk, count in places.counts(scope).items()},
        "alerts": places.alert_points(scope, wanted, now=moment),
        "units": units["points"],
    }
