"""Appeals against automated alerts: made with a code or written down by staff, and decided.

The code is in the message that an alert sends and on the page of its case. It is computed from the
alert, so it is kept nowhere. Whoever holds it reads why the alert was raised, and may appeal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError

from zhizhi.directory.granting import seal_words
from zhizhi.engine import awaiting, closing, lifting, settings_in_force, timeline
from zhizhi.engine.claiming import AnswerMissing, answer_within
from zhizhi.engine.dispatching import locked
from zhizhi.engine.models import Alert, Appeal
from zhizhi.engine.reporting import RESIDENT
from zhizhi.engine.states import StateConflict, move
from zhizhi.trust import erasing, grounds, vault

TABLE = "engine_appeal"
SEALED = ("words", "answer")
CODE = re.compile(r"\D*0*(\d{1,18})\D+(\d{4})\D*(\d{4})\D*")
WORKER = "worker"
AT_ONCE = 100  # appeals that one round forgets


class DecidedOwnWork(PermissionDenied):
    """Whoever sent, handled, reviewed or wrote the appeal down does not decide it."""


def code_of(alert: Alert) -> str:
    """Return the code with which ``alert`` is appealed against: case and eight secret digits."""
    secret = vault.secret_digits(alert.pk, column=f"{TABLE}.code", count=8)
    return f"{alert.case_id}-{secret[:4]}-{secret[4:]}"


def find(code: str) -> Alert | None:
    """Return the alert with this code, however it was typed; None when there is none."""
    wanted = _read(code)
    if not wanted:
        return None
    alerts = Alert.everything.filter(case_id=int(case_of(code))).select_related("case")
    return next((alert for alert in alerts if code_of(alert) == wanted), None)


def alerts_of(ids: Collection[str]) -> list[Alert]:
    """Return alerts, the newest first, for whoever has shown their codes."""
    found = Alert.everything.filter(pk__in=list(ids))
    return list(found.select_related("case", "appeal__key").order_by("-found_at", "pk"))


def case_of(code: str) -> str:
    """Return the number of the case in ``code``, to count tries against it; nothing if none."""
    return _read(code).partition("-")[0]


def _read(code: str) -> str:
    """Return a code as ``code_of`` writes it; nothing if it is none."""
    read = CODE.fullmatch(unicodedata.normalize("NFKC", code))
    return "-".join(read.groups()) if read else ""


def appeal(
    alert: Alert, because: str, *, words: str = "", by: str = RESIDENT, now: datetime
) -> Appeal:
    """Take an appeal against ``alert``; those who decide are told.

    Raises StateConflict when there is one already, ValueError for an unknown ``because`` and for
    too many characters.
    """
    said = words.strip()
    if because not in Appeal.Because.values:
        message = f"because is one of {Appeal.Because.values}"
        raise ValueError(message)
    try:
        with timeline.writing():
            case = locked(alert.case)
            [(row, key)] = vault.make_keys(1, now=now)
            made = Appeal.everything.create(
                alert=alert, because=because, key=row, area_path=case.area_path, taken_by=by,
                words=seal_words(TABLE, "words", said, pk=row.pk, key=key) if said else None,
                made_at=now, due_at=now + answer_within(),
            )  # fmt: skip
            data = {"appeal": made.pk, "alert": alert.pk, "because": because}
            timeline.record(case, verb="appeal.make", actor=by, at=now, data=data)
            awaiting.begin(made, *Appeal.DECIDERS, case=case, now=now)
    except IntegrityError as error:
        raise StateConflict("appealed before", code="appealed-already", record=alert) from error
    return made


def decide(made: Appeal, answer: str, *, is_upheld: bool, by: str, now: datetime) -> Appeal:
    """Decide an appeal for good; an upheld one lifts the alert and all that followed from it.

    Raises AnswerMissing without words, DecidedOwnWork for whoever had a hand in the case, and
    StateConflict when it was decided before.
    """
    told = answer.strip()
    if not told:
        raise AnswerMissing
    to = Appeal.State.UPHELD if is_upheld else Appeal.State.REFUSED
    with timeline.writing():
        case = locked(made.alert.case)
        made.refresh_from_db(from_queryset=Appeal.everything.all())
        if made.state == Appeal.State.OPEN and had_a_hand(made, by):
            raise DecidedOwnWork(by)
        key = vault.unwrap(made.key)
        sealed = seal_words(TABLE, "answer", told, pk=made.key_id, key=key)
        move(made, to, allowed=Appeal.MOVES, answered_at=now, answered_by=by, answer=sealed)
        data = {"appeal": made.pk, "alert": made.alert_id}
        timeline.record(case, verb=f"appeal.{to.value}", actor=by, at=now, data=data)
        if is_upheld:
            lifting.lift(made.alert, by=by, now=now)
    return made


def had_a_hand(made: Appeal, actor: str) -> bool:
    """Say whether ``actor`` worked on the case in any way, or wrote the appeal down."""
    case = made.alert.case
    acted = case.timeline.exclude(verb__in=("appeal.make", "case.acknowledge")).filter(actor=actor)
    return made.taken_by == actor or acted.exists() or closing.took_part(case, actor)


def words(made: Appeal) -> dict[str, str]:
    """Return what was said and answered; both empty once they were destroyed."""
    try:
        key = vault.unwrap(made.key)
    except vault.Erased:
        return dict.fromkeys(SEALED, "")
    with grounds.reading(grounds.by_law("decide-appeal")):
        return vault.unseal_columns(made, SEALED, table=TABLE, key=key)


def name_of(made: Appeal) -> str:
    """Return how logs and receipts name it: "appeal:3"."""
    return f"appeal:{made.pk}"


def forget_old(now: datetime) -> int:
    """Destroy the words of appeals decided ``residents.keep_days`` ago; returns how many."""
    before = settings_in_force.days_ago("residents.keep_days", now)
    over = Appeal.everything.filter(answered_at__lt=before, forgotten_at__isnull=True)
    rows = list(over.select_related("key").order_by("pk")[:AT_ONCE])
    for made in rows:
        with timeline.writing():
            _forget(made, now=now)
    return len(rows)


def _forget(made: Appeal, *, now: datetime) -> None:
    vault.destroy(made.key, now=now)
    Appeal.everything.filter(pk=made.pk).update(forgotten_at=now, words=None, answer=None)
    erasing.receipt(name_of(made), [name_of(made)], [], by=WORKER, now=now, leave=timeline.leave)
