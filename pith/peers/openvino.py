"""OpenVINO, CPU plugin, held to float32: its own default is bfloat16 where the processor has it.

int8 by NNCF's post-training quantisation, with what it leaves in floats held to float32 as well.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pith.peers.base import Outputs, Peer, Task, numbered, register


@register("openvino")
class OpenVino(Peer):
    """Takes its own format, written without `convert_model`, whose package reports its use over the network."""

    title = "OpenVINO"
    package = "openvino"
    module = "openvino"
    converts = True
    tools8 = "nncf openvino"
    tool8 = "nncf"

    def quantize(self, task: Task, folder: Path) -> Path:
        # NNCF reports its use over the network when it finds this package
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
        import nncf
        import openvino

        model = openvino.Core().read_model(str(task.model))
        model.reshape({n: list(a.shape) for n, a in task.inputs.items()})
        operators = {op.get_type_name() for op in model.get_ops()}
        kind = nncf.ModelType.TRANSFORMER if operators & {"Softmax", "ScaledDotProductAttention"} and "Convolution" not in operators else None
        made = nncf.quantize(model, nncf.Dataset(list(task.samples)), preset=nncf.QuantizationPreset.MIXED, subset_size=len(task.samples),
                             model_type=kind)  # fmt: skip
        path = folder / "model.xml"
        openvino.serialize(made, str(path))
        return path

    def convert(self, task: Task, folder: Path) -> Path:
        import openvino

        model = openvino.Core().read_model(str(task.model))
        model.reshape({n: list(a.shape) for n, a in task.inputs.items()})
        path = folder / "model.xml"
        openvino.serialize(model, str(path))
        return path

    def load(self, task: Task) -> Callable[[], Outputs]:
        import openvino

        config = {
            "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": task.threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        }  # fmt: skip
        compiled = openvino.Core().compile_model(str(task.path), "CPU", config)
        request = compiled.create_infer_request()
        ports = [sorted(o.get_names()) for o in compiled.outputs]

        def run() -> Outputs:
            request.infer(task.inputs, share_inputs=True)
            arrays = [np.array(request.get_output_tensor(k).data) for k in range(len(ports))]
            if all(ports):
                return {p[0]: a for p, a in zip(ports, arrays, strict=True)}
            return numbered(arrays)

        return run
