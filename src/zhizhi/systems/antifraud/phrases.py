"""Is it really the police who call? A phrase for one call, which the resident checks on a page.

Eight random digits that hold for minutes and are used once. Whoever guesses has few tries an hour
from one address (``residents.tries_per_hour``): with ten phrases out at once, about one chance in
five hundred thousand. Every answer but the right one is the same.
"""

from __future__ import annotations

import secrets
import unicodedata
from datetime import datetime, timedelta

from zhizhi.engine import settings_in_force, timeline
from zhizhi.engine.states import StateConflict
from zhizhi.systems.antifraud import dissuading
from zhizhi.systems.antifraud.models import CallerPhrase, Dissuasion
from zhizhi.trust import vault

MADE, CHECKED, RESIDENT = "caller.phrase", "caller.checked", "resident"
DIGITS = 8
KEPT = timedelta(days=1)  # after its end, so that the staff see whether it was checked


def make(row: Dissuasion, *, by: str, now: datetime) -> str:
    """Return a fresh phrase for a call; it takes the place of one that nobody has checked.

    Raises StateConflict ("not-to-call") when there is no call to be made.
    """
    if not dissuading.may_call(row):
        raise StateConflict(f"{row} has ended", code="not-to-call", record=row)
    phrase = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    life = timedelta(minutes=settings_in_force.value("antifraud.phrase_minutes"))
    with timeline.writing():
        row.phrases.filter(used_at=None).delete()
        CallerPhrase.objects.create(
            dissuasion=row, digest=_digest(phrase), made_at=now, made_by=by, expires_at=now + life
        )
        timeline.record(row.case, verb=MADE, actor=by, at=now, data={"dissuasion": row.pk})
    return vault.spaced(phrase)


def check(written: str, *, browser: str, now: datetime) -> bool:
    """Say whether somebody on duty calls with this phrase now; it can be asked once.

    The same browser may ask again while the phrase holds: the button was pressed twice.
    """
    digits = "".join(one for one in unicodedata.normalize("NFKC", written) if one.isdecimal())
    if len(digits) != DIGITS or not digits.isascii():
        return False
    who = vault.blind_index(browser, column="antifraud.phrase_browser")
    holding = CallerPhrase.objects.filter(digest=_digest(digits), expires_at__gt=now)
    with timeline.writing():
        row = holding.filter(used_at=None).select_related("dissuasion__case").first()
        fresh = CallerPhrase.objects.filter(pk=row.pk if row else 0, used_at=None)
        if row is not None and fresh.update(used_at=now, used_by=who):
            of = row.dissuasion
            timeline.record(of.case, verb=CHECKED, actor=RESIDENT, at=now,
                            data={"dissuasion": of.pk})  # fmt: skip
            return True
    return holding.filter(used_by=who).exists()


def forget_old(now: datetime) -> int:
    """Delete phrases whose time was over a day ago; returns how many."""
    return CallerPhrase.objects.filter(expires_at__lt=now - KEPT).delete()[0]


def _digest(phrase: str) -> str:
    return vault.blind_index(phrase, column="antifraud.phrase")
