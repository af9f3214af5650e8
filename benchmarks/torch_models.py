"""Models for benchmarks/peers.py that need PyTorch to be made: NAME.onnx and, beside it, NAME.pt2 (a torch.export program, which
LiteRT and ExecuTorch are converted from).

`python benchmarks/torch_models.py FOLDER` writes MobileNeXt at 224 x 224 with random weights, by the same settings as the other
random networks: dynamo exporter, opset 18, batch normalisation folded, the exporter's notes stripped.
`python benchmarks/torch_models.py FOLDER --onnx MODEL.onnx --shape 1x3x416x416` copies an ONNX model and writes its program, where
it consists of the few operators below. Needs torch 2.13, onnx, onnxscript and NumPy, and nothing of Pith but its MobileNeXt.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper
from torch import Tensor, nn

OPSET = 18


def export(model: nn.Module, shape: Sequence[int], path: Path) -> None:
    """Write `path` (.onnx) and the program beside it."""
    x = torch.zeros(tuple(shape))
    torch.onnx.export(
        model, (x,), str(path), input_names=["input"], output_names=["output"], opset_version=OPSET, dynamo=True, external_data=False,
        verbose=False,
    )  # fmt: skip
    strip(path)
    torch.export.save(torch.export.export(model, (x,)), path.with_suffix(".pt2"))


def strip(path: Path) -> None:
    """Drop the exporter's notes, which hold paths of the machine it ran on."""
    model = onnx.load(path)
    graph = model.graph
    for holder in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        holder.doc_string = ""
        if hasattr(holder, "metadata_props"):
            del holder.metadata_props[:]
    onnx.save(model, path)


def mobilenext(shape: Sequence[int] = (1, 3, 224, 224)) -> nn.Module:
    """Width 1.0, random weights; the statistics are those of random input, so that no layer's values vanish or explode."""
    from torch.fx.experimental.optimization import fuse

    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # Pith itself need not be installed where torch is
    from pith.models.mobilenext import mobilenext as make

    torch.manual_seed(0)
    model: nn.Module = make()
    for m in model.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.momentum = 1.0
    with torch.no_grad():
        model.train()(torch.randn(8, *shape[1:]))
    return fuse(model.eval()).requires_grad_(False)  # type: ignore[no-any-return]


class OnnxNetwork(nn.Module):
    """An ONNX graph, node by node, for the operators that YOLOX and the PP-OCR detectors are made of."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        graph = onnx.load(path).graph
        arrays = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
        nodes = []
        for n in graph.node:
            attributes = {a.name: helper.get_attribute_value(a) for a in n.attribute}
            if n.op_type == "Constant":
                arrays[n.output[0]] = numpy_helper.to_array(attributes["value"])
            else:
                nodes.append((n.op_type, list(n.input), n.output[0], attributes))
        self.constants = {k: torch.from_numpy(v.copy()) for k, v in arrays.items()}
        self.nodes = self._fold(nodes)
        self.inputs = [i.name for i in graph.input if i.name not in arrays]
        self.outputs = [o.name for o in graph.output]
        self.weights = nn.ParameterDict()
        used = {name for _, inputs, _, _ in self.nodes for name in inputs}
        for k, v in list(self.constants.items()):
            if k in used and v.is_floating_point() and v.numel() > 8:
                self.weights[_key(k)] = nn.Parameter(self.constants.pop(k), requires_grad=False)

    def _fold(self, nodes: list[Any]) -> list[Any]:
        """Batch normalisation behind a convolution that nothing else reads becomes part of it."""
        made = {out: (op, inputs, attributes) for op, inputs, out, attributes in nodes}
        readers = [name for _, inputs, _, _ in nodes for name in inputs]
        folded: list[Any] = []
        for op, inputs, out, attributes in nodes:
            before = made.get(inputs[0]) if op == "BatchNormalization" else None
            if before is None or before[0] not in ("Conv", "ConvTranspose") or readers.count(inputs[0]) > 1:
                folded.append((op, inputs, out, attributes))
                continue
            scale, bias, mean, variance = (self.constants[n] for n in inputs[1:5])
            factor = scale / torch.sqrt(variance + attributes["epsilon"])
            weight = self.constants[before[1][1]]
            along = (-1, 1, 1, 1) if before[0] == "Conv" else (1, -1, 1, 1)
            old = self.constants[before[1][2]] if len(before[1]) > 2 else torch.zeros_like(mean)
            self.constants[out + ".w"], self.constants[out + ".b"] = weight * factor.reshape(along), (old - mean) * factor + bias
            folded = [f for f in folded if f[2] != inputs[0]]
            folded.append((before[0], [before[1][0], out + ".w", out + ".b"], out, before[2]))
        return folded

    def forward(self, *arrays: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Outputs of the graph."""
        values = dict(zip(self.inputs, arrays, strict=True))

        def value(name: str) -> Any:
            if name in values:
                return values[name]
            return self.constants[name] if name in self.constants else self.weights[_key(name)] if name else None

        for op, inputs, out, attributes in self.nodes:
            values[out] = OPERATORS[op](attributes, *(value(n) for n in inputs))
        results = tuple(values[o] for o in self.outputs)
        return results if len(results) > 1 else results[0]


