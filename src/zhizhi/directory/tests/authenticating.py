"""An authenticator app on somebody's telephone, as RFC 6238 describes it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime


def app_code(secret: str, at: datetime, *, steps: int = 0) -> str:
    """Return the six digits that an app with ``secret`` shows ``steps`` of 30 s after ``at``."""
    counter = int(at.timestamp()) // 30 + steps
    digest = hmac.new(base64.b32decode(secret), counter.to_bytes(8), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
