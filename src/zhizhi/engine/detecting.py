"""Running every installed system's detectors over the journal."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError

from zhizhi.engine import intake, journal
from zhizhi.engine.models import Checkpoint
from zhizhi.engine.states import StateConflict
from zhizhi.engine.system import systems
from zhizhi.engine.track import Progress, Track, backtest, reference_mark
from zhizhi.kernel.detection import Detector

__all__ = ["Progress", "Runner", "backtest"]

BEAT_RIPE = timedelta(milliseconds=200)  # while rows have waited long enough to be judged
BEAT_OPEN = timedelta(seconds=10)  # while stays are open, which silence will end
BEAT_IDLE = timedelta(seconds=30)
SETTLE = timedelta(seconds=1)  # how long steps without an effect may wait for their commit
LOOKBACK = timedelta(days=1)  # how far back a detector that is new here begins
RETRY = timedelta(seconds=5)
REFRESH = timedelta(seconds=2)  # how soon changed zones and settings are noticed

log = logging.getLogger(__name__)


class Runner:
    """Steps all detectors; one that fails stands still, says why, and leaves the others alone.

    ``is_live`` lets it append heartbeats when the journal is quiet, and begin a day back with a
    detector that is new; a replay brings its own clock and reads everything. ``detectors`` stand
    in for those of the installed systems.
    """

    backtest = staticmethod(backtest)

    def __init__(
        self,
        detectors: Iterable[Detector] | None = None,
        *,
        is_live: bool = False,
        most: int = 200,
    ) -> None:
        self.is_live = is_live
        self.most = most
        self._given = None if detectors is None else tuple(detectors)
        self._detectors: tuple[Detector, ...] = ()
        self._tracks: dict[str, Track] = {}
        self._retry_at: dict[str, float] = {}
        self._looked_at = float("-inf")
        self._beaten_at = float("-inf")

    def step(self, now: datetime) -> Progress:
        """Let every detector take in what is new, once; commits on the way.

        A missing database is raised (OperationalError): the caller waits and steps again.
        """
        progress = Progress()
        self._look(now)
        if self.is_live:
            self._beat(now)
        end = journal.next_offset()
        for detector in self._detectors:
            if time.monotonic() >= self._retry_at.get(detector.code, 0.0):
                self._step_one(detector, end, now, progress)
        return progress

    def run_through(self, now: datetime) -> Progress:
        """Step until nothing is left to read."""
        total = Progress()
        while True:
            one = self.step(now)
            total.add(one)
            if not one.segments:
                return total

    def refresh(self) -> None:
        """Notice changed zones and settings at the next step."""
        self._looked_at = float("-inf")

    def release(self, now: datetime | None = None) -> None:
        """Commit what is left and give the leases back, so that another worker need not wait."""
        for code in list(self._tracks):
            self._let_go(code, now)

    def _let_go(self, code: str, now: datetime | None) -> None:
        track = self._tracks.pop(code)
        try:
            track.release(now=now or track.checkpoint.updated_at)
        except StateConflict as conflict:
            log.warning("%s", conflict)

    def _look(self, now: datetime) -> None:
        """Read settings and zones again; a detector that changed goes on with its stays."""
        moment = time.monotonic()
        if moment - self._looked_at < REFRESH.total_seconds():
            return
        self._detectors = self._given if self._given is not None else _installed()
        mark = reference_mark() if self._tracks else None
        current = {detector.code: detector for detector in self._detectors}
        for code, track in list(self._tracks.items()):
            if current.get(code) != track.detector or mark != track.mark:
                self._let_go(code, now)
        self._looked_at = moment

    def _step_one(self, detector: Detector, end: int, now: datetime, progress: Progress) -> None:
        try:
            track = self._tracks.get(detector.code)
            if track is None:
                track = self._tracks[detector.code] = self._track(detector, now)
            track.read_on(now=now, most=self.most, progress=progress, end=end)
        except (OperationalError, InterfaceError):
            self._tracks.clear()  # whatever was not committed is read again
            raise
        except StateConflict as conflict:
            self._put_off(detector, str(conflict), progress)
        except Exception as error:
            log.exception("%s stands still", detector.code)
            why = f"{type(error).__name__}: {error}"
            self._put_off(detector, why, progress)
            Checkpoint.objects.filter(pk=detector.code).update(failure=why[:300], failed_at=now)

    def _track(self, detector: Detector, now: datetime) -> Track:
        if self.is_live:
            return Track(detector, now=now, settle=SETTLE, lookback=LOOKBACK)
        return Track(detector, now=now)

    def _put_off(self, detector: Detector, why: str, progress: Progress) -> None:
        """Forget what was not committed, and try again from the checkpoint a little later."""
        self._tracks.pop(detector.code, None)
        self._retry_at[detector.code] = time.monotonic() + RETRY.total_seconds()
        progress.failures[detector.code] = why
        log.warning("%s: %s", detector.code, why)

    def _beat(self, now: datetime) -> None:
        """Move the arrival clock of a quiet journal, so that waiting rows are judged."""
        tracks = list(self._tracks.values())
        pause = _beat_after(tracks, now)
        if not tracks or time.monotonic() - self._beaten_at < pause.total_seconds():
            return
        read_to = min(track.arrival_us for track in tracks)
        if now - journal.from_us(read_to) >= pause:
            codes = [detector.code for detector in self._detectors]
            stands = Checkpoint.objects.filter(pk__in=codes).values_list("next_offset", flat=True)
            intake.heartbeat(now=now, passed=min(stands, default=0))
            self._beaten_at = time.monotonic()


def _installed() -> tuple[Detector, ...]:
    return tuple(detector for system in systems() for detector in system.detectors())


def _beat_after(tracks: Iterable[Track], now: datetime) -> timedelta:
    """Return how long a quiet journal may stay silent before its clock is moved on."""
    steppers = [track.stepper for track in tracks]
    if any(stepper.is_ripe(journal.to_us(now)) for stepper in steppers):
        return BEAT_RIPE
    return BEAT_OPEN if any(stepper.open_entities for stepper in steppers) else BEAT_IDLE
