"""Invented districts, each built once in a process: nobody changes one."""

from __future__ import annotations

import functools

from zhizhi.kernel.district import District, build


@functools.cache
def district_of(seed: int = 7) -> District:
    return build(seed)
