"""Three ways to compile a function to machine code, with its types kept for the checker.

The code is cached on disk beside its module. Numba forgets it when that file changes; here it is
forgotten as well when a kernel module that the file imports from changes, for functions of other
modules are compiled in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, ParamSpec, TypeVar

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")

_COUNTED: dict[str, Any] = {"cache": True, "_nrt": True}  # also below an uncounted caller
_UNCOUNTED: dict[str, Any] = {"cache": True, "_nrt": False}  # the name has no public form
_WOVEN = _UNCOUNTED | {"forceinline": True}
_FOLDER = Path(__file__).parent
_IMPORT = re.compile(r"^from (zhizhi\.kernel\.\w+) import", re.MULTILINE)


def native(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` with Numba on its first call; the result is cached on disk."""
    return _compiled(function, _COUNTED)


def lean(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that allocates nothing, nor any function that it calls.

    Numba then counts no references: in loops that hand arrays to small functions the counting
    took five times as long as the work. A function that does allocate fails to compile.
    """
    return _compiled(function, _UNCOUNTED)


def woven(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a lean function into each of its callers: an array costs a call seven arguments."""
    return _compiled(function, _WOVEN)


def _compiled(function: Callable[P, R], options: dict[str, Any]) -> Callable[P, R]:
    dispatcher: Any = njit(**options)(function)
    if dispatcher is not function:  # NUMBA_DISABLE_JIT leaves it as it is
        stored = dispatcher._cache._cache_file  # noqa: SLF001 - there is no public way to say it
        stored._source_stamp = (stored._source_stamp, stamp(function.__module__))  # noqa: SLF001
        stored._load_index = _or_nothing(stored._load_index)  # noqa: SLF001
    compiled: Callable[P, R] = dispatcher
    return compiled


def _or_nothing(load: Callable[[], dict[Any, Any]]) -> Callable[[], dict[Any, Any]]:
    """Return ``load``, but nothing where it stumbles.

    What is cached names the classes of the arguments. After one of them was renamed it cannot be
    read any more, and the stamp that tells that it is outdated lies behind them.
    """

    def loaded() -> dict[Any, Any]:
        try:
            return load()
        except (AttributeError, ImportError, EOFError, ValueError, UnpicklingError):
            return {}

    return loaded


@cache
def stamp(module: str) -> str:
    """Return a digest of the sources of a kernel module and of those that it imports from."""
    digest = blake2b(digest_size=16)
    for name in sorted(_reached(module, set())):
        digest.update(_source(name))
    return digest.hexdigest()


def _reached(module: str, seen: set[str]) -> set[str]:
    if module not in seen:
        seen.add(module)
        for name in _IMPORT.findall(_source(module).decode()):
            _reached(name, seen)
    return seen


@cache
def _source(module: str) -> bytes:
    path = _FOLDER / f"{module.rpartition('.')[2]}.py"
    return path.read_bytes() if path.exists() else b""
