"""Training in PyTorch (`pip install pith[train]`): `Qat` makes a module of a quantised network; `recipe` and `runner` train by configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pith.train.qat import Qat

__all__ = ["Qat"]


def __getattr__(name: str) -> Any:
    """Loaded when used: lists of recipes and of what they may name need no PyTorch."""
    if name != "Qat":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pith.train.qat import Qat

    return Qat
