"""The Caffe importer: `load` makes a Graph of a `.prototxt` and the `.caffemodel` beside it."""

from pith.importers.caffe.importer import load
from pith.importers.caffe.read import files_of
from pith.importers.caffe.registry import known_layers

__all__ = ["files_of", "known_layers", "load"]
