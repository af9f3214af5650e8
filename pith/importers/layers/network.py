"""The graph of a layer format while it grows: blobs by name, inputs, outputs, and one refusal for all unknown layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from pith.graph import DType, Graph, ModelError, Node, PithError, ShapeError, TensorType, UnsupportedError
from pith.importers.layers.files import FOREIGN
from pith.importers.layers.layer import MAX_ELEMENTS, Layer, Result
from pith.ops import load_all

MAX_RANK = 8


class Network:
    """Blobs seen so far; the same name may be made again (layers that work in place), and then means the newest."""

    def __init__(
        self, name: str, shapes: Mapping[str, tuple[int, ...] | int] | None, constants: Mapping[str, np.ndarray] | None
    ) -> None:
        load_all()
        if constants:
            raise ShapeError(
                f"the input {next(iter(constants))!r} cannot be fixed at compile time", why="only ONNX models have such inputs",
                try_="leave --const out",
            )  # fmt: skip
        self.graph = Graph(name or "model")
        self._shapes = dict(shapes or {})
        self._blobs: dict[str, str] = {}
        self._read: set[str] = set()  # blobs that were read since they were made

    # blobs

    def input(self, name: str, declared: Sequence[int] | None, dtype: DType = DType.F32) -> None:
        """Make an input; the shape given by the user goes before the declared one."""
        where = f"input {name}"
        if name in self._blobs:
            raise ModelError(f"blob {name!r} is made twice", where=where)
        given = self._shapes.pop(name, None)
        if isinstance(given, int):
            raise ShapeError(f"{name!r} needs a whole shape", where=where, try_=f"all sizes: --shape {name}=1x3x224x224")
        if given is not None and declared is not None and len(given) != len(declared):
            raise ShapeError(
                f"shape {tuple(given)} does not fit", where=where,
                why=f"the model has {'x'.join(map(str, declared))}, the batch first", try_="give as many sizes",
            )  # fmt: skip
        shape = given if given is not None else declared
        if shape is None:
            raise ShapeError(
                f"the shape of input {name!r} is not known", where=where, why="the file does not say it",
                try_=f"--shape {name}=1x3xHxW with the sizes your data has (the batch first, then channels, height, width)",
            )  # fmt: skip
        size = 1
        for d in shape:
            size *= d
        if not 1 <= size <= MAX_ELEMENTS or min(shape) < 1 or len(shape) > MAX_RANK:
            raise ShapeError(f"shape {tuple(shape)} is no shape", where=where, why=f"sizes from 1, at most {MAX_ELEMENTS:,} elements")
        self.graph.inputs.append(name)
        self.graph.types[name] = TensorType(dtype, tuple(int(d) for d in shape))
        self._blobs[name] = name
        self._read.discard(name)

    def has(self, name: str) -> bool:
        return name in self._blobs

    def find(self, name: str, where: str) -> str:
        """The value of a blob. Raises ModelError when nothing made it (yet: layers are in order, so there are no cycles)."""
        value = self._blobs.get(name)
        if value is None:
            raise ModelError(
                f"blob {name!r} is read, but no layer before it makes it", where=where,
                why="layers stand in the order in which they run", try_="convert or download the model again",
            )  # fmt: skip
        self._read.add(name)
        return value

    def set(self, name: str, value: str) -> None:
        """Let `name` mean `value`, unread."""
        self._blobs.pop(name, None)
        self._blobs[name] = value
        self._read.discard(name)

    def bind(self, layer: Layer, result: Result) -> None:
        """Name the results of a layer."""
        if isinstance(result, dict):
            for name, value in result.items():
                self.set(name, value)
            return
        values = [result] if isinstance(result, str) else result
        if len(values) < len(layer.names):
            raise layer.invalid(f"{len(layer.names)} blobs are named, {len(values)} are made")
        if len(set(layer.names)) != len(layer.names):
            raise layer.invalid("two of its blobs have one name")
        for name, value in zip(layer.names, values, strict=False):
            self.set(name, value)

    @contextmanager
    def reading(self, layer: Layer) -> Iterator[None]:
        """Errors from inside say which layer; what damaged content raises becomes a ModelError."""
        try:
            yield
        except PithError as e:
            e.where = e.where or layer.where
            raise
        except FOREIGN as e:
            raise ModelError(
                f"{layer.kind} cannot be read", where=layer.where, why=f"{type(e).__name__}: {e}",
                try_="convert or download the model again",
            ) from e  # fmt: skip

    # the end

    def finish(self, outputs: Sequence[str] | None = None) -> Graph:
        """The validated graph; outputs are the blobs given, or those that no layer reads."""
        graph = self.graph
        if self._shapes:
            raise ShapeError(
                f"{next(iter(self._shapes))!r} is no input", why="inputs are " + (", ".join(map(repr, graph.inputs)) or "none"),
                try_="pith inspect shows them",
            )  # fmt: skip
        names = list(outputs) if outputs is not None else [n for n in self._blobs if n not in self._read]
        names = [n for n in names if n not in graph.inputs or self._blobs[n] != n or outputs is not None]
        if not names:
            raise ModelError("the network has no output", why="every blob is read by a layer")
        targets = {name: self._blobs[name] for name in names}
        self._name_values()
        for name, value in targets.items():
            value = self._renamed.get(value, value)
            while name in graph.types and name != value:
                name += "_out"  # an input, or an earlier value that a layer worked on in place, has the name
            if value != name:
                graph.types[name] = graph.types[value]
                graph.nodes.append(Node("reshape", [value], [name], {"shape": graph.types[value].shape}, name, (name,)))
            graph.outputs.append(name)
        graph.drop_unused()
        graph.validate()
        return graph

    def _name_values(self) -> None:
        """Give values made by nodes the names of their blobs, where the name is free."""
        graph = self.graph
        made = {o for n in graph.nodes for o in n.outputs}
        self._renamed: dict[str, str] = {}
        taken = set(graph.types)
        for name, value in self._blobs.items():
            if value in made and value not in self._renamed and name not in taken:
                self._renamed[value] = name
                taken.add(name)
        for node in graph.nodes:
            node.inputs = [self._renamed.get(i, i) for i in node.inputs]
            node.outputs = [self._renamed.get(o, o) for o in node.outputs]
        graph.types = {self._renamed.get(k, k): t for k, t in graph.types.items()}


def refuse_unknown(layers: Iterable[tuple[str, str]], find: Callable[[str], object], what: str) -> None:
    """Raise one UnsupportedError for all (kind, name) that `find` does not know."""
    groups: dict[str, list[str]] = {}
    for kind, name in layers:
        if find(kind) is None:
            groups.setdefault(kind, []).append(name)
    if not groups:
        return
    lines = [f"{k} at {', '.join(n[:5])}{f' and {len(n) - 5} more' if len(n) > 5 else ''}" for k, n in groups.items()]
    count = sum(map(len, groups.values()))
    raise UnsupportedError(
        f"{count} layer{'s' if count > 1 else ''} of the model cannot be compiled", where="\n         ".join(lines),
        why=f"no {what} layer of {'these types is' if len(groups) > 1 else 'this type is'} known (docs/formats.md lists those that are)",
        try_="leave these parts outside the network, or export the original model to ONNX",
    )  # fmt: skip
