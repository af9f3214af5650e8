"""Caffe network to Graph: walks the layers in order; a layer may work in place, and then its blob means the newest value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pith.graph import Graph, ModelError, PithError
from pith.importers.caffe.layer import CaffeLayer
from pith.importers.caffe.read import RawLayer, layers_of, read_model
from pith.importers.caffe.registry import DATA, DROPPED, find
from pith.importers.layers.files import FOREIGN
from pith.importers.layers.network import Network, refuse_unknown


def load(
    path: str | Path,
    *,
    shapes: Mapping[str, tuple[int, ...] | int] | None = None,
    constants: Mapping[str, np.ndarray] | None = None,
) -> Graph:
    """The Graph of a Caffe network: a `.prototxt` or a `.caffemodel`, with the other beside it.

    The other file has the same name, or is the only one of its kind in the folder, or deploy.prototxt; a `.caffemodel` alone
    describes the network it was trained as.  shapes: of inputs by name;  constants: not for this format.
    Raises ModelError (damaged file), ShapeError (an input without shape) or UnsupportedError (all unknown layers at once).
    """
    path = Path(path)
    where = str(path)
    try:
        net, blobs, weights = read_model(path)
        layers = layers_of(net, blobs)
        refuse_unknown(((r.kind, r.name) for r in layers if r.kind not in DATA | DROPPED), find, "Caffe")
        network = Network(path.stem, shapes, constants)
        _declared_inputs(net, network)
        for raw in layers:
            _import_layer(raw, network, weights)
        return network.finish()
    except PithError as e:
        e.where = e.where or where
        raise
    except FOREIGN as e:
        raise ModelError("the network cannot be read", where=where, why=f"{type(e).__name__}: {e}", try_="download it again") from e


def _declared_inputs(net: Any, network: Network) -> None:
    """Inputs of the net itself, with shapes or four sizes each."""
    for k, name in enumerate(net.input):
        declared: list[int] | None = None
        if k < len(net.input_shape):
            declared = [int(d) for d in net.input_shape[k].dim]
        elif len(net.input_dim) >= 4 * (k + 1):
            declared = [int(d) for d in net.input_dim[4 * k : 4 * k + 4]]
        network.input(name, declared)


def _import_layer(raw: RawLayer, network: Network, weights: str) -> None:
    where = f"layer {raw.name} ({raw.kind})"
    if raw.kind in DATA:
        _import_data(raw, network)
        return
    if raw.kind in DROPPED:
        for name in raw.bottoms:
            if network.has(name):
                network.find(name, where)
        return
    function = find(raw.kind)
    assert function is not None
    bottoms = raw.bottoms[:1] if raw.kind.endswith("Loss") else raw.bottoms  # the others are labels
    layer = CaffeLayer(network.graph, raw, [network.find(name, where) for name in bottoms], weights)
    with network.reading(layer):
        network.bind(layer, function(layer))


def _import_data(raw: RawLayer, network: Network) -> None:
    """Inputs; of a layer that reads a data set the first blob is the picture, the others are labels."""
    if raw.kind != "Input":
        if raw.tops and not network.has(raw.tops[0]):
            network.input(raw.tops[0], None)
        return
    shapes = list(raw.message.input_param.shape)
    for k, name in enumerate(raw.tops):
        given = shapes[min(k, len(shapes) - 1)] if shapes else None
        network.input(name, [int(d) for d in given.dim] if given is not None else None)
