"""Running every installed system's detectors over the journal."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError

from zhizhi.engine import intake, journal
from zhizhi.engine.models import Checkpoint
from zhizhi.engine.states import StateConflict
from zhizhi.engine.system import systems
from zhizhi.engine.track import Progress, Track, compile_current
from zhizhi.kernel.detection import Detector

__all__ = ["Progress", "Runner"]

BEAT_WAITING = timedelta(seconds=1)  # while rows wait to be judged
BEAT_OPEN = timedelta(seconds=10)  # while stays are open, which silence will end
BEAT_IDLE = timedelta(seconds=60)
RENEW = timedelta(seconds=3)
RETRY = timedelta(seconds=5)
REFRESH = timedelta(seconds=2)  # how soon changed zones and settings are noticed

log = logging.getLogger(__name__)


class Runner:
    """Steps all detectors; one that fails stands still, says why, and leaves the others alone.

    ``is_live`` lets it append heartbeats when the journal is quiet; a replay brings its own clock.
    """

    def __init__(self, *, is_live: bool = False, most: int = 200) -> None:
        self.is_live = is_live
        self.most = most
        self._tracks: dict[str, Track] = {}
        self._retry_at: dict[str, float] = {}
        self._detectors: tuple[Detector, ...] = ()
        self._looked_at = float("-inf")
        self._renewed_at = float("-inf")

    def step(self, now: datetime) -> Progress:
        """Let every detector take in what is new, once; commits on the way.

        A missing database is raised (OperationalError): the caller waits and steps again.
        """
        progress = Progress()
        self._look()
        if self.is_live:
            self._beat(now)
        for detector in self._detectors:
            if time.monotonic() >= self._retry_at.get(detector.code, 0.0):
                self._step_one(detector, now, progress)
        return progress

    def run_through(self, now: datetime) -> Progress:
        """Step until nothing is left to read."""
        total = Progress()
        while True:
            one = self.step(now)
            for name in ("rows", "segments", "findings", "late", "alerts", "cases", "cleared"):
                setattr(total, name, getattr(total, name) + getattr(one, name))
            total.messages += one.messages
            total.failures |= one.failures
            if not one.segments:
                return total

    def refresh(self) -> None:
        """Notice changed zones and settings at the next step."""
        self._looked_at = float("-inf")

    def release(self) -> None:
        """Give the leases back, so that another worker need not wait for them to run out."""
        for track in self._tracks.values():
            Checkpoint.objects.filter(pk=track.checkpoint.pk, fence=track.checkpoint.fence).update(
                lease_until=None, holder=""
            )
        self._tracks.clear()

    def _look(self) -> None:
        """Read settings and zones again; a detector that changed goes on with its stays."""
        moment = time.monotonic()
        if moment - self._looked_at < REFRESH.total_seconds():
            return
        self._detectors = tuple(d for system in systems() for d in system.detectors())
        for detector in self._detectors:
            track = self._tracks.get(detector.code)
            if track is None:
                continue
            compiled = compile_current(detector)
            is_same = compiled.ref_version == track.compiled.ref_version
            if detector != track.detector or not is_same:
                del self._tracks[detector.code]
        self._looked_at = moment

    def _step_one(self, detector: Detector, now: datetime, progress: Progress) -> None:
        try:
            track = self._tracks.get(detector.code)
            if track is None:
                track = Track(detector, compile_current(detector), now=now)
                self._tracks[detector.code] = track
            if not track.read_on(now=now, most=self.most, progress=progress):
                self._renew(track, now)
        except (OperationalError, InterfaceError):
            self._tracks.pop(detector.code, None)
            raise
        except StateConflict as conflict:
            self._stand_still(detector, str(conflict), now, progress)
        except Exception as error:
            log.exception("%s stands still", detector.code)
            self._stand_still(detector, f"{type(error).__name__}: {error}", now, progress)

    def _renew(self, track: Track, now: datetime) -> None:
        if time.monotonic() - self._renewed_at > RENEW.total_seconds():
            track.renew(now=now)
            self._renewed_at = time.monotonic()

    def _stand_still(self, detector: Detector, why: str, now: datetime, progress: Progress) -> None:
        """Forget what was not committed, and try again from the checkpoint a little later."""
        self._tracks.pop(detector.code, None)
        self._retry_at[detector.code] = time.monotonic() + RETRY.total_seconds()
        progress.failures[detector.code] = why
        rows = Checkpoint.objects.filter(pk=detector.code)
        rows.exclude(failure=why[:300]).update(failure=why[:300], failed_at=now)
        log.warning("%s: %s", detector.code, why)

    def _beat(self, now: datetime) -> None:
        """Move the arrival clock of a quiet journal, so that waiting rows are judged."""
        tracks = list(self._tracks.values())
        if not tracks:
            return
        read_to = min(track.checkpoint.arrival_us for track in tracks)
        quiet = now - journal.from_us(read_to)
        if quiet >= _beat_after(tracks):
            passed = min(track.checkpoint.next_offset for track in tracks)
            intake.heartbeat(now=now, passed=passed)


def _beat_after(tracks: Sequence[Track]) -> timedelta:
    """Return how long a quiet journal may stay silent before its clock is moved on."""
    if any(track.stepper.waiting_rows for track in tracks):
        return BEAT_WAITING
    return BEAT_OPEN if any(track.stepper.open_entities for track in tracks) else BEAT_IDLE
