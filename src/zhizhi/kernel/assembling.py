"""Putting the cells of all zones together into one grid."""

from __future__ import annotations

import numpy as np

from zhizhi.kernel.cover import (
    BLOCK,
    FAR_MM,
    FARTHEST,
    KIND,
    LAST,
    NEAREST,
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
from zhizhi.kernel.covering import Touched, filled_cells, raster_around, touched_cells
from zhizhi.kernel.refining import fine_records


def build_grid(outline: Outline) -> Grid:
    """Return the cover of the zones."""
    if not len(outline.edges):
        nothing = np.zeros(1, np.int32)
        table = np.zeros((1, WIDTH), np.int32)
        raster = Raster(0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1, 1)
        cells = Cells(table, np.zeros((1, 2), np.int32), outline.edges)
        return Grid(raster, nothing, nothing, cells)
    raster = raster_around(outline)
    touched = touched_cells(outline, raster)
    records, runs = fine_records(outline, raster, touched)
    coarse, fine, records = _assemble(outline, raster, touched, records)
    return Grid(raster, coarse, fine, Cells(records, runs, outline.edges))


def _assemble(
    outline: Outline, raster: Raster, touched: Touched, records: Ints
) -> tuple[Ints, Ints, Ints]:
    """Give each cell its code; the records of a cell stand together, ordered by zone."""
    full_zone, full_cell = filled_cells(outline, raster, touched)
    cells = raster.columns * raster.rows
    blocks, block_of_group = np.unique(touched.cell, return_inverse=True)
    block = np.full(cells, -1, np.int64)
    block[blocks] = np.arange(len(blocks))
    # A slot is a fine cell of a block, or behind all of these a coarse cell without a block.
    slot = block_of_group[records[:, SLOT] // BLOCK] * BLOCK + records[:, SLOT] % BLOCK
    divided = block[full_cell] >= 0
    inner = (block[full_cell[divided]] * BLOCK)[:, None] + np.arange(BLOCK)
    outer = len(blocks) * BLOCK + full_cell[~divided].astype(np.int64)
    full = _full_records(
        np.concatenate([np.repeat(full_zone[divided], BLOCK), full_zone[~divided]])
    )
    slot = np.concatenate([slot, inner.ravel(), outer])
    codes, records = _coded(slot, np.concatenate([records, full]), len(blocks) * BLOCK + cells)
    fine, coarse = codes[: len(blocks) * BLOCK], codes[len(blocks) * BLOCK :].copy()
    coarse[blocks] = -(np.arange(len(blocks)) * 2 + 1) - 1
    return coarse.astype(np.int32), fine.astype(np.int32), records


def _full_records(zone: Ints) -> Ints:
    """Return records of cells that lie deep inside ``zone``."""
    records = np.zeros((len(zone), WIDTH), np.int32)
    records[:, ZONE], records[:, KIND] = zone, WITHIN
    records[:, NEAREST] = records[:, FARTHEST] = FAR_MM
    return records


def _coded(slot: Longs, records: Ints, slots: int) -> tuple[Longs, Ints]:
    """Return the code of every slot and the records, those of one slot together."""
    order = np.lexsort((records[:, ZONE], slot))
    slot, records = slot[order], np.ascontiguousarray(records[order])
    first = np.flatnonzero(np.diff(slot, prepend=-1))
    last = np.append(first[1:], len(slot)) - 1 if len(slot) else first
    records[last, KIND] += LAST
    codes = np.zeros(slots, np.int64)
    codes[slot[first]] = -2 * first - 1
    alone = first[(first == last) & (records[first, NEAREST] == FAR_MM)]
    codes[slot[alone]] = records[alone, ZONE] + 1
    return codes, records
