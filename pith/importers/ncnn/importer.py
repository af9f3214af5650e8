"""ncnn network to Graph: walks the layers in the order of the file, which is also that of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pith.graph import Graph, ModelError, PithError, ShapeError
from pith.importers.layers.files import FOREIGN, MAX_TEXT, read_file, sibling
from pith.importers.layers.network import Network, refuse_unknown
from pith.importers.ncnn.layer import NcnnLayer
from pith.importers.ncnn.param import RawLayer, parse
from pith.importers.ncnn.registry import find
from pith.importers.ncnn.weights import Weights


def files_of(path: Path) -> list[Path]:
    """The description and, if it is there, the weights beside it."""
    weights = _weights_beside(path)
    return [path, weights] if weights.is_file() else [path]


def _weights_beside(path: Path) -> Path:
    name = path.name.lower()
    return sibling(path, path.name[-len(".param.bin") :] if name.endswith(".param.bin") else path.name[-len(".param") :], ".bin")


def load(
    path: str | Path,
    *,
    shapes: Mapping[str, tuple[int, ...] | int] | None = None,
    constants: Mapping[str, np.ndarray] | None = None,
) -> Graph:
    """The Graph of an ncnn network: a `.param` or `.param.bin`, with the `.bin` of the same name beside it.

    shapes: of inputs by name, the batch first: a blob of w x h x c is (N, c, h, w);  constants: not for this format.
    Raises ModelError (damaged file), ShapeError (an input without shape) or UnsupportedError (all unknown layers at once).
    """
    path = Path(path)
    where = str(path)
    layers = parse(read_file(path, MAX_TEXT), where)
    refuse_unknown(((r.kind, r.name) for r in layers if r.kind != "Input"), find, "ncnn")
    weights_file = _weights_beside(path)
    data = read_file(weights_file) if weights_file.exists() else b""
    weights = Weights(data, str(weights_file) if data else f"{weights_file} (which does not exist)")
    network = Network(path.stem.removesuffix(".param"), shapes, constants)
    try:
        for raw in layers:
            _import_layer(raw, network, weights)
        graph = network.finish()
    except PithError as e:
        e.where = e.where or where
        raise
    except FOREIGN as e:
        raise ModelError("the network cannot be read", where=where, why=f"{type(e).__name__}: {e}", try_="convert it again") from e
    if weights.left:
        graph.notes.append(f"{weights_file.name} has {weights.left:,} bytes more than the layers read: does it belong to {path.name}?")
    return graph


def _import_layer(raw: RawLayer, network: Network, weights: Weights) -> None:
    if raw.kind == "Input":
        for name in raw.outputs:
            network.input(name, _declared(raw))
        return
    function = find(raw.kind)
    assert function is not None
    where = f"layer {raw.name} ({raw.kind})"
    layer = NcnnLayer(network.graph, raw, [network.find(name, where) for name in raw.inputs], weights)
    with network.reading(layer):
        network.bind(layer, function(layer))


def _declared(raw: RawLayer) -> tuple[int, ...] | None:
    """Shape of an input with a batch of 1, None when the file does not say. Raises ShapeError for sizes that are none."""
    sizes = {k: raw.params.get(k, 0) for k in (0, 1, 11, 2)}  # w, h, d, c
    if any(not isinstance(v, int) or v < 0 for v in sizes.values()):
        raise ShapeError("the input has sizes that are none", where=f"layer {raw.name} (Input)")
    w, h, d, c = (int(v) for v in sizes.values())  # type: ignore[arg-type]
    if c and h and w:
        return (1, c, d, h, w) if d else (1, c, h, w)
    if h and w:
        return (1, h, w)
    return (1, w) if w else None


