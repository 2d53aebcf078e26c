"""One way to compile a function to machine code, with its types kept for the checker."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def native(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` with Numba on its first call; the result is cached on disk."""
    compiled: Callable[P, R] = njit(cache=True)(function)
    return compiled
