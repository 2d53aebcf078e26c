"""A case's history: appended, chained to the line before, never edited."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import models, transaction
from django.db.models import F

from zhizhi.engine import replying
from zhizhi.engine.models import Case, Task, TimelineEntry
from zhizhi.kernel.stabbing import fork_of
from zhizhi.trust import audit, canonical, ciphers, walking

GENESIS = "0" * 64
STANDS = "stands"  # in the data of the last line of a change: the state and severity it led to
DISMISS = "case.dismiss"
STANDING = ("area_path", "state", "severity", "opened_at", "closed_at", "fork")


@dataclass(slots=True)
class _Pending:
    """What one transaction will append just before it commits."""

    entries: list[TimelineEntry] = field(default_factory=list)
    leaves: list[audit.Leaf | TimelineEntry] = field(default_factory=list)


_pending: ContextVar[_Pending | None] = ContextVar("timeline_pending", default=None)
_marks: ContextVar[Mapping[str, int]] = ContextVar("timeline_marks", default=MappingProxyType({}))
MARKED = ("macro", "macro_version")  # what the audit chain repeats of a marked line


@contextmanager
def marked(marks: Mapping[str, int]) -> Iterator[None]:
    """Let every line of the block say by what it came to be: "macro", "macro_version"..."""
    token = _marks.set(marks)
    try:
        yield
    finally:
        _marks.reset(token)


@contextmanager
def writing() -> Iterator[None]:
    """Open one transaction whose timeline lines are chained and written at its very end.

    The audit chain's head is locked last and therefore only for a moment, and nobody waits for
    another row while holding it: verbs cannot deadlock on it. Nested use joins the outer one.
    """
    outer = _pending.get()
    with transaction.atomic():
        if outer is None:
            token = _pending.set(_Pending())
            try:
                yield
                _flush(_pending.get() or _Pending())
            finally:
                _pending.reset(token)
            return
        kept = (len(outer.entries), len(outer.leaves))
        try:
            yield
        except BaseException:
            del outer.entries[kept[0] :], outer.leaves[kept[1] :]
            raise


def record(  # noqa: PLR0913 - all named at the call
    case: Case,
    *,
    verb: str,
    actor: str,
    at: datetime,
    task: Task | None = None,
    note: str = "",
    data: Mapping[str, Any] | None = None,
) -> TimelineEntry:
    """Append one line to the history of ``case`` and one leaf to the audit chain.

    Inside ``writing()`` the line gets its number and digest when that block ends.
    """
    told = plain({**(data or {}), **_marks.get()})
    entry = TimelineEntry(case=case, at=at, actor=actor, verb=verb, task=task, note=note, data=told)
    with _joined() as pending:
        pending.entries.append(entry)
        pending.leaves.append(entry)
    return entry


def leave(leaf: audit.Leaf) -> None:
    """Append ``leaf``, which belongs to no case, to the audit chain."""
    with _joined() as pending:
        pending.leaves.append(leaf)


@contextmanager
def _joined() -> Iterator[_Pending]:
    """Give what the open block will append, or open one; needs no savepoint of its own."""
    outer = _pending.get()
    if outer is not None:
        yield outer
        return
    with writing():
        yield _pending.get() or _Pending()


def plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``value`` as JSON will give it back from either database; moments become text."""
    found: dict[str, Any] = canonical.plain(json.loads(json.dumps(value, default=str)))
    return found


def seal(entry: TimelineEntry) -> str:
    """Return the digest that chains ``entry`` to the line before it."""
    return ciphers.suite().digest(canonical.encode(columns_of(entry)))


def columns_of(entry: TimelineEntry) -> dict[str, Any]:
    """Return what the digest of ``entry`` covers."""
    return {
        "case": entry.case_id,
        "seq": entry.seq,
        "at": entry.at,
        "actor": entry.actor,
        "verb": entry.verb,
        "task": entry.task_id,
        "note": entry.note,
        "data": entry.data,
        "previous": entry.previous,
    }


def _flush(pending: _Pending) -> None:
    """Number, chain and write the lines, then append their leaves in the order they came."""
    if pending.entries:
        paths = _chain(pending.entries)
        TimelineEntry.objects.bulk_create(pending.entries, batch_size=500)
    else:
        paths = {}
    leaves = [
        _leaf(one, paths[one.case_id]) if isinstance(one, TimelineEntry) else one
        for one in pending.leaves
    ]
    if leaves:
        audit.append(leaves)


