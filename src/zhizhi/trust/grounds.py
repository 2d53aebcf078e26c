"""Why sealed data may be opened: the registered purposes, and the lawful ground of each.

Nothing sealed is opened without a purpose: ``vault.unseal`` refuses outside of ``reading``. A
purpose rests on an agreement of the person (``trust/consenting.py`` looks for it), or on what the
law allows without one; which of them is written here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

CONTACT = "contact"  # what somebody agrees to who leaves a number with a report
BRING_HOME = "bring-home"  # what is agreed to so that somebody who is lost can be brought home
PROTECT = "protect-circle"  # what a resident and each relative of a circle agree to
TAGS = "tags"  # the data: where and when a tag that somebody carries was read


class Basis(StrEnum):
    """Why personal data may be processed, by the paragraph of PIPL art. 13 section 1."""

    CONSENT = "consent"  # (1)
    EMPLOYMENT = "employment"  # (2)
    DUTY = "duty"  # (3) statutory duty of an organ
    EMERGENCY = "emergency"  # (4) life, health or property in danger
    RIGHT = "right"  # art. 45: the person's own demand


@dataclass(frozen=True, slots=True)
class Purpose:
    """The ground of a purpose; ``agreement`` names the consent that covers it, if it needs one."""

    basis: Basis
    agreement: str = ""


PURPOSES: Mapping[str, Purpose] = {
    "ask-reporter": Purpose(Basis.CONSENT, CONTACT),
    "tell-result": Purpose(Basis.CONSENT, CONTACT),
    "help-reporter": Purpose(Basis.CONSENT, CONTACT),
    "bring-home": Purpose(Basis.CONSENT, BRING_HOME),
    "handle-case": Purpose(Basis.DUTY),
    "case-file": Purpose(Basis.DUTY),
    "serve-notice": Purpose(Basis.DUTY),
    "decide-penalty": Purpose(Basis.DUTY),
    "answer-claim": Purpose(Basis.DUTY),
    "decide-appeal": Purpose(Basis.DUTY),
    "decide-access": Purpose(Basis.DUTY),
    "review-looks": Purpose(Basis.DUTY),
    "check-guardian": Purpose(Basis.DUTY),  # art. 31: that it is the guardian who agrees
    "prove-keys": Purpose(Basis.DUTY),  # art. 51: that a backup or a new key opens what it should
    "dissuade": Purpose(Basis.DUTY),  # law against telecom and online fraud, art. 34
    "ask-relative": Purpose(Basis.CONSENT, PROTECT),
    "send-code": Purpose(Basis.DUTY),  # as above: nobody is in a circle whose number is another's
    "check-patrol": Purpose(Basis.EMPLOYMENT),
    "sign-in": Purpose(Basis.EMPLOYMENT),
    "save-life": Purpose(Basis.EMERGENCY),
    "own-copy": Purpose(Basis.RIGHT),
}


class PurposeMissing(PermissionError):
    """Sealed data was to be opened, and nobody has said what for."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What one reading rests on: its purpose, and the number of the consent if it needs one."""

    purpose: str
    basis: Basis
    consent: int | None = None

    def __str__(self) -> str:
        return self.basis.value if self.consent is None else f"consent:{self.consent}"


_reading: ContextVar[Ground | None] = ContextVar("grounds_reading", default=None)


def by_law(purpose: str) -> Ground:
    """Return the ground of a purpose that needs nobody's consent.

    Raises PurposeMissing for one that does, and for one that is not registered.
    """
    known = PURPOSES.get(purpose)
    if known is None or known.basis == Basis.CONSENT:
        raise PurposeMissing(purpose)
    return Ground(purpose, known.basis)


def is_emergency(purpose: str) -> bool:
    """Say whether a purpose needs no consent because life, health or property is in danger."""
    known = PURPOSES.get(purpose)
    return known is not None and known.basis == Basis.EMERGENCY


@contextmanager
def reading(ground: Ground) -> Iterator[None]:
    """Let the block open sealed data. Nested use keeps the outer ground: it began the reading."""
    token = _reading.set(_reading.get() or ground)
    try:
        yield
    finally:
        _reading.reset(token)


def demand() -> Ground:
    """Return what the reading that is under way rests on; raises PurposeMissing outside of one."""
    ground = _reading.get()
    if ground is None:
        message = "say what for: sealed data is opened inside grounds.reading(...) alone"
        raise PurposeMissing(message)
    return ground
