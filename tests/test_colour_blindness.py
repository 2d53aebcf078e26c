"""Severities and shades stay apart for whoever sees fewer colours, and severities differ by form.

Sight is simulated with the matrices of Machado, Oliveira and Fernandes (2009), full severity, on
linear RGB; without any colour only the luminance is left. Differences are CIE 1976 (L*a*b*).
"""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest

from zhizhi.engine.models import Severity
from zhizhi.web.contrast import themes
from zhizhi.web.icons import SHAPES

SIGHTS = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                   [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                     [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                   [0.004733, 0.691367, 0.303900]],
    "achromatopsia": [[0.2126, 0.7152, 0.0722]] * 3,
}  # fmt: skip
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ.sum(axis=1)
STEP = 9.0  # between neighbours of the shades: three times what is just seen side by side
KINDS = 12.0  # between severities, for whoever sees two kinds of cones


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    ratio = TO_XYZ @ np.clip(rgb, 0, 1) / WHITE
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(one: str, other: str, sight: str) -> float:
    seen = [lab(np.array(SIGHTS[sight]) @ linear(colour)) for colour in (one, other)]
    return float(np.linalg.norm(seen[0] - seen[1]))


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_shade_of_the_map_differs_from_the_next(theme: str, sight: str) -> None:
    shades = [themes()[theme][f"shade-{number}"] for number in range(5)]

    steps = [round(difference(*pair, sight), 1) for pair in pairwise(shades)]

    assert min(steps) >= STEP, steps


@pytest.mark.parametrize("sight", ["protanopia", "deuteranopia", "tritanopia"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_severities_differ_also_with_two_kinds_of_cones(theme: str, sight: str) -> None:
    colours = {name: themes()[theme][name] for name in Severity.values}

    apart = {
        pair: round(difference(colours[pair[0]], colours[pair[1]], sight), 1)
        for pair in combinations(colours, 2)
    }

    assert min(apart.values()) >= KINDS, apart


def test_severities_differ_by_form_and_word_where_colour_tells_nothing() -> None:
    labels = {str(Severity(value).label) for value in Severity.values}

    assert len({SHAPES[value] for value in Severity.values}) == len(Severity.values)
    assert len(labels) == len(Severity.values)


def test_grey_stays_grey_for_everybody() -> None:
    for sight, matrix in SIGHTS.items():
        assert np.array(matrix).sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-3), sight


def test_a_pair_that_is_known_to_fall_together_does() -> None:
    """Red and a green of the same lightness: far apart for most, close without red cones."""
    assert difference("#a05000", "#5f6a00", "protanopia") < difference(
        "#a05000", "#5f6a00", "tritanopia"
    )
