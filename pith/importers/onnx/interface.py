"""Graph inputs and outputs: shapes and constants the user gives, names and order as in the model."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from onnx import GraphProto, ValueInfoProto

from pith.graph import DType, ModelError, Node, ShapeError, TensorType, UnsupportedError
from pith.importers.onnx.context import POISON, Scope, Value, issue
from pith.importers.onnx.tensors import checked_shape, to_dtype

if TYPE_CHECKING:
    from pith.importers.onnx.importer import Importer


@dataclass(slots=True)
class Binding:
    """What the caller gives: shapes by input (or sizes by dimension name), values by input; `dims` collects symbols."""

    shapes: dict[str, tuple[int, ...] | int]
    constants: dict[str, np.ndarray]
    dims: dict[str, int] = field(default_factory=dict)


def declared_dims(info: ValueInfoProto, dims: dict[str, int]) -> list[int | None] | None:
    """Declared shape with bound symbols filled in and None for unknown dimensions; None when there is no shape."""
    if not info.type.HasField("tensor_type") or not info.type.tensor_type.HasField("shape"):
        return None
    shape: list[int | None] = []
    for d in info.type.tensor_type.shape.dim:
        if d.HasField("dim_value") and d.dim_value >= 0:
            shape.append(int(d.dim_value))
        else:
            shape.append(dims.get(d.dim_param) if d.dim_param else None)
    return shape


def _listed(inputs: list[str]) -> str:
    return "its inputs are " + ", ".join(inputs) if inputs else "it has no inputs"


def bind_inputs(importer: Importer, proto: GraphProto, scope: Scope, constants: dict[str, Value]) -> None:
    """Make the graph's inputs and constants; all unbound dimensions are reported together."""
    binding, graph = importer.binding, importer.builder.graph
    names = [i.name for i in proto.input]
    if len(set(names)) != len(names):
        raise ModelError("two inputs of the graph have one name", where=f"graph {proto.name}")
    given = [i for i in proto.input if i.name not in constants]  # old exporters list every weight too
    _name_symbols(binding, proto)
    _check_names(binding, [i.name for i in given], _symbols(given), [n for n in names if n in constants])
    _bind_symbols(binding, proto)
    scope.values.update(constants)
    unbound: list[tuple[str, list[str], str]] = []
    for info in proto.input:
        name = info.name
        if name in binding.constants:
            graph.set_constant(name, _constant(info, binding))
            scope.values[name] = name
        elif name in constants:
            continue
        else:
            try:
                missing = _bind_input(importer, info, scope)
            except UnsupportedError as e:
                importer.issues.append(issue("input", "", name, e))
                scope.values[name] = POISON
                continue
            if missing:
                unbound.append((name, *missing))
    if unbound:
        what = "; ".join(f"input {name!r} has no size for dimension {', '.join(dims)}" for name, dims, _ in unbound)
        raise ShapeError(
            what,
            where="inputs of the model",
            why="all shapes are static in a compiled network",
            try_=" ".join(option for *_, option in unbound),
        )


def _symbols(inputs: Iterable[ValueInfoProto]) -> list[str]:
    """Names of the dimensions that the inputs leave open."""
    return sorted({d.dim_param for i in inputs for d in i.type.tensor_type.shape.dim if d.dim_param})


def _name_symbols(binding: Binding, proto: GraphProto) -> None:
    """A shape of one dimension, given for a dimension's name, is that dimension's size."""
    names = set(_symbols(proto.input)) - {i.name for i in proto.input}
    for name, given in binding.shapes.items():
        if name in names and not isinstance(given, int) and len(given) == 1:
            binding.shapes[name] = given[0]


def _check_names(binding: Binding, inputs: list[str], symbols: list[str], weights: list[str]) -> None:
    """Raise ShapeError for a shape or constant given to a name the model has not, and for a shape of one of its weights."""
    for option, given_names in (("--shape", binding.shapes), ("--const", binding.constants)):
        known = [*inputs, *symbols] if option == "--shape" else inputs
        for name in given_names:
            if name in known or (name in weights and option == "--const"):
                continue
            if name in weights:
                raise ShapeError(f"{name!r} is no input of the model, but one of its weights", where=option,
                                 why=_listed(inputs), try_=f"leave it out; --const {name}=@file.npy replaces the weights")  # fmt: skip
            near = difflib.get_close_matches(name, known, 1)
            dims = "; its open dimensions are " + ", ".join(symbols) if symbols and option == "--shape" else ""
            raise ShapeError(
                f"the model has no input {name!r}",
                where=option,
                why=_listed(inputs) + dims,
                try_=f"did you mean {near[0]!r}?" if near else f"{option} with one of these names",
            )
    for name, given in binding.shapes.items():
        if isinstance(given, int) != (name not in inputs):
            if isinstance(given, int):
                raise ShapeError(f"{name!r} needs a whole shape", why="it is an input", try_="all sizes: 1x3x224x224")
            raise ShapeError(f"{name!r} needs one number", why="it is a dimension", try_=f"{name}=4; several are (4,) and (8,) in Python")


