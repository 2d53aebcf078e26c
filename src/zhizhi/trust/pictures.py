"""Reading photographs without trusting them, and hiding the bystanders in a working copy."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO

from django.utils.translation import gettext as _
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from zhizhi.trust import malware

MAXIMUM_BYTES = 12 * 1024 * 1024
MAXIMUM_PIXELS = 40_000_000
MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
_BLOCKS = 6  # along the shorter side of a hidden region: too few to recognise a face
_QUALITY = 88


class PictureRefused(ValueError):
    """The upload is not a photograph that we keep; ``code`` is a stable word for interfaces."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the upright picture, in pixels from its upper left corner."""

    left: int
    top: int
    width: int
    height: int


def media_type_of(content: bytes) -> str:
    """Return the media type found in ``content`` itself; raises PictureRefused.

    Size and dimensions are checked before a pixel is decoded, and every pixel is decoded, so that
    a truncated file is refused while its sender can still send it again. Where there is a scanner
    for malicious code, it sees the file first; while that is gone, no photograph is taken.
    """
    if not content:
        raise PictureRefused("empty", _("The file is empty."))
    if len(content) > MAXIMUM_BYTES:
        sizes = {"size": f"{len(content) / 1024 / 1024:.1f}", "most": MAXIMUM_BYTES >> 20}
        message = _("The file has %(size)s MB; at most %(most)s MB are kept.") % sizes
        raise PictureRefused("too-large", message)
    _scan(content)
    with _opened(content) as picture:
        _complete(picture.verify)
    with _opened(content) as picture:
        # JPEG alone then decodes at an eighth; it still reads the file to its end
        picture.draft("RGB", (picture.width // 8, picture.height // 8))
        _complete(picture.load)
        return MEDIA_TYPES[picture.format or ""]


def redraw(content: bytes, regions: Sequence[Region] = (), *, longest: int | None = None) -> bytes:
    """Return an upright JPEG without any metadata, with ``regions`` made unrecognisable.

    ``longest`` makes a larger picture smaller, until its longer side has so many pixels.
    """
    with _opened(content) as picture:
        _complete(picture.load)
        upright = _upright(picture)
    for region in regions:
        _pixelate(upright, region)
    if longest is not None:
        upright.thumbnail((longest, longest))
    out = BytesIO()
    bare = Image.new("RGB", upright.size)
    bare.paste(upright)
    bare.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def mosaic(content: bytes, regions: Sequence[Region]) -> bytes:
    """Return the working copy of a photograph with ``regions`` pixelated; raises PictureRefused."""
    if not regions:
        raise PictureRefused("no-region", _("Mark at least one region to hide."))
    return redraw(content, regions)


def _opened(content: bytes) -> Image.Image:
    try:
        picture = Image.open(BytesIO(content), formats=tuple(MEDIA_TYPES))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        message = _("The file is not a JPEG, PNG or WebP picture.")
        raise PictureRefused("not-a-picture", message) from error
    if picture.width * picture.height > MAXIMUM_PIXELS:
        raise _too_many_pixels()
    return picture


def _complete(read: Callable[[], object]) -> None:
    # One switch for the whole process: a library that writes PDF turns it on for itself.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        read()
    except (OSError, SyntaxError, ValueError) as error:
        message = _("The picture is damaged or was cut off; send it again.")
        raise PictureRefused("damaged", message) from error


def _upright(picture: Image.Image) -> Image.Image:
    """Return a picture as its camera was held; where it says that unreadably, as it is."""
    try:
        return ImageOps.exif_transpose(picture).convert("RGB")
    except (SyntaxError, ValueError, TypeError, LookupError, OSError, struct.error):
        return picture.convert("RGB")


def _scan(content: bytes) -> None:
    try:
        is_clean = malware.is_clean(content)
    except malware.ScannerGone as error:
        message = _("Photos cannot be checked for malicious code just now. Send it again later.")
        raise PictureRefused("not-checked", message) from error
    if not is_clean:
        raise PictureRefused("malware", _("The file carries malicious code and was not taken."))


def _too_many_pixels() -> PictureRefused:
    most = {"most": MAXIMUM_PIXELS // 1_000_000}
    message = _("The picture has over %(most)s million pixels.") % most
    return PictureRefused("too-many-pixels", message)


def _pixelate(picture: Image.Image, region: Region) -> None:
    left, top = max(region.left, 0), max(region.top, 0)
    right = min(region.left + region.width, picture.width)
    bottom = min(region.top + region.height, picture.height)
    if right <= left or bottom <= top:
        raise PictureRefused("outside", _("A marked region lies outside the picture."))
    box, width, height = (left, top, right, bottom), right - left, bottom - top
    shorter = min(width, height)
    coarse = (max(width * _BLOCKS // shorter, 1), max(height * _BLOCKS // shorter, 1))
    small = picture.crop(box).resize(
        (min(coarse[0], width), min(coarse[1], height)), Image.Resampling.BOX
    )
    picture.paste(small.resize((width, height), Image.Resampling.NEAREST), box)
