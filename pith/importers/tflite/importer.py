"""TFLite model to Graph: walks the operators in order, mapping and folding; collects all that is unsupported."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pith.graph import DType, Graph, ModelError, Node, PithError, ShapeError, TensorType, UnsupportedError
from pith.importers.onnx.fold import Builder
from pith.importers.tflite.context import BYTES, Call
from pith.importers.tflite.load import MAX_ELEMENTS, Model, Operator, Tensor, parse, read_file
from pith.importers.tflite.registry import MAPS, find
from pith.importers.tflite.shorts import KNOWN
from pith.ops import load_all

# What damaged or hostile content can raise while it is read; all of it becomes a ModelError.
FOREIGN = (ArithmeticError, AssertionError, AttributeError, BufferError, LookupError, MemoryError, RecursionError, TypeError, ValueError)
Shapes = Mapping[str, tuple[int, ...] | int]


def load(source: str | Path | bytes, *, shapes: Shapes | None = None, constants: Mapping[str, np.ndarray] | None = None) -> Graph:
    """The Graph of a TFLite model: a path, or the file's bytes.

    shapes: full shape of an input by its name, where it differs from the file's.
    constants: value of an input by its name; it becomes a constant and is no input any more.

    Raises ModelError (damaged file), ShapeError (shapes that do not fit, a value that would have to be known at compile
    time) or UnsupportedError (all unsupported operators at once).
    """
    data = source if isinstance(source, bytes) else read_file(Path(source))
    where = "the given bytes" if isinstance(source, bytes) else str(source)
    try:
        return Importer(parse(data), dict(shapes or {}), dict(constants or {})).run()
    except PithError as e:
        e.where = e.where or where
        raise
    except FOREIGN as e:
        raise ModelError("the model cannot be read", where=where, why=f"{type(e).__name__}: {e}", try_="convert it again") from e


class Importer:
    """State of one import. `values`: the Graph's value for each tensor that has been made."""

    def __init__(self, model: Model, shapes: dict[str, tuple[int, ...] | int], constants: dict[str, np.ndarray]) -> None:
        self.model, self.shapes, self.constants = model, shapes, constants
        self.builder = Builder(Graph(model.name or "model"))
        self.names = _unique(model)
        self.values: dict[int, str] = {}
        self.poisoned: set[int] = set()
        self.issues: list[tuple[str, str, str, str]] = []  # operator, node, why, what to try

    def run(self) -> Graph:
        """The whole import."""
        load_all()
        MAPS.load()
        graph, model = self.builder.graph, self.model
        self.builder.reserved = set(self.names)
        self.bind_inputs()
        self.builder.allow_for(sum(t.data.nbytes for t in model.tensors if t.data is not None))
        for number, op in enumerate(model.operators):
            self.run_operator(op, number)
        if self.issues:
            raise self.refusal()
        self.bind_outputs()
        graph.metadata = {"producer": model.description, "format": "TFLite", "pith.steps": json.dumps(self.steps())}
        graph.drop_unused()
        graph.validate()
        return graph

    # ---- inputs and outputs

    def bind_inputs(self) -> None:
        """Make the graph's inputs, and the constants given for some of them."""
        graph, inputs = self.builder.graph, {self.names[i]: i for i in self.model.inputs}
        for option, given in (("--shape", self.shapes), ("--const", self.constants)):
            for name in given:
                if name not in inputs:
                    raise ShapeError(f"the model has no input {name!r}", where=option, why="its inputs are " + ", ".join(inputs))
        for name, index in inputs.items():
            t = self.model.tensors[index]
            where = f"input {name}"
            if t.dtype is None or t.problem:
                raise UnsupportedError(f"input {name!r}: {t.problem}", where=where)
            shape = self.input_shape(name, t)
            if name in self.constants:
                graph.set_constant(name, _constant(self.constants[name], t.dtype, shape, where))
            else:
                graph.inputs.append(name)
                graph.types[name] = TensorType(t.dtype, shape)
            self.values[index] = name

    def input_shape(self, name: str, t: Tensor) -> tuple[int, ...]:
        """The shape given for an input, else the file's (which has 1 for a size that is left open)."""
        given = self.shapes.get(name)
        if given is None:
            return t.shape
        shape = (given,) if isinstance(given, int) else tuple(given)
        size = int(np.prod(np.array(shape, object))) if shape else 1
        fits = len(shape) == len(t.shape) and all(a in t.open or d == e for a, (d, e) in enumerate(zip(shape, t.shape, strict=True)))
        if not fits or any(d < 0 for d in shape) or size > MAX_ELEMENTS:
            text = "x".join("?" if a in t.open else str(d) for a, d in enumerate(t.shape)) or "a single number"
            raise ShapeError(f"shape {shape} does not fit", where=f"input {name}", why=f"the model fixes it to {text}")
        return shape

    def bind_outputs(self) -> None:
        """Give the graph its outputs under the names of their tensors; inputs and constants handed through are copied."""
        graph, taken = self.builder.graph, set[str]()
        for index in self.model.outputs:
            name, value = self.names[index], self.value(index, "output of the model")
            if value in graph.inputs or value in graph.constants or name in taken:
                copy = self.builder.fresh(name)
                shape = graph.types[value].shape
                graph.nodes.append(Node("reshape", [value], [copy], {"shape": shape}, name, (name,)))
                graph.types[copy] = graph.types[value]
                value = copy
            taken.add(name)
            graph.outputs.append(value)

    def steps(self) -> dict[str, tuple[float, int]]:
        """Scale and zero point of the integers that come in and go out, by name; `pith run` reads them."""
        named = [(self.names[i], i) for i in self.model.inputs]
        named += list(zip(self.builder.graph.outputs, self.model.outputs, strict=True))
        found = {}
        for name, index in named:
            t = self.model.tensors[index]
            if t.dtype in BYTES and t.steps is not None and t.steps.single:
                found[name] = float(t.steps.scale[0]), int(t.steps.zero[0])
        return found

    # ---- operators

    def value(self, index: int, where: str) -> str:
        """The Graph's value for a tensor; constants are made when they are first asked for."""
        found = self.values.get(index)
        if found is not None:
            return found
        t, graph = self.model.tensors[index], self.builder.graph
        if t.problem:
            raise UnsupportedError(f"tensor {t.name!r}: {t.problem}", where=where)
        if t.data is None:
            raise ModelError(f"tensor {t.name!r} is read, but nothing makes it", where=where)
        name = self.names[index]
        graph.set_constant(name, t.data)
        self.values[index] = name
        return name

    def is_state(self, index: int) -> bool:
        """Whether a tensor would keep its value from run to run: recurrent layers begin with zeros here."""
        t = self.model.tensors[index]
        return t.variable and t.data is None and index not in self.values

    def run_operator(self, op: Operator, number: int) -> None:
        """Import one operator and bind its outputs."""
        first = next((i for i in op.outputs if i >= 0), -1)
        name = self.names[first] if first >= 0 else f"{op.name} {number}"
        where = f"node {name} ({op.name})"
        first_node = len(self.builder.graph.nodes)
        try:
            mapping = find(op.name)
            if mapping is None:
                what = f"custom operator {op.custom!r}" if op.name == "CUSTOM" else op.name
                raise UnsupportedError(f"Pith has no mapping for {what}", try_="docs/tflite.md lists what there is")
            if self.poisoned.intersection(op.inputs):  # a consequence of what is missing
                self.poisoned.update(op.outputs)
                return
            inputs = ["" if i < 0 or self.is_state(i) else self.value(i, where) for i in op.inputs]
            call = Call(self, op, inputs, name)
            if call.short and op.name not in KNOWN:
                raise UnsupportedError("activations of 16 bits are not supported", where=where)
            with np.errstate(all="ignore"):  # scales may be any numbers
                results = mapping(call)
        except UnsupportedError as e:
            why = f"{e.what} ({e.why})" if e.why else e.what
            self.issues.append((f"CUSTOM {op.custom}" if op.name == "CUSTOM" else op.name, name, why, e.try_))
            self.poisoned.update(op.outputs)
            return
        except PithError as e:
            e.where = e.where or where
            if self.issues:
                raise self.refusal() from e
            raise
        except FOREIGN as e:
            raise ModelError(f"{op.name} cannot be read", where=where, why=f"{type(e).__name__}: {e}", try_="convert the model again") from e
        self.bind(op, [results] if isinstance(results, str) else results, first_node, where)

    def bind(self, op: Operator, results: Sequence[str], first_node: int, where: str) -> None:
        """Note the results of an operator as the values of its output tensors, under their names where those are free."""
        graph = self.builder.graph
        for index, value in zip(op.outputs, results, strict=False):
            if index < 0:
                continue
            if index in self.values:
                raise ModelError(f"tensor {self.names[index]!r} is made twice", where=where)
            t = self.model.tensors[index]
            if t.dtype is not None and graph.types[value].dtype is not t.dtype:
                raise ModelError(f"tensor {t.name!r} is {t.dtype.value} in the file", where=where,
                                 why=f"{op.name} makes {graph.types[value].dtype.value} here")  # fmt: skip
            made = value not in graph.constants and self.builder.rename(value, self.names[index], first_node)
            self.values[index] = self.names[index] if made else value
        if len([i for i in op.outputs if i >= 0]) > len(results):
            raise ModelError(f"{op.name} makes fewer outputs", where=where)

    def refusal(self) -> UnsupportedError:
        """One error for all issues, grouped by operator and reason."""
        groups: dict[tuple[str, str], list[str]] = {}
        for op, node, why, _ in self.issues:
            groups.setdefault((op, why), []).append(node)
        lines = []
        for (op, why), nodes in groups.items():
            more = f" and {len(nodes) - 5} more" if len(nodes) > 5 else ""
            lines.append(f"{op} at {', '.join(nodes[:5])}{more}: {why}")
        n, hints = len(self.issues), list(dict.fromkeys(i[3] for i in self.issues if i[3]))
        return UnsupportedError(
            f"{n} operator{'s' if n > 1 else ''} of the model cannot be compiled", where="\n         ".join(lines),
            why="each line names operator, nodes and reason", try_="; ".join(hints) or "leave these parts outside the network",
        )  # fmt: skip


