"""The free days and make-up days 调休 that the State Council announced, and how days are written.

Taken from chinesecalendar 1.11.0 (MIT), which collects the yearly notices of the State Council
(国务院办公厅关于部分节假日安排的通知). A year that is not here is not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
LONGEST = 60  # days of one range: no festival is longer, so a longer one is a slip of the pen

# Year: free days, weekends among them or not, and weekend days that are worked instead.
ANNOUNCED: dict[int, tuple[str, str]] = {
    2022: (
        "01-01/01-03 01-31/02-06 04-03/04-05 04-30/05-04 06-03/06-05 09-10/09-12 10-01/10-07 12-31",
        "01-29/01-30 04-02 04-24 05-07 10-08/10-09",
    ),
    2023: (
        "01-01/01-02 01-21/01-27 04-05 04-29/05-03 06-22/06-24 09-29/10-06 12-30/12-31",
        "01-28/01-29 04-23 05-06 06-25 10-07/10-08",
    ),
    2024: (
        "01-01 02-10/02-17 04-04/04-06 05-01/05-05 06-10 09-15/09-17 10-01/10-07",
        "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    ),
    2025: (
        "01-01 01-28/02-04 04-04/04-06 05-01/05-05 05-31/06-02 10-01/10-08",
        "01-26 02-08 04-27 09-28 10-11",
    ),
    2026: (
        "01-01/01-03 02-15/02-23 04-04/04-06 05-01/05-05 06-19/06-21 09-25/09-27 10-01/10-07",
        "01-04 02-14 02-28 05-09 09-20 10-10",
    ),
}
KNOWN_FROM, KNOWN_UNTIL = date(min(ANNOUNCED), 1, 1), date(max(ANNOUNCED), 12, 31)


def free_days() -> frozenset[date]:
    """Return every announced free day."""
    return frozenset(day for year in ANNOUNCED for day in _of(year, 0))


def make_up_days() -> frozenset[date]:
    """Return every announced weekend day that is worked."""
    return frozenset(day for year in ANNOUNCED for day in _of(year, 1))


def _of(year: int, which: int) -> Iterator[date]:
    text = ANNOUNCED[year][which]
    return read_days(re.sub(r"(\d\d-\d\d)", rf"{year}-\1", text))


def read_days(text: str) -> Iterator[date]:
    """Yield the days of "2027-01-01 2027-02-05/2027-02-11", parted by blanks or commas.

    Raises ValueError for what is no day, and for a range that ends before it begins or is longer
    than any festival.
    """
    for word in re.split(r"[\s,，、;；]+", text.strip()):
        if not word:
            continue
        first, _to, last = word.partition("/")
        begin = date.fromisoformat(first)
        end = date.fromisoformat(last) if last else begin
        if not begin <= end < begin + ONE_DAY * LONGEST:
            message = f"{word} is no range of days"
            raise ValueError(message)
        yield from (begin + ONE_DAY * n for n in range((end - begin).days + 1))
