"""Error of Winograd's convolutions on real pictures: every 3x3 layer of the real networks, each kernel against float64.

`python benchmarks/winograd_error.py [--csv FILE]`. The error is the largest one of the layer's output relative to its
largest value; activations are those of the network on the real picture beside it.
"""

from __future__ import annotations

import argparse
import csv
import os
from pathlib import Path

import numpy as np

from pith.api import compile_graph, import_model, optimise
from pith.graph import DType, Graph, TensorType
from pith.ops.base import OPS, add_node
from tests.kernels.products import only
from tests.models.zoo import MODELS

KERNELS = ("direct", "winograd2", "winograd4", "winograd6")


def layer_errors(x: np.ndarray, w: np.ndarray, attrs: dict[str, object]) -> list[float]:
    """Relative largest error of each kernel on one layer, without bias and epilogue."""
    attrs = {k: v for k, v in attrs.items() if k != "epilogue"}
    exact = OPS["conv"].reference([x.astype(np.float64), w.astype(np.float64), None], attrs)[0]
    result = []
    for name in KERNELS:
        graph = Graph("layer", inputs=["x"], types={"x": TensorType(DType.F32, x.shape)})
        graph.outputs = [add_node(graph, "conv", ["x", graph.add_constant(w)], attrs)]
        with only("conv", name):
            got = compile_graph(graph, optimize=False, opt="-O1")(x)
        result.append(float(np.abs(got - exact).max() / np.abs(exact).max()))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csv", type=Path)
    args = parser.parse_args()
    data = Path(os.environ.get("PITH_DATA", "../shared/data"))
    rows = []
    for model in MODELS:
        graph = optimise(import_model(data / model.path, model.shapes))
        values: dict[str, np.ndarray] = {**graph.constants, **model.feeds(data)[0]}
        for node in graph.nodes:
            arrays = [values[i] if i else None for i in node.inputs]
            for name, made in zip(node.outputs, OPS[node.op].reference(arrays, node.attrs), strict=False):
                values[name] = made
            a = node.attrs
            if (
                node.op == "conv" and arrays[1].shape[2:] == (3, 3) and a["group"] == 1 and min(arrays[1].shape[:2]) >= 8
                and tuple(a["strides"]) == tuple(a["dilations"]) == (1, 1) and arrays[0].dtype == np.float32
            ):  # fmt: skip
                found = layer_errors(arrays[0], arrays[1], a)
                rows.append({"model": model.name, "layer": node.name or node.outputs[0], **dict(zip(KERNELS, found, strict=True))})
                print(f"{model.name:24} {rows[-1]['layer'][:32]:32} " + "  ".join(f"{k} {e:.1e}" for k, e in zip(KERNELS, found, strict=True)))
    for name in KERNELS:
        print(f"largest error of {name}: {max((r[name] for r in rows), default=0.0):.1e} over {len(rows)} layers")
    if args.csv:
        with args.csv.open("w", newline="") as f:
            writer = csv.DictWriter(f, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
