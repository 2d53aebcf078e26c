"""From dlib's face network to ONNX, the form that onnxruntime computes twelve times as fast.

The graph is that of dlib's network, number for number: means are taken off and affine layers are
folded into the convolution before them, nothing else is changed. Residual sums of unequal size are
filled with zeros behind the last row, column and channel, as dlib does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from zhizhi.sources.vision.network_files import Layer, Network, NetworkUnreadable

OPSET = 17
PICTURES, VECTORS = "pictures", "vectors"

STEM = ("con_4", "relu_", "max_pool_2")
BLOCK = ("con_4", "relu_", "con_4", "add_prev_", "relu_")
SMALLER_BLOCK = ("con_4", "relu_", "con_4", "avg_pool_2", "add_prev_", "relu_")
END = ("avg_pool_2", "fc_2")


@dataclass(frozen=True, slots=True)
class _Signal:
    """What one node gives to the next: its name, and the channels, height and width of it."""

    name: str
    shape: tuple[int, int, int]


def to_onnx(network: Network) -> bytes:
    """Return the model: uint8 pictures (n, size, size, 3) to float32 vectors (n, dimensions)."""
    graph, layers = _Graph(), _folded(network.layers)
    signal = graph.begin(network)
    kinds = tuple(layer.kind for layer in layers)
    if kinds[:3] != STEM or kinds[-2:] != END:
        raise NetworkUnreadable("the layers begin or end as no face network of dlib does")
    convolution, _relu, pool = layers[:3]
    signal = graph.pool("MaxPool", graph.relu(graph.convolve(signal, convolution)), pool)
    at = 3
    while at < len(layers) - 2:
        size = next((len(b) for b in (BLOCK, SMALLER_BLOCK) if kinds[at : at + len(b)] == b), 0)
        if not size:
            raise NetworkUnreadable(f"layer {at} begins no block that is known: {kinds[at]}")
        signal = graph.block(signal, layers[at : at + size])
        at += size
    return graph.finish(graph.dense(graph.average(signal), layers[-1]), network.size)


def _folded(layers: tuple[Layer, ...]) -> list[Layer]:
    """Return the layers with each affine one folded into the convolution before it."""
    found: list[Layer] = []
    for layer in layers:
        if layer.kind != "affine_":
            found.append(layer)
            continue
        if not found or found[-1].kind != "con_4":
            raise NetworkUnreadable("an affine layer that follows no convolution")
        before = found.pop()
        gain, offset = np.split(layer.values, 2)
        weights, bias = _convolution(before)
        values = np.concatenate(
            [(weights * gain[:, None, None, None]).ravel(), bias * gain + offset]
        )
        found.append(Layer("con_4", before.numbers, values.astype(np.float32)))
    return found


def _convolution(layer: Layer) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    shape = layer.numbers[:4]
    count = int(np.prod(shape))
    if len(layer.values) != count + shape[0]:
        raise NetworkUnreadable(f"a convolution of {shape} with {len(layer.values)} numbers")
    return layer.values[:count].reshape(shape), layer.values[count:]


class _Graph:
    """Builds the graph node by node."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def begin(self, network: Network) -> _Signal:
        size = network.size
        floats = self._node("Cast", [PICTURES], to=TensorProto.FLOAT)
        planes = self._node("Transpose", [floats], perm=[0, 3, 1, 2])
        mean = np.array(network.mean, np.float32).reshape(1, 3, 1, 1)
        centred = self._node("Sub", [planes, self._constant(mean)])
        scaled = self._node("Mul", [centred, self._constant(np.float32(1 / 256))])
        return _Signal(scaled, (3, size, size))

    def convolve(self, signal: _Signal, layer: Layer) -> _Signal:
        weights, bias = _convolution(layer)
        stride, padding = layer.numbers[4:6], layer.numbers[6:8]
        filters, channels, *kernel = weights.shape
        if channels != signal.shape[0]:
            raise NetworkUnreadable(f"{channels} channels wanted, {signal.shape[0]} there")
        inputs = [signal.name, self._constant(weights), self._constant(bias)]
        name = self._node(
            "Conv", inputs, kernel_shape=kernel, strides=stride, pads=[*padding, *padding]
        )
        return _Signal(name, (filters, *_sizes(signal, kernel, stride, padding)))

    def relu(self, signal: _Signal) -> _Signal:
        return _Signal(self._node("Relu", [signal.name]), signal.shape)

    def pool(self, kind: str, signal: _Signal, layer: Layer) -> _Signal:
        kernel, stride, padding = layer.numbers[:2], layer.numbers[2:4], layer.numbers[4:6]
        name = self._node(
            kind, [signal.name], kernel_shape=kernel, strides=stride, pads=[*padding, *padding]
        )
        return _Signal(name, (signal.shape[0], *_sizes(signal, kernel, stride, padding)))

    def block(self, signal: _Signal, layers: Sequence[Layer]) -> _Signal:
        """Add to a signal, made smaller where the block makes it so, what two convolutions give."""
        first, _relu, second, *rest = layers
        inner = self.convolve(self.relu(self.convolve(signal, first)), second)
        beside = self.pool("AveragePool", signal, rest[0]) if len(rest) == 3 else signal
        shape = _largest(inner, beside)
        both = [self._filled(inner, shape), self._filled(beside, shape)]
        return self.relu(_Signal(self._node("Add", both), shape))

    def average(self, signal: _Signal) -> _Signal:
        channels = signal.shape[0]
        return _Signal(self._node("GlobalAveragePool", [signal.name]), (channels, 1, 1))

    def dense(self, signal: _Signal, layer: Layer) -> _Signal:
        outputs, inputs = layer.numbers
        if inputs != signal.shape[0] or len(layer.values) != inputs * outputs:
            raise NetworkUnreadable(f"{inputs} numbers wanted, {signal.shape[0]} there")
        flat = self._node("Flatten", [signal.name])
        weights = self._constant(layer.values.reshape(inputs, outputs))
        return _Signal(self._node("MatMul", [flat, weights]), (outputs, 1, 1))

    def finish(self, signal: _Signal, size: int) -> bytes:
        """Return the model as it is written to a file."""
        self._nodes[-1].output[0] = VECTORS
        asked = helper.make_tensor_value_info(PICTURES, TensorProto.UINT8, ["n", size, size, 3])
        given = helper.make_tensor_value_info(VECTORS, TensorProto.FLOAT, ["n", signal.shape[0]])
        graph = helper.make_graph(self._nodes, "faces", [asked], [given], self._constants)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="zhizhi")
        return bytes(model.SerializeToString())

    def _filled(self, signal: _Signal, shape: tuple[int, int, int]) -> str:
        """Return the signal with zeros behind it up to a shape."""
        missing = [wanted - there for wanted, there in zip(shape, signal.shape, strict=True)]
        if not any(missing):
            return signal.name
        ends = self._constant(np.array([0, 0, 0, 0, 0, *missing], np.int64))
        return self._node("Pad", [signal.name, ends], mode="constant")

    def _node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        name = f"{kind.lower()}-{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def _constant(self, values: Any) -> str:
        name = f"constant-{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name


def _sizes(
    signal: _Signal, kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int]
) -> tuple[int, int]:
    """Return height and width after a window has gone over the signal; what is left over is not."""
    height, width = (
        (size + 2 * around - window) // step + 1
        for size, window, step, around in zip(
            signal.shape[1:], kernel, stride, padding, strict=True
        )
    )
    return height, width


def _largest(one: _Signal, other: _Signal) -> tuple[int, int, int]:
    channels, height, width = (max(pair) for pair in zip(one.shape, other.shape, strict=True))
    return channels, height, width
