"""Spans of whole local hours or days, as the addresses of pages write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

HOUR, DAY = "%Y-%m-%dT%H", "%Y-%m-%d"
TO = ".."
YEARS = range(2000, 2200)  # a day after the last that there is cannot be told


@dataclass(frozen=True, slots=True)
class Span:
    """From the beginning of ``first`` to the end of ``last``: "2026-11-26" or "2026-11-26T13"."""

    first: str
    last: str

    @classmethod
    def parse(cls, text: str) -> Span | None:
        """Read "2026-11-26", "2026-11-26T13" or two of one kind joined by ".."; else None."""
        first, to, last = text.partition(TO)
        last = last if to else first
        if len(first) != len(last) or _form(first) is None or _form(last) is None:
            return None
        return cls(first, last)

    @classmethod
    def hours(cls, now: datetime, count: int) -> Span:
        """Return the ``count`` hours that end with the present one."""
        begin = now - timedelta(hours=count - 1)
        return cls(_write(begin, HOUR), _write(now, HOUR))

    @classmethod
    def days(cls, now: datetime, count: int) -> Span:
        """Return the ``count`` days that end with the present one."""
        begin = timezone.localtime(now).replace(tzinfo=None) - timedelta(days=count - 1)
        return cls(begin.strftime(DAY), _write(now, DAY))

    @property
    def start(self) -> datetime:
        return _moment(self.first)

    @property
    def end(self) -> datetime:
        """Return the first moment after the span."""
        form = _form(self.last) or DAY
        return _moment(self.last) + timedelta(hours=1) if form == HOUR else _after(self.last)

    def parts(self) -> list[Span]:
        """Return the single hours or days of the span, in their order."""
        form = _form(self.first) or DAY
        found, at = [], self.start
        while at < self.end:
            text = _write(at, form)
            found.append(Span(text, text))
            at = found[-1].end
        return found

    def __str__(self) -> str:
        return self.first if self.first == self.last else f"{self.first}{TO}{self.last}"


def _form(text: str) -> str | None:
    """Return how ``text`` is written, or None when it is neither a day nor an hour."""
    for form, length in ((DAY, 10), (HOUR, 13)):
        if len(text) == length:
            try:
                read = datetime.strptime(text, form)  # noqa: DTZ007 - local time, see _moment
            except ValueError:
                return None
            return form if read.year in YEARS else None
    return None


def _moment(text: str) -> datetime:
    local = datetime.strptime(text, _form(text) or DAY)  # noqa: DTZ007 - made aware right here
    return timezone.make_aware(local)


def _after(day: str) -> datetime:
    """Return the beginning of the next local day, however long this one is."""
    local = datetime.strptime(day, DAY)  # noqa: DTZ007 - made aware right here
    return timezone.make_aware(local + timedelta(days=1))


def _write(moment: datetime, form: str) -> str:
    return timezone.localtime(moment).strftime(form)
