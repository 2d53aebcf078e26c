"""Photographs that are not trusted, and working copies that show no bystander."""

from __future__ import annotations

import tracemalloc
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageFile

from zhizhi.trust import pictures
from zhizhi.trust.pictures import MAXIMUM_BYTES, PictureRefused, Region


def picture(
    style: str = "JPEG", size: tuple[int, int] = (64, 48), exif: Image.Exif | None = None
) -> bytes:
    out = BytesIO()
    noise = np.random.default_rng(7).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    options = {} if exif is None else {"exif": exif}
    Image.fromarray(noise).save(out, style, **options)
    return out.getvalue()


def blank(width: int, height: int) -> bytes:
    out = BytesIO()
    Image.new("1", (width, height)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("style", "media_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")],
)
def test_the_type_is_read_from_the_content(style: str, media_type: str) -> None:
    assert pictures.media_type_of(picture(style)) == media_type


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"<html>", "not-a-picture"),
        (b"%PDF-1.7", "not-a-picture"),
        (b"GIF89a" + bytes(20), "not-a-picture"),
        (picture()[:-200], "damaged"),
        (picture("PNG")[:-200], "damaged"),
        (bytes(MAXIMUM_BYTES), "not-a-picture"),
        (bytes(MAXIMUM_BYTES + 1), "too-large"),
    ],
    ids=["empty", "html", "pdf", "gif", "cut-jpeg", "cut-png", "12-mib", "over-12-mib"],
)
def test_what_is_no_whole_photograph_is_refused_with_a_reason(content: bytes, code: str) -> None:
    with pytest.raises(PictureRefused) as refused:
        pictures.media_type_of(content)

    assert refused.value.code == code


@pytest.mark.parametrize("style", ["JPEG", "PNG"])
def test_a_cut_picture_is_refused_whatever_a_library_allows_for_itself(
    style: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)

    with pytest.raises(PictureRefused) as refused:
        pictures.media_type_of(picture(style)[:-200])

    assert refused.value.code == "damaged"


@pytest.mark.parametrize("height", [7999, 8000])
def test_forty_million_pixels_are_kept(height: int) -> None:
    assert pictures.media_type_of(blank(5000, height)) == "image/png"


@pytest.mark.parametrize("height", [8001, 20_000, 40_000])
def test_more_than_forty_million_pixels_are_refused_before_decoding(height: int) -> None:
    with pytest.raises(PictureRefused) as refused:
        pictures.media_type_of(blank(5000, height))

    assert refused.value.code == "too-many-pixels"


def test_a_working_copy_is_an_upright_jpeg_without_metadata() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "PHONE-OF-SOMEBODY"
    exif.get_ifd(0x8825)[2] = (31.0, 12.0, 5.0)

    copy = pictures.redraw(picture(exif=exif))

    with Image.open(BytesIO(copy)) as shown:
        assert shown.size == (48, 64)
        assert len(shown.getexif()) == 0
        assert {"exif", "comment", "icc_profile"}.isdisjoint(shown.info)
    assert b"PHONE-OF-SOMEBODY" not in copy


def test_a_hidden_region_is_coarse_and_the_rest_stays() -> None:
    content = picture("PNG", (120, 90))

    with Image.open(BytesIO(pictures.mosaic(content, [Region(30, 20, 60, 48)]))) as shown:
        hidden = np.asarray(shown.convert("L"))[22:66, 32:88].astype(float)
        kept = np.asarray(shown.convert("L"))[:, 92:].astype(float)

    inside_blocks = hidden.reshape(44, 56)[:4, :6].std()  # well inside one block
    assert inside_blocks < 8
    assert kept.std() > 30
    assert len(np.unique(hidden.round(-1))) < len(np.unique(kept.round(-1)))


@pytest.mark.parametrize(
    "region", [Region(-10, -10, 30, 30), Region(110, 80, 500, 500), Region(0, 0, 1, 1)]
)
def test_a_region_is_clipped_to_the_picture(region: Region) -> None:
    copy = pictures.mosaic(picture("PNG", (120, 90)), [region])

    with Image.open(BytesIO(copy)) as shown:
        assert shown.size == (120, 90)


@pytest.mark.parametrize(
    "region", [Region(120, 0, 10, 10), Region(0, -10, 10, 10), Region(5, 5, 0, 9)]
)
def test_a_region_beside_the_picture_is_refused(region: Region) -> None:
    with pytest.raises(PictureRefused) as refused:
        pictures.mosaic(picture("PNG", (120, 90)), [region])

    assert refused.value.code == "outside"


def test_a_mosaic_without_a_region_is_refused() -> None:
    with pytest.raises(PictureRefused) as refused:
        pictures.mosaic(picture(), [])

    assert refused.value.code == "no-region"


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return len(content).to_bytes(4) + kind + content + checksum.to_bytes(4)


def test_text_in_a_picture_that_would_unpack_without_end_is_refused() -> None:
    plain = blank(8, 8)
    text = chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(128 * 1024 * 1024)))
    bomb = plain[:33] + text + plain[33:]
    assert len(bomb) < 256 * 1024

    tracemalloc.start()
    with pytest.raises(PictureRefused):
        pictures.media_type_of(bomb)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 32 * 1024 * 1024


def test_a_picture_that_lies_about_its_size_is_refused_and_not_unpacked() -> None:
    plain = blank(8, 8)
    head = (60_000).to_bytes(4) * 2 + plain[24:29]
    bomb = plain[:8] + chunk(b"IHDR", head) + plain[33:]

    with pytest.raises(PictureRefused) as refused:
        pictures.media_type_of(bomb)

    assert refused.value.code == "too-many-pixels"


def test_of_a_moving_picture_one_frame_is_kept() -> None:
    out = BytesIO()
    frames = [Image.new("RGB", (16, 12), (shade, 0, 0)) for shade in range(0, 250, 25)]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])

    kept = Image.open(BytesIO(pictures.redraw(out.getvalue())))

    assert (kept.format, getattr(kept, "n_frames", 1), kept.size) == ("JPEG", 1, (16, 12))
