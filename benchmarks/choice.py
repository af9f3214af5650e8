"""How good the predicted choice of kernels is: every candidate of typical layers measured, predicted against best.

`python benchmarks/choice.py [--only TEXT] [--seconds S] [--csv FILE]`. Layers are those of ResNet-18, ResNet-50, MobileNetV2,
super resolution and TinyBERT; where the weights of the network are larger than the last cache they come from memory.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import shlex
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pith.graph import DType, Graph, TensorType
from pith.kernels.base import Options
from pith.kernels.choice import applicable, candidates
from pith.lower.lower import Site, lower
from pith.lower.program import Weights
from pith.ops.base import add_node, load_all
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler
from pith.targets.cpu import model_name
from pith.tune.measure import Contest, measure


@dataclass(frozen=True)
class Layer:
    """A convolution of a square picture (`size` pixels a side before it), or a product where `kernel` is 0: size rows."""

    network: str
    megabytes: float  # weights of the network
    size: int
    inputs: int
    outputs: int
    kernel: int = 3
    stride: int = 1
    group: int = 1

    def __str__(self) -> str:
        if not self.kernel:
            return f"{self.network} {self.size} rows {self.inputs}->{self.outputs}"
        what = " depthwise" if self.group > 1 else ""
        return f"{self.network} {self.kernel}x{self.kernel}s{self.stride}{what} {self.size}x{self.size} {self.inputs}->{self.outputs}"

    def graph(self) -> Graph:
        """The layer alone, channels last."""
        rng = np.random.default_rng(0)
        if not self.kernel:
            shape: tuple[int, ...] = (1, self.size, self.inputs)
            weights = rng.standard_normal((self.inputs, self.outputs)).astype(np.float32)
        else:
            shape = (1, self.size, self.size, self.inputs)
            weights = rng.standard_normal((self.outputs, self.inputs // self.group, self.kernel, self.kernel)).astype(np.float32)
        graph = Graph("layer", inputs=["x"], types={"x": TensorType(DType.F32, shape)})
        bias = graph.add_constant(rng.standard_normal(self.outputs).astype(np.float32))
        given = ["x", graph.add_constant(weights), bias]
        pads = (self.kernel // 2,) * 4
        attrs = {"layout": "channels_last", "group": self.group, "strides": (self.stride,) * 2, "dilations": (1, 1), "pads": pads}
        graph.outputs = [add_node(graph, "conv" if self.kernel else "matmul", given, attrs if self.kernel else {})]
        return graph


LAYERS = [
    Layer("resnet18", 46.7, 56, 64, 64), Layer("resnet18", 46.7, 28, 128, 128), Layer("resnet18", 46.7, 14, 256, 256),
    Layer("resnet18", 46.7, 7, 512, 512), Layer("resnet18", 46.7, 56, 64, 128, 3, 2), Layer("resnet18", 46.7, 14, 256, 512, 3, 2),
    Layer("resnet18", 46.7, 224, 3, 64, 7, 2), Layer("resnet50", 102.2, 28, 512, 128, 1), Layer("resnet50", 102.2, 14, 256, 1024, 1),
    Layer("resnet50", 102.2, 7, 2048, 512, 1), Layer("resnet50", 102.2, 56, 256, 64, 1),
    Layer("mobilenetv2", 14.0, 224, 3, 32, 3, 2), Layer("mobilenetv2", 14.0, 28, 32, 192, 1), Layer("mobilenetv2", 14.0, 14, 384, 64, 1),
    Layer("mobilenetv2", 14.0, 7, 320, 1280, 1), Layer("mobilenetv2", 14.0, 56, 144, 144, 3, 1, 144),
    Layer("mobilenetv2", 14.0, 14, 384, 384, 3, 1, 384), Layer("mobilenetv2", 14.0, 7, 960, 960, 3, 1, 960),
    Layer("sr", 0.9, 128, 64, 64), Layer("sr", 0.9, 128, 64, 12), Layer("sr", 0.9, 128, 3, 64),
    Layer("small", 0.4, 32, 16, 16), Layer("small", 0.4, 16, 32, 32), Layer("small", 0.4, 8, 64, 64), Layer("wide", 20.0, 28, 256, 256),
    Layer("tinybert", 18.3, 128, 312, 312, 0), Layer("tinybert", 18.3, 128, 312, 1200, 0), Layer("tinybert", 18.3, 128, 1200, 312, 0),
]  # fmt: skip


def contest_of(layer: Layer, target: str) -> Contest:
    """The layer's call as lowering has it, with its candidates."""
    sites: list[Site] = []
    lower(layer.graph(), get_target(target).isa, Weights(), Options(weight_bytes=int(layer.megabytes * 1e6)), sites)
    site = sites[0]
    return Contest(site.final, site.cost, candidates(site.final))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="layers whose description has this text")
    parser.add_argument("--target", default="host")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each layer")
    parser.add_argument("-v", action="store_true", help="print every candidate")
    parser.add_argument("--csv", type=Path)
    args = parser.parse_args()
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False).stdout.strip()
    load_all()
    layers = [layer for layer in LAYERS if args.only in str(layer)]
    contests = [contest_of(layer, args.target) for layer in layers]
    target, compiler = get_target(args.target), find_compiler()
    measure(contests, target, compiler, "-O3", seconds=args.seconds * len(contests), rounds=75)
    about = {"commit": commit, "date": datetime.date.today().isoformat(), "processor": model_name(), "isa": target.isa.name,
             "command": shlex.join(["python", "-m", "benchmarks.choice", *(Path(a).name for a in sys.argv[1:])])}  # fmt: skip
    rows: list[dict[str, object]] = []
    ratios = []
    for layer, contest in zip(layers, contests, strict=True):
        costs = {k.name: cost for cost, k in applicable(contest.call)}
        best = contest.best
        ratio = contest.seconds[0] / contest.seconds[best]
        ratios.append(ratio)
        first, fastest = contest.candidates[0], contest.candidates[best]
        print(f"{layer!s:42} {first[0].name:10} {contest.seconds[0] * 1e3:8.3f} ms   best {fastest[0].name:10} {fastest[1]!s:16} "
              f"{contest.seconds[best] * 1e3:8.3f} ms   {ratio:.3f}")  # fmt: skip
        for i, (kernel, schedule) in enumerate(contest.candidates):
            if args.v:
                print(f"    {kernel.name:10} {schedule!s:20} {contest.seconds[i] * 1e3:8.3f} ms  error {contest.errors[i]:.1e}  "
                      f"cost {costs[kernel.name]:12,.0f}  {costs[kernel.name] / contest.seconds[i] / 1e9:.2f} /ns")  # fmt: skip
            rows.append({"layer": str(layer), "kernel": kernel.name, "schedule": str(schedule), "ms": round(contest.seconds[i] * 1e3, 4),
                         "predicted": int(i == 0), "best": int(i == best), "over_best": round(contest.seconds[i] / contest.seconds[best], 3),
                         "cost": round(costs[kernel.name]), "error": f"{contest.errors[i]:.1e}", **about})  # fmt: skip
    print(f"{len(ratios)} layers: predicted / best geometric mean {statistics.geometric_mean(ratios):.3f}, largest {max(ratios):.3f}")
    if args.csv:
        with args.csv.open("w", newline="") as f:
            writer = csv.DictWriter(f, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
