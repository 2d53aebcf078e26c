"""On which side of an edge a point lies: exact, however close it is.

A difference of two rounded products decides almost always; where it is smaller than its own
rounding error the sign is found without rounding (J. R. Shewchuk, "Adaptive Precision Floating-
Point Arithmetic and Fast Robust Geometric Predicates", 1997). GEOS decides the same way. Only
coordinates below 1e-150 degrees would be too small for that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.native import lean, native

ERROR = (3.0 + 16.0 * 2.0**-53) * 2.0**-53  # bound of the rounding error, relative to the products
SPLITTER = 134_217_729.0  # 2**27 + 1: cuts a float64 into two halves

Edges = NDArray[np.float64]  # one row per edge: x1, y1, x2, y2


@lean
def side(x1: float, y1: float, x2: float, y2: float, x: float, y: float) -> float:
    """Return > 0 when (x, y) is left of the edge, < 0 when right of it, 0 exactly on its line."""
    left = (x1 - x) * (y2 - y)
    right = (y1 - y) * (x2 - x)
    found = left - right
    if abs(found) > ERROR * (abs(left) + abs(right)):
        return found
    return _exact_side(x1, y1, x2, y2, x, y)


@lean
def nudged_side(x1: float, y1: float, x2: float, y2: float, x: float, y: float) -> float:
    """Return the side of the point moved up by next to nothing, and right by even less.

    The moved point lies on no edge, so crossings can be counted without special cases.
    """
    found = side(x1, y1, x2, y2, x, y)
    if found != 0.0:
        return found
    if x1 != x2:
        return x2 - x1
    return y1 - y2


@lean
def crosses_right(x1: float, y1: float, x2: float, y2: float, x: float, y: float) -> bool:
    """Tell whether the edge cuts the ray that goes right from the nudged point."""
    if (y1 > y) == (y2 > y):
        return False
    return (nudged_side(x1, y1, x2, y2, x, y) > 0.0) == (y2 > y1)


@lean
def is_on_edge(x1: float, y1: float, x2: float, y2: float, x: float, y: float) -> bool:
    """Tell whether (x, y) itself lies on the edge."""
    if x < min(x1, x2) or x > max(x1, x2) or y < min(y1, y2) or y > max(y1, y2):
        return False
    return side(x1, y1, x2, y2, x, y) == 0.0


@lean
def _two_difference(a: float, b: float) -> tuple[float, float]:
    """Return a - b as a rounded number and what the rounding lost."""
    x = a - b
    virtual_b = a - x
    virtual_a = x + virtual_b
    return x, (a - virtual_a) + (virtual_b - b)


@lean
def _two_product(a: float, b: float) -> tuple[float, float]:
    """Return a * b as a rounded number and what the rounding lost."""
    product = a * b
    c = SPLITTER * a
    a_high = c - (c - a)
    a_low = a - a_high
    c = SPLITTER * b
    b_high = c - (c - b)
    b_low = b - b_high
    lost = ((product - a_high * b_high) - a_low * b_high) - a_high * b_low
    return product, a_low * b_low - lost


@lean
def _add_to(total: NDArray[np.float64], used: int, term: float) -> int:
    """Add ``term`` to an exact sum kept as non-overlapping parts; return the number of parts."""
    carry = term
    for j in range(used):
        part = total[j]
        x = carry + part
        virtual = x - carry
        total[j] = (carry - (x - virtual)) + (part - virtual)
        carry = x
    total[used] = carry
    return used + 1


@native
def _exact_side(x1: float, y1: float, x2: float, y2: float, x: float, y: float) -> float:
    factors = np.empty((4, 2))
    factors[0] = _two_difference(x1, x)
    factors[1] = _two_difference(y2, y)
    factors[2] = _two_difference(y1, y)
    factors[3] = _two_difference(x2, x)
    total = np.empty(16)
    used = 0
    for i in range(2):
        for j in range(2):
            high, low = _two_product(factors[0, i], factors[1, j])
            used = _add_to(total, used, low)
            used = _add_to(total, used, high)
            high, low = _two_product(-factors[2, i], factors[3, j])
            used = _add_to(total, used, low)
            used = _add_to(total, used, high)
    for j in range(used - 1, -1, -1):
        if total[j] != 0.0:
            return float(total[j])
    return 0.0
