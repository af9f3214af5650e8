"""Table of mapping functions, filled by the `maps_*` modules, and what ONNX's own schemas say about an operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import onnx.defs

from pith.importers import registry

if TYPE_CHECKING:
    from pith.importers.onnx.context import Call, Value

Mapping = Callable[["Call"], "Value | Sequence[Value | None]"]
_M = TypeVar("_M", bound=Mapping)


@dataclass(frozen=True, slots=True)
class Entry:
    """A mapping function, the first opset it is for, and the input positions that must be known at compile time."""

    function: Mapping
    since: int
    static: tuple[int, ...]

    @property
    def refuses(self) -> bool:
        """Whether the function only says why the operator cannot be compiled."""
        return getattr(self.function, "func", self.function).__module__.endswith("maps_refused")


_TABLE: dict[tuple[str, str], list[Entry]] = {}


def onnx_op(*names: str, since: int = 1, domain: str = "", static: tuple[int, ...] = ()) -> Callable[[_M], _M]:
    """Decorator: the function maps the ONNX operators `names` of `domain` from opset `since` on."""

    def add(function: _M) -> _M:
        for name in names:
            _TABLE.setdefault((domain, name), []).append(Entry(function, since, static))
        return function

    return add


def find(domain: str, name: str, opset: int) -> Entry | None:
    """The entry for an operator at an opset: the newest one not newer than it."""
    fitting = [e for e in _TABLE.get((domain, name), ()) if e.since <= opset]
    return max(fitting, key=lambda e: e.since) if fitting else None


def known_ops() -> list[tuple[str, str]]:
    """(domain, name) of every operator that has a mapping, sorted."""
    load_maps()
    return sorted(_TABLE)


@lru_cache(maxsize=1)
def load_maps() -> None:
    """Import every `maps_*` module of this folder (once)."""
    registry.load_maps("pith.importers.onnx", "control_flow")


@dataclass(frozen=True, slots=True)
class Param:
    """A formal input or output: its type variable (or type), the types allowed, whether it may be left out."""

    name: str
    type_str: str
    allowed: frozenset[str]
    optional: bool
    variadic: bool
    homogeneous: bool


@dataclass(frozen=True, slots=True)
class Schema:
    """What ONNX says about an operator at an opset, in the form the importer checks."""

    inputs: tuple[Param, ...]
    min_inputs: int
    max_inputs: int
    max_outputs: int
    attributes: frozenset[str]
    required: frozenset[str]


@lru_cache(maxsize=4096)
def raw_schema(domain: str, name: str, opset: int) -> onnx.defs.OpSchema | None:
    """ONNX's schema object, None for operators it does not define."""
    try:
        return onnx.defs.get_schema(name, max(opset, 1), domain)
    except (onnx.defs.SchemaError, TypeError):
        return None


@lru_cache(maxsize=4096)
def schema(domain: str, name: str, opset: int) -> Schema | None:
    """The schema at an opset. Types that newer versions allow are allowed in old models too."""
    newest = onnx.defs.get_schema(name, domain) if onnx.defs.has(name, domain) else None
    own = raw_schema(domain, name, opset) or newest  # exporters use operators before the opset that brought them
    if own is None or newest is None:
        return None
    constraints = {c.type_param_str: set(c.allowed_type_strs) for c in own.type_constraints}
    for c in newest.type_constraints:
        if c.type_param_str in constraints:
            constraints[c.type_param_str] |= set(c.allowed_type_strs)
    option = onnx.defs.OpSchema.FormalParameterOption
    inputs = tuple(
        Param(
            p.name,
            p.type_str,
            frozenset(constraints.get(p.type_str, {p.type_str})),
            p.option == option.Optional,
            p.option == option.Variadic,
            p.is_homogeneous,
        )
        for p in own.inputs
    )
    return Schema(
        inputs,
        own.min_input,
        own.max_input,
        own.max_output,
        frozenset(own.attributes),
        frozenset(k for k, a in own.attributes.items() if a.required),
    )
