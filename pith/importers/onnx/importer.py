"""ONNX model to Graph: walks the nodes in order, mapping, folding, inlining; collects all that is unsupported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from onnx import FunctionProto

from pith.graph import Graph, ModelError, PithError, UnsupportedError
from pith.importers.onnx.context import (
    POISON,
    Call,
    Issue,
    Maybe,
    RawNode,
    Scope,
    TensorList,
    Value,
    is_poisoned,
    issue,
)
from pith.importers.onnx.fold import Builder
from pith.importers.onnx.functions import expand_function, find_function
from pith.importers.onnx.interface import Binding, bind_inputs, bind_outputs, declared_dims
from pith.importers.onnx.load import FOREIGN, Source, load_model
from pith.importers.onnx.plan import MAX_DEPTH, Plan, plan_function, plan_graph
from pith.importers.onnx.registry import find, load_maps, raw_schema, schema
from pith.importers.onnx.tensors import sparse_to_array, to_array
from pith.importers.onnx.typecheck import check_inputs
from pith.ops import load_all

MAX_UNROLLED = 50_000  # nodes mapped in one import beyond those of the main graph: of loops, branches and functions
KNOWN_OPSET = onnx.defs.onnx_opset_version()


def import_onnx(
    source: Source,
    *,
    shapes: Mapping[str, tuple[int, ...] | int] | None = None,
    constants: Mapping[str, np.ndarray] | None = None,
) -> Graph:
    """The Graph of an ONNX model: a path, the file's bytes, or a ModelProto.

    shapes:    full shape of an input by its name, or size of a symbolic dimension by its name.
    constants: value of an input by its name; it becomes a constant and is no input any more.

    Raises ModelError (damaged file), ShapeError (unbound dimension, shapes that do not fit, a value that would have
    to be known at compile time) or UnsupportedError (all unsupported nodes at once).
    """
    model, folder = load_model(source)
    try:
        return Importer(model, Binding(dict(shapes or {}), dict(constants or {})), folder).run()
    except PithError as e:
        e.try_ = e.try_ or "check the model with onnx.checker, or export it again"
        raise
    except FOREIGN as e:
        raise ModelError("the model cannot be read", why=f"{type(e).__name__}: {e}", try_="export it again") from e


def _text(name: str | bytes) -> str:
    """A name of the file as text: protobuf hands over what is no UTF-8 as bytes."""
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name


class Importer:
    """State of one import."""

    def __init__(self, model: onnx.ModelProto, binding: Binding, folder: Any) -> None:
        self.model, self.binding, self.folder = model, binding, folder
        self.builder = Builder(Graph(_text(model.graph.name) or "model"))
        self.issues: list[Issue] = []
        self.functions: dict[tuple[str, str, str], FunctionProto] = {}
        self._plans: dict[tuple[int, tuple[str, ...]], Plan] = {}
        for f in model.functions:
            key = ("" if f.domain == "ai.onnx" else f.domain, f.name, f.overload)
            if key in self.functions:
                raise ModelError(f"function {f.name!r} is defined twice", where=f"domain {f.domain}")
            self.functions[key] = f
        self.opsets = self._opsets()
        self._mapped = 0

    def _opsets(self) -> dict[str, int]:
        opsets = {"" if o.domain == "ai.onnx" else o.domain: int(o.version) for o in self.model.opset_import}
        if not opsets and self.model.ir_version < 3:
            opsets[""] = 1
        version = opsets.get("", 1)
        if version > KNOWN_OPSET:
            raise UnsupportedError(
                f"opset {version} is not known",
                why=f"the installed onnx package defines operators up to opset {KNOWN_OPSET}",
                try_=f"upgrade the onnx package, or export with opset {KNOWN_OPSET} or lower",
            )
        if version < 1:
            raise ModelError(f"there is no opset {version}")
        return opsets

    def run(self) -> Graph:
        """The whole import."""
        load_all()
        load_maps()
        graph, proto = self.builder.graph, self.model.graph
        plan = plan_graph(proto)
        scope = Scope(self.opsets)
        scope.declared = {v.name: v for v in (*proto.value_info, *proto.output)}
        self.builder.reserved = {
            *plan.inputs, *plan.outputs, *(t.name for t in plan.initializers),
            *(o for n in plan.nodes for o in n.outputs),
        }  # fmt: skip
        bind_inputs(self, proto, scope, self.bind_constants(plan, named=True))
        self.builder.allow_for(sum(a.nbytes for a in graph.constants.values()))
        try:
            results = self.run_plan(plan, scope)
        except PithError as e:
            if self.issues:  # probably only a consequence of what is missing
                raise self.refusal() from e
            raise
        if self.issues:
            raise self.refusal()
        bind_outputs(self, plan.outputs, results)
        graph.metadata = {p.key: p.value for p in self.model.metadata_props}
        graph.metadata["producer"] = f"{self.model.producer_name} {self.model.producer_version}".strip()
        graph.metadata["opset"] = ", ".join(f"{d or 'ai.onnx'} {v}" for d, v in sorted(self.opsets.items()))
        graph.drop_unused()
        graph.validate()
        return graph

    def bind_constants(self, plan: Plan, *, named: bool = False) -> dict[str, Value]:
        """Initializers of a plan as constants of the graph, decoded once; `named` keeps their names."""
        if plan.constants is None:
            plan.constants = {}
            arrays = [(t.name, t, None) for t in plan.initializers]
            for name, dense, sparse in [*arrays, *((s.values.name, None, s) for s in plan.sparse)]:
                where = f"initializer {name}"
                if name in plan.constants:
                    raise ModelError(f"initializer {name!r} is given twice", where=f"graph {plan.name}")
                try:
                    if dense is not None:
                        array = to_array(dense, self.folder, where)
                    else:
                        assert sparse is not None
                        array = sparse_to_array(sparse, self.folder, where)
                except UnsupportedError as e:
                    self.issues.append(issue("initializer", "", name, e))
                    plan.constants[name] = POISON
                    continue
                if named:
                    self.builder.graph.set_constant(name, array)
                plan.constants[name] = name if named else self.builder.constant(array, name)
        return plan.constants

    def plan_of(self, function: FunctionProto, wanted: tuple[str, ...]) -> Plan:
        """The plan of a function for some of its outputs; those of the model's own functions are made once."""
        if not any(f is function for f in self.functions.values()):
            return plan_function(function, wanted)
        key = (id(function), wanted)
        if key not in self._plans:
            self._plans[key] = plan_function(function, wanted)
        return self._plans[key]

    def run_plan(self, plan: Plan, scope: Scope) -> list[Value]:
        """Import the nodes of a plan into `scope`; returns the values of its outputs."""
        if scope.depth > MAX_DEPTH:
            raise ModelError(f"graphs and functions lie in each other more than {MAX_DEPTH} deep", where=plan.name)
        for node in plan.nodes:
            self.run_node(node, scope)
        results: list[Value] = []
        for name in plan.outputs:
            value = scope.find(name)
            if value is None:
                raise ModelError(f"output {name!r} is never made", where=f"graph {plan.name}")
            results.append(value)
        return results

    def run_subgraph(self, call: Call, plan: Plan, inputs: Sequence[Value], prefix: str = "") -> list[Value]:
        """Import one use of a subgraph of `call`'s node, which sees all values around the node."""
        outer = call.scope
        if len(inputs) != len(plan.inputs):
            raise call.invalid(f"its subgraph takes {len(plan.inputs)} inputs, {len(inputs)} are given")
        scope = replace(
            outer, parent=outer, values={}, declared={}, prefix=outer.prefix + prefix, depth=outer.depth + 1
        )
        scope.values.update(self.bind_constants(plan))
        scope.values.update(zip(plan.inputs, inputs, strict=True))
        return self.run_plan(plan, scope)

    def run_node(self, raw: RawNode, scope: Scope) -> None:
        """Import one node and bind its outputs in `scope`."""
        self._mapped += 1
        opset = scope.opsets.get(raw.domain, 1)
        inputs = [self._resolve(raw, name, scope) for name in raw.inputs]
        while inputs and inputs[-1] is None:
            inputs.pop()
        first_node = len(self.builder.graph.nodes)
        results: Sequence[Value | None]
        try:
            call = Call(self, scope, raw, inputs, opset)
            if self._mapped > MAX_UNROLLED + len(self.model.graph.node):
                raise call.unsupported(f"loops and functions unroll to more than {MAX_UNROLLED:,} nodes")
            results = self._map(call)
        except UnsupportedError as e:
            self.issues.append(issue(raw.op, raw.domain, scope.prefix + raw.label, e))
            results = [POISON] * len(raw.outputs)
        except PithError as e:
            e.where = e.where or f"node {scope.prefix + raw.label} ({raw.op})"
            raise
        except FOREIGN as e:
            raise ModelError(
                f"{raw.op} cannot be read",
                where=f"node {scope.prefix + raw.label} ({raw.op})",
                why=f"{type(e).__name__}: {e}",
                try_="check the model with onnx.checker, or export it again",
            ) from e
        self._bind(raw, scope, results, first_node)

    def _map(self, call: Call) -> Sequence[Value | None]:
        raw, opset = call.raw, call.opset
        poisoned = any(is_poisoned(i) for i in call.inputs)
        function = self.functions.get((raw.domain, raw.op, raw.overload))
        entry = None if function else find(raw.domain, raw.op, opset)
        if function is None and entry is None:
            function = None if poisoned else find_function(call)
            known = poisoned and raw_schema(raw.domain, raw.op, opset) is not None
            if function is None and not known:
                raise call.unsupported(
                    "Pith has no such operator", "replace it by operators of `pith ops` when exporting"
                )
        if poisoned:  # what it reads could not be mapped; but say now if it could not be mapped either
            if entry is not None and entry.refuses:
                entry.function(call)
            return [POISON] * len(raw.outputs)
        rules = schema(raw.domain, raw.op, opset)
        if rules is not None and (raw.domain, raw.op, raw.overload) not in self.functions:
            call.attrs.check_known(rules.attributes, rules.required)
            check_inputs(call, rules)
        if entry is not None:
            result = entry.function(call)
            return [result] if isinstance(result, str) or not isinstance(result, Sequence) else result
        assert function is not None
        return expand_function(call, function)

    def _resolve(self, raw: RawNode, name: str, scope: Scope) -> Value | None:
        if not name or name in scope.absent:
            return None
        value = scope.find(name)
        if value is None:
            raise ModelError(
                f"value {name!r} is read, but nothing makes it", where=f"node {scope.prefix + raw.label} ({raw.op})"
            )
        return value

    def _bind(self, raw: RawNode, scope: Scope, results: Sequence[Value | None], first_node: int) -> None:
        if len(results) < len(raw.outputs):
            results = [*results, *[None] * (len(raw.outputs) - len(results))]
        # values of the main graph keep their names, unless a sequence may hold the present one
        plain = scope.depth == 0 and not any(isinstance(r, (TensorList, Maybe)) for r in results)
        renamed: dict[str, str] = {}
        for name, value in zip(raw.outputs, results, strict=False):
            if not name:
                continue
            if isinstance(value, str):
                value = renamed.get(value, value)
            where = f"node {scope.prefix + raw.label} ({raw.op})"
            if value is None:
                raise ModelError(f"output {name!r} does not exist", where=where, why=f"{raw.op} makes fewer outputs")
            if name in scope.values:
                raise ModelError(f"value {name!r} is made twice", where=where)
            if isinstance(value, str) and plain and self.builder.rename(value, name, first_node):
                value = renamed[value] = name
            scope.values[name] = value

    def inputs_behind(self, value: str) -> list[str]:
        """Graph inputs from which a run-time value is computed, in the model's order."""
        graph = self.builder.graph
        producers = graph.producers()
        seen, stack = {value}, [value]
        while stack:
            node = producers.get(stack.pop())
            for i in node.inputs if node else ():
                if i and i not in seen and i not in graph.constants:
                    seen.add(i)
                    stack.append(i)
        return [i for i in graph.inputs if i in seen]

    def declared_shape(self, scope: Scope, name: str) -> list[int | None] | None:
        """The shape the model declares for a value, with bound symbols filled in."""
        info = scope.declared.get(name)
        return declared_dims(info, self.binding.dims) if info is not None else None

    def refusal(self) -> UnsupportedError:
        """One error for all issues, grouped by operator and reason."""
        groups: dict[tuple[str, str, str], list[Issue]] = {}
        for found in self.issues:
            groups.setdefault((found.op, found.domain, found.why), []).append(found)
        lines = []
        for (op, domain, why), issues in groups.items():
            names = list(dict.fromkeys(i.node for i in issues))
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            lines.append(f"{domain + ':' if domain else ''}{op} at {', '.join(names[:5])}{more}: {why}")
        hints = list(dict.fromkeys(i.try_ for i in self.issues if i.try_))
        n = len(self.issues)
        return UnsupportedError(
            f"{n} node{'s' if n > 1 else ''} of the model cannot be compiled",
            where="\n         ".join(lines),
            why="each line names operator, nodes and reason",
            try_="; ".join(hints) or "leave these parts outside the network, or export them differently",
        )
