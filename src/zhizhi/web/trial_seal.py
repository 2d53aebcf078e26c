"""The proof that somebody was shown the dry run of exactly these drafts.

It is signed, names the account, and goes stale: a dry run is about the last day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.core.signing import BadSignature, TimestampSigner

from zhizhi.engine.zoning import ZoneDraft
from zhizhi.trust.ciphers import digest_fits, suite

SALT = "zhizhi.zone-trial"
STALE = timedelta(hours=1)


def seal(drafts: Sequence[ZoneDraft], *, by: str) -> str:
    """Return the proof that ``by`` was shown what ``drafts`` would find."""
    return TimestampSigner(salt=SALT).sign(suite().digest(_told(drafts, by)))


def was_shown(proof: str, drafts: Sequence[ZoneDraft], *, by: str) -> bool:
    """Say whether ``proof`` is about these drafts, for ``by``, and not stale."""
    try:
        digest = TimestampSigner(salt=SALT).unsign(proof, max_age=STALE)
    except BadSignature:
        return False
    return digest_fits(_told(drafts, by), digest)


def _told(drafts: Sequence[ZoneDraft], by: str) -> bytes:
    return "|".join([by, *(draft.digest() for draft in drafts)]).encode()
