"""Sending live observations at the speed at which they happen, and letting the crews work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from zhizhi.config.demo import history, observing
from zhizhi.config.demo.observing import Feed, envelopes, from_us, to_us
from zhizhi.config.demo.staff import Staff
from zhizhi.engine import intake
from zhizhi.engine.models import Source
from zhizhi.kernel.district import District

_LONGEST_US = 60 * observing.SECOND_US  # of one envelope, when catching up


class Feeder:
    """Knows what is to come, and prepares more before it runs out."""

    def __init__(self, district: District, feeds: Sequence[Feed]) -> None:
        self.district = district
        self.feeds = list(feeds)
        self.staff = Staff(until=from_us(0))
        self.sources = {source.code: source for source in Source.objects.all()}
        last = history.last_arrival()
        self.sent_us = to_us(last) if last else 0
        self.ends_us = max(int(feed.rows["arrival_us"].to_numpy().max()) for feed in feeds)

    def feed(self, now: datetime) -> int:
        """Send what has arrived since the last call; returns the number of rows."""
        until_us = to_us(now)
        if until_us > self.ends_us - _LONGEST_US:
            self._prepare(now)
        rows = 0
        while self.sent_us < until_us:
            next_us = min(until_us, self.sent_us + _LONGEST_US)
            made = envelopes(self.feeds, self.sources, after_us=self.sent_us, until_us=next_us)
            if made:
                taken = intake.append(made, now=from_us(next_us))
                rows += sum(receipt.accepted for receipt in taken)
            self.sent_us = next_us
        return rows

    def refresh(self, now: datetime) -> None:
        """Let the units report their positions again, and the crews take their next step."""
        history.refresh_positions(now)
        self.staff.crews(now)

    def _prepare(self, now: datetime) -> None:
        self.feeds = observing.sequel(self.district, since=now)
        self.ends_us = to_us(now + observing.AHEAD)
