"""ONNX Runtime, CPU provider, its default optimisations.

int8 by its own `quantize_static` as its documentation asks for on x86-64: QDQ form, unsigned activations, signed weights, a
scale an output channel.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pith.peers.base import Outputs, Peer, Task, register


@register("onnxruntime")
class OnnxRuntime(Peer):
    """Takes the ONNX file as it is."""

    title = "ONNX Runtime"
    package = "onnxruntime"
    module = "onnxruntime"
    tools8 = "onnx onnxruntime sympy"
    tool8 = "onnx"

    def quantize(self, task: Task, folder: Path) -> Path:
        import onnx
        from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
        from onnxruntime.quantization.shape_inference import quant_pre_process

        fixed, prepared, path = (folder / f"{name}.onnx" for name in ("fixed", "prepared", "model"))
        onnx.save(_fixed(onnx.load(str(task.model)), task.inputs), str(fixed))
        quant_pre_process(str(fixed), str(prepared))
        quantize_static(str(prepared), str(path), _Reader(task.samples), quant_format=QuantFormat.QDQ, per_channel=True,
                        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)  # fmt: skip
        fixed.unlink()
        prepared.unlink()
        return path

    def load(self, task: Task) -> Callable[[], Outputs]:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = task.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(str(task.path), options, providers=["CPUExecutionProvider"])
        wanted = {i.name for i in session.get_inputs()}
        feed = {n: a for n, a in task.inputs.items() if n in wanted}
        ports = [o.name for o in session.get_outputs()]
        return lambda: dict(zip(ports, session.run(ports, feed), strict=True))


class _Reader:
    """Calibration samples, one by one, as its tools ask for them."""

    def __init__(self, samples: tuple[dict[str, np.ndarray], ...]) -> None:
        self._left = iter(samples)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._left, None)

    def set_range(self, start: int, stop: int) -> None:
        raise NotImplementedError  # of samples in several parts


def _fixed(model: Any, inputs: dict[str, np.ndarray]) -> Any:
    """The model with the shapes of `inputs`, at opset 13 at least: QuantizeLinear has had an axis since then."""
    import onnx
    from onnx import version_converter

    for port in model.graph.input:
        if port.name in inputs:
            shape = port.type.tensor_type.shape
            del shape.dim[:]
            for n in inputs[port.name].shape:
                shape.dim.add().dim_value = n
    opset = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
    if opset < 13:
        known = {i.name for i in model.graph.initializer}
        inputs_alone = [p for p in model.graph.input if p.name not in known]
        del model.graph.input[:]
        model.graph.input.extend(inputs_alone)
        model = version_converter.convert_version(model, 13)
        model.ir_version = max(model.ir_version, 7)
    onnx.checker.check_model(model)
    return model
