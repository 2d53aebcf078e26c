"""Drawn faces: nobody's, and yet found by a detector of faces."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

BACKGROUND, HAIR, LIPS = (90, 110, 130), (40, 30, 25), (150, 60, 60)


def drawn(number: int, *, size: int = 400) -> Image.Image:
    """Return the face with a number, looking at whoever looks, in a picture of ``size`` pixels."""
    chance = np.random.default_rng(number)
    picture = Image.new("RGB", (400, 400), BACKGROUND)
    pen = ImageDraw.Draw(picture)
    width, height = 200 * chance.uniform(0.34, 0.40), 200 * chance.uniform(0.46, 0.54)
    light, middle, dark = sorted(chance.integers(150, 225, 3).tolist(), reverse=True)
    skin = (light, middle, dark)
    pen.ellipse(_box(200, 200 - height * 0.375, width * 1.12, height * 0.875), fill=HAIR)
    pen.ellipse(_box(200, 200, width, height), fill=skin)
    eyes_y = 200 - height * chance.uniform(0.12, 0.2)
    eye = width * chance.uniform(0.17, 0.23)
    apart = width * chance.uniform(0.40, 0.47)
    for x in (200 - apart, 200 + apart):
        _eye(pen, x, eyes_y, eye, skin)
    _nose(pen, eyes_y, 200 + height * 0.22, width * 0.17, skin)
    mouth = width * chance.uniform(0.33, 0.43)
    mouth_y = 200 + height * chance.uniform(0.48, 0.55)
    pen.ellipse(_box(200, mouth_y, mouth, mouth * 0.28), fill=LIPS)
    pen.line([200 - mouth, mouth_y, 200 + mouth, mouth_y], fill=(90, 30, 30), width=3)
    return picture.filter(ImageFilter.GaussianBlur(3)).resize((size, size))


def pixels(picture: Image.Image) -> Any:
    """Return a picture as the finder takes it."""
    return np.asarray(picture.convert("RGB"))


def _box(x: float, y: float, across: float, down: float) -> tuple[float, float, float, float]:
    return x - across, y - down, x + across, y + down


def _darker(skin: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    red, green, blue = (int(value * share) for value in skin)
    return red, green, blue


def _eye(pen: Any, x: float, y: float, across: float, skin: tuple[int, int, int]) -> None:
    down = across / 2
    pen.ellipse(_box(x, y, across * 1.5, down * 2.1), fill=_darker(skin, 0.85))
    pen.ellipse(_box(x, y, across, down), fill=(245, 245, 245))
    pen.ellipse(_box(x, y, down, down), fill=(30, 20, 20))
    brow = y - down * 2.6
    pen.line([x - across * 1.3, brow, x + across * 1.3, brow], fill=(45, 30, 25), width=int(down))


def _nose(pen: Any, top: float, bottom: float, across: float, skin: tuple[int, int, int]) -> None:
    sides = [(200 - across / 2, top), (200 + across / 2, top)]
    pen.polygon([*sides, (200 + across, bottom), (200 - across, bottom)], fill=_darker(skin, 0.92))
    pen.ellipse(_box(200, bottom, across * 1.2, across / 2), fill=_darker(skin, 0.75))
