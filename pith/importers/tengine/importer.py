"""tmfile to Graph: walks the nodes that the outputs need, in an order in which they can run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pith.graph import Graph, ModelError, PithError, UnsupportedError
from pith.importers.layers.files import FOREIGN, read_file
from pith.importers.layers.network import Network, refuse_unknown
from pith.importers.order import depth_first
from pith.importers.tengine.layer import TengineLayer
from pith.importers.tengine.operators import name_of
from pith.importers.tengine.registry import find
from pith.importers.tengine.tmfile import CONSTANT, FLOATS, INT32, Model, parse

_CONST, _INPUT = "Const", "InputOp"


def load(
    path: str | Path,
    *,
    shapes: Mapping[str, tuple[int, ...] | int] | None = None,
    constants: Mapping[str, np.ndarray] | None = None,
) -> Graph:
    """The Graph of a `.tmfile` (version 2, float32 or float16).

    shapes: of inputs by name, batch and channels first;  constants: not for this format.
    Raises ModelError (damaged file), ShapeError (an input without shape) or UnsupportedError (all unknown operators at once).
    """
    path = Path(path)
    where = str(path)
    network = Network(path.stem, shapes, constants)
    try:
        model = parse(read_file(path), where)
        order = _ordered(model, where)
        kinds = [(name_of(model.nodes[k].op), model.nodes[k].name) for k in order]
        refuse_unknown((k for k in kinds if k[0] not in (_CONST, _INPUT)), find, "Tengine")
        if model.layout != 0:
            raise UnsupportedError("tensors with channels last", where=where, why="only channels-first models are known",
                                   try_="export the original model to ONNX or TFLite")  # fmt: skip
        names = _names(model)
        for k in order:
            _import_node(model, k, network, names)
        outputs = [names[t] for k in model.outputs for t in model.nodes[k].outputs]
        return network.finish(outputs)
    except PithError as e:
        e.where = e.where or where
        raise
    except FOREIGN as e:
        raise ModelError("the model cannot be read", where=where, why=f"{type(e).__name__}: {e}", try_="convert it again") from e


def _ordered(model: Model, where: str) -> list[int]:
    """Numbers of the nodes that the outputs need, in an order in which they can run. Raises ModelError for cycles."""
    producer: dict[int, int] = {}
    for k, node in enumerate(model.nodes):
        for t in node.outputs:
            if producer.setdefault(t, k) != k:
                raise ModelError(f"tensor {model.tensors[t].name!r} is made twice", where=where)
    if not model.outputs:
        raise ModelError("the model has no output", where=where, try_="convert it again")

    def needs(k: int) -> list[int]:
        for t in model.nodes[k].inputs:
            if t not in producer:
                raise ModelError(f"tensor {model.tensors[t].name!r} is read, but nothing makes it", where=where)
        return [producer[t] for t in model.nodes[k].inputs]

    return depth_first(len(model.nodes), (*model.inputs, *model.outputs), needs, lambda k: model.nodes[k].name, where)


def _names(model: Model) -> list[str]:
    """A name for each tensor, all different; inputs and outputs that have none are called by their node."""
    makers = {t: node.name for node in model.nodes for t in node.outputs}
    names: list[str] = []
    seen: set[str] = set()
    for k, tensor in enumerate(model.tensors):
        name = tensor.name or makers.get(k, "") or "tensor"
        if name in seen:
            name = f"{name}#{k}"
        seen.add(name)
        names.append(name)
    return names


def _import_node(model: Model, k: int, network: Network, names: list[str]) -> None:
    raw = model.nodes[k]
    kind, where = name_of(raw.op), f"layer {raw.name} ({name_of(raw.op)})"
    made = [model.tensors[t] for t in raw.outputs]
    if kind == _INPUT:
        for t, tensor in zip(raw.outputs, made, strict=True):
            if tensor.dtype not in FLOATS:
                raise _quantised(where)
            network.input(names[t], tensor.dims if tensor.dims and 0 not in tensor.dims else None)
        return
    if kind == _CONST:
        for t, tensor in zip(raw.outputs, made, strict=True):
            if tensor.kind != CONSTANT or tensor.dtype not in (*FLOATS, INT32) or tensor.quantised:
                raise _quantised(where)
            array = model.array(tensor, where)
            value = network.graph.add_constant(array.astype(np.float32 if tensor.dtype in FLOATS else np.int32), raw.name)
            network.set(names[t], value)
        return
    if any(t.dtype not in (*FLOATS, INT32) for t in made):
        raise _quantised(where)
    function = find(kind)
    assert function is not None
    layer = TengineLayer(network.graph, raw, model.file, [network.find(names[t], where) for t in raw.inputs], [names[t] for t in raw.outputs])
    with network.reading(layer):
        network.bind(layer, function(layer))


def _quantised(where: str) -> UnsupportedError:
    return UnsupportedError(
        "quantised tensors of a Tengine model", where=where, why="models in float32 and float16 are known",
        try_="import the float model and quantise it with `pith quantize`",
    )  # fmt: skip
