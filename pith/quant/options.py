"""How to quantise."""

from __future__ import annotations

from dataclasses import dataclass

from pith.graph import InputError
from pith.quant.grid import levels, weight_limit

METHODS = ("easyquant", "minmax", "kl", "percentile", "mse", "entropy", "moving")
PLAIN = ("minmax", "percentile", "mse", "kl")  # ranges that cost nothing more to try


@dataclass(frozen=True, slots=True)
class Options:
    """How to quantise. method: of METHODS.  weight_bits: 8, 7 or 4.  activation_bits: 8, 7 or 16.  symmetric: activations of
    a signed type with zero point 0 instead of an unsigned one.

    start: where EasyQuant starts from, another of METHODS; "" is minmax, or kl in the mode "released".  mode: "paper" or
    "released", as in its released code.  target: what a layer's output is held
    against: "own", what exact weights would make of the very same input, or "network", the float network's output (the
    paper's; errors of earlier layers then count, and a search over few rows fits them too).  stages: into how many runs of
    layers the network is cut; before each, the inputs of its layers are taken from the network quantised so far.  joint: a
    second sweep, over the activations.  rounding, bias, equalize: see improve.py.  keep: names of layers to leave in floats.
    float_outputs: results that are not rounded.  integers_only: 8-bit functions that float32 steps do not give exactly (sigmoid, gelu, ...)
    read rounded values, and so are tables; results of normalisations are rounded.
    by_results: of the states whose layers are no further from the float network than those of the start, the one whose results are nearest
    on samples that nothing was fitted to (every fifth, of ten or more) is taken, not the one whose layers are. Channels are evened out first
    (see even.py) where that gives nearer results, and the search looks at the length of outputs too, and at values themselves
    that others than layers read.  wider: in the end a few layers stay in floats if that pays (see wider.py), but with integers_only.  best:
    both, but of all states, and the ranges of PLAIN are among them.  mixed: false where no layer may stay in floats for that.
    """

    method: str = "easyquant"
    weight_bits: int = 8
    activation_bits: int = 8
    symmetric: bool = False
    start: str = ""
    mode: str = "paper"
    target: str = "own"
    stages: int = 1
    joint: bool = True
    rounding: bool = True
    bias: bool = True
    equalize: bool = False
    keep: frozenset[str] = frozenset()
    float_outputs: bool = False
    integers_only: bool = False
    by_results: bool = False
    best: bool = False
    wider: bool = False
    mixed: bool = True

    def check(self) -> None:
        """Raises InputError for what is none."""
        if self.method not in METHODS:
            raise InputError(f"there is no method {self.method!r}", try_=", ".join(METHODS))
        if self.start and self.start not in METHODS[1:]:
            raise InputError(f"EasyQuant cannot start from {self.start!r}", try_=", ".join(METHODS[1:]))
        if self.mode not in ("paper", "released"):
            raise InputError(f"there is no mode {self.mode!r}", try_="paper or released")
        if self.method != "easyquant" and (self.start or self.mode == "released"):
            raise InputError(f"a start or mode for the method {self.method!r}", why="it searches nothing", try_="leave it out, or the method easyquant")
        if self.target not in ("own", "network"):
            raise InputError(f"there is no target {self.target!r}", try_="own or network")
        if self.stages < 1:
            raise InputError(f"{self.stages} stages", try_="1 or more")
        if self.weight_bits == self.activation_bits not in (8, 7):
            raise InputError(f"weights and activations of {self.weight_bits!r} bits", try_="8 or 7 for both; weights alone can have 4, activations alone 16")
        levels(self.activation_bits, symmetric=self.symmetric)
        weight_limit(self.weight_bits)

    @property
    def judged(self) -> bool:
        """Whether results decide."""
        return self.by_results or self.best

    @property
    def ranges(self) -> str:
        """The method that gives the first ranges."""
        if self.method != "easyquant":
            return self.method
        return self.start or ("kl" if self.mode == "released" else "minmax")

    def notes(self) -> list[str]:
        """What the formats imply, for people."""
        found = []
        if self.activation_bits == 16:
            found.append("activations have 16 bits: functions of one value have no tables of that width, and are computed in float32 between two roundings")
        if self.weight_bits == 4:
            found.append("weights have 4 bits, two numbers a byte: the products are those of 8 bits")
        return found
