"""Typed corners: read as a shape, refused with the line, written so that they are read again."""

from __future__ import annotations

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from zhizhi.web.corner_text import CornersUnreadable, read, write

HOLED = shapely.Polygon(
    [(107, 29), (107.1, 29), (107.1, 29.1), (107, 29.1)],
    [[(107.02, 29.02), (107.04, 29.02), (107.04, 29.04)]],
)


def shape_of(text: str) -> BaseGeometry:
    return shapely.geometry.shape(read(text))


def test_what_is_written_is_read_as_the_same_shape() -> None:
    both = shapely.MultiPolygon([HOLED, shapely.box(108, 29, 108.1, 29.1)])

    assert shape_of(write(both)).normalize() == both.normalize()
    assert write(HOLED).split("\n\n")[1].startswith("hole\n107.0200000, 29.0200000")


@pytest.mark.parametrize("line", ["107.1,29", "107.1 29", "107.1，29", "107.1;29", " 107.1 , 29 "])
def test_a_corner_may_be_written_in_several_ways(line: str) -> None:
    assert shape_of(f"107,29\n{line}\n107.1,29.1").area == pytest.approx(0.005)


def test_a_ring_may_repeat_its_first_corner_and_a_hole_may_be_called_so_in_chinese() -> None:
    shape = shape_of(
        "107,29\n107.1,29\n107.1,29.1\n107,29\n\n孔\n107.05,29.02\n107.06,29.02\n107.06,29.03"
    )

    assert shapely.get_num_geometries(shape) == 1
    assert shapely.get_num_interior_rings(shapely.get_geometry(shape, 0)) == 1


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("107,29\n107.1,abc", 2, "numbers"),
        ("107,29\n107.1", 2, "numbers"),
        ("107,29,1", 1, "numbers"),
        ("107,nan\n", 1, "numbers"),
        ("\n107,29\n107.1,29", 2, "few"),
        ("107,29\n107.1,29\n107,29", 1, "few"),
        ("hole\n107,29\n107.1,29\n107.1,29.1", 2, "hole"),
    ],
)
def test_the_line_that_cannot_be_read_is_named(text: str, line: int, problem: str) -> None:
    with pytest.raises(CornersUnreadable) as refused:
        read(text)

    assert (refused.value.line, refused.value.problem) == (line, problem)


def test_no_text_is_no_shape() -> None:
    assert read("  \n\n") == {"type": "MultiPolygon", "coordinates": []}
