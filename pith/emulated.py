"""`pith verify`: a network compiled for another machine, run under its emulator or on a real one, held against the NumPy reference."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pith.api import Accelerators, Progress, Shapes, check_precision, compile_to, expand_shapes, import_model, stages
from pith.devices import Device
from pith.emulators import Execution, check, counts, execute
from pith.emulators.inputs import check_sets, random_sets
from pith.emulators.mca import Cycles, estimates, tool
from pith.graph import InputError
from pith.lower.rounding import explicit
from pith.ops.interpret import run_reference
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler

BOUND = 1e-4  # of a float output's largest magnitude (docs/arithmetic.md)
BOUND_BF16 = 1e-2  # where layers round to bfloat16: a sum of another order is rounded to the other side now and then


@dataclass(frozen=True, slots=True)
class Compared:
    """One output over all sets of inputs. different: elements whose bits differ;  error: largest difference to the reference as a
    share of the output's largest magnitude (0 for equal bits);  holds: equal bits for integers, error within BOUND (or BOUND_BF16) for floats."""

    name: str
    dtype: str
    elements: int
    different: int
    error: float
    holds: bool


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify` found; `manifest` of the compilation;  cycles: of inner loops, None without a model of the processor."""

    manifest: dict[str, Any]
    execution: Execution
    outputs: list[Compared]
    cycles: list[Cycles] | None = None

    @property
    def holds(self) -> bool:
        return all(o.holds for o in self.outputs)


def verify(
    model: Any, target: str, shapes: Shapes | None = None, *, constants: Mapping[str, np.ndarray] | None = None,
    sets: Sequence[Mapping[str, np.ndarray]] | None = None, count: int = 1, runs: int = 1, steps: bool = True, cc: str | None = None,
    opt: str = "-O3", reference: bool = True, cycles: bool = False, device: Device | None = None, seconds: float = 0.0,
    accelerators: Accelerators = (), precision: str = "float32", progress: Progress | None = None,
) -> Verified:  # fmt: skip
    """Compile `model` for `target`, run it under the target's emulator (or here, where it has none) `runs` times on each set of
    inputs, and compare.

    sets: inputs by name; without them `count` random ones.  steps: count instructions step by step too; where the
    runner counts none, runs are timed.  reference: compare with
    the unoptimised graph's NumPy reference (else `outputs` is empty).  cycles: also those of inner loops, where llvm-mca is installed and
    has a model.  device: run there instead, each set for `seconds` at least, and take times instead of counts.  accelerators: as
    `pith.compile`.  precision: as `pith.compile`; the reference of "bf16" is that of the optimised graph with its roundings.
    Raises UnsupportedError where the target has no emulator or it is not installed, and what `pith.compile` and the device raise.
    """
    chosen = get_target(target)
    if device is not None:
        device.check(chosen)
    else:
        check(chosen)
    check_precision(chosen, precision)
    if len(expand_shapes(shapes)) > 1:
        raise InputError("several shapes cannot be verified at once", try_="one shape: --shape input=1x3x224x224")
    say = progress or (lambda what, done: None)
    with tempfile.TemporaryDirectory(prefix="pith-verify-") as name:
        folder = Path(name) / "net"
        manifest = compile_to(model, folder, target, shapes, constants=constants, cc=cc, opt=opt, accelerators=accelerators, precision=precision,
                              progress=progress)  # fmt: skip
        given = [dict(s) for s in sets] if sets is not None else random_sets(manifest, count)
        check_sets(manifest, given)
        say("run", 0.6)
        loops = None
        if device is not None:
            done = device.execute(folder, manifest, chosen, given, find_compiler(cc), runs=runs, seconds=seconds, steps=steps)
        else:
            counted = counts(chosen)
            done = execute(folder, manifest, chosen, given, find_compiler(cc), runs=runs, count=counted, steps=steps and counted)
            if cycles and chosen.mca and tool():
                loops = estimates(folder / f"{manifest['name']}.c", chosen, find_compiler(cc), opt, done.functions or {})
    if not reference:
        return Verified(manifest, done, [], loops)
    say("reference", 0.8)
    graph = import_model(model, expand_shapes(shapes)[0], constants)
    bound = BOUND
    if precision == "bf16":
        graph, bound = explicit(stages(graph, target, accelerators=accelerators, precision=precision).programs[0]), BOUND_BF16
    wanted = [dict(zip(graph.outputs, run_reference(graph, s), strict=True)) for s in given]
    say("done", 1.0)
    return Verified(manifest, done, [compared(k, [o[k] for o in done.outputs], [w[k] for w in wanted], bound) for k in done.outputs[0]], loops)


def compared(name: str, got: Sequence[np.ndarray], want: Sequence[np.ndarray], bound: float = BOUND) -> Compared:
    """One output of each set against the reference, from which floats may differ by `bound` of the largest magnitude."""
    a, b = (np.stack([np.asarray(x) for x in side]) for side in (got, want))
    different = int((np.ascontiguousarray(a).view(np.uint8).reshape(a.size, -1) != np.ascontiguousarray(b).view(np.uint8).reshape(a.size, -1)).any(1).sum())
    if a.dtype.kind in "iub" or not different:
        return Compared(name, str(a.dtype), a.size, different, 0.0 if not different else float("nan"), not different)
    x, y = a.astype(np.float64), b.astype(np.float64)
    finite = np.isfinite(y)
    same = bool(np.array_equal(x[~finite], y[~finite], equal_nan=True))
    size = float(np.abs(y[finite]).max(initial=0.0))
    error = float(np.abs(x[finite] - y[finite]).max(initial=0.0)) / (size or 1.0)
    return Compared(name, str(a.dtype), a.size, different, error, same and error <= bound)
