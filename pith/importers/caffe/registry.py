"""Table of mapping functions, filled by the `maps_*` modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pith.importers.layers.layer import Result
from pith.importers.registry import Registry

if TYPE_CHECKING:
    from pith.importers.caffe.layer import CaffeLayer

Mapping = Callable[["CaffeLayer"], Result]
DATA = frozenset({"Input", "Data", "ImageData", "HDF5Data", "MemoryData", "WindowData", "AnnotatedData"})
DROPPED = frozenset({"Accuracy", "Silence", "DetectionEvaluate", "HDF5Output"})  # what only watches
MAPS: Registry[Mapping] = Registry("pith.importers.caffe", ("Input", "Data", "Accuracy", "Silence"))
caffe_layer, find, known_layers = MAPS.maps, MAPS.find, MAPS.known
