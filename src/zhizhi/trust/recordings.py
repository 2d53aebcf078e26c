"""Reading voice recordings without trusting them: one plain form, and nothing beside the sound."""

from __future__ import annotations

import wave
from io import BytesIO

from django.utils.translation import gettext as _

MEDIA_TYPE = "audio/wav"
SUFFIX = ".wav"
RATE_HZ = 16_000
WIDTH_BYTES = 2
LONGEST_S = 60
MOST_FRAMES = RATE_HZ * LONGEST_S
MAXIMUM_BYTES = 2 * 1024 * 1024  # a minute has 1.9 MB; the rest is for what is dropped


class RecordingRefused(ValueError):
    """The upload is not a recording that we keep; ``code`` is a stable word for interfaces."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def rewritten(content: bytes) -> bytes:
    """Return the sound of a recording under a fresh header; raises RecordingRefused.

    Whatever else the file held (names, places, pictures, a second sound) is not in it.
    """
    if not content:
        raise RecordingRefused("empty", _("The recording is empty."))
    if len(content) > MAXIMUM_BYTES:
        sizes = {"size": f"{len(content) / 1024 / 1024:.1f}", "most": MAXIMUM_BYTES >> 20}
        message = _("The recording has %(size)s MB; at most %(most)s MB are kept.") % sizes
        raise RecordingRefused("too-large", message)
    frames = _frames(content)
    out = BytesIO()
    with wave.open(out, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(WIDTH_BYTES)
        written.setframerate(RATE_HZ)
        written.writeframes(frames)
    return out.getvalue()


def _frames(content: bytes) -> bytes:
    """Return the samples of a plain recording, all of them."""
    try:
        with wave.open(BytesIO(content), "rb") as sound:
            _check_form(sound)
            told = sound.getnframes()
            _check_length(told)
            frames = sound.readframes(told)
    except (wave.Error, EOFError, ValueError, OverflowError) as error:
        if isinstance(error, RecordingRefused):
            raise
        message = _("The file is not a WAV recording.")
        raise RecordingRefused("not-a-recording", message) from error
    if len(frames) != told * WIDTH_BYTES:
        message = _("The recording is damaged or was cut off; send it again.")
        raise RecordingRefused("damaged", message)
    return frames


def _check_form(sound: wave.Wave_read) -> None:
    form = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate())
    if form != (1, WIDTH_BYTES, RATE_HZ):
        told = _("A recording has one channel, 16 bits and %(rate)s samples a second.")
        raise RecordingRefused("other-form", told % {"rate": RATE_HZ})


def _check_length(frames: int) -> None:
    if frames == 0:
        raise RecordingRefused("empty", _("The recording is empty."))
    if frames > MOST_FRAMES:
        message = _("A recording lasts at most %(most)s seconds.") % {"most": LONGEST_S}
        raise RecordingRefused("too-long", message)


def seconds_of(size_bytes: int) -> int:
    """Return how long a recording of ours lasts, from the size of its file."""
    return round((size_bytes - 44) / WIDTH_BYTES / RATE_HZ)
