"""Pith compiles a trained neural network into a small C library that needs nothing else.

    net = pith.compile("model.onnx")      # for this processor; a Session
    y = net(x)                            # NumPy in, NumPy out

compile, load, Session; from_torch; quantize; inspect (every stage, without building); import_model, optimise, generate (the stages one by
one); list_targets; PithError (base of everything raised for bad input). Names are loaded when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pith.version import VERSION as __version__

if TYPE_CHECKING:
    from pith.api import compile, generate, import_model, optimise
    from pith.api import stages as inspect
    from pith.bridge import from_torch
    from pith.graph.errors import PithError
    from pith.quantized import quantize
    from pith.runtime.session import Session, load
    from pith.targets.base import targets as list_targets

_HOME = {
    "compile": ("pith.api", "compile"),
    "inspect": ("pith.api", "stages"),
    "import_model": ("pith.api", "import_model"),
    "optimise": ("pith.api", "optimise"),
    "generate": ("pith.api", "generate"),
    "quantize": ("pith.quantized", "quantize"),
    "from_torch": ("pith.bridge", "from_torch"),
    "load": ("pith.runtime.session", "load"),
    "Session": ("pith.runtime.session", "Session"),
    "PithError": ("pith.graph.errors", "PithError"),
    "list_targets": ("pith.targets.base", "targets"),
}

__all__ = [
    "PithError", "Session", "__version__", "compile", "from_torch", "generate", "import_model", "inspect", "list_targets",
    "load", "optimise", "quantize",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'pith' has no attribute {name!r}")
    module, attribute = _HOME[name]
    value = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
