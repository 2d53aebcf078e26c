"""Two reviews of a violation record, by two different people who had no part in the case."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from zhizhi.directory.models import RoleAssignment
from zhizhi.engine import timeline
from zhizhi.engine.states import move
from zhizhi.systems.fishery import sharing
from zhizhi.systems.fishery.models import Violation, ViolationPhoto, ViolationReview
from zhizhi.trust import evidence

Step = ViolationReview.Step
State = Violation.State


class ReviewRefused(Exception):
    """An account may not decide on a record; ``code`` is a stable word for interfaces."""

    code = "refused"


class ReviewerTookPhotos(ReviewRefused):
    """Whoever took a photo does not judge it."""

    code = "photographer"


class ReviewerHandledCase(ReviewRefused):
    """Whoever dispatched, accepted or reported does not judge the record."""

    code = "handler"


class ReviewerReviewedBefore(ReviewRefused):
    """The legal review belongs to somebody else than the technical review."""

    code = "second-review"


class PhotosUnprepared(ReviewRefused):
    """A photo still shows bystanders, or nobody has said that there are none."""

    code = "unprepared"


class PhotosMissing(ReviewRefused):
    """A record without a sealed photo proves nothing and can only be rejected."""

    code = "no-photo"


class PhotoDamaged(ReviewRefused):
    """A sealed original is missing or was changed; the record can only be rejected."""

    code = "damaged"


def review(
    violation: Violation,
    *,
    step: str,
    is_accepted: bool,
    note: str,
    by: str,
    now: datetime,
) -> ViolationReview:
    """Decide one step of ``violation`` as ``by``.

    Raises a ReviewRefused that says why this account or this record does not fit, or StateConflict
    when somebody has decided already.
    """
    check_reviewer(violation, by=by)
    if is_accepted:
        _check_photos(violation)
    start, end = ViolationReview.PASSAGE[step]
    target = end if is_accepted else State.REJECTED
    with timeline.writing():
        move(violation, target, allowed={start: frozenset({target})}, changed_at=now)
        row = ViolationReview.objects.create(
            violation=violation, step=step, by=by, at=now, is_accepted=is_accepted, note=note
        )
        timeline.record(
            violation.case,
            verb=f"violation.{step}-{'accepted' if is_accepted else 'rejected'}",
            actor=by,
            at=now,
            note=note,
            data={"violation": violation.pk, "review": row.pk},
        )
        if not is_accepted:
            sharing.let_go(violation, outcome="rejected", by=by, now=now)
    return row


def check_reviewer(violation: Violation, *, by: str) -> None:
    """Raise a ReviewRefused when ``by`` took a photo, handled the case or reviewed before."""
    names = identities(by)
    photographers = {photo.evidence.uploaded_by for photo in _photos(violation)}
    if names & photographers:
        raise ReviewerTookPhotos
    if names & set(violation.handlers):
        raise ReviewerHandledCase
    if violation.reviews.filter(by=by).exists():
        raise ReviewerReviewedBefore


def identities(actor: str) -> set[str]:
    """Return the names under which ``actor`` may have acted: the account and its units."""
    kind, _colon, number = actor.partition(":")
    if kind != "account":
        return {actor}
    units = RoleAssignment.objects.filter(account_id=int(number), unit__isnull=False)
    return {actor, *(f"unit:{unit}" for unit in units.values_list("unit_id", flat=True))}


def _photos(violation: Violation) -> QuerySet[ViolationPhoto]:
    return violation.photos.select_related("evidence")


def _check_photos(violation: Violation) -> None:
    """Raise a ReviewRefused when a photo is missing, unprepared or no longer what was sealed."""
    photos = list(_photos(violation))
    if not photos:
        raise PhotosMissing
    if any(photo.masked_at is None for photo in photos):
        raise PhotosUnprepared
    for photo in photos:
        try:
            evidence.original(photo.evidence)
        except evidence.EvidenceDamaged as damage:
            raise PhotoDamaged(str(damage)) from damage