def _chain(entries: list[TimelineEntry]) -> dict[int, str]:
    """Give each entry its place behind the newest line of its case; returns area paths."""
    newest_of = {entry.case_id: entry for entry in entries}
    ids = set(newest_of)
    cases = Case.everything.filter(pk__in=ids)
    locked = list(cases.order_by("pk").select_for_update().only(*STANDING))
    for case in locked:
        stands = {"state": case.state, "severity": case.severity}
        newest_of[case.pk].data = {**newest_of[case.pk].data, STANDS: stands}
    _keep_forks(locked)
    telling = {entry.case_id for entry in entries if entry.verb in replying.TELLING}
    if telling:
        whys = {one.case_id: one.data.get("outcome", "") for one in entries if one.verb == DISMISS}
        told = (case for case in locked if case.pk in telling)
        replying.tell(told, whys, now=entries[-1].at)
    newest = (
        TimelineEntry.objects.filter(case=models.OuterRef("case"))
        .order_by("-seq")
        .values("seq")[:1]
    )
    heads = {
        case: (seq, digest)
        for case, seq, digest in TimelineEntry.objects.filter(
            case_id__in=ids, seq=models.Subquery(newest)
        ).values_list("case_id", "seq", "digest")
    }
    for entry in entries:
        seq, previous = heads.get(entry.case_id, (0, GENESIS))
        entry.seq, entry.previous = seq + 1, previous
        entry.digest = seal(entry)
        heads[entry.case_id] = (entry.seq, entry.digest)
    latest = max(entry.at for entry in entries)
    cases.update(changed_at=latest, lock_version=F("lock_version") + 1)
    return {case.pk: case.area_path for case in locked}


def _keep_forks(cases: Iterable[Case]) -> None:
    """Let ended cases be found by the moments of their span, and live ones by having no end."""
    for case in cases:
        ended = case.closed_at
        fork = None if ended is None else fork_of(case.opened_at, ended)
        if fork != case.fork:
            Case.everything.filter(pk=case.pk).update(fork=fork)


def _leaf(entry: TimelineEntry, area_path: str) -> audit.Leaf:
    detail: dict[str, Any] = {"seq": entry.seq, "digest": entry.digest}
    if entry.task_id:
        detail["task"] = entry.task_id
    detail |= {name: entry.data[name] for name in MARKED if name in entry.data}
    return audit.Leaf(
        actor=entry.actor,
        verb=entry.verb,
        subject=f"case:{entry.case_id}",
        at=entry.at,
        area_path=area_path,
        detail=detail,
    )


def history(case: Case) -> Iterable[TimelineEntry]:
    """Return the lines of ``case``, oldest first."""
    return case.timeline.order_by("seq")


def verify() -> Iterator[audit.Break]:
    """Walk every case's history and yield each line that was changed, removed or added.

    A line counts only if the audit chain has its digest; verify that chain first.
    """
    known: dict[int, dict[int, str]] = {}
    for leaf in audit.leaves(subjects="case:"):
        case, detail = leaf["subject"].partition(":")[2], leaf["detail"]
        if case.isdecimal() and "digest" in detail and "seq" in detail:
            known.setdefault(int(case), {})[detail["seq"]] = detail["digest"]
    lines = walking.each(TimelineEntry.objects.order_by("case_id", "seq"), "case_id", "seq")
    for case_id, entries in itertools.groupby(lines, key=lambda line: line[0][1]):
        yield from _verify_case(case_id, entries, known.pop(case_id, {}))
    for case_id, left in known.items():
        yield _break(case_id, f"1-{max(left)}", "missing")


def _verify_case(
    case: int, entries: Iterable[tuple[walking.Key, Any]], leaves: Mapping[int, str]
) -> Iterator[audit.Break]:
    seq, digest = 0, GENESIS
    for (_pk, _case, at), entry in entries:
        if at > seq + 1:
            yield _break(case, _span(seq + 1, at - 1), "missing")
        follows = digest if at == seq + 1 else ""
        reason = "cannot be read"
        if entry is not None:
            is_placed = (entry.case_id, entry.seq) == (case, at)
            reason = _doubt(entry, follows=follows, leaves=leaves) if is_placed else "changed"
        if reason:
            yield _break(case, str(at), reason)
        seq, digest = at, entry.digest if entry else ""
    newest = max(leaves, default=0)
    if newest > seq:
        yield _break(case, _span(seq + 1, newest), "missing")


def _doubt(entry: TimelineEntry, *, follows: str, leaves: Mapping[int, str]) -> str:
    """Return what is wrong with one line, or nothing; ``follows`` is empty when not known."""
    if not walking.fits(columns_of(entry), entry.digest):
        return "changed"
    if follows and entry.previous != follows:
        return "does not follow the line before it"
    if leaves.get(entry.seq) != entry.digest:
        return "differs from the audit chain"
    return ""


def _break(case: int, line: str, reason: str) -> audit.Break:
    return audit.Break("engine_timelineentry", f"case {case} line {line}", reason)


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
