"""Quantisation-aware training: a quantised network as a PyTorch module that computes what the device will.

`Qat` takes what `pith.quantize` made: batch norms are folded, every scale and zero point is chosen. In the forward pass activations
and weights are whole numbers, rounded as the device rounds them, and sums of products are sums of those, so that training sees the
device's own results; backwards, rounding is passed straight through and what lies beyond a grid gets no gradient (the straight-through
estimator; Jacob et al., arXiv 1712.05877, section 3). Weights and biases are trained, scales stay; those of layers that `pith.quantize`
left in floats are trained as real numbers.

Whole numbers stand in float32, which holds sums up to 2^24 exactly. Beyond, and where a number lies within rounding of the middle between
two, a result may be a step off the device's.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from pith.graph import Graph, InputError, Node, UnsupportedError
from pith.quantized import Quantized
from pith.runtime.session import Session
from pith.train.functions import rounded, run


class OnGrid(nn.Module):
    """A parametrisation: a real weight becomes whole numbers of steps, within low and high. `scale` broadcasts with the weight."""

    def __init__(self, scale: np.ndarray, low: float, high: float) -> None:
        super().__init__()
        self.register_buffer("scale", torch.from_numpy(np.array(scale, np.float32)))
        self.low, self.high = low, high

    def forward(self, w: Tensor) -> Tensor:
        """`w` in steps, rounded."""
        assert isinstance(self.scale, Tensor)
        return rounded(torch.clamp(w / self.scale, self.low, self.high))


class Layer(nn.Module):
    """The weights of one sum of products: `weight` and `bias` are whole numbers, `parametrizations.weight.original` the real ones."""

    def __init__(self, weight: np.ndarray, scale: np.ndarray, limit: int, bias: np.ndarray | None, bias_scale: np.ndarray | None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.from_numpy(np.array(weight, np.float32)))
        parametrize.register_parametrization(self, "weight", OnGrid(scale, -limit, limit))
        self.bias: Tensor | None
        if bias is None or bias_scale is None:
            self.register_parameter("bias", None)
        else:
            self.bias = nn.Parameter(torch.from_numpy(np.array(bias, np.float32)))
            parametrize.register_parametrization(self, "bias", OnGrid(bias_scale, -(2.0**30), 2.0**30))


class FloatLayer(nn.Module):
    """The weights of a sum of products that stays in floats. step: what a step of its integers would be, if it had some."""

    def __init__(self, weight: nn.Parameter, bias: nn.Parameter | None, step: float) -> None:
        super().__init__()
        self.weight, self.bias, self.step = weight, bias, step


@dataclass(frozen=True, slots=True)
class _Whole:
    """A dequantised value: whole numbers less their zero point, and their scale."""

    steps: Tensor
    scale: Tensor

    @property
    def real(self) -> Tensor:
        return self.steps * self.scale


class Qat(nn.Module):
    """A quantised network in training. Call it with tensors of any batch size where the network's is 1.

    quantized: of `pith.quantize`, 8, 7 or 4 bits for weights, 8 or 7 for activations. Raises UnsupportedError for operators that have no
    form in PyTorch here, by name, and InputError for anything but a network that was quantised here.
    """

    def __init__(self, quantized: Quantized) -> None:
        super().__init__()
        if not isinstance(quantized, Quantized):
            raise InputError(f"Qat trains what pith.quantize made, not {quantized!r}"[:200], try_="Qat(pith.quantize(model, samples))",
                             why="a file does not say what its scales were chosen from")  # fmt: skip
        self.quantized, self.network = quantized, quantized.graph
        outcome, graph = quantized.outcome, quantized.graph
        self.layers = nn.ModuleDict()
        self._layer_of: dict[int, str] = {}
        self._own: dict[str, tuple[str, str]] = {}  # of each layer, the constants of its integers: weights, bias ("" if none)
        makers = graph.producers()
        renamed = {before: value for value, before in outcome.inserted.before.items()}
        layers = {layer.key: layer for layer in outcome.plan.layers}
        for node in graph.nodes:
            layer = layers.get(renamed.get(node.outputs[0], node.outputs[0])) if node.outputs else None
            if node.op == "conv_transpose" and layer is not None and layer.weights:
                raise UnsupportedError("transposed convolutions are not trained here", where=layer.name)
            if layer is None or not layer.weights or node.op != layer.op:
                continue
            w = makers[node.inputs[1]]
            b = makers.get(node.inputs[2]) if len(node.inputs) > 2 else None
            bias, steps = None, None
            if b is not None:
                steps = graph.constants[b.inputs[1]]
                bias = graph.constants[b.inputs[0]].astype(np.float64) * steps
            real = self._start(layer.weights, graph.constants[w.inputs[0]], graph.constants[w.inputs[1]])
            name = f"l{len(self._own)}"
            self.layers[name] = Layer(real, graph.constants[w.inputs[1]], outcome.limit, bias, steps)
            self._layer_of[id(node)] = name
            self._own[name] = (w.inputs[0], b.inputs[0] if b is not None else "")
        self._add_floats(graph)
        self._constants = {k: torch.from_numpy(np.array(a, np.float32)) for k, a in graph.constants.items() if a.dtype != np.int64}
        self._trained = {n.outputs[0] for n in graph.nodes if n.op == "dequantize_linear" and n.inputs[0] in graph.constants}

    def _add_floats(self, graph: Graph) -> None:
        """Layers for the sums of products that stayed in floats, one for each pair of weights and bias that are constants.

        What several of them share is one parameter.
        """
        known: dict[tuple[str, str], str] = {}
        shared: dict[str, nn.Parameter] = {}

        def parameter(name: str) -> nn.Parameter:
            return shared.setdefault(name, nn.Parameter(torch.from_numpy(np.array(graph.constants[name], np.float32))))

        for node in graph.nodes:
            if node.op not in ("conv", "matmul") or id(node) in self._layer_of or not _real(graph, node.inputs[1]):
                continue
            w, b = graph.constants[node.inputs[1]], node.inputs[2] if len(node.inputs) > 2 and _real(graph, node.inputs[2]) else ""
            if (node.inputs[1], b) not in known:
                name = known[node.inputs[1], b] = f"l{len(self._own)}"
                self._own[name] = (node.inputs[1], b)
                channels = 0 if node.op == "conv" else w.ndim - (2 if node.attrs.get("trans_b") else 1)
                largest = np.abs(w).max(tuple(a for a in range(w.ndim) if a != channels), initial=0.0)
                step = float(largest.mean()) / self.quantized.outcome.limit
                self.layers[name] = FloatLayer(parameter(node.inputs[1]), parameter(b) if b else None, step)
            self._layer_of[id(node)] = known[node.inputs[1], b]

    def _start(self, weights: str, q: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Real weights to begin with: the float network's where they round to `q`, else the grid's."""
        source, grid = self.quantized.outcome.source.constants[weights], q * scale
        return np.where(np.abs(source - grid) < 0.5 * scale, source, grid).astype(np.float32)

    def groups(self, rate: float) -> list[dict[str, Any]]:
        """Parameters as an optimiser takes them, with a learning rate for each layer: `rate` of a step of its weights (their mean scale;
        for layers in floats what that would be).

        Layers differ in the size of their weights, the more as norms are folded into them: one rate for all either leaves some
        integers where they are, or drives others apart. With Adam, which moves each number by about the learning rate, 0.01 is a hundred
        iterations from one integer to the next.
        """
        found, known = [], set()
        for layer in self.layers.values():
            assert isinstance(layer, (Layer, FloatLayer))
            step = layer.step if isinstance(layer, FloatLayer) else float(layer.parametrizations["weight"][0].scale.mean())
            own = [p for p in layer.parameters() if p not in known]
            known.update(own)
            if own:
                found.append({"params": own, "lr": rate * step})
        return found

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The results, real numbers on the grids of the outputs."""
        values: dict[str, Tensor | _Whole] = dict(zip(self.network.inputs, inputs, strict=True))
        for node in self.network.nodes:
            if node.outputs[0] not in self._trained:
                values[node.outputs[0]] = self._node(node, values)
        found = tuple(self._real(values, o) for o in self.network.outputs)
        return found if len(found) > 1 else found[0]

    def _real(self, values: dict[str, Tensor | _Whole], name: str) -> Tensor:
        v = values[name] if name in values else self._constants[name]
        return v.real if isinstance(v, _Whole) else v

    def _node(self, node: Node, values: dict[str, Tensor | _Whole]) -> Tensor | _Whole:
        if node.op == "quantize_linear":
            return self._quantize(node, self._real(values, node.inputs[0]))
        if node.op == "dequantize_linear":
            q = values[node.inputs[0]]
            assert isinstance(q, Tensor)
            zero = self._constants[node.inputs[2]] if len(node.inputs) > 2 else torch.zeros(())
            return _Whole(q - zero, self._constants[node.inputs[1]])
        if id(node) in self._layer_of:
            layer = self.layers[self._layer_of[id(node)]]
            if isinstance(layer, FloatLayer):
                bias = layer.bias
                if bias is None and len(node.inputs) > 2 and node.inputs[2]:  # one that is computed
                    bias = self._real(values, node.inputs[2])
                return run(node, [self._real(values, node.inputs[0]), layer.weight, bias])
            assert isinstance(layer, Layer)
            return self._sum(node, layer, values[node.inputs[0]])
        moved = node.op in ("reshape", "transpose", "slice", "max_pool")
        x = values.get(node.inputs[0])
        if moved and isinstance(x, _Whole):  # the integers themselves move
            return _Whole(run(node, [x.steps]), x.scale)
        return run(node, [self._real(values, i) if i else None for i in node.inputs])

    def _quantize(self, node: Node, x: Tensor) -> Tensor:
        scale, zero = self._constants[node.inputs[1]], self._constants[node.inputs[2]]
        info = np.iinfo(node.attrs["dtype"].np)
        return torch.clamp(rounded(x / scale) + zero, float(info.min), float(info.max))

    def _sum(self, node: Node, layer: Layer, x: Tensor | _Whole) -> Tensor:
        """A convolution or product of whole numbers, scaled."""
        steps, unit = (x.steps, x.scale) if isinstance(x, _Whole) else (x, torch.ones(()))
        y = run(node, [steps, layer.weight, layer.bias])
        scale = (unit * layer.parametrizations["weight"][0].scale).reshape(-1)
        return y * (scale.reshape(-1, *(1,) * (y.ndim - 2)) if node.op == "conv" else scale)

    # ---- the network after training

    def graph(self) -> Graph:
        """The network with the integers trained so far: what `pith.compile` takes."""
        made = self.network.copy()
        for name, (weights, bias) in self._own.items():
            layer = self.layers[name]
            assert isinstance(layer, (Layer, FloatLayer))
            if not all(p.isfinite().all() for p in layer.parameters()):
                raise InputError("weights are NaN or infinite", where=name, why="the training diverged", try_="a smaller learning rate")
            with torch.no_grad():
                made.constants[weights] = layer.weight.numpy().astype(self.network.constants[weights].dtype)
                if bias and layer.bias is not None:
                    made.constants[bias] = layer.bias.numpy().astype(self.network.constants[bias].dtype)
        made.validate()
        return made

    def result(self) -> Quantized:
        """The same as `pith.quantize` gives: to compile, export and compare. Its report is of the network before training."""
        after = copy(self.quantized)
        after.graph = self.graph()
        return after

    def compile(self, target: str = "host", **options: Any) -> Session:
        """As `pith.compile`, of the network as trained so far."""
        return self.result().compile(target, **options)

    def save_onnx(self, path: str | Path) -> None:
        """Write the network as trained so far as an ONNX model in QDQ form."""
        self.result().save_onnx(path)


def _real(graph: Graph, name: str) -> bool:
    """Whether a value is a float32 constant."""
    return name in graph.constants and graph.constants[name].dtype == np.float32
