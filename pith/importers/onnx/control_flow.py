"""If, Loop and Scan: branches are chosen and iterations unrolled at import."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import DType
from pith.importers.onnx.context import POISON, Call, Poison, TensorList, Value
from pith.importers.onnx.plan import Plan, plan_graph
from pith.importers.onnx.registry import onnx_op
from pith.importers.onnx.tensors import checked_shape, to_dtype
from pith.ops.base import normalize_axis

MAX_ITERATIONS = 10_000


@onnx_op("If", static=(0,))
def if_(n: Call) -> list[Value | None]:
    condition = n.known(n.x(0))
    if condition is None:
        return _both_branches(n)
    branch = plan_graph(n.attrs.graph("then_branch" if _truth(n, condition) else "else_branch"))
    return list(n.importer.run_subgraph(n, branch, []))


def _both_branches(n: Call) -> list[Value | None]:
    """A condition known at run time only: both branches are computed and one is taken, if their types agree."""
    sides = [n.importer.run_subgraph(n, plan_graph(n.attrs.graph(b)), []) for b in ("then_branch", "else_branch")]
    results: list[Value | None] = []
    for a, b in zip(*sides, strict=True):
        if isinstance(a, Poison) or isinstance(b, Poison):
            results.append(POISON)
            continue
        if not isinstance(a, str) or not isinstance(b, str) or n.type(a) != n.type(b):
            raise n.unsupported(
                "its condition is known at run time only, and its branches give different types or shapes",
                "bind the input behind the condition with --const, or export the model with a fixed branch",
            )
        results.append(n.emit("where", [n.reshape(n.x(0), ()), a, b]))
    return results


def _truth(n: Call, array: np.ndarray) -> bool:
    if array.size != 1:
        raise n.invalid(f"the condition has {array.size} elements")
    return bool(array.reshape(-1)[0])


@onnx_op("Loop", static=(0, 1))
def loop(n: Call) -> list[Value | None]:
    """Unrolled while the condition, folded after every iteration, holds."""
    body = plan_graph(n.attrs.graph("body"))
    trips = int(n.static_scalar(0, "the trip count")) if n.has(0) else None
    condition: str = n.x(1) if n.has(1) else n.const(True)
    carried: list[Value] = [n.value(i) for i in range(2, len(n.inputs))]
    if len(body.inputs) != 2 + len(carried) or len(body.outputs) <= len(carried):
        raise n.invalid(f"the body has {len(body.inputs)} inputs and {len(body.outputs)} outputs")
    scans: list[list[Value]] = [[] for _ in body.outputs[1 + len(carried) :]]
    k = 0
    while trips is None or k < trips:
        known = n.known(condition)
        if known is None:
            raise n.unsupported(
                "how often it runs depends on the data",
                "bind the input behind the condition with --const, or fix the count",
            )
        if not _truth(n, known):
            break
        if k == MAX_ITERATIONS:
            raise n.unsupported(f"it runs more than {MAX_ITERATIONS:,} times")
        inputs: list[Value] = [n.const(k, DType.I64), condition, *carried]
        results = n.importer.run_subgraph(n, body, inputs, f"{n.name}[{k}]/")
        if not isinstance(results[0], str):
            return [POISON] * len(n.outputs)
        condition, carried = results[0], results[1 : 1 + len(carried)]
        for scan, value in zip(scans, results[1 + len(carried) :], strict=True):
            scan.append(value)
        k += 1
    stacked = [stack(n, scan, 0) if scan else _empty(n, body, 1 + len(carried) + i) for i, scan in enumerate(scans)]
    return [*carried, *stacked]


def stack(n: Call, values: Sequence[Value], axis: int) -> Value:
    """Tensors of one shape joined along a new axis."""
    if any(isinstance(v, Poison) for v in values):
        return POISON
    parts = []
    for v in values:
        if not isinstance(v, str):
            raise n.invalid("only tensors can be stacked")
        shape = n.shape(v)
        axis = normalize_axis(axis, len(shape) + 1)
        parts.append(n.reshape(v, (*shape[:axis], 1, *shape[axis:])))
    return n.concat(parts, axis)


def _empty(n: Call, body: Plan, k: int) -> str:
    """What a scan output is after no iteration: no elements of the type the body declares."""
    info = n.attrs.graph("body").output[k].type.tensor_type
    dims = [d.dim_value for d in info.shape.dim if d.HasField("dim_value")]
    if len(dims) != len(info.shape.dim):
        raise n.unsupported(f"it runs 0 times, and the shape of {body.outputs[k]!r} is not declared")
    return n.const(np.zeros((0, *checked_shape(dims, n.where)), to_dtype(info.elem_type, n.where).np))


@onnx_op("Scan", since=9)
def scan(n: Call) -> list[Value | None]:
    body, scanned = plan_graph(n.attrs.graph("body")), n.attrs.int("num_scan_inputs")
    states = len(n.inputs) - scanned
    outputs = len(body.outputs) - states
    if not 0 < scanned <= len(n.inputs) or outputs < 0:
        raise n.invalid(f"{scanned} scan inputs do not fit {len(n.inputs)} inputs")
    return list(
        _scan(n, body, [n.value(i) for i in range(states)], [n.x(i) for i in range(states, len(n.inputs))], "scan_")
    )


@onnx_op("Scan")
def scan_8(n: Call) -> list[Value | None]:
    """Opset 8: every input has a batch axis before the scanned one, and sequences may have lengths."""
    if n.has(0):
        raise n.unsupported("sequence lengths in the first form of Scan")
    body, scanned = plan_graph(n.attrs.graph("body")), n.attrs.int("num_scan_inputs")
    tensors = [n.x(i) for i in range(1, len(n.inputs))]
    states = len(tensors) - scanned
    if not 0 < scanned <= len(tensors) or len(body.outputs) < states:
        raise n.invalid(f"{scanned} scan inputs do not fit {len(tensors)} inputs")
    batch = n.shape(tensors[-1])[0]
    rows: list[list[Value]] = []
    for b in range(batch):
        row = [n.reshape(n.slice(t, 0, b, 1), n.shape(t)[1:]) for t in tensors]
        rows.append(_scan(n, body, list(row[:states]), row[states:], ""))
    return [stack(n, column, 0) for column in zip(*rows, strict=True)]


def _scan(n: Call, body: Plan, carried: list[Value], sequences: list[str], prefix: str) -> list[Value]:
    """Unroll over slices of `sequences`; attribute names begin with `prefix` ("scan_input_axes", or "directions")."""
    states, outputs = len(carried), len(body.outputs) - len(carried)
    backwards = n.attrs.ints(f"{prefix}input_directions" if prefix else "directions", (0,) * len(sequences)) or ()
    out_backwards = n.attrs.ints("scan_output_directions", (0,) * outputs) if prefix else (0,) * outputs
    axes = n.attrs.ints("scan_input_axes", (0,) * len(sequences)) if prefix else (0,) * len(sequences)
    out_axes = n.attrs.ints("scan_output_axes", (0,) * outputs) if prefix else (0,) * outputs
    assert out_backwards is not None and axes is not None and out_axes is not None
    if not len(backwards) == len(axes) == len(sequences) or not len(out_backwards) == len(out_axes) == outputs:
        raise n.invalid("directions and axes do not fit the number of scanned inputs and outputs")
    axes = tuple(normalize_axis(a, n.rank(s)) for a, s in zip(axes, sequences, strict=True))
    lengths = {n.shape(s)[a] for s, a in zip(sequences, axes, strict=True)}
    if len(lengths) != 1:
        raise n.invalid(f"scanned inputs have different lengths {sorted(lengths)}")
    length = lengths.pop()
    if length > MAX_ITERATIONS:
        raise n.unsupported(f"it runs {length:,} times, more than {MAX_ITERATIONS:,}")
    collected: list[list[Value]] = [[] for _ in range(outputs)]
    for k in range(length):
        items: list[Value] = []
        for s, a, back in zip(sequences, axes, backwards, strict=True):
            shape = n.shape(s)
            part = n.slice(s, a, length - 1 - k if back else k, 1)
            items.append(n.reshape(part, shape[:a] + shape[a + 1 :]))
        results = n.importer.run_subgraph(n, body, [*carried, *items], f"{n.name}[{k}]/")
        carried = results[:states]
        for column, value in zip(collected, results[states:], strict=True):
            column.append(value)
    stacked = []
    for i, column in enumerate(collected):
        ordered = column[::-1] if out_backwards[i] else column
        stacked.append(stack(n, ordered, out_axes[i]) if ordered else _empty(n, body, states + i))
    return [*carried, *stacked]


@onnx_op("SequenceMap", since=17)
def sequence_map(n: Call) -> list[Value | None]:
    """The body once for every item; tensors among the inputs are the same every time."""
    body = plan_graph(n.attrs.graph("body"))
    sources = [n.value(i) for i in range(len(n.inputs))]
    results: list[list[Value]] = [[] for _ in body.outputs]
    for k in range(len(n.items(0))):
        inputs = [s.items[k] if isinstance(s, TensorList) else s for s in sources]
        for column, value in zip(results, n.importer.run_subgraph(n, body, inputs, f"{n.name}[{k}]/"), strict=True):
            column.append(value)
    return [TensorList(column) for column in results]
