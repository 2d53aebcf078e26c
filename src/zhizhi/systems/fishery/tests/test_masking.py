"""Hiding bystanders in the working copy, never in the sealed original."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from zhizhi.engine.states import StateConflict
from zhizhi.systems.fishery import masking
from zhizhi.systems.fishery.models import ViolationPhoto
from zhizhi.systems.fishery.tests.river import River, after, photo, reviewed, violation
from zhizhi.trust import evidence
from zhizhi.trust.pictures import PictureRefused, Region


def hide(shown: ViolationPhoto, *regions: Region, nobody: bool = False) -> ViolationPhoto:
    return masking.mask(shown, regions, shows_nobody=nobody, by="account:5", now=after(58))


def roughness(content: bytes, box: tuple[int, int, int, int]) -> float:
    """Return how much neighbouring pixels of a part of the picture differ."""
    part = np.asarray(Image.open(BytesIO(content)).convert("L").crop(box), float)
    return float(np.abs(np.diff(part, axis=1)).mean())


def test_a_marked_bystander_is_unrecognisable_in_the_working_copy(river: River) -> None:
    shown = violation(river).photos.get()

    hide(shown, Region(10, 10, 24, 24))

    working = evidence.working_copy(shown.evidence)
    assert roughness(working, (14, 14, 30, 30)) < roughness(working, (50, 30, 66, 46)) / 4
    assert shown.regions == [[10, 10, 24, 24]]
    assert (shown.masked_by, shown.masked_at) == ("account:5", after(58))


def test_the_sealed_original_stays_as_it_came(river: River) -> None:
    shown = violation(river).photos.get()

    hide(shown, Region(0, 0, 40, 40))

    assert evidence.original(shown.evidence) == photo(0)


@pytest.mark.parametrize(("regions", "nobody"), [((), False), ((Region(1, 1, 9, 9),), True)])
def test_either_somebody_is_hidden_or_nobody_is_shown(
    river: River, regions: tuple[Region, ...], nobody: bool
) -> None:
    shown = violation(river).photos.get()

    with pytest.raises(masking.RegionsUnclear):
        hide(shown, *regions, nobody=nobody)

    assert ViolationPhoto.objects.get().masked_at is None


@pytest.mark.parametrize(("number", "is_accepted"), [(49, True), (50, True), (51, False)])
def test_at_most_fifty_regions_are_hidden(river: River, number: int, is_accepted: bool) -> None:
    shown = violation(river).photos.get()
    regions = [Region(column, 5, 4, 4) for column in range(number)]

    if is_accepted:
        assert len(hide(shown, *regions).regions) == number
    else:
        with pytest.raises(masking.RegionsUnclear):
            hide(shown, *regions)


def test_a_region_outside_the_picture_is_refused(river: River) -> None:
    shown = violation(river).photos.get()

    with pytest.raises(PictureRefused):
        hide(shown, Region(500, 500, 10, 10))


def test_regions_can_be_drawn_again_until_the_first_review(river: River) -> None:
    shown = violation(river).photos.get()
    hide(shown, Region(1, 1, 9, 9))

    hide(shown, nobody=True)

    assert ViolationPhoto.objects.get().regions == []


def test_after_a_review_the_working_copy_stands(river: River) -> None:
    shown = reviewed(river).photos.get()

    with pytest.raises(StateConflict):
        hide(shown, Region(1, 1, 9, 9))

    assert ViolationPhoto.objects.get().regions == []
