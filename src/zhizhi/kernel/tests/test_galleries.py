"""The nearest of a gallery are those that a plain search finds, however large it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel import galleries
from zhizhi.kernel.galleries import COHORT, Gallery, GalleryInvalid, cohort_scores


def plainly(templates: Any, probes: Any) -> Any:
    return np.linalg.norm(
        templates[None].astype(np.float64) - probes[:, None].astype(np.float64), axis=2
    )


@given(
    people=st.integers(1, 60), probes=st.integers(1, 7), count=st.integers(1, 15),
    block=st.integers(1, 70), seed=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_the_nearest_are_those_of_a_plain_search(
    people: int, probes: int, count: int, block: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    templates = random.normal(size=(people, 8)).astype(np.float32)
    asked = random.normal(size=(probes, 8)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(galleries, "BLOCK", block)
        found = Gallery(templates).nearest(asked, count)

    truth = plainly(templates, asked)
    several = min(count, people)
    assert (found.place[:, :several] == np.argsort(truth, axis=1)[:, :several]).all()
    np.testing.assert_allclose(
        found.distance[:, :several], np.sort(truth, axis=1)[:, :several], rtol=1e-6
    )
    assert (found.place[:, several:] == -1).all()
    assert np.isinf(found.distance[:, several:]).all()


def test_a_mate_in_any_row_of_a_gallery_of_many_blocks_is_found() -> None:
    random = np.random.default_rng(1)
    templates = random.normal(size=(3 * galleries.BLOCK + 5, 16)).astype(np.float32)
    rows = np.array([0, galleries.BLOCK - 1, galleries.BLOCK, 2 * galleries.BLOCK, -1])
    probes = templates[rows] + np.float32(0.001)

    found = Gallery(templates).nearest(probes, 2)

    assert found.place[:, 0].tolist() == [row % len(templates) for row in rows.tolist()]


def test_of_equally_near_ones_the_first_comes_first() -> None:
    found = Gallery([[0, 1], [1, 0], [0, 1]]).nearest([[0, 1]], 3)

    assert found.place.tolist() == [[0, 2, 1]]


def test_a_gallery_of_nobody_finds_nobody() -> None:
    found = Gallery(np.empty((0, 4), np.float32)).nearest([[0, 0, 0, 1]], 2)

    assert found.place.tolist() == [[-1, -1]]
    assert np.isinf(found.distance).all()


def test_no_probe_asks_nothing() -> None:
    assert Gallery([[0, 1]]).nearest(np.empty((0, 2), np.float32)).place.shape == (0, COHORT + 1)


@pytest.mark.parametrize(
    "templates", [[1.0, 2.0], [[]], [[float("nan"), 1.0]], [[float("inf"), 1.0]]]
)
def test_templates_that_are_none_are_refused(templates: list[object]) -> None:
    with pytest.raises(GalleryInvalid):
        Gallery(templates)


@pytest.mark.parametrize("probes", [[1.0, 2.0], [[1.0]], [[float("nan"), 1.0]]])
def test_probes_of_another_encoder_are_refused(probes: list[object]) -> None:
    with pytest.raises(GalleryInvalid):
        Gallery([[0.0, 1.0]]).nearest(probes)


def test_a_cohort_score_takes_half_of_what_the_ten_behind_are_away() -> None:
    distance = [[0.4, *[0.6] * COHORT, 9.0], [0.4, *[0.8] * COHORT, 9.0]]

    np.testing.assert_allclose(cohort_scores(distance), [0.1, 0.0], atol=1e-7)


def test_a_smaller_gallery_compares_with_those_that_there_are() -> None:
    distance = [[0.4, 0.6, 1.0, np.inf], [0.4, np.inf, np.inf, np.inf]]

    np.testing.assert_allclose(cohort_scores(distance), [0.0, np.inf], atol=1e-7)
