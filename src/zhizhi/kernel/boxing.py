"""Nested boxes around zones and their edges, for points that the cover does not reach."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.cover import Floats, Outline
from zhizhi.kernel.screening import CHUNK, CROWD, Boxes


def build_boxes(outline: Outline, widest_exit_m: float) -> Boxes:
    """Return the boxes of chunks of edges, of zones, and of crowds of zones."""
    edges, first = outline.edges, outline.first
    chunks = -(-np.diff(first) // CHUNK)
    first_chunk = np.concatenate([[0], np.cumsum(chunks)]).astype(np.int64)
    within = np.arange(first_chunk[-1]) - np.repeat(first_chunk[:-1], chunks)
    first_edge = np.repeat(first[:-1], chunks) + CHUNK * within
    of_edge = np.column_stack(
        [
            np.minimum(edges[:, 0], edges[:, 2]),
            np.minimum(edges[:, 1], edges[:, 3]),
            np.maximum(edges[:, 0], edges[:, 2]),
            np.maximum(edges[:, 1], edges[:, 3]),
        ]
    )
    zone = _around(of_edge, first[:-1])
    order = _neighbours_together(zone)
    return Boxes(
        chunk=_around(of_edge, first_edge),
        first_chunk=first_chunk,
        first_edge=np.append(first_edge, len(edges)).astype(np.int64),
        zone=zone,
        order=order,
        crowd=_around(zone[order], np.arange(0, len(zone), CROWD)),
        widest_exit_m=widest_exit_m,
    )


def _around(boxes: Floats, first: NDArray[np.int64]) -> Floats:
    """Return the box around each of the consecutive groups that begin at ``first``."""
    if not len(first):
        return np.empty((0, 4))
    low = np.minimum.reduceat(boxes[:, :2], first)
    high = np.maximum.reduceat(boxes[:, 2:], first)
    return np.ascontiguousarray(np.hstack([low, high]))


def _neighbours_together(zone: Floats) -> NDArray[np.int32]:
    """Return the zones along a Z-shaped curve through their centres."""
    centre = (zone[:, :2] + zone[:, 2:]) / 2
    span = np.ptp(centre, axis=0) + 1e-12 if len(zone) else np.ones(2)
    grid = ((centre - centre.min(axis=0, initial=180.0)) / span * 1023).astype(np.int64)
    code = np.zeros(len(zone), np.int64)
    for bit in range(10):
        code |= ((grid[:, 0] >> bit) & 1) << (2 * bit) | ((grid[:, 1] >> bit) & 1) << (2 * bit + 1)
    return np.argsort(code, kind="stable").astype(np.int32)
