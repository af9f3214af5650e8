"""manifest.json: everything `inspect`, the report and the runtime need of a compiled network, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pith.emit.c import Sources, port_names
from pith.emit.indices import index_bounds
from pith.graph import Graph
from pith.lower.program import Program
from pith.targets.base import Target
from pith.vector.cfunction import CFunction
from pith.version import VERSION

FORMAT = 2  # what pith.runtime reads


def manifest_of(
    target: Target, sources: Sources, graphs: Sequence[Graph], programs: Sequence[Program],
    passes: Sequence[tuple[str, int, int, float]] = (),
) -> dict[str, Any]:  # fmt: skip
    """Facts of a compilation of one graph and program a variant; `passes` as (name, nodes before, after, ms).

    What only a build knows (library, code_bytes, compiler, seconds ...) is None or absent and filled in by the builder.
    """
    count = len(programs)
    variants = [
        _variant(sources.name if count == 1 else f"{sources.name}_{k}", graph, program)
        for k, (graph, program) in enumerate(zip(graphs, programs, strict=True))
    ]
    first = variants[0]
    return {
        "format": FORMAT, "pith": VERSION, "name": sources.name, "build": sources.build, "target": target.name, "isa": target.isa.name,
        "machine": target.triple.split("-")[0],
        "cpu_features": list(target.cpu_features), "threads": sources.threads,
        "cflags": [f"-std={target.std}", *target.cflags, "-ffp-contract=off", "-fno-strict-aliasing"],
        "library": None, "profile_library": None, "wasm": None, "code_bytes": None, "stack_bytes": None, "weights_bytes": sources.weights_size,
        "weights_file": f"{sources.name}_weights.bin" if sources.apart else None,
        "arena_bytes": max(v["arena_bytes"] for v in variants), "arena_lower_bound": max(v["arena_lower_bound"] for v in variants),
        "macs": first["macs"], "params": first["params"], "metadata": graphs[0].metadata,
        "notes": list(dict.fromkeys(note for g in graphs for note in g.notes)),
        "passes": [{"name": n, "before": b, "after": a, "ms": round(ms, 3)} for n, b, a, ms in passes],
        "variants": variants,
    }  # fmt: skip


_CALL = 8  # bytes: the address to return to
_RED_ZONE = 128  # bytes below its frame that a function which calls nothing may use (System V ABI, AMD64, 3.2.2)


def stack_bound(program: Program, run: str, frames: Mapping[str, int]) -> int:
    """Most bytes of stack that the function `run` of `program` takes: the deepest chain of calls, nothing recurses.

    frames: bytes of each function by name, as the compiler reports them.
    """
    depths: dict[str, int] = {}

    def depth(f: CFunction) -> int:
        if f.name not in depths:
            depths[f.name] = _CALL + frames.get(f.name, 0) + max(map(depth, f.requires), default=0)
        return depths[f.name]

    return _RED_ZONE + _CALL + frames.get(run, 0) + max((depth(s.function) for s in program.steps), default=0)


def _strips(p: Program) -> dict[str, Any] | None:
    """Which layers a limit of RAM had run in strips, and what that cost; None without a limit."""
    if p.fit is None:
        return None
    regions = [{"first": a, "last": b, "strips": n} for a, b, n in p.fit.regions]
    return {"regions": regions, "arena_before": p.fit.before, "macs_before": p.fit.macs_before, "macs": p.fit.macs}


def _variant(symbol: str, graph: Graph, p: Program) -> dict[str, Any]:
    """The network for one set of shapes."""
    bounds = index_bounds(graph)
    return {
        "symbol": symbol,
        **{
            side: [
                {"name": port.name, "field": field, "dtype": port.type.dtype.value, "shape": list(port.type.shape)}
                | ({"indices": list(bounds[port.name])} if side == "inputs" and port.name in bounds else {})
                for field, port in zip(port_names(ports), ports, strict=True)
            ]
            for side, ports in (("inputs", p.inputs), ("outputs", p.outputs))
        },
        "arena_bytes": p.arena_size,
        "stack_bytes": None,
        "arena_lower_bound": p.arena_lower_bound,
        "strips": _strips(p),
        "macs": sum(s.cost.macs for s in p.steps),
        "params": sum(int(c.size) for c in graph.constants.values()),
        "steps": [
            {"name": s.name, "op": s.op, "origin": list(s.origin), "kernel": s.function.name, "family": s.kernel,
             "takes": s.takes.value, "dtype": s.output.dtype.value, "shape": list(s.output.shape), "macs": s.cost.macs, "flops": s.cost.flops,
             "read": s.cost.read, "written": s.cost.written, "why": s.why,
             "rounds": s.rounds, "chosen": "tuned" if s.tuned else "predicted", "candidates": [{"kernel": k, "cost": round(c, 1)} for k, c in s.costs]}
            for s in p.steps
        ],
        "buffers": [
            {"name": b.name, "kind": b.kind, "bytes": b.nbytes, "offset": b.offset, "first": b.first, "last": b.last}
            for b in p.buffers if b.first >= 0
        ],
    }  # fmt: skip
