"""Three ways to compile a function to machine code, with its types kept for the checker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")

_UNCOUNTED: dict[str, Any] = {"cache": True, "_nrt": False}  # the name has no public form
_WOVEN = _UNCOUNTED | {"forceinline": True}


def native(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` with Numba on its first call; the result is cached on disk."""
    compiled: Callable[P, R] = njit(cache=True)(function)
    return compiled


def lean(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that allocates nothing, nor any function that it calls.

    Numba then counts no references: in loops that hand arrays to small functions the counting
    took five times as long as the work. A function that does allocate fails to compile.
    """
    compiled: Callable[P, R] = njit(**_UNCOUNTED)(function)
    return compiled


def woven(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a lean function into each of its callers: an array costs a call seven arguments."""
    compiled: Callable[P, R] = njit(**_WOVEN)(function)
    return compiled
