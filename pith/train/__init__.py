"""Training in PyTorch (`pip install ".[train]"` in the clone), one method a file: quantisation-aware training (`qat`: `Qat`), binary networks
(`binary`), distillation (`distill`, `distill_text`), pruning (`prune`), number formats (`formats`, which is NumPy alone, `formats_torch`)
and block-sparse layers (`sparse`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pith.train.qat import Qat

__all__ = ["Qat"]


def __getattr__(name: str) -> Any:
    """`Qat`, when it is asked for: PyTorch is not imported before."""
    if name == "Qat":
        from pith.train.qat import Qat

        return Qat
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
