"""Loops compiled to machine code by Numba, with their Python types kept for the type checker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

Loop = TypeVar("Loop", bound=Callable[..., Any])


def native(function: Loop) -> Loop:
    """Compile ``function`` at its first call and keep the machine code on disk for the next run."""
    compiled: Any = numba.njit(cache=True)(function)
    loop: Loop = compiled  # called as the Python function is
    return loop


def column(values: object, kind: type[np.generic]) -> NDArray[Any]:
    """Return ``values`` as a contiguous read-only column of ``kind``; copies only if it must.

    Arrow hands out read-only columns and NumPy writable ones. Numba compiles a loop once for
    each, so every column is made the same before it enters a loop.
    """
    array = np.ascontiguousarray(values, dtype=kind).view()
    array.flags.writeable = False
    return array