def _bind_symbols(binding: Binding, proto: GraphProto) -> None:
    """Learn the sizes of symbolic dimensions from everything that is given; contradictions are ShapeErrors."""

    def learn(symbol: str, size: int, where: str) -> None:
        if binding.dims.setdefault(symbol, size) != size:
            raise ShapeError(
                f"dimension {symbol!r} is {binding.dims[symbol]} and {size}", where=where,
                why="one name stands for one size in all inputs", try_=f"give the dimension by its name: --shape {symbol}={size}",
            )  # fmt: skip

    for name, given in binding.shapes.items():
        if isinstance(given, int):
            learn(name, checked_shape([given], f"--shape {name}={given}")[0], f"--shape {name}={given}")
    for info in proto.input:
        whole = binding.shapes.get(info.name)
        if whole is None and info.name in binding.constants:
            whole = np.shape(binding.constants[info.name])
        if whole is None or isinstance(whole, int):
            continue
        where = f"input {info.name}"
        shape = checked_shape(whole, where)
        declared = declared_dims(info, {})
        if declared is None:
            continue
        fits = len(shape) == len(declared) and all(d in (None, s) for d, s in zip(declared, shape, strict=True))
        if not fits:
            text = "x".join("?" if d is None else str(d) for d in declared)
            raise ShapeError(
                f"shape {shape} does not fit",
                where=where,
                why=f"the model fixes it to {text}",
                try_="export the model for that shape, or give one that fits",
            )
        for size, d in zip(shape, info.type.tensor_type.shape.dim, strict=True):
            if d.dim_param:
                learn(d.dim_param, size, where)


def _bind_input(importer: Importer, info: ValueInfoProto, scope: Scope) -> tuple[list[str], str] | None:
    """Make a run-time input; returns its unbound dimensions and the option to give, None when all are bound."""
    name, where = info.name, f"input {info.name}"
    kind = info.type.WhichOneof("value")
    if kind != "tensor_type":
        raise UnsupportedError(f"a graph input of kind {kind or 'none'} is not supported", where=where)
    dtype = to_dtype(info.type.tensor_type.elem_type, where)
    given = importer.binding.shapes.get(name)
    if given is not None and not isinstance(given, int):
        dims: list[int | None] = list(given)
    else:
        declared = declared_dims(info, importer.binding.dims)
        if declared is None:
            return ["all (not even their number is known)"], f"--shape {name}=AxBx... with the sizes your data has"
        dims = declared
    if None in dims:
        symbols = info.type.tensor_type.shape.dim
        missing = [f"{i} ({symbols[i].dim_param or '?'})" for i, d in enumerate(dims) if d is None]
        return missing, f"--shape {name}=" + "x".join(_example(i, d, len(dims)) for i, d in enumerate(dims))
    graph = importer.builder.graph
    graph.inputs.append(name)
    graph.types[name] = TensorType(dtype, checked_shape(dims, where))
    scope.values[name] = name
    return None


def _example(axis: int, size: int | None, rank: int) -> str:
    """A dimension as the hint shows it."""
    if size is not None:
        return str(size)
    return "1" if axis == 0 else {2: "H", 3: "W"}.get(axis, "N") if rank == 4 else "N"


def _constant(info: ValueInfoProto, binding: Binding) -> np.ndarray:
    """The value given for an input, in the type and shape the model declares."""
    where = f"input {info.name}"
    if info.type.WhichOneof("value") != "tensor_type":
        raise UnsupportedError(f"input {info.name!r} is no tensor: no value can be given for it", where=where)
    dtype = to_dtype(info.type.tensor_type.elem_type, where)
    array = np.asarray(binding.constants[info.name])
    try:
        given = DType.of(array.dtype)
    except ValueError:
        raise ShapeError(f"the value given for {info.name!r} is {array.dtype}", where=where) from None
    with np.errstate(all="ignore"):
        value = array.astype(dtype.np)
        same = given is dtype or bool(np.all(value.astype(np.float64) == array.astype(np.float64)))
    if not same:
        raise ShapeError(f"the value given for {info.name!r} does not fit {dtype.value}", where=where)
    return np.ascontiguousarray(value).reshape(array.shape)


def bind_outputs(importer: Importer, names: list[str], results: list[Value]) -> None:
    """Give the graph its outputs under their own names; an input handed through is copied."""
    graph = importer.builder.graph
    if len(set(names)) != len(names):
        raise ModelError("two outputs of the graph have one name", where=f"graph {graph.name}")
    for name, value in zip(names, results, strict=True):
        if not isinstance(value, str):
            refusal = UnsupportedError("sequences and optionals cannot be outputs of a graph")
            importer.issues.append(issue("output", "", name, refusal))
            continue
        if value != name:
            if name in graph.types:
                raise ModelError(f"output {name!r} has the name of another value", where=f"graph {graph.name}")
            if value in graph.constants:
                graph.set_constant(name, graph.constants[value])
            else:
                shape = graph.types[value].shape
                graph.nodes.append(Node("reshape", [value], [name], {"shape": shape}, name, (name,)))
                graph.types[name] = graph.types[value]
        graph.outputs.append(name)
    if importer.issues:
        raise importer.refusal()
