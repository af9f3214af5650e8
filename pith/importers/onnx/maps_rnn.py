"""Recurrent networks."""

from __future__ import annotations

from functools import partial
from typing import Any

from pith.importers.onnx.context import Call, Value
from pith.importers.onnx.registry import onnx_op


def _recurrent(op: str, n: Call) -> list[Value | None]:
    """lstm, gru or rnn: the batch-first layout becomes transposes around it."""
    batch_first = n.attrs.flag("layout", False)
    states = (5, 6) if op == "lstm" else (5,)
    inputs = [n.opt(i) for i in range(8 if op == "lstm" else 6)]
    if batch_first:
        for i in (0, *states):
            if inputs[i]:
                inputs[i] = n.transpose(inputs[i], (1, 0, 2))
    activations = n.attrs.strings("activations")
    attrs: dict[str, Any] = {
        "direction": n.attrs.choice("direction", ("forward", "reverse", "bidirectional"), "forward"),
        "hidden_size": n.attrs.int("hidden_size", n.shape(n.x(2))[-1]),
        "activations": tuple(a.lower() for a in activations) if activations else (),
        "activation_alpha": n.attrs.floats("activation_alpha") or (),
        "activation_beta": n.attrs.floats("activation_beta") or (),
        "clip": n.attrs.float("clip") if "clip" in n.attrs else None,
    }
    if op == "lstm":
        attrs["input_forget"] = n.attrs.flag("input_forget", False)
    if op == "gru":
        attrs["linear_before_reset"] = n.attrs.flag("linear_before_reset", False)
    outputs: list[Value | None] = []
    for k, v in enumerate(n.emit_n(op, inputs, max(len(n.outputs), 1), **attrs)):
        outputs.append(n.transpose(v, (2, 0, 1, 3) if k == 0 else (1, 0, 2)) if batch_first else v)
    return outputs


for _name in ("LSTM", "GRU", "RNN"):
    onnx_op(_name)(partial(_recurrent, _name.lower()))
