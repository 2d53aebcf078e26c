"""The records of the judge: fixed widths, and room for the most that can come out."""

from __future__ import annotations

import numpy as np
import pytest

from zhizhi.kernel.detection import INSIDE, RING, VIRTUAL_SHARDS
from zhizhi.kernel.episodes import EPISODE, FIX, FOUND, RULE, WORDS, Hits, desk_for, memory_of


@pytest.mark.parametrize("record", [EPISODE, FOUND, FIX, RULE])
def test_records_are_whole_words_without_gaps(record: np.dtype[np.void]) -> None:
    assert record.itemsize % 8 == 0
    assert record.itemsize == sum(record[name].itemsize for name in record.names or ())


def test_the_words_of_an_episode_are_its_bytes() -> None:
    episodes = np.zeros(3, EPISODE)

    memory = memory_of(episodes, np.zeros(3, np.int32))
    memory.words[1, 2] = 77

    assert memory.words.shape == (3, WORDS)
    assert episodes["started_us"].tolist() == [0, 77, 0]


@pytest.mark.parametrize(("inside", "old"), [(0, 0), (2, 0), (0, 3), (2, 3)])
def test_a_desk_has_room_for_a_new_stay_and_two_findings_for_every_hit_inside(
    inside: int, old: int
) -> None:
    cls = np.array([INSIDE] * inside + [RING] * 5, np.uint8)
    hits = Hits(np.array([0, len(cls)], np.int32), np.zeros(len(cls), np.int32), cls)

    desk = desk_for(hits, memory_of(np.zeros(old, EPISODE), np.zeros(old, np.int32)))

    assert len(desk.episodes) == len(desk.words) == len(desk.zone) == old + inside
    assert len(desk.found) == old + 2 * inside
    assert (desk.changed.tolist(), desk.told.tolist()) == ([False] * VIRTUAL_SHARDS, [0])
