"""Voice recordings: one plain form, at most a minute, and nothing but the sound."""

from __future__ import annotations

import struct
import wave
from io import BytesIO

import pytest
from django.utils import translation

from zhizhi.trust.recordings import MAXIMUM_BYTES, RecordingRefused, rewritten, seconds_of


def recording(
    frames: int = 16_000, *, rate: int = 16_000, channels: int = 1, width: int = 2
) -> bytes:
    out = BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(rate)
        sound.writeframes(b"\x01" * (frames * channels * width))
    return out.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\x00" * (len(content) % 2)


def with_chunks(plain: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    body = b"WAVE" + before + plain[12:] + after
    return b"RIFF" + struct.pack("<I", len(body)) + body


def refusal(content: bytes) -> str:
    with translation.override("en"), pytest.raises(RecordingRefused) as refused:
        rewritten(content)
    return refused.value.code


def test_a_plain_recording_stays_as_it_is() -> None:
    plain = recording()

    assert rewritten(plain) == plain


def test_whatever_else_the_file_holds_is_dropped() -> None:
    plain = recording()
    note = chunk(b"LIST", b"INFO" + chunk(b"IART", b"a name"))

    sent = with_chunks(plain, before=note, after=chunk(b"id3 ", b"a place")) + b"trailing"

    assert rewritten(sent) == plain


@pytest.mark.parametrize(("frames", "code"), [(959_999, ""), (960_000, ""), (960_001, "too-long")])
def test_a_recording_lasts_a_minute_at_most(frames: int, code: str) -> None:
    sent = recording(frames)

    if code:
        assert refusal(sent) == code
    else:
        assert seconds_of(len(rewritten(sent))) == 60


@pytest.mark.parametrize(("bytes_over", "code"), [(-1, ""), (0, ""), (1, "too-large")])
def test_a_file_has_two_megabytes_at_most(bytes_over: int, code: str) -> None:
    plain = recording()
    sent = plain + b"\x00" * (MAXIMUM_BYTES + bytes_over - len(plain))

    if code:
        assert refusal(sent) == code
    else:
        assert rewritten(sent) == plain


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"rate": 15_999}, "other-form"),
        ({"rate": 16_000}, ""),
        ({"rate": 16_001}, "other-form"),
        ({"channels": 2}, "other-form"),
        ({"width": 1}, "other-form"),
        ({"width": 3}, "other-form"),
    ],
)
def test_a_recording_has_one_form(form: dict[str, int], code: str) -> None:
    sent = recording(1600, **form)

    if code:
        assert refusal(sent) == code
    else:
        assert rewritten(sent) == sent


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"", "empty"),
        (recording(0), "empty"),
        (b"no sound", "not-a-recording"),
        (recording()[:20], "not-a-recording"),
        (b"RIFF\x04\x00\x00\x00WAVE", "not-a-recording"),
        (recording()[:-1], "damaged"),
        (recording()[:1000], "damaged"),
        (recording().replace(b"fmt \x10\x00\x00\x00\x01", b"fmt \x10\x00\x00\x00\x11"),
         "not-a-recording"),
        (b"\xff\xfb\x90\x64" + b"\x00" * 400, "not-a-recording"),
        (b"<html>", "not-a-recording"),
    ],
)  # fmt: skip
def test_what_is_no_whole_recording_is_refused(sent: bytes, code: str) -> None:
    assert refusal(sent) == code


def test_a_length_that_lies_is_no_length() -> None:
    plain = bytearray(recording(100))
    plain[40:44] = struct.pack("<I", 2 * 960_000)

    assert refusal(bytes(plain)) == "damaged"