def _unique(model: Model) -> list[str]:
    """A name for each tensor: its own, with its number behind where another has it too. Inside the network only the first of the
    names that a converter joined by semicolons."""
    ends = {*model.inputs, *model.outputs}
    made = [i for op in model.operators for i in op.outputs if i >= 0]
    names: dict[int, str] = {}
    seen = {""}
    for k in dict.fromkeys([*model.inputs, *model.outputs, *made, *range(len(model.tensors))]):  # weights last
        t = model.tensors[k]
        name = t.name if k in ends else t.name.split(";")[0]
        name = f"{name}:{k}" if name in seen else name
        while name in seen:
            name += "'"
        seen.add(name)
        names[k] = name
    return [names[k] for k in range(len(model.tensors))]


def _constant(value: np.ndarray, dtype: DType, shape: tuple[int, ...], where: str) -> np.ndarray:
    """The value given for an input, in its type and shape."""
    array = np.asarray(value)
    with np.errstate(all="ignore"):
        cast = array.astype(dtype.np)
        same = bool(np.all(cast.astype(np.float64) == array.astype(np.float64)))
    if array.shape != shape or not same:
        raise ShapeError(f"the value given, {array.dtype} of shape {array.shape}, does not fit", where=where,
                         why=f"the input is {dtype.value} of shape {shape}")  # fmt: skip
    return np.ascontiguousarray(cast)
