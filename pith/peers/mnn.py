"""MNN, float32 ("high" precision). Its Winograd tiles are large: on deep 3x3 networks its error is above 1e-4."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pith.peers.base import Outputs, Peer, Task, Unable, register


@register("mnn")
class Mnn(Peer):
    """Converted by the entry point in C: the commands `mnnconvert` and `mnnquant` of the wheel, and the Python modules
    behind them, install a package that reports their use."""

    title = "MNN"
    package = "MNN"
    module = "MNN"
    converts = True

    def convert(self, task: Task, folder: Path) -> Path:
        import _tools  # of the MNN wheel

        path = folder / "model.mnn"
        words = {"-f": "ONNX", "--modelFile": str(task.model), "--MNNModel": str(path), "--bizCode": "bench"}
        _tools.mnnconvert(["mnnconvert", *(w for pair in words.items() for w in pair)])
        if not path.is_file():
            raise Unable("MNN's converter wrote nothing")
        return path

    def load(self, task: Task) -> Callable[[], Outputs]:
        import MNN

        net = MNN.Interpreter(str(task.path))
        session = net.createSession({"backend": "CPU", "numThread": task.threads, "precision": "high", "memory": "normal"})
        takes: dict[str, Any] = dict(net.getSessionInputAll(session))
        if takes.keys() != task.inputs.keys():
            raise Unable(f"MNN's inputs are {', '.join(takes)}, the model's {', '.join(task.inputs)}")
        for name, tensor in takes.items():
            net.resizeTensor(tensor, tuple(task.inputs[name].shape))
        net.resizeSession(session)
        layout = MNN.Tensor_DimensionType_Caffe
        kinds = {"f4": MNN.Halide_Type_Float, "i4": MNN.Halide_Type_Int, "u1": MNN.Halide_Type_Uint8, "i8": MNN.Halide_Type_Int64}
        given = {n: (tuple(a.shape), kinds[a.dtype.str[1:]], np.ascontiguousarray(a)) for n, a in task.inputs.items()}
        gives: dict[str, Any] = dict(net.getSessionOutputAll(session))
        shapes = {n: tuple(t.getShape()) for n, t in gives.items()}
        # a tensor made here does not keep its array alive, nor does an array keep the tensor it looks into
        memory = {n: np.zeros(s, np.float32) for n, s in shapes.items()}
        copies = {n: MNN.Tensor(s, MNN.Halide_Type_Float, memory[n], layout) for n, s in shapes.items()}

        def run() -> Outputs:
            for name, tensor in takes.items():
                shape, kind, array = given[name]
                tensor.copyFrom(MNN.Tensor(shape, kind, array, layout))
            net.runSession(session)
            result = {}
            for name, tensor in gives.items():
                tensor.copyToHostTensor(copies[name])
                result[name] = np.array(copies[name].getNumpyData()).reshape(shapes[name])
            return result

        return run
