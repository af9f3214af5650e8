"""The graph and its parts; imports nothing else of Pith."""

from pith.graph.dtype import SMALL_FLOATS, DType
from pith.graph.errors import (
    BuildError,
    ConfigError,
    InputError,
    InternalError,
    ModelError,
    PithError,
    ShapeError,
    UnsupportedError,
)
from pith.graph.expr import Expr
from pith.graph.graph import Graph, Node, Quant, TensorType
from pith.graph.printer import format_graph

__all__ = [
    "SMALL_FLOATS", "BuildError", "ConfigError", "DType", "Expr", "Graph", "InputError", "InternalError", "ModelError", "Node",
    "PithError", "Quant", "ShapeError", "TensorType", "UnsupportedError", "format_graph",
]  # fmt: skip
