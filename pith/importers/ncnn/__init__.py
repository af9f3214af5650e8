"""The ncnn importer: `load` makes a Graph of a `.param` (text or binary) and the `.bin` beside it."""

from pith.importers.ncnn.importer import files_of, load
from pith.importers.ncnn.registry import known_layers

__all__ = ["files_of", "known_layers", "load"]
