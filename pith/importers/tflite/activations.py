"""Activations fused into operators on real numbers."""

from __future__ import annotations

from pith.importers.tflite.context import Call
from pith.importers.tflite.quantised import ACTIVATION_BOUNDS


def activated(n: Call, y: str) -> str:
    """`y` through the activation that is fused into the operator."""
    kind = n.activation
    if kind == "NONE":
        return y
    if kind == "TANH":
        return n.emit("tanh", [y])
    if kind == "RELU":
        return n.emit("relu", [y])
    if kind not in ACTIVATION_BOUNDS:
        raise n.unsupported(f"a fused {kind} is not supported")
    low, high = ACTIVATION_BOUNDS[kind]
    return n.emit("clip", [y], min=low, max=high)
