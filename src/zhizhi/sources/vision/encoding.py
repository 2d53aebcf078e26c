"""From cut-out faces to templates, by onnxruntime.

A template says nothing by itself: only distances between templates of one encoder mean something,
and which distance is near has to be measured where the cameras hang.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from zhizhi.sources.vision import network_files, packaged
from zhizhi.sources.vision.converting import PICTURES, VECTORS, to_onnx
from zhizhi.sources.vision.finding import Picture

Templates = NDArray[np.float32]  # (faces, dimensions)

MOST = 32  # faces computed at once: more gain nothing and fill the cache


@dataclass(frozen=True, slots=True)
class EncoderFacts:
    """What is said of an encoder wherever its templates are kept or measured."""

    name: str
    dimensions: int
    licence: str
    sha256: str  # of the weights


class Encoder(Protocol):
    """What makes templates; its templates are compared with its own alone."""

    @property
    def facts(self) -> EncoderFacts: ...
    def encode(self, chips: Picture) -> Templates: ...


class PackagedEncoder:
    """dlib's face network of 2017 (29 convolutions, 128 numbers), converted to ONNX when it starts.

    Learned from Western celebrities: it tells elderly people of a Chinese district apart badly. Fit
    to try and to test with; its threshold must be measured on the spot.
    """

    def __init__(self, *, threads: int = 1) -> None:
        raw = packaged.path_of(packaged.NETWORK).read_bytes()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        model = to_onnx(network_files.read(raw))
        self._session: Any = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        digest = packaged.DIGESTS[packaged.NETWORK]  # path_of has compared it with the file
        self._facts = EncoderFacts("dlib-resnet-v1", 128, "CC0-1.0", digest)

    @property
    def facts(self) -> EncoderFacts:
        return self._facts

    def encode(self, chips: Picture) -> Templates:
        """Return one template each of uint8 chips, shape (faces, 150, 150, 3), red first."""
        parts = [
            self._session.run([VECTORS], {PICTURES: chips[start : start + MOST]})[0]
            for start in range(0, len(chips), MOST)
        ]
        return np.concatenate(parts) if parts else np.empty((0, 128), np.float32)


def mirrored(encoder: Encoder, chips: Picture) -> Templates:
    """Return the mean of each face's template and that of its mirror image.

    Costs a second encoding, and misses fewer: what a face has on one side alone counts half.
    """
    both = np.concatenate([chips, chips[:, :, ::-1]])
    as_seen, turned = np.split(encoder.encode(np.ascontiguousarray(both)), 2)
    return np.asarray((as_seen + turned) / 2, np.float32)
