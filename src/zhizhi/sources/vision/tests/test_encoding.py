"""The converted network gives dlib's own numbers, to the fifth digit behind the point."""

from __future__ import annotations

from collections.abc import Callable

import dlib
import numpy as np
import pytest

from zhizhi.sources.vision import network_files, packaged
from zhizhi.sources.vision.converting import to_onnx
from zhizhi.sources.vision.encoding import MOST, PackagedEncoder, mirrored
from zhizhi.sources.vision.network_files import Layer, Network, NetworkUnreadable

SAME = 1e-5


@pytest.fixture(scope="module")
def encoder() -> PackagedEncoder:
    return PackagedEncoder()


@pytest.fixture(scope="module")
def chips() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (3, 150, 150, 3), dtype=np.uint8)


def test_templates_are_those_of_dlib(encoder: PackagedEncoder, chips: np.ndarray) -> None:
    own = dlib.face_recognition_model_v1(str(packaged.path_of(packaged.NETWORK)))
    flat = np.stack([np.full((150, 150, 3), value, np.uint8) for value in (0, 255)])
    asked = np.concatenate([chips, flat])

    theirs = np.array([own.compute_face_descriptor(chip) for chip in asked])

    assert np.abs(encoder.encode(asked) - theirs).max() < SAME


def test_many_at_once_are_as_one_by_one(encoder: PackagedEncoder, chips: np.ndarray) -> None:
    many = np.concatenate([chips] * (MOST // 3 + 1))

    together = encoder.encode(many)

    assert together.shape == (len(many), 128)
    assert np.abs(
        together[-3:] - np.concatenate([encoder.encode(c[None]) for c in chips])
    ).max() < (SAME)


def test_no_face_gives_no_template(encoder: PackagedEncoder, chips: np.ndarray) -> None:
    assert encoder.encode(chips[:0]).shape == (0, 128)


def test_a_mirrored_template_is_that_of_the_mirror_image(
    encoder: PackagedEncoder, chips: np.ndarray
) -> None:
    turned = np.ascontiguousarray(chips[:, :, ::-1])

    assert np.abs(mirrored(encoder, chips) - mirrored(encoder, turned)).max() < SAME
    mean = (encoder.encode(chips) + encoder.encode(turned)) / 2
    assert np.abs(mirrored(encoder, chips) - mean).max() < SAME


def test_an_encoder_says_what_it_is(encoder: PackagedEncoder) -> None:
    facts = encoder.facts

    assert (facts.dimensions, facts.licence) == (128, "CC0-1.0")
    assert facts.sha256 == packaged.DIGESTS[packaged.NETWORK]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda layers: layers[1:],
        lambda layers: layers[:-1],
        lambda layers: [*layers[:6], *layers[7:]],
        lambda layers: [layers[1], *layers],
        lambda layers: [Layer("con_4", layers[0].numbers, layers[0].values[:-1]), *layers[1:]],
        lambda layers: [*layers[:-1], Layer("fc_2", (128, 255), layers[-1].values)],
    ],
)
def test_a_network_of_another_build_is_refused_not_converted_wrongly(
    wrong: Callable[[list[Layer]], list[Layer]],
) -> None:
    network = network_files.read(packaged.path_of(packaged.NETWORK).read_bytes())
    layers = tuple(wrong(list(network.layers)))

    with pytest.raises(NetworkUnreadable):
        to_onnx(Network(network.mean, network.size, layers))
