"""Recurrent networks beside other runtimes: an OCR recogniser's two layers in both directions, small ones, and a batch.

`python -m benchmarks.recurrent [--threads 1,2] [--repeat 3] [--csv FILE]`. Random weights; engines as for `benchmarks.peers`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from benchmarks.peers import Network, means, measure, provenance, say, write
from pith.bench.compare import choose
from pith.bench.process import Interpreters

GATES = {"LSTM": 4, "GRU": 3}


@dataclass(frozen=True)
class Recurrent:
    """`layers` of `kind` with `hidden` units (of a direction) over `steps` of a batch of `inputs` numbers."""

    name: str
    kind: str
    steps: int
    batch: int
    inputs: int
    hidden: int
    directions: int
    layers: int

    def model(self) -> onnx.ModelProto:
        """The network in ONNX; an input [steps, batch, inputs], weights of a normal distribution."""
        rng, nodes, constants, x = np.random.default_rng(0), [], [], "x"
        rows, width = GATES[self.kind] * self.hidden, self.inputs
        for k in range(self.layers):
            shapes = {"W": (rows, width), "R": (rows, self.hidden), "B": (2 * rows,)}
            for name, shape in shapes.items():
                array = rng.standard_normal((self.directions, *shape)) / np.sqrt(self.hidden)
                constants.append(numpy_helper.from_array(array.astype(np.float32), f"{name}{k}"))
            attrs: dict[str, Any] = {"hidden_size": self.hidden, "direction": "bidirectional" if self.directions == 2 else "forward"}
            if self.kind == "GRU":
                attrs["linear_before_reset"] = 1  # as PyTorch has it
            width = self.directions * self.hidden
            constants.append(numpy_helper.from_array(np.array([self.steps, self.batch, width], np.int64), f"S{k}"))
            nodes += [
                helper.make_node(self.kind, [x, f"W{k}", f"R{k}", f"B{k}"], [f"y{k}"], **attrs),
                helper.make_node("Transpose", [f"y{k}"], [f"t{k}"], perm=[0, 2, 1, 3]),
                helper.make_node("Reshape", [f"t{k}", f"S{k}"], [x := f"x{k}"]),
            ]
        ports = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [self.steps, self.batch, size]) for name, size in (("x", self.inputs), (x, width))
        ]
        graph = helper.make_graph(nodes, self.name, ports[:1], ports[1:], constants)
        model: onnx.ModelProto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return model


NETWORKS = (
    Recurrent("lstm_ocr", "LSTM", 80, 1, 512, 256, 2, 2),
    Recurrent("lstm_small", "LSTM", 100, 1, 64, 128, 1, 1),
    Recurrent("lstm_batch8", "LSTM", 64, 8, 128, 256, 1, 1),
    Recurrent("gru_small", "GRU", 100, 1, 64, 128, 2, 1),
)


def rows(folder: Path, threads: list[int], repeat: int, peers: list[str]) -> Iterator[dict[str, Any]]:
    """The table row by row."""
    for network in NETWORKS:
        path = folder / f"{network.name}.onnx"
        onnx.save(network.model(), path)
        for n in threads:
            yield measure(Network(path), n, repeat, 8, 1.0, peers, Interpreters({}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", default="1")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--csv", type=Path)
    args = parser.parse_args()
    peers, absent = choose("onnxruntime,openvino", Interpreters({}))
    if absent:
        print("not installed: " + ", ".join(absent))
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(Path(folder), [int(n) for n in args.threads.split(",")], args.repeat, peers):
            say(row, peers)
            made.append(row | provenance(f"python -m benchmarks.recurrent --threads {args.threads} --repeat {args.repeat}"))
    for mean in means(made):
        print(f"{mean['model']}, {mean['threads']} thread(s): {mean['ratio']:.3f}")
    if args.csv:
        write(args.csv, made)


if __name__ == "__main__":
    main()
