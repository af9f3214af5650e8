"""LiteRT (once TensorFlow Lite) with XNNPACK, which is its default on processors.

int8 by ai-edge-quantizer's static recipe for 8-bit weights and activations. Its networks take and give integers: the inputs are
converted before the runs and the outputs after them, outside the time, in its favour.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pith.peers.base import Outputs, Peer, Task, numbered, register


@register("litert")
class LiteRt(Peer):
    """Converted from the torch.export program, by way of litert-torch."""

    title = "LiteRT"
    package = "ai-edge-litert"
    module = "ai_edge_litert"
    tools = "litert-torch"
    tool = "litert_torch"
    converts = True
    tools8 = "litert-torch ai-edge-quantizer"
    tool8 = "ai_edge_quantizer"
    _scales: dict[str, tuple[float, int]]

    def convert(self, task: Task, folder: Path) -> Path:
        import contextlib

        program = task.program
        import litert_torch
        import torch

        module = torch.export.load(str(program)).module()
        with contextlib.suppress(NotImplementedError):  # exported modules of some versions are always in this mode
            module = module.eval()
        path = folder / "model.tflite"
        litert_torch.convert(module, tuple(torch.from_numpy(a) for a in task.inputs.values())).export(str(path))
        return path

    def quantize(self, task: Task, folder: Path) -> Path:
        from ai_edge_litert.interpreter import Interpreter
        from ai_edge_quantizer import quantizer, recipe

        source, path = self.convert(task, folder), folder / "int8.tflite"
        key, signature = next(iter(Interpreter(str(source)).get_signature_list().items()))
        made = quantizer.Quantizer(str(source))
        made.load_quantization_recipe(recipe.static_wi8_ai8())
        samples = [dict(zip(sorted(signature["inputs"]), s.values(), strict=True)) for s in task.samples]
        made.quantize(made.calibrate({key: samples})).export_model(str(path))
        source.unlink()
        return path

    def load(self, task: Task) -> Callable[[], Outputs]:
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(str(task.path), num_threads=task.threads)
        interpreter.allocate_tensors()
        takes, gives = interpreter.get_input_details(), interpreter.get_output_details()
        takes = sorted(takes, key=lambda d: str(d["name"]))  # serving_default_args_0, _1, ...
        given = [(d["index"], _integers(d, a)) for d, a in zip(takes, task.inputs.values(), strict=True)]
        gives = sorted(gives, key=lambda d: str(d["name"]))
        order = [d["index"] for d in gives]
        self._scales = {f"#{k}": d["quantization"] for k, d in enumerate(gives) if d["dtype"] is np.int8}

        def run() -> Outputs:
            for index, array in given:
                interpreter.set_tensor(index, array)
            interpreter.invoke()
            return numbered([interpreter.get_tensor(i) for i in order])

        return run

    def finish(self, outputs: Outputs) -> Outputs:
        for name, (scale, zero) in self._scales.items():
            outputs[name] = (outputs[name].astype(np.float32) - zero) * np.float32(scale)
        return outputs


def _integers(port: dict[str, Any], array: np.ndarray) -> np.ndarray:
    """What the input takes: int8 in its scale, where that is its type and the array has floats."""
    if port["dtype"] is not np.int8 or array.dtype == np.int8:
        return array
    scale, zero = port["quantization"]
    integers: np.ndarray = np.clip(np.rint(array / scale) + zero, -128, 127).astype(np.int8)
    return integers