def _key(name: str) -> str:
    return "w_" + name.replace(".", "_")


def _conv(a: dict[str, Any], x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
    top, left, bottom, right = a.get("pads", [0, 0, 0, 0])
    assert (top, left) == (bottom, right)
    return F.conv2d(x, w, b, a.get("strides", [1, 1]), (top, left), a.get("dilations", [1, 1]), a.get("group", 1))


def _conv_transpose(a: dict[str, Any], x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
    top, left, bottom, right = a.get("pads", [0, 0, 0, 0])
    assert (top, left) == (bottom, right)
    return F.conv_transpose2d(x, w, b, a.get("strides", [1, 1]), (top, left), 0, a.get("group", 1))


def _max_pool(a: dict[str, Any], x: Tensor) -> Tensor:
    return F.max_pool2d(x, a["kernel_shape"], a["strides"], a["pads"][:2])


def _slice(a: dict[str, Any], x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor, steps: Tensor) -> Tensor:
    index = [slice(None)] * x.dim()
    for start, end, axis, step in zip(starts.tolist(), ends.tolist(), axes.tolist(), steps.tolist(), strict=True):
        index[axis] = slice(start, min(end, x.shape[axis]), step)
    return x[tuple(index)]


def _resize(a: dict[str, Any], x: Tensor, _: object, scales: Tensor) -> Tensor:
    assert a["mode"] == b"nearest"
    return F.interpolate(x, scale_factor=scales.tolist()[2:], mode="nearest")


OPERATORS: dict[str, Callable[..., Tensor]] = {
    "Conv": _conv, "ConvTranspose": _conv_transpose, "MaxPool": _max_pool, "Slice": _slice, "Resize": _resize,
    "Sigmoid": lambda a, x: torch.sigmoid(x), "Relu": lambda a, x: F.relu(x), "HardSwish": lambda a, x: F.hardswish(x),
    "HardSigmoid": lambda a, x: torch.clamp(x * a["alpha"] + a["beta"], 0.0, 1.0),
    "Mul": lambda a, x, y: x * y, "Add": lambda a, x, y: x + y, "Concat": lambda a, *x: torch.cat(x, a["axis"]),
    "Reshape": lambda a, x, shape: x.reshape(shape.tolist()), "Transpose": lambda a, x: x.permute(a["perm"]),
    "GlobalAveragePool": lambda a, x: F.adaptive_avg_pool2d(x, 1),
    "BatchNormalization": lambda a, x, scale, bias, mean, variance: F.batch_norm(x, mean, variance, scale, bias, eps=a["epsilon"]),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--onnx", type=Path)
    parser.add_argument("--shape", default="1x3x224x224")
    args = parser.parse_args()
    shape = tuple(map(int, args.shape.split("x")))
    args.folder.mkdir(parents=True, exist_ok=True)
    if args.onnx is None:
        export(mobilenext(shape), shape, args.folder / "mobilenext_224.onnx")
        return
    copy = args.folder / args.onnx.name
    shutil.copyfile(args.onnx, copy)
    program = torch.export.export(OnnxNetwork(copy).eval(), (torch.zeros(shape),))
    torch.export.save(program, copy.with_suffix(".pt2"))


if __name__ == "__main__":
    main()
