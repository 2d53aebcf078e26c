"""How listeners get through the door: they keep what they hold until it is durable.

Who posts over HTTP is told to send again. A listener keeps its envelope, offers it again with a
growing pause, and lets its sender wait meanwhile: MQTT unacknowledged, TCP unread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Event

from django.db import DatabaseError, InterfaceError, connection

from zhizhi.engine.committing import (
    EnvelopeUnstorable,
    GroupCommitter,
    IntakeBusy,
    IntakeUnavailable,
)
from zhizhi.engine.intake import Envelope, KeyReused, Receipt
from zhizhi.trust.keys import KeysMissing

Outcome = Receipt | KeyReused | EnvelopeUnstorable
PASSING = (DatabaseError, IntakeBusy, IntakeUnavailable, InterfaceError, KeysMissing)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 10.0

log = logging.getLogger(__name__)


class Ending(Exception):
    """The process ends before what it holds is durable: the sender still has it."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """Offers envelopes until they are stored or refused for good, or ``stopping`` is set."""

    committer: GroupCommitter
    stopping: Event

    def store(self, makers: Sequence[Callable[[], Envelope]]) -> Iterator[Outcome]:
        """Yield what became of each envelope, in order; they share groups. Raises Ending.

        An envelope is made anew for each try: making it may need the database as well.
        """
        offers = [self._offer(make) for make in makers]
        for make, offer in zip(makers, offers, strict=True):
            yield self._settled(make, offer)

    def insist(self, make: Callable[[], Envelope]) -> Receipt:
        """Return the receipt of an envelope that may not be refused. Raises Ending.

        Quarantine is where refused envelopes go: what it does not take must not be let go.
        """
        pause = FIRST_PAUSE_S
        while True:
            outcome = next(self.store([make]))
            if isinstance(outcome, Receipt):
                return outcome
            log.error("Quarantine takes nothing, trying again in %.1f s: %s", pause, outcome)
            pause = self._wait(pause)

    def _settled(self, make: Callable[[], Envelope], offer: Future[Receipt]) -> Outcome:
        pause = FIRST_PAUSE_S
        while True:
            try:
                return offer.result()
            except (KeyReused, EnvelopeUnstorable) as refused:
                return refused
            except PASSING as error:
                log.warning("Nothing could be stored, trying again in %.1f s: %s", pause, error)
            pause = self._wait(pause)
            offer = self._offer(make)

    def _wait(self, pause: float) -> float:
        """Wait and return the next pause, twice as long; raises Ending."""
        if self.stopping.wait(pause):
            raise Ending
        return min(LONGEST_PAUSE_S, pause * 2)

    def _offer(self, make: Callable[[], Envelope]) -> Future[Receipt]:
        try:
            return self.committer.submit(make())
        except PASSING as error:
            connection.close()  # the next try starts with a fresh connection
            failed: Future[Receipt] = Future()
            failed.set_exception(error)
            return failed
