"""Our own drawings are whole."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

import pytest

from zhizhi.engine.models import Case, Severity
from zhizhi.web import icons


@pytest.mark.parametrize("drawings", [icons.ICONS, icons.RINGS, icons.FACES])
def test_every_drawing_is_well_formed(drawings: Mapping[str, str]) -> None:
    for drawn in drawings.values():
        ElementTree.fromstring(f"<svg>{drawn}</svg>")  # noqa: S314 - our own text


def test_every_severity_has_a_shape_of_its_own_and_every_state_a_ring() -> None:
    assert set(icons.SHAPES) == set(Severity.values)
    assert len(set(icons.SHAPES.values())) == len(icons.SHAPES)
    assert set(icons.RINGS) == set(Case.State.values)
    assert len(set(icons.RINGS.values())) == len(icons.RINGS)
