"""Whether somebody who should not walk alone is alone: encounters, companions and three stages.

Pure: moments come in order, in microseconds. A camera that knows a face and a reader that hears a
tag tell the same: an enrolled person was at a place. Who is not enrolled is never told to this
module. The rule and its numbers: research/vision.md section 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Flag, IntEnum, StrEnum, auto
from functools import reduce
from operator import or_

from zhizhi.kernel.metres import metres_per_degree

_US = timedelta(microseconds=1)
_WEEK = timedelta(days=7)
LONG_AGO = -(2**62)


class Stage(IntEnum):
    """Who is told: nobody (it is written down), the relatives, or an officer and the next unit."""

    NOBODY = 0
    RELATIVES = 1
    OFFICER = 2


class Circumstance(Flag):
    """What makes being alone worse or less certain."""

    NONE = 0
    DANGER = auto()  # outside the allowed hours or area, near water or traffic, reported missing
    HARSH = auto()  # night, frost or heat
    BESIDE_UNKNOWN = auto()  # somebody walked along whose face could not be used


class Answer(StrEnum):
    """What a relative says with one tap to "is he with you?"."""

    WITH_ME = "with_me"
    KNOWN = "known"  # he is out alone, and that is all right
    MISSING = "missing"


class Reason(StrEnum):
    """Why a stage was reached or left."""

    ALONE = "alone"  # met alone as often as it takes
    DANGER = "danger"  # alone where or when once is enough
    AGAIN = "again"  # met alone once more after the relatives were told
    UNANSWERED = "unanswered"
    MISSING = "missing"
    ACCOMPANIED = "accompanied"  # a companion came by after all
    REVIEW = "review"  # so many questions in a week that the settings need a look


@dataclass(frozen=True, slots=True)
class Push:
    """Somebody is to be told, now and for this reason; to nobody means: write it down."""

    stage: Stage
    at_us: int
    reason: Reason


@dataclass(slots=True)
class Encounter:
    """A person at one camera or reader, for a minute at most."""

    camera: int
    began_us: int
    certain_us: int  # a companion of the same moment would be known by now
    lon: float
    lat: float
    about: Circumstance


@dataclass(slots=True)
class Company:
    """A companion was known to be at a place; NaN where only the moment is known."""

    at_us: int
    lon: float
    lat: float


@dataclass(slots=True)
class Vigil:
    """What is remembered of one protected person: minutes of places, and what was told."""

    encounters: list[Encounter] = field(default_factory=list)
    company: list[Company] = field(default_factory=list)
    stage: Stage = Stage.NOBODY
    since_us: int = LONG_AGO  # the first encounter that counted for the open stage
    judge_us: int | None = None  # when the next encounter is certain
    due_us: int | None = None  # when the officer is told if nobody has answered
    quiet_until_us: int = LONG_AGO
    asked_us: list[int] = field(default_factory=list)  # questions to relatives, of a week
    told_officer_us: int = LONG_AGO
    reviewed_us: int = LONG_AGO

    @property
    def next_us(self) -> int | None:
        """When time alone brings something; None while nothing is waited for."""
        waits = [one for one in (self.judge_us, self.due_us) if one is not None]
        return min(waits, default=None)


@dataclass(frozen=True, slots=True)
class Solitude:
    """The two-encounter rule: relatives are asked first, an officer is sent when that fails.

    An *encounter* is everything that one camera tells within ``encounter`` of the first sight
    (60 s belongs to it, 61 s is the next one). It is *alone* unless a companion was known within
    ``window`` before or after it and ``radius_m`` around it (15:00 and 300 m are company). It
    counts after ``hesitation``: of two who walk together one is known some seconds earlier.

    The relatives are asked at the second encounter alone within ``within``; at once in danger
    (outside the allowed hours or area, near water or traffic, reported missing). The officer is
    told at the third encounter alone, when nobody has answered for ``patience`` (``short_patience``
    in danger, at night, in frost or heat), and at once when a relative says "missing". A companion
    who comes by settles the question; "with me" keeps quiet for ``with_me``, "known" for
    ``cooldown``. Beside somebody whose face could not be used the
    relatives are asked one encounter later, the officer as ever. No stage is reached twice within
    ``cooldown``, except by "missing".

    More than ``weekly_questions`` in seven days ask for a review of the settings. They never
    silence the rule: it then takes one encounter more until the relatives are asked again.
    """

    encounter: timedelta = timedelta(seconds=60)
    hesitation: timedelta = timedelta(seconds=10)
    window: timedelta = timedelta(minutes=15)
    radius_m: float = 300.0
    within: timedelta = timedelta(minutes=20)
    to_relatives: int = 2
    to_officer: int = 3
    patience: timedelta = timedelta(minutes=5)
    short_patience: timedelta = timedelta(minutes=3)
    with_me: timedelta = timedelta(hours=2)
    cooldown: timedelta = timedelta(minutes=30)
    weekly_questions: int = 6

    def seen(
        self, vigil: Vigil, at_us: int, camera: int, place: tuple[float, float],
        about: Circumstance = Circumstance.NONE,
    ) -> list[Push]:  # fmt: skip
        """Note that the protected person was known at ``place`` (lon, lat); return what was due."""
        pushes = self.due(vigil, at_us)
        self.forget(vigil, at_us)
        last = vigil.encounters[-1] if vigil.encounters else None
        if last and last.camera == camera and at_us - last.began_us <= self.encounter // _US:
            if Circumstance.DANGER not in about & ~last.about:
                return pushes
            last.about |= about
            last.certain_us = at_us + self.hesitation // _US
        else:
            certain_us = at_us + self.hesitation // _US
            vigil.encounters.append(Encounter(camera, at_us, certain_us, *place, about))
        if vigil.judge_us is None:
            vigil.judge_us = vigil.encounters[-1].certain_us
        return pushes

    def accompanied(
        self, vigil: Vigil, at_us: int, place: tuple[float, float] = (math.nan, math.nan)
    ) -> list[Push]:
        """Note that a companion was known at ``place``; an open question may be settled by it."""
        pushes = self.due(vigil, at_us)
        self.forget(vigil, at_us)
        vigil.company.append(Company(at_us, *place))
        if vigil.stage is Stage.RELATIVES and not self._is_alone(vigil, vigil.encounters[-1]):
            _settle(vigil)
            pushes.append(Push(Stage.NOBODY, at_us, Reason.ACCOMPANIED))
        return pushes

    def answered(self, vigil: Vigil, at_us: int, answer: Answer) -> list[Push]:
        """Note what a relative says; "missing" tells the officer, whatever was told before."""
        pushes = self.due(vigil, at_us)
        if answer is Answer.MISSING:
            vigil.quiet_until_us = LONG_AGO
            if vigil.stage is not Stage.OFFICER:
                pushes.append(_tell_officer(vigil, at_us, Reason.MISSING))
            return pushes
        quiet = self.with_me if answer is Answer.WITH_ME else self.cooldown
        vigil.quiet_until_us = max(vigil.quiet_until_us, at_us + quiet // _US)
        if vigil.stage is Stage.RELATIVES:
            _settle(vigil)
        return pushes

    def acknowledged(self, vigil: Vigil, at_us: int) -> list[Push]:
        """Note that a relative has read the question and looks after it: the wait is over."""
        pushes = self.due(vigil, at_us)
        vigil.due_us = None
        return pushes

    def closed(self, vigil: Vigil, at_us: int) -> None:
        """Note that the case is over, as those who handled it say."""
        vigil.encounters.clear()
        vigil.judge_us = None
        vigil.quiet_until_us = at_us + self.cooldown // _US
        _settle(vigil)

    def due(self, vigil: Vigil, now_us: int) -> list[Push]:
        """Return whom to tell of what is certain by ``now_us``, and where nobody has answered."""
        pushes: list[Push] = []
        while vigil.next_us is not None and vigil.next_us <= now_us:
            if vigil.judge_us == vigil.next_us:
                pushes += self._judge(vigil, vigil.judge_us)
            else:
                pushes.append(_tell_officer(vigil, vigil.next_us, Reason.UNANSWERED))
        return pushes

    def forgets_us(self, vigil: Vigil) -> list[int]:
        """Return the moments from which something remembered cannot count any more."""
        span, cooldown, week = self._span_us, self.cooldown // _US, _WEEK // _US
        places = vigil.encounters[:1] if vigil.stage is Stage.NOBODY else []
        return [
            *(one.began_us + span + 1 for one in places),
            *(one.at_us + span + self.window // _US + 1 for one in vigil.company[:1]),
            *(at_us + week for at_us in vigil.asked_us[:1]),
            vigil.quiet_until_us, vigil.told_officer_us + cooldown, vigil.reviewed_us + week,
        ]  # fmt: skip

    @property
    def _span_us(self) -> int:
        return max(self._reach_us, self.window // _US)

    def _judge(self, vigil: Vigil, at_us: int) -> list[Push]:
        self.forget(vigil, at_us)  # whether time passed in one step or in many
        later = [one.certain_us for one in vigil.encounters if one.certain_us > at_us]
        vigil.judge_us = later[-1] if later else None
        if at_us < vigil.quiet_until_us or vigil.stage is Stage.OFFICER:
            return []
        if vigil.stage is Stage.RELATIVES:
            alone = self._alone(vigil, vigil.since_us, at_us)
            if len(alone) >= self.to_officer and self._is_warm(vigil.told_officer_us, at_us):
                return [_tell_officer(vigil, at_us, Reason.AGAIN)]
            return []
        return self._ask(vigil, at_us, self._alone(vigil, at_us - self._reach_us, at_us))

    def _ask(self, vigil: Vigil, at_us: int, alone: list[Encounter]) -> list[Push]:
        """Ask the relatives, if these encounters are enough for it."""
        about = reduce(or_, (one.about for one in alone), Circumstance.NONE)
        is_spent = len(vigil.asked_us) > self.weekly_questions
        is_doubtful = Circumstance.BESIDE_UNKNOWN in about
        in_danger = Circumstance.DANGER in about
        needed = 1 if in_danger else self.to_relatives + is_spent + is_doubtful
        asked_us = vigil.asked_us[-1] if vigil.asked_us else LONG_AGO
        if len(alone) < needed or not self._is_warm(asked_us, at_us):
            return []
        is_urgent = in_danger or Circumstance.HARSH in alone[-1].about
        wait = self.short_patience if is_urgent else self.patience
        vigil.stage, vigil.since_us = Stage.RELATIVES, alone[0].began_us
        vigil.due_us = at_us + wait // _US
        vigil.asked_us.append(at_us)
        push = Push(Stage.RELATIVES, at_us, Reason.DANGER if in_danger else Reason.ALONE)
        return [push, *self._review(vigil, at_us)]

    @property
    def _reach_us(self) -> int:
        """How long before the moment at which it is certain an encounter may have begun."""
        return (self.within + self.hesitation) // _US

    def _review(self, vigil: Vigil, at_us: int) -> list[Push]:
        is_much = len(vigil.asked_us) > self.weekly_questions
        if not is_much or at_us - vigil.reviewed_us < _WEEK // _US:
            return []
        vigil.reviewed_us = at_us
        return [Push(Stage.NOBODY, at_us, Reason.REVIEW)]

    def _is_warm(self, told_us: int, at_us: int) -> bool:
        """Say whether the stage told at ``told_us`` may be reached anew."""
        return at_us - told_us >= self.cooldown // _US

    def _alone(self, vigil: Vigil, since_us: int, at_us: int) -> list[Encounter]:
        """Return the encounters alone since ``since_us`` that are certain by ``at_us``."""
        return [
            one for one in vigil.encounters
            if one.began_us >= since_us and one.certain_us <= at_us and self._is_alone(vigil, one)
        ]  # fmt: skip

    def _is_alone(self, vigil: Vigil, one: Encounter) -> bool:
        return not any(self._is_with(company, one) for company in vigil.company)

    def _is_with(self, company: Company, one: Encounter) -> bool:
        if abs(company.at_us - one.began_us) > self.window // _US:
            return False
        if math.isnan(company.lon):
            return True
        east_m, north_m = metres_per_degree(one.lat)
        away_m = math.hypot(
            (company.lon - one.lon) * east_m, (company.lat - one.lat) * north_m
        )  # fmt: skip
        return away_m <= self.radius_m

    def forget(self, vigil: Vigil, now_us: int) -> None:
        """Drop what no rule can ask for any more: the places of a person are kept for minutes."""
        span = self._span_us
        kept = min(now_us - span, vigil.since_us) if vigil.stage else now_us - span
        vigil.encounters = [one for one in vigil.encounters if one.began_us >= kept]
        vigil.company = [
            one for one in vigil.company if one.at_us >= kept - self.window // _US
        ]  # fmt: skip
        week = now_us - _WEEK // _US
        vigil.asked_us = [at for at in vigil.asked_us if at > week]


def _tell_officer(vigil: Vigil, at_us: int, reason: Reason) -> Push:
    vigil.stage, vigil.due_us, vigil.told_officer_us = Stage.OFFICER, None, at_us
    return Push(Stage.OFFICER, at_us, reason)


def _settle(vigil: Vigil) -> None:
    vigil.stage, vigil.due_us, vigil.since_us = Stage.NOBODY, None, LONG_AGO
