from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import shapely

from zhizhi.kernel.district import building, places
from zhizhi.kernel.district.building import _Layers


@pytest.fixture(scope="module")
def layers() -> _Layers:
    return building._layers(7)


def test_no_building_stands_where_the_water_has_risen(layers: _Layers) -> None:
    flood = shapely.buffer(layers.waters.surface, 400.0)
    waters = dataclasses.replace(layers.waters, surface=flood)

    shapes, _grid = places.buildings(
        7, layers.levels, layers.roads, waters, layers.campuses.shapes, 6_000
    )

    assert not shapely.intersects(flood, shapes).any()


def test_no_building_stands_on_a_road_or_a_school(layers: _Layers) -> None:
    for obstacles in (layers.roads.surfaces, layers.campuses.shapes):
        hit, _ = shapely.STRtree(obstacles).query(layers.footprints, predicate="intersects")
        assert len(hit) == 0


def test_where_more_people_live_there_are_more_buildings(layers: _Layers) -> None:
    number = np.bincount(layers.footprint_grid, minlength=building.GRIDS)
    people = layers.levels.grids.people
    crowded = people > np.percentile(people, 90)
    assert number[crowded].mean() > 1.5 * number[~crowded].mean()
