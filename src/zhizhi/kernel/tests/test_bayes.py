"""Counting Bayes by its definition."""

from __future__ import annotations

import numpy as np
import pytest

from zhizhi.kernel.bayes import counted_bayes
from zhizhi.kernel.ngrams import Grams


def test_margins_are_the_logarithms_of_counts_smoothed() -> None:
    grams = Grams(1, 1, 4)
    a, b = (int(grams.counted([letter]).column[0]) for letter in "ab")
    model = counted_bayes(grams.counted(["aab", "a", "b"]), [0, 0, 1], 2, smoothing=0.5)

    margins = model.margins(grams.counted(["ab"]))[0]
    assert a != b
    assert margins[0] == pytest.approx(np.log(3.5 / 12) + np.log(1.5 / 12) + np.log(2.5), abs=1e-5)
    assert margins[1] == pytest.approx(np.log(0.5 / 9) + np.log(1.5 / 9) + np.log(1.5), abs=1e-5)
