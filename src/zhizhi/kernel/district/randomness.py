"""One stream of random numbers for each layer, so that a new layer never changes an old one."""

from __future__ import annotations

import zlib

import numpy as np


def layer(seed: int, name: str) -> np.random.Generator:
    """Return the generator of layer ``name`` of the district ``seed``."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
