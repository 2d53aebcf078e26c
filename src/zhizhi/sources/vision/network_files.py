"""Networks as dlib writes them: a stream of tagged numbers, texts and tensors, nothing executable.

A whole number is a byte that tells its length and sign, then its bytes; a text is its length and
its bytes; a real number is mantissa and exponent; a tensor is a version, four sizes, and float32 in
little-endian order. The layers follow one another from the picture upwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

INPUT, LOSS = "input_rgb_image_sized", "loss_metric_2"
LONGEST_NAME = 64
DEEPEST = 1000  # versions of nested layers before the first name
LARGEST = 1 << 28  # numbers in one tensor


class NetworkUnreadable(ValueError):
    """The file is no network of the kind that is known here; says where and why."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: what it does, its whole numbers, and its parameters in a row."""

    kind: str
    numbers: tuple[int, ...] = ()
    values: Floats = field(default_factory=lambda: np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class Network:
    """A network from a picture of ``size`` pixels each way to a vector; layers in their order.

    From each colour its ``mean`` is taken before the first layer, and a 256th of it goes in.
    """

    mean: tuple[float, float, float]
    size: int
    layers: tuple[Layer, ...]


def read(raw: bytes) -> Network:
    """Return the network of a file; raises NetworkUnreadable."""
    stream = _Stream(raw)
    try:
        return _network(stream)
    except (IndexError, UnicodeDecodeError) as error:
        message = f"the file ends, or is damaged, at byte {stream.at}"
        raise NetworkUnreadable(message) from error


def _network(stream: _Stream) -> Network:
    stream.whole()
    if (name := stream.text()) != LOSS:
        raise NetworkUnreadable(f"{name!r} is not {LOSS!r}: no network that tells faces apart")
    stream.reals(2)  # margin and distance of the training
    stream.versions()
    if (name := stream.text()) != INPUT:
        raise NetworkUnreadable(f"{name!r} is not {INPUT!r}: no network for pictures")
    red, green, blue = (stream.real() for _ in range(3))
    height, width = stream.whole(), stream.whole()
    if height != width or not 0 < height <= 1000:
        raise NetworkUnreadable(f"pictures of {height} x {width} pixels")
    layers = []
    while stream.is_left:
        layers.append(_layer(stream))
        stream.rest_of_layer(is_first=len(layers) == 1)
    return Network((red, green, blue), height, tuple(layers))


def _layer(stream: _Stream) -> Layer:
    kind = stream.text()
    if kind in {"relu_", "add_prev_"}:
        return Layer(kind)
    if kind in {"max_pool_2", "avg_pool_2"}:
        return Layer(kind, stream.wholes(6))
    if kind == "con_4":
        values, numbers = stream.tensor(), stream.wholes(7)
        shape = stream.alias()
        stream.alias()
        stream.reals(4)
        return Layer(kind, (*shape, *numbers[3:]), values)
    if kind == "affine_":
        values = stream.tensor()
        stream.wholes(11)  # two shapes with their versions, and a mode
        return Layer(kind, (), values)
    if kind == "fc_2":
        numbers, values = stream.wholes(2), stream.tensor()
        stream.wholes(11)  # two shapes with their versions, and a mode
        stream.reals(4)
        return Layer(kind, numbers, values)
    raise NetworkUnreadable(f"a layer {kind!r} is not known (before byte {stream.at})")


class _Stream:
    """Reads one thing after the other."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self.at = raw, 0

    @property
    def is_left(self) -> bool:
        return self.at < len(self._raw)

    def _take(self, count: int) -> bytes:
        found = self._raw[self.at : self.at + count]
        if len(found) < count:
            raise IndexError(count)
        self.at += count
        return found

    def whole(self) -> int:
        head = self._take(1)[0]
        value = int.from_bytes(self._take(head & 0x0F), "little")
        return -value if head & 0x80 else value

    def wholes(self, count: int) -> tuple[int, ...]:
        return tuple(self.whole() for _ in range(count))

    def real(self) -> float:
        mantissa, exponent = self.wholes(2)
        if abs(exponent) > DEEPEST:
            raise NetworkUnreadable(f"a number with the exponent {exponent} at byte {self.at}")
        return float(mantissa * 2.0**exponent)

    def reals(self, count: int) -> tuple[float, ...]:
        return tuple(self.real() for _ in range(count))

    def text(self) -> str:
        length = self.whole()
        if not 0 < length <= LONGEST_NAME:
            raise NetworkUnreadable(f"a name of {length} letters at byte {self.at}")
        return self._take(length).decode("ascii")

    def versions(self) -> None:
        """Pass over the versions of the layers, which stand nested before the first name."""
        for _depth in range(DEEPEST):
            before = self.at
            if self.whole() > 3:  # the length of the name that follows
                self.at = before
                return
        raise NetworkUnreadable("no layer after so many versions")

    def tensor(self) -> Floats:
        if self.whole() != 2:
            raise NetworkUnreadable(f"a tensor of another version at byte {self.at}")
        count = int(np.prod(np.array(self.wholes(4), object)))
        if not 0 <= count <= LARGEST:
            raise NetworkUnreadable(f"a tensor of {count} numbers at byte {self.at}")
        return np.frombuffer(self._take(4 * count), "<f4")

    def alias(self) -> tuple[int, ...]:
        """Return the shape of a part of the parameters."""
        self.whole()
        return self.wholes(4)

    def rest_of_layer(self, *, is_first: bool) -> None:
        """Pass over what a layer remembers of its training: three flags, three tensors."""
        self._take(3)
        for _part in range(3):
            self.tensor()
        if is_first:
            self.whole()
