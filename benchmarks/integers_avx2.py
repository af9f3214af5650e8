"""What 8 and 7 bits gain on a processor with AVX2 and no dot products of bytes: Pith's float32, int8 and int7, one thread.

`python benchmarks/integers_avx2.py [--models DIR] [--only NAME] [--depthwise] [--kinds] [--check] [--openvino] [--qdq DIR] [--csv FILE]`

All for the target x86-64-v3, in one process and in turns; ratios are medians of the ratios round by round, above 1 where the
second is faster. DIR holds float ONNX networks (resnet18*.onnx, mobilenetv2*.onnx, resnet50*.onnx); MobileNetV1, SqueezeNet 1.1 and
ResNet-18 are made here with random weights, normally distributed (arXiv 1502.01852) as they are where training begins: how many
products of int7 fit 16 bits depends on the weights. Quantised by min-max of random samples, for only speed is measured.
`_plain` is the same without Winograd's convolutions: those have 16-bit factors, whatever the inputs, so that 7 bits gain nothing there.
--depthwise: single depthwise layers instead of networks.  --kinds: time by kind of layer.  --check: outputs against NumPy's reference, bit for bit.
--openvino: OpenVINO's int8 held to AVX2, on the same network as exported, or on DIR/<name>.onnx of --qdq.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import functools
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import pith
from pith.api import import_model, optimise
from pith.bench.compare import compare
from pith.graph import DType, Graph, TensorType
from pith.graph.expr import arg, call
from pith.ops.base import add_node, load_all
from pith.ops.interpret import run_reference
from pith.ops.requantize import Clamp, Requantize, build
from pith.runtime.bench import interleave, random_inputs
from pith.runtime.session import Session
from pith.targets.cpu import model_name

TARGET = "x86-64-v3"
BITS = {"f32": 32, "int8": 8, "int7": 7}


class _Net:
    """A float network of random weights, channels first, built layer by layer."""

    def __init__(self, name: str, size: int) -> None:
        load_all()
        self.rng = np.random.default_rng(0)
        self.graph = Graph(name, inputs=["x"], types={"x": TensorType(DType.F32, (1, 3, size, size))})

    def conv(self, x: str, out: int, kernel: int, *, stride: int = 1, group: int = 1, pad: int | None = None, relu: bool = True) -> str:
        depth = self.graph.types[x].shape[1] // group
        w = self.rng.standard_normal((out, depth, kernel, kernel)) * np.sqrt(2 / (depth * kernel**2))
        inputs = [x, *(self.graph.add_constant(a.astype(np.float32), "w") for a in (w, self.rng.standard_normal(out) / 10))]
        p = kernel // 2 if pad is None else pad
        attrs = {"strides": (stride,) * 2, "pads": (p,) * 4, "dilations": (1, 1), "group": group, "layout": "channels_first"}
        y = add_node(self.graph, "conv", inputs, attrs)
        return add_node(self.graph, "relu", [y]) if relu else y

    def pool(self, x: str, pad: int = 0) -> str:
        attrs = {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (pad,) * 4, "dilations": (1, 1), "layout": "channels_first"}
        y = add_node(self.graph, "max_pool", [x], attrs)
        self.graph.nodes[-1].outputs = [y]  # the places are not asked for
        return y

    def done(self, x: str) -> Graph:
        """Means over the picture are the result."""
        self.graph.outputs = [add_node(self.graph, "reduce", [x], {"kind": "mean", "axes": (2, 3), "keepdims": False})]
        self.graph.validate()
        return self.graph


def mobilenet_v1() -> Graph:
    """arXiv 1704.04861, table 1, with a convolution as its last layer."""
    net = _Net("mobilenet_v1", 224)
    x = net.conv("x", 32, 3, stride=2)
    for out, stride in ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1)):
        channels = net.graph.types[x].shape[1]
        x = net.conv(net.conv(x, channels, 3, stride=stride, group=channels), out, 1)
    return net.done(net.conv(x, 1000, 1, relu=False))


def squeezenet() -> Graph:
    """SqueezeNet 1.1 (arXiv 1602.07360)."""
    net = _Net("squeezenet", 224)
    x = net.pool(net.conv("x", 64, 3, stride=2, pad=0))
    for k, (squeeze, expand) in enumerate(((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))):
        if k in (2, 4):
            x = net.pool(x)
        s = net.conv(x, squeeze, 1)
        x = add_node(net.graph, "concat", [net.conv(s, expand, 1), net.conv(s, expand, 3)], {"axis": 1})
    return net.done(net.conv(x, 1000, 1))


def resnet18() -> Graph:
    """arXiv 1512.03385, table 1, with a convolution as its last layer."""
    net = _Net("resnet18", 224)
    x = net.pool(net.conv("x", 64, 7, stride=2), pad=1)
    for out, stride in ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)):
        y = net.conv(net.conv(x, out, 3, stride=stride), out, 3, relu=False)
        short = x if net.graph.types[x].shape == net.graph.types[y].shape else net.conv(x, out, 1, stride=stride, relu=False)
        x = add_node(net.graph, "relu", [add_node(net.graph, "add", [y, short])])
    return net.done(net.conv(x, 1000, 1, relu=False))


# extent, channels, kernel, stride
DEPTHWISE = ((112, 32, 3, 1), (112, 64, 3, 2), (56, 128, 3, 1), (28, 256, 3, 1), (14, 512, 3, 1), (7, 960, 3, 1),
             (56, 72, 5, 2), (28, 240, 5, 1), (14, 480, 5, 1), (14, 672, 5, 2))  # fmt: skip


def depthwise(extent: int, channels: int, kernel: int, stride: int, bits: int) -> Graph:
    """One layer with a ReLU, channels last: uint8 in and out with 8 or 7 bits, else float32."""
    load_all()
    rng = np.random.default_rng(0)
    shape, kind = (1, extent, extent, channels), DType.U8 if bits < 32 else DType.F32
    g = Graph("layer", inputs=["x"], types={"x": TensorType(kind, shape)})
    at = {"strides": (stride,) * 2, "pads": (kernel // 2,) * 4, "dilations": (1, 1), "layout": "channels_last", "group": channels}
    w = rng.standard_normal((channels, 1, kernel, kernel))
    bias = rng.integers(-3000, 3000, channels)
    if bits == 32:
        at["epilogue"] = call("max", arg(0, DType.F32), 0.0)
        constants = [w.astype(np.float32), bias.astype(np.float32)]
    else:
        top, largest = 2**bits - 1, 2 ** (bits - 1) - 1
        q = np.rint(w / np.abs(w).max((1, 2, 3), keepdims=True) * largest)
        at |= {"zero": 0, "range": (0, top), "epilogue": build(Requantize(arg(1, DType.F32), Clamp(0.0, float(top), 0, DType.U8)))}
        constants = [q.astype(np.int8), bias.astype(np.int32), rng.uniform(0.001, 0.01, channels).astype(np.float32)]
    names = [g.add_constant(c, "c") for c in constants]
    g.outputs = [add_node(g, "conv" if bits == 32 else "conv_integer", ["x", *names], at)]
    return g


def time_depthwise(rounds: int = 20) -> None:
    """Print microseconds and ratios of each layer, from profiling libraries run in turns."""
    for layer in DEPTHWISE:
        sessions = {name: pith.compile(depthwise(*layer, bits), TARGET, threads=1, profile=True) for name, bits in BITS.items()}
        feeds = {n: np.asarray(np.random.default_rng(0).integers(0, 127, s.inputs[0].shape), s.inputs[0].np) for n, s in sessions.items()}
        times: dict[str, list[float]] = {n: [] for n in sessions}
        for _ in range(rounds):
            for n, s in sessions.items():
                times[n].append(sum(t["seconds"] for t in s.profile(feeds[n], runs=40)))
        ratios = medians(times, (("f32", "int8"), ("f32", "int7")))
        us = "".join(f"  {n} {statistics.median(t) * 1e6:7.1f} us" for n, t in times.items())
        extent, channels, kernel, stride = layer
        what = f"{extent}x{extent}x{channels}, {kernel}x{kernel}, stride {stride}"
        print(what.ljust(34) + us + "".join(f"  {k} {v:.2f}" for k, v in ratios.items()), flush=True)


def networks(folder: Path | None) -> dict[str, Callable[[], Graph]]:
    """By name; each call makes a new graph."""
    found: dict[str, Callable[[], Graph]] = {"mobilenet_v1": mobilenet_v1, "squeezenet": squeezenet, "resnet18": resnet18}
    for path in sorted(folder.glob("*.onnx")) if folder else ():
        if path.name.startswith(("resnet18", "mobilenetv2", "resnet50")):
            found[path.stem] = functools.partial(import_model, str(path))
    return found


def quantised(graph: Graph, bits: int) -> pith.Quantized:
    shape = graph.types[graph.inputs[0]].shape
    samples = np.random.default_rng(0).standard_normal((4, *shape[1:])).astype(np.float32)
    return pith.quantize(graph, samples, method="minmax", bits=bits, improve=False, float_outputs=False)


def check(name: str, graph: Graph, session: Session) -> None:
    """Raise AssertionError unless the library's outputs are those of NumPy's reference."""
    feed = random_inputs(session, seed=7)
    arrays = [feed[p.name] for p in session.inputs]
    result = session(*arrays)
    plain = optimise(graph.copy()) or graph
    for got, want in zip(result if isinstance(result, tuple) else (result,), run_reference(plain, feed), strict=True):
        integers = all(n.op in ("conv_integer", "matmul_integer") or n.op not in ("conv", "matmul") for n in plain.nodes)
        assert integers, f"{name} has layers in floats"
        np.testing.assert_array_equal(got, want, err_msg=name)
    print(f"{name}: outputs are the reference's to the bit")


def kinds(session: Session, runs: int = 10) -> dict[str, float]:
    """Milliseconds by kind of layer."""
    arrays = list(random_inputs(session).values())
    total = {"dense": 0.0, "depthwise": 0.0, "other": 0.0}
    for step, t in zip(session.manifest["variants"][0]["steps"], session.profile(*arrays, runs=runs), strict=True):
        kernel = f"{step['kernel']} {step['family']}"
        dense = step["op"] in ("conv", "matmul", "conv_integer", "matmul_integer", "conv_chain")
        total["depthwise" if "depthwise" in kernel else "dense" if dense else "other"] += t["seconds"] * 1e3
    return total


def openvino(model: Path, sessions: dict[str, Session], seconds: float) -> dict[str, float | None]:
    """Median of OpenVINO's int8 time on `model` over the time of each of Pith's, all held to AVX2; None where it cannot be run
    (the reason is printed)."""
    ratios: dict[str, float | None] = {}
    for name, session in sessions.items():
        rows = compare(model, session.folder, ["openvino"], random_inputs(session), seconds=seconds, precision="int8")
        ms = "  ".join(f"{row.engine} {row.reason if row.median_ms is None else f'{row.median_ms:.3f} ms'}" for row in rows)
        print(f"{model.stem:16}  OpenVINO int8 beside {name}: {ms}", flush=True)
        ratios[f"openvino:{name}"] = rows[1].ratio
    return ratios


def medians(times: dict[str, list[float]], pairs: Sequence[tuple[str, str]]) -> dict[str, float]:
    """Median of the ratio of the times of each pair, round by round."""
    return {f"{a}:{b}": statistics.median(x / y for x, y in zip(times[a], times[b], strict=True)) for a, b in pairs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, help="folder of float ONNX networks")
    parser.add_argument("--only", help="networks whose name has this in it")
    parser.add_argument("--seconds", type=float, default=4.0, help="of running, each of the five")
    parser.add_argument("--depthwise", action="store_true")
    parser.add_argument("--kinds", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--openvino", action="store_true")
    parser.add_argument("--qdq", type=Path, help="folder of int8 networks in QDQ form")
    parser.add_argument("--csv", type=Path)
    args = parser.parse_args()
    if args.depthwise:
        time_depthwise()
        return
    os.environ["ONEDNN_MAX_CPU_ISA"] = "AVX2"  # of OpenVINO; Pith's target has no more by itself
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False).stdout.strip()
    rows: list[dict[str, object]] = []
    for name, make in networks(args.models).items():
        if args.only and args.only not in name:
            continue
        sets = {bits: quantised(make(), bits) for bits in (8, 7)}
        sessions = {"f32": pith.compile(make(), TARGET, threads=1, profile=args.kinds)}
        sessions |= {f"int{b}": q.compile(TARGET, threads=1, profile=args.kinds) for b, q in sets.items()}
        sessions |= {f"int{b}_plain": q.compile(TARGET, threads=1, winograd=False, profile=args.kinds) for b, q in sets.items()}
        if args.check:
            for b, q in sets.items():
                check(f"{name} int{b}", q.graph, sessions[f"int{b}"])
        runs = {k: functools.partial(s, *random_inputs(s).values()) for k, s in sessions.items()}
        times = interleave(runs, args.seconds)
        ratios = medians(times, (("f32", "int8"), ("f32", "int7"), ("int8", "int7"), ("int8_plain", "int7_plain")))
        ms = {k: statistics.median(v) for k, v in times.items()}
        print(f"{name:16}" + "".join(f"  {k} {v:8.3f} ms" for k, v in ms.items()) + "".join(f"  {k} {v:.2f}" for k, v in ratios.items()), flush=True)
        for k, s in sessions.items() if args.kinds else ():
            print(f"{'':16}  {k}: " + ", ".join(f"{what} {t:.3f} ms" for what, t in kinds(s).items()), flush=True)
        row: dict[str, object] = {"network": name, **{f"{k}_ms": round(v, 4) for k, v in ms.items()}, **{k: round(v, 3) for k, v in ratios.items()}}
        if args.openvino:
            with tempfile.TemporaryDirectory() as folder:
                model = Path(folder) / f"{name}.onnx" if args.qdq is None else args.qdq / f"{name}.onnx"
                if args.qdq is None:
                    sets[8].save_onnx(model)
                found = openvino(model, {k: sessions[k] for k in ("int8", "int7")}, args.seconds) if model.is_file() else {}
            row |= {k: None if v is None else round(v, 3) for k, v in found.items()}
            print(f"{name:16}" + "".join(f"  {k} {'-' if v is None else f'{v:.2f}'}" for k, v in found.items()), flush=True)
        rows.append({**row, "target": TARGET, "processor": model_name(), "commit": commit, "date": datetime.date.today().isoformat()})
    if args.csv and rows:
        with args.csv.open("w", newline="") as f:
            writer = csv.DictWriter(f, fieldnames=list(dict.fromkeys(k for row in rows for k in row)))
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
