"""dlib's file is read number for number; anything else is refused with the place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.sources.vision import network_files, packaged
from zhizhi.sources.vision.network_files import NetworkUnreadable


@pytest.fixture(scope="module")
def raw() -> bytes:
    return packaged.path_of(packaged.NETWORK).read_bytes()


def test_the_packaged_network_has_its_29_convolutions(raw: bytes) -> None:
    network = network_files.read(raw)

    kinds = [layer.kind for layer in network.layers]
    assert network.size == 150
    assert network.mean == pytest.approx((122.782, 117.001, 104.298), abs=1e-4)
    assert (kinds.count("con_4"), kinds.count("affine_"), kinds.count("add_prev_")) == (29, 29, 14)
    assert kinds[-2:] == ["avg_pool_2", "fc_2"]
    assert sum(len(layer.values) for layer in network.layers) * 4 == pytest.approx(
        len(raw), rel=0.001
    )


@pytest.mark.parametrize("end", [0, 1, 20, 200, 5_000, 22_000_000])
def test_a_file_that_was_cut_off_says_so(raw: bytes, end: int) -> None:
    with pytest.raises(NetworkUnreadable):
        network_files.read(raw[:end])


@pytest.mark.parametrize(
    ("there", "instead", "told"),
    [
        (b"loss_metric_2", b"loss_binary_2", "tells faces apart"),
        (b"input_rgb_image_sized", b"input_grayscale_image", "for pictures"),
        (b"affine_", b"dropou_", "'dropou_' is not known"),
    ],
)
def test_another_network_is_named(raw: bytes, there: bytes, instead: bytes, told: str) -> None:
    with pytest.raises(NetworkUnreadable, match=told):
        network_files.read(raw.replace(there, instead, 1))


def test_a_tensor_that_would_fill_the_memory_is_refused(raw: bytes) -> None:
    first = raw.index(b"con_4") + 5
    # version 2, then 4,736 numbers in two bytes: instead of these, 8 bytes that say 2**62
    huge = raw[:first] + b"\x01\x02" + b"\x08" + (2**62).to_bytes(8, "little") + raw[first + 5 :]

    with pytest.raises(NetworkUnreadable, match="numbers at byte"):
        network_files.read(huge)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_in_words(raw: bytes) -> None:
    with pytest.raises(NetworkUnreadable):
        network_files.read(raw)


@given(tail=st.binary(max_size=200), end=st.integers(0, 700))
def test_any_bytes_after_a_true_beginning_are_refused_in_words(
    raw: bytes, tail: bytes, end: int
) -> None:
    with pytest.raises(NetworkUnreadable):
        network_files.read(raw[:end] + tail)
