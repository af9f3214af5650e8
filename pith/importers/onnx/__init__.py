"""The ONNX importer: `import_onnx` (`load`, as in every format's package) makes a Graph, `shape_inputs` says which inputs must be known at compile time."""

from pith.importers.onnx.importer import import_onnx
from pith.importers.onnx.registry import known_ops
from pith.importers.onnx.shape_inputs import shape_inputs

load = import_onnx

__all__ = ["import_onnx", "known_ops", "load", "shape_inputs"]
