"""Clues out of residents' reports: what was read in them, and what an officer confirms.

A report is read in the transaction that opens its case. What the resident chose counts as the word
of one reporter; everything else waits for an officer. A dismissed case takes its clues back, an
objection that is upheld those from before it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from zhizhi.engine import merging, quotas, settings_in_force, timeline
from zhizhi.engine.dispatching import locked
from zhizhi.engine.models import Case, Report
from zhizhi.engine.reporting import PAGE, NewReport
from zhizhi.engine.states import StateConflict
from zhizhi.kernel.identifiers import Identifier
from zhizhi.systems.antifraud import checking, listing
from zhizhi.systems.antifraud.apps import CLUES, SCAM
from zhizhi.systems.antifraud.checking import NotReadable, Written
from zhizhi.systems.antifraud.models import Clue
from zhizhi.trust import vault

READ, CONFIRM = "scam.read", "scam.confirm"  # lines of the timeline
WORKER = "worker"
MOST_PHRASES = 50  # whose places are kept
_ONE_HOME = 64  # bits of an IPv6 address that one subscriber has


def reporter_of(address: str) -> str:
    """Return who reports from an internet address; a subscriber's IPv6 addresses are one."""
    home: str = address
    with suppress(ValueError):
        found = ipaddress.ip_address(address)
        if isinstance(found, ipaddress.IPv6Address):
            found = found.ipv4_mapped or found
        bits = _ONE_HOME if found.version == 6 else found.max_prefixlen
        home = str(ipaddress.ip_network((found, bits), strict=False))
    return vault.blind_index(home, column="antifraud.reporter")


def facts_of(things: Collection[Identifier], *, kind: str, address: str) -> dict[str, Any]:
    """Return what a resident chose, as the report carries it to ``gather``."""
    chosen = sorted((one.kind, one.value) for one in things)
    return {"kind": kind, "things": chosen, "reporter": reporter_of(address)}


def name_of(things: Collection[Identifier], *, browser: str, words: str) -> str:
    """Return the key of a browser's report: of the same things, or the same words if of none.

    The same again is the same report.
    """
    told = sorted(listing.key_of(one.kind, one.value) for one in things) or [words]
    return vault.blind_index("|".join([browser, *told]), column="antifraud.report")


def sent_before(name: str) -> int | None:
    """Return the number of the resident's report that was sent under this key, if there is one."""
    sent = Report.everything.filter(source__code=PAGE, external_id=name)
    return sent.values_list("pk", flat=True).first()


def gather(report: Report, new: NewReport, *, now: datetime) -> None:
    """Keep the clues of a report of a scam, and say in the history of its case what it holds."""
    if report.kind != SCAM:
        return
    written = _read(new)
    said = checking.said_of(written, new.telling, now)
    things = _chosen(written, new.facts)
    who = new.facts.get("reporter", "")
    counted = [_note(one, report, who, now=now) for one in things]
    tricks = dict(written.strength())
    data = {
        "answer": said.state, "tricks": tricks, "clues": len(counted), "counted": sum(counted),
        "phrases": [[one.start, one.stop, one.typology] for one in written.phrases][:MOST_PHRASES],
    }  # fmt: skip
    timeline.record(report.case, verb=READ, actor=WORKER, at=now, data=data)


def may_confirm(case: Case) -> bool:
    """Say whether clues of ``case`` may count: not of what was dismissed or joined to another."""
    return case.state not in {Case.State.DISMISSED, Case.State.MERGED}


def confirm(case: Case, clues: Collection[int], *, by: str, now: datetime) -> int:
    """Let ``clues`` of ``case`` count as what an officer found; returns how many.

    Raises StateConflict ("not-open") when the case was dismissed or stands for itself no more, and
    "confirmed-before" when there is nothing left to confirm.
    """
    with timeline.writing():
        if not may_confirm(locked(case)):
            message = f"the case is {case.get_state_display()}"
            raise StateConflict(message, code="not-open", record=case)
        rows = clues_of(case).filter(pk__in=clues, confirmed_at=None)
        chosen = sorted(rows.values_list("pk", flat=True))
        fresh = Clue.objects.filter(pk__in=chosen, confirmed_at=None)
        if not fresh.update(confirmed_at=now, confirmed_by=by):
            message = "there is nothing left to confirm"
            raise StateConflict(message, code="confirmed-before", record=case)
        timeline.record(case, verb=CONFIRM, actor=by, at=now, data={"clues": chosen})
    return len(chosen)


def clues_of(case: Case) -> QuerySet[Clue]:
    """Return the clues of a case and of those that it stands for, in the order of the words."""
    family = merging.family_of(case)
    return Clue.objects.filter(report__case__in=family).order_by("report", "start", "pk")


def findings_of(case: Case) -> Mapping[str, Any] | None:
    """Return what was read in the report of a case, without a word of it."""
    line = case.timeline.filter(verb=READ).order_by("seq").first()
    return None if line is None else line.data


def forget(report: int) -> Sequence[str]:
    """Delete the clues of a report; returns what receipts call them."""
    gone, _by_table = Clue.objects.filter(report=report).delete()
    return [f"clues:{report}"] if gone else []


def _read(new: NewReport) -> Written:
    """Read the words as what they were said to be; what cannot be that any more is a text."""
    try:
        return checking.read(new.telling, str(new.facts.get("kind", "")))
    except NotReadable:
        return checking.read(new.telling)


def _chosen(written: Written, facts: Mapping[str, Any]) -> list[tuple[Identifier, int, int]]:
    """Return what was chosen and still stands there; without a choice, all that stands there."""
    if "things" not in facts:
        return list(written.things)
    wanted = {tuple(one) for one in facts["things"]}
    return [one for one in written.things if (one[0].kind, one[0].value) in wanted]


def _note(found: tuple[Identifier, int, int], report: Report, who: str, *, now: datetime) -> bool:
    """Keep one clue and say whether it counts for itself: one address has so many an hour."""
    thing, start, stop = found
    most: int = settings_in_force.value(CLUES)
    counts = bool(who) and quotas.take("fraud clue", who, most=most, now=now)
    told = {"start": start, "stop": stop, "counts": counts}
    listing.note(thing, reporter=who, by=WORKER, now=now, report=report, told=told)
    return counts
