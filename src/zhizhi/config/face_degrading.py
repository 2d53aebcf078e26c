"""What the street does to a picture of a face: small, dark, blurred, tilted, covered.

Each takes a picture and the face that was found in it before, and returns the picture spoilt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageChops, ImageFilter

if TYPE_CHECKING:
    from zhizhi.sources.vision.finding import FoundFace

SMALL_PX: Final = 60  # of a face that may still be told
TILT_DEGREES: Final = 20
MOVED_PX: Final = 9  # of a face of 150 pixels
GREY: Final = (128, 128, 128)
NOISE: Final = 8.0


def small(picture: Image.Image, face: FoundFace) -> Image.Image:
    """Make the face 60 pixels wide, saved as JPEG of quality 60."""
    share = SMALL_PX / max(face.size_px, 1)
    width, height = (max(1, round(side * share)) for side in picture.size)
    return _saved(picture.resize((width, height), Image.Resampling.LANCZOS), 60)


def compressed(picture: Image.Image, _face: FoundFace) -> Image.Image:
    """Save it as JPEG of quality 15."""
    return _saved(picture, 15)


def dark(picture: Image.Image, _face: FoundFace) -> Image.Image:
    """Let a third of the light in, with the noise of a sensor."""
    chance = np.random.default_rng(1)
    seen = np.asarray(picture, np.float32) / 3
    return _picture(seen + chance.normal(0, NOISE, seen.shape))


def moving(picture: Image.Image, face: FoundFace) -> Image.Image:
    """Blur it from left to right, as somebody who walks past."""
    reach = max(2, round(MOVED_PX * face.size_px / 150))
    shifted = [ImageChops.offset(picture, step - reach // 2, 0) for step in range(reach)]
    return _picture(np.mean([np.asarray(one, np.float32) for one in shifted], axis=0))


def blurred(picture: Image.Image, face: FoundFace) -> Image.Image:
    """Put it out of focus."""
    return picture.filter(ImageFilter.GaussianBlur(2.5 * face.size_px / 150))


def tilted(picture: Image.Image, _face: FoundFace) -> Image.Image:
    """Turn the head to one side by 20 degrees."""
    return picture.rotate(TILT_DEGREES, Image.Resampling.BICUBIC, fillcolor=GREY)


def masked(picture: Image.Image, face: FoundFace) -> Image.Image:
    """Cover nose and mouth."""
    middle = face.top + round(0.55 * (face.bottom - face.top))
    covered = picture.copy()
    covered.paste((225, 230, 235), (face.left, middle, face.right, face.bottom))
    return covered


def shaded(picture: Image.Image, face: FoundFace) -> Image.Image:
    """Cover the eyes, as with sunglasses."""
    height = face.bottom - face.top
    covered = picture.copy()
    eyes = (face.left, face.top + round(0.15 * height), face.right, face.top + round(0.4 * height))
    covered.paste((15, 15, 15), eyes)
    return covered


DEGRADED: Final[Mapping[str, Callable[[Image.Image, FoundFace], Image.Image]]] = {
    "small": small,
    "compressed": compressed,
    "dark": dark,
    "moving": moving,
    "blurred": blurred,
    "tilted": tilted,
    "masked": masked,
    "shaded": shaded,
}


def _saved(picture: Image.Image, quality: int) -> Image.Image:
    file = BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def _picture(values: object) -> Image.Image:
    return Image.fromarray(np.clip(np.asarray(values), 0, 255).astype(np.uint8))
