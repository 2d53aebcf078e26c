"""Faces in a picture, and a face turned upright and cut out: dlib's own, on one core.

The detector (histograms of gradients) sees faces that look at the camera, from about 60 pixels on;
with ``upsampled`` from about 32. What it does not find is no evidence that nobody is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import dlib
import numpy as np
from numpy.typing import NDArray

from zhizhi.sources.vision import packaged

Picture = NDArray[np.uint8]  # (height, width, 3), red first

CHIP_PX = 150
MARGIN = 0.25  # of the face's size, on each side


@dataclass(frozen=True, slots=True)
class FoundFace:
    """Where a face is in its picture, in pixels, and how sure the detector is of it."""

    left: int
    top: int
    right: int
    bottom: int
    sureness: float

    @property
    def size_px(self) -> int:
        """Its shorter side."""
        return min(self.right - self.left, self.bottom - self.top)


class Finder(Protocol):
    """What finds faces; another one can be put in its place."""

    def find(self, picture: Picture) -> list[FoundFace]: ...


class Aligner(Protocol):
    """What cuts a face out as its encoder wants it."""

    def cut(self, picture: Picture, face: FoundFace) -> Picture: ...


class DlibFinder:
    """dlib's frontal detector; faces of the largest size first."""

    def __init__(self, *, upsampled: int = 0) -> None:
        self._detector: Any = dlib.get_frontal_face_detector()
        self._upsampled = upsampled

    def find(self, picture: Picture) -> list[FoundFace]:
        boxes, sureness, _which = self._detector.run(picture, self._upsampled, 0.0)
        found = [
            FoundFace(box.left(), box.top(), box.right() + 1, box.bottom() + 1, float(sure))
            for box, sure in zip(boxes, sureness, strict=True)
        ]
        return sorted(found, key=lambda face: (-face.size_px, -face.sureness, face.left, face.top))


class DlibAligner:
    """Turns a face upright by the corners of the eyes and the nose, 150 pixels each way."""

    def __init__(self) -> None:
        self._landmarks: Any = dlib.shape_predictor(str(packaged.path_of(packaged.LANDMARKS)))

    def cut(self, picture: Picture, face: FoundFace) -> Picture:
        box = dlib.rectangle(face.left, face.top, face.right - 1, face.bottom - 1)
        shape = self._landmarks(picture, box)
        chip: Picture = dlib.get_face_chip(picture, shape, size=CHIP_PX, padding=MARGIN)
        return chip
