"""Drawn faces are found and stand upright in their chips; where there is none, none is found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from zhizhi.sources.vision.encoding import PackagedEncoder
from zhizhi.sources.vision.finding import CHIP_PX, DlibAligner, DlibFinder
from zhizhi.sources.vision.tests.drawing import drawn, pixels


@pytest.fixture(scope="module")
def finder() -> DlibFinder:
    return DlibFinder()


@pytest.mark.parametrize("number", range(5))
def test_a_face_is_found_where_it_is(finder: DlibFinder, number: int) -> None:
    [face] = finder.find(pixels(drawn(number)))

    assert abs((face.left + face.right) / 2 - 200) < 30
    assert abs((face.top + face.bottom) / 2 - 200) < 50
    assert 120 < face.size_px < 260


def test_no_face_is_found_where_none_is(finder: DlibFinder) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8)

    assert finder.find(noise) == []
    assert finder.find(np.full((300, 300, 3), 128, np.uint8)) == []


def test_of_two_faces_the_larger_one_comes_first(finder: DlibFinder) -> None:
    both = Image.new("RGB", (700, 400), (90, 110, 130))
    both.paste(drawn(2, size=200), (450, 100))
    both.paste(drawn(1), (0, 0))

    larger, smaller = finder.find(pixels(both))

    assert larger.size_px > 1.5 * smaller.size_px
    assert larger.right < smaller.left


def test_a_face_smaller_than_it_can_be_told_is_found_only_when_asked_for(
    finder: DlibFinder,
) -> None:
    small = pixels(drawn(3, size=90))

    assert finder.find(small) == []
    assert len(DlibFinder(upsampled=1).find(small)) == 1


def test_a_rolled_face_gives_nearly_the_template_of_the_upright_one(finder: DlibFinder) -> None:
    aligner, encoder = DlibAligner(), PackagedEncoder()

    def template(picture: Image.Image) -> Any:
        shown = pixels(picture)
        chip = aligner.cut(shown, finder.find(shown)[0])
        assert chip.shape == (CHIP_PX, CHIP_PX, 3)
        return encoder.encode(chip[None])[0]

    upright = template(drawn(4))
    rolled = template(drawn(4).rotate(12, fillcolor=(90, 110, 130)))
    other = template(drawn(5))

    assert np.linalg.norm(upright - rolled) < 0.6 * np.linalg.norm(upright - other)
