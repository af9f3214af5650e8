"""Calls of accelerators: the C and the arguments are the accelerator's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pith.kernels.base import Arg, Call, Emitted, Kernel, kernel
from pith.vector.cfunction import CFunction


@dataclass(frozen=True, slots=True)
class Emission:
    """What an accelerator emits for a part of a network.

    function: the C function that is called, whose name begins with the accelerator's and `_`;  text: C that defines it as `static void`,
    the same wherever the name is;  args: of this call: `In(i)` and `Out(i)` are pointers to the part's inputs and outputs, row-major without
    gaps, `Const(array)` to an array kept with the weights, `Scratch(offset)` into `scratch` bytes of the arena, both at 64 bytes,
    `Int` and `Float` numbers;  headers: `#include <...>` of the text;  before: C that the text needs, by name, each written once before all
    that need it: functions of its own, or declarations of a driver's, which then is linked with the network.
    """

    function: str
    text: str
    args: tuple[Arg, ...]
    scratch: int = 0
    headers: tuple[str, ...] = ()
    before: Mapping[str, str] = field(default_factory=dict)


@kernel("accelerated", "claimed")
class AcceleratedCall(Kernel):
    def emit(self, call: Call) -> Emitted:
        found: Emission = call.attrs["emission"]
        before = tuple(CFunction(name, text.rstrip("\n") + "\n", headers=found.headers) for name, text in found.before.items())
        function = CFunction(found.function, found.text.rstrip("\n") + "\n", before, found.headers)
        return Emitted(function, found.args, found.scratch, why=f"claimed by {call.attrs['by']}")
