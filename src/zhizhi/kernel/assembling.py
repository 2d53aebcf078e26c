"""Putting the cells of all zones together into one grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zhizhi.kernel.cover import (
    BLOCK,
    DEEP,
    FAR_MM,
    FARTHEST,
    KIND,
    LAST,
    NEAREST,
    PLACES,
    SLOT,
    WIDTH,
    WITHIN,
    ZONE,
    Cells,
    Grid,
    Ints,
    Longs,
    Outline,
    Raster,
)
from zhizhi.kernel.covering import filled_cells, raster_around, touched_cells
from zhizhi.kernel.refining import fine_records

CACHE_LINE = 64


class Filled(NamedTuple):
    """For each coarse cell the zones that it lies deep inside, as lists ended by -1."""

    deep: Ints
    first: Longs  # of each coarse cell's list, -1: none
    many: Longs  # how many


def build_grid(outline: Outline) -> Grid:
    """Return the cover of the zones."""
    if not len(outline.edges):
        nothing = np.zeros(1, np.int32)
        nowhere = Raster(0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1, 1)
        records, runs = _deep_records(nothing, nothing), np.zeros((1, 2), np.int32)
        cells = _cells(records, runs, outline, nothing)
        return Grid(nowhere, nothing, np.zeros(PLACES, np.int32), cells)
    raster = raster_around(outline)
    touched = touched_cells(outline, raster)
    own, runs = fine_records(outline, raster, touched)
    filled = _lists(*filled_cells(outline, raster, touched), raster.columns * raster.rows)
    blocks, block_of_group = np.unique(touched.cell, return_inverse=True)
    slot = block_of_group[own[:, SLOT] // BLOCK] * BLOCK + own[:, SLOT] % BLOCK
    fine, records = _code_own(slot, own, blocks, filled)
    coarse, shared = _code_shared(filled, len(records))
    fine = np.where(fine == 0, np.repeat(coarse[blocks], BLOCK), fine)
    words, first = _packed(fine)
    coarse[blocks] = -2 * first - 2
    cells = _cells(np.concatenate([records, shared]), runs, outline, filled.deep)
    return Grid(raster, coarse.astype(np.int32), words, cells)


def _packed(codes: Longs) -> tuple[Ints, Longs]:
    """Return the blocks of fine cells with these codes as words, and where each block begins."""
    slot = np.flatnonzero(codes)
    pairs = (slot // BLOCK << 32) + codes[slot] + 2**31
    pairs, which = np.unique(pairs, return_inverse=True)
    listed = np.bincount(pairs >> 32, minlength=len(codes) // BLOCK)
    first = np.cumsum(PLACES + listed) - PLACES - listed
    place = np.arange(len(pairs)) - np.repeat(np.cumsum(listed) - listed, listed)
    words = np.zeros(int((PLACES + listed).sum()), np.int32)
    words[np.repeat(first, listed) + PLACES + place] = (pairs & 0xFFFF_FFFF) - 2**31
    counts = np.zeros((len(listed), BLOCK), np.uint8)
    counts.ravel()[slot] = place[which] + 1
    words[first[:, None] + np.arange(PLACES)] = counts.view("<i4")
    return words, first


def _lists(zone: Ints, cell: Ints, cells: int) -> Filled:
    """List the zones of each coarse cell in ascending order."""
    order = np.lexsort((zone, cell))
    zone, cell = zone[order], cell[order]
    count = np.bincount(cell, minlength=cells)
    ends = np.cumsum(count + (count > 0))
    first = np.where(count > 0, ends - count - 1, -1)
    deep = np.full(ends[-1] + 1, -1, np.int32)
    deep[np.arange(len(zone)) + np.cumsum(count > 0)[cell] - 1] = zone
    return Filled(deep, first, count)


def _code_own(slot: Longs, own: Ints, blocks: Ints, filled: Filled) -> tuple[Longs, Ints]:
    """Return the codes of the fine cells with records of their own, and these, cell by cell."""
    order = np.lexsort((own[:, ZONE], slot))
    slot, own = slot[order], own[order]
    cell = blocks[slot // BLOCK]
    starts = np.diff(slot, prepend=-1) != 0
    ends = np.append(starts[1:], True)
    codes = np.zeros(len(blocks) * BLOCK, np.int64)
    # Where one zone is all there is to say, the code says it.
    told = starts & ends & (own[:, NEAREST] == FAR_MM) & (filled.many[cell] == 0)
    codes[slot[told]] = own[told, ZONE] + 1
    own[:, DEEP] = np.where(starts, filled.first[cell], -1)
    own[ends, KIND] += LAST
    kept = ~told
    first = np.flatnonzero(starts[kept])
    codes[slot[kept][first]] = -2 * first - 1
    return codes, own[kept]


def _code_shared(filled: Filled, number: int) -> tuple[Longs, Ints]:
    """Return the code of each coarse cell by what it lies deep inside, and records for several.

    ``number`` is that of the first of these records.
    """
    alone = filled.deep[filled.first]
    codes = np.where(filled.many == 0, 0, alone + 1)
    several = np.flatnonzero(filled.many > 1)
    codes[several] = -2 * (number + np.arange(len(several))) - 1
    return codes, _deep_records(alone[several], filled.first[several] + 1)


def _deep_records(zone: Ints, more: Longs | Ints) -> Ints:
    """Return records of cells that lie deep inside ``zone`` and the zones that ``more`` lists."""
    records = np.zeros((len(zone), WIDTH), np.int32)
    records[:, ZONE], records[:, KIND], records[:, DEEP] = zone, WITHIN + LAST, more
    records[:, NEAREST] = records[:, FARTHEST] = FAR_MM
    return records


def _cells(records: Ints, runs: Ints, outline: Outline, deep: Ints) -> Cells:
    """Return the cells with a copy of the records in which none lies across two cache lines."""
    memory = np.empty(records.nbytes + CACHE_LINE, np.uint8)
    offset = -memory.ctypes.data % CACHE_LINE
    copy = memory[offset : offset + records.nbytes].view(np.int32).reshape(records.shape)
    copy[:] = records
    return Cells(copy, copy.view(np.float64), runs, outline.edges, deep)
