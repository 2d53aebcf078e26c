"""Signed requests: HMAC-SHA256 over the time stamp and the body, so that neither can be changed.

Headers ``Zhizhi-Timestamp`` (Unix seconds) and ``Zhizhi-Signature`` (``v1=`` and 64 hex digits).
"""

from __future__ import annotations

import hashlib
import hmac

TIMESTAMP = "Zhizhi-Timestamp"
SIGNATURE = "Zhizhi-Signature"
TOLERANCE_S = 300  # an older or newer request is refused, so a recorded one cannot be replayed


def sign(secret: str, body: bytes, *, at: int) -> dict[str, str]:
    """Return the headers that sign ``body`` at Unix second ``at``."""
    return {TIMESTAMP: str(at), SIGNATURE: f"v1={_mac(secret, body, str(at))}"}


def is_signed(secret: str, body: bytes, *, timestamp: str, signature: str, now: int) -> bool:
    """Say whether the headers sign ``body`` with ``secret`` and are recent; never without one."""
    if not secret or not timestamp.isascii() or not timestamp.isdigit():
        return False
    if abs(now - int(timestamp[:20])) > TOLERANCE_S:
        return False
    expected = f"v1={_mac(secret, body, timestamp)}"
    return hmac.compare_digest(expected.encode(), signature.encode())


def _mac(secret: str, body: bytes, timestamp: str) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
