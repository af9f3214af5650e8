"""What a transformer loses in integers: signal to noise of its results against float32, and what is left in floats.

`python benchmarks/transformer_integers.py MODEL.onnx [--samples N] [--bits 8|16] [--target T]`

Samples are drawn from a normal distribution (one half calibrates, the other is judged), for networks that take embedded tokens; with
random weights the figures speak of the arithmetic, not of a task. Checks that the compiled network gives the reference's bits where all
of it is integers.
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np

import pith
from pith.api import compile_graph, import_model
from pith.graph import DType, Graph
from pith.ops.interpret import run_reference
from pith.passes.pipeline import optimize
from pith.runtime.session import Session

MOVES = ("reshape", "transpose", "fused", "slice", "concat", "expand", "gather", "pad")


def floats(graph: Graph) -> Counter[str]:
    """Operators, other than those that only move or round, of which an input made at run time is float32."""
    found: Counter[str] = Counter()
    for n in graph.nodes:
        if n.op not in MOVES and any(i and i not in graph.constants and graph.types[i].dtype is DType.F32 for i in n.inputs):
            found[n.op] += 1
    return found


def noise(session: Session, exact: Session, samples: list[dict[str, np.ndarray]]) -> float:
    """Signal to noise in dB over all results of all samples."""
    signal = error = 0.0
    for x in samples:
        for a, b in zip(exact.run(x).values(), session.run(x).values(), strict=True):
            signal += float((a.astype(np.float64) ** 2).sum())
            error += float(((a.astype(np.float64) - b) ** 2).sum())
    return 10 * float(np.log10(signal / max(error, 1e-300)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--bits", type=int, default=8, choices=(8, 16), help="of activations")
    parser.add_argument("--target", default="host")
    a = parser.parse_args()
    graph = import_model(a.model)
    rng = np.random.default_rng(0)
    made = [{i: rng.standard_normal(graph.types[i].shape).astype(np.float32) for i in graph.inputs} for _ in range(a.samples)]
    calibration, judged = made[: a.samples // 2], made[a.samples // 2 :]
    exact = compile_graph(graph.copy(), a.target)
    print(f"{'':28} {'SQNR':>8}  bits as reference  operators of floats")
    for only in (False, True) if a.bits == 8 else (False,):
        result = pith.quantize(graph, calibration, method="minmax", improve=False, activation_bits=a.bits, integers_only=only)
        optimised = optimize(result.graph.copy())
        session = compile_graph(result.graph.copy(), a.target)
        same = all(
            got.tobytes() == want.tobytes()
            for x in judged[:2] for got, want in zip(session.run(x).values(), run_reference(optimised, x), strict=True)
        )  # fmt: skip
        name = f"{a.bits}-bit activations{', integers only' if only else ''}"
        left = ", ".join(f"{n} {op}" for op, n in floats(optimised).items()) or "none"
        print(f"{name:28} {noise(session, exact, judged):5.1f} dB  {'yes' if same else 'no':17}  {left}")


if __name__ == "__main__":
    main()
