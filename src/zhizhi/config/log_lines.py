"""Log lines for machines that hold no personal data, whatever the code that logs hands over.

One JSON object a line: moment, level, logger, the fixed words of the message with numbers and codes
filled in, and of an error its type and where it came from. Words that somebody typed, names,
telephone numbers and the texts of exceptions (a database puts values into them) are left out.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import PurePath
from types import TracebackType
from typing import Any

OWN = "zhizhi"
MOST_FRAMES = 12
LONGEST_NUMBER = 10  # digits: a telephone number has 11, an identity number 18
_CODE = re.compile(r"[a-z][a-z0-9_-]*(?:[.:/@-][a-z0-9_.:/@-]+)", re.ASCII)
_LONG_NUMBER = re.compile(r"\d{7,}")


class SafeLines(logging.Formatter):
    """Writes a record as one line of JSON; see the module."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
            "where": f"{PurePath(record.pathname).name}:{record.lineno} {record.funcName}",
        }
        if record.exc_info and record.exc_info[0] is not None:
            kind, _error, trace = record.exc_info
            told["error"] = _type_name(kind)
            told["trace"] = _frames(trace)
        return json.dumps(told, ensure_ascii=True)


def _message(record: logging.LogRecord) -> str:
    """Return the fixed words with what is safe filled in.

    Words without places for values are fixed in our own code; others may have put values into them.
    """
    words = record.msg if isinstance(record.msg, str) else ""
    if not record.args:
        return words if record.name.partition(".")[0] == OWN else ""
    try:
        if not isinstance(record.args, Mapping):
            return words % tuple(_safe(value) for value in record.args)
        if "%(" not in words:  # one mapping for one place
            return words % "(dict)"
        return words % {name: _safe(value) for name, value in record.args.items()}
    except (TypeError, ValueError, KeyError):  # "%d" of what is no number any more
        return words


def _safe(value: object) -> object:
    """Return a number, moment or code as it is; of everything else only its kind."""
    if value is None or isinstance(value, bool | float | datetime | date | timedelta):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**LONGEST_NUMBER else "(number)"
    if isinstance(value, BaseException):
        return _type_name(type(value))
    if isinstance(value, str) and _CODE.fullmatch(value) and not _LONG_NUMBER.search(value):
        return value
    return f"({type(value).__name__})"


def _type_name(kind: type[BaseException]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")


def _frames(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-MOST_FRAMES:]
    return [f"{PurePath(one.filename).name}:{one.lineno} {one.name}" for one in frames]
