"""Which kernel runs a call, and by which schedule: predicted by cost, or found by measurement (`pith.tune`)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pith.graph import DType, Expr
from pith.kernels.base import KERNELS, OWN, Call, Kernel, Operand, Schedule
from pith.kernels.cost_f32 import streams


@dataclass(frozen=True, slots=True)
class Choice:
    """The kernel and schedule of a call; `tuned`: measured rather than predicted; `costs`: the predicted cost of each kernel
    that applies, cheapest first."""

    kernel: Kernel
    schedule: Schedule = OWN
    tuned: bool = False
    costs: tuple[tuple[str, float], ...] = ()


def applicable(call: Call) -> list[tuple[float, Kernel]]:
    """The kernels that can run the call with their predicted costs, cheapest first (ties: the one registered first)."""
    found = [(k.cost(call), k) for k in KERNELS.get(call.op, ()) if k.applies(call)]
    return sorted(found, key=lambda pair: pair[0])


def choose(call: Call) -> Choice | None:
    """The tuned kernel and schedule of the call where there is one, else the cheapest kernel; None where no kernel applies."""
    found = applicable(call)
    if not found:
        return None
    costs = tuple((k.name, cost) for cost, k in found)
    if call.options.tuned:
        name, schedule = call.options.tuned.get(key(call), ("", OWN))
        for _, k in found:
            if k.name == name and schedule in k.schedules(call):
                return Choice(k, schedule, True, costs)
    return Choice(found[0][1], OWN, False, costs)


_HOPELESS = 6.0  # a kernel predicted to be so many times slower than the best is not worth the time to measure it


def candidates(call: Call) -> list[tuple[Kernel, Schedule]]:
    """What is worth measuring for a call whose operands lie as they will: each kernel that takes them with each of its
    schedules, the predicted one first."""
    found = applicable(call)
    worth = [k for cost, k in found if cost <= _HOPELESS * found[0][0] and _takes(k, call)]
    return [(k, s) for k in worth for s in k.schedules(call)]


def _takes(kernel: Kernel, call: Call) -> bool:
    used = kernel.uses(call)
    return all(
        x is None or not (used is None or i in used) or kernel.accepts(call, x, i) for i, x in enumerate(call.inputs)
    ) and all(kernel.accepts(call, y, i, output=True) for i, y in enumerate(call.outputs))


def key(call: Call) -> str:
    """Stands for all that decides which kernel is fastest: the same for calls of one kind, in every process and network."""
    facts = [
        _plain(call.attrs), [_operand(x) for x in call.inputs], [(y.type.dtype.value, y.shape) for y in call.outputs],
        call.isa.name, sorted(call.isa.features), call.options.threads, call.options.winograd, call.options.bf16, streams(call),
    ]  # fmt: skip
    return f"{call.op}-{hashlib.sha256(repr(facts).encode()).hexdigest()[:24]}"


def _operand(x: Operand | None) -> tuple[object, ...] | None:
    if x is None:
        return None
    kind = "contiguous" if x.contiguous else "rows" if x.rows else "inner" if x.inner_contiguous else "strided"
    return x.type.dtype.value, x.shape, kind, x.const is not None


def _plain(value: Any) -> object:
    """`value` as something whose `repr` says all of it and nothing else."""
    if isinstance(value, Expr):
        return value.digest.hex()
    if isinstance(value, DType):
        return value.value
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
    if isinstance(value, Mapping):
        return [(str(k), _plain(v)) for k, v in sorted(value.items())]
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return [_plain(v) for v in value]
    return value


def with_schedule(call: Call, schedule: Schedule) -> Call:
    """The call, to be run by `schedule`."""
    return call if call.schedule == schedule else replace(call, schedule=schedule)
