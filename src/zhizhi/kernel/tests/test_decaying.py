"""What evidence still weighs."""

from __future__ import annotations

import pytest

from zhizhi.kernel.decaying import decayed


@pytest.mark.parametrize(
    ("ages", "weight"), [([], 0), ([0], 1), ([60], 0.5), ([120], 0.25), ([-5], 1), ([0, 60], 1.5)]
)
def test_a_piece_of_evidence_weighs_half_after_its_half_life(
    ages: list[float], weight: float
) -> None:
    assert decayed(ages, 60) == weight
