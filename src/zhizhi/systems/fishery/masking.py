"""Making bystanders unrecognisable in the working copy; the sealed original stays as it came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from zhizhi.engine import timeline
from zhizhi.engine.states import StateConflict
from zhizhi.systems.fishery.models import Violation, ViolationPhoto
from zhizhi.trust import evidence, pictures
from zhizhi.trust.pictures import Region

MAXIMUM_REGIONS = 50


class RegionsUnclear(ValueError):
    """Neither a region was marked, nor was it said that the photo shows no bystander."""


def mask(
    photo: ViolationPhoto,
    regions: Sequence[Region],
    *,
    shows_nobody: bool = False,
    by: str,
    now: datetime,
) -> ViolationPhoto:
    """Redraw the working copy with ``regions`` pixelated, without any metadata.

    An empty list is accepted only with ``shows_nobody``: then somebody has said that there is
    nobody to hide. Raises RegionsUnclear, PictureRefused (a region outside the picture),
    EvidenceDamaged, or StateConflict once the technical review has decided.
    """
    if bool(regions) == shows_nobody or len(regions) > MAXIMUM_REGIONS:
        raise RegionsUnclear
    bare = pictures.redraw(evidence.original(photo.evidence), regions)
    violation = photo.violation
    with timeline.writing():
        _still_recorded(violation)
        evidence.set_working_copy(photo.evidence, bare)
        photo.regions = [[r.left, r.top, r.width, r.height] for r in regions]
        photo.masked_by, photo.masked_at = by, now
        photo.save(update_fields=["regions", "masked_by", "masked_at"])
        timeline.record(
            violation.case,
            verb="violation.masked",
            actor=by,
            at=now,
            data={
                "violation": violation.pk,
                "evidence": photo.evidence_id,
                "regions": len(regions),
            },
        )
    return photo


def _still_recorded(violation: Violation) -> None:
    """Hold the record until commit; raises StateConflict when it has been reviewed."""
    held = Violation.everything.select_for_update().get(pk=violation.pk)
    if held.state != Violation.State.RECORDED:
        raise StateConflict("the record has been reviewed", record=held)
