"""LiteRT (once TensorFlow Lite) with XNNPACK, which is its default on processors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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

    def load(self, task: Task) -> Callable[[], Outputs]:
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(str(task.path), num_threads=task.threads)
        interpreter.allocate_tensors()
        takes, gives = interpreter.get_input_details(), interpreter.get_output_details()
        takes = sorted(takes, key=lambda d: str(d["name"]))  # serving_default_args_0, _1, ...
        given = list(zip((d["index"] for d in takes), task.inputs.values(), strict=True))
        order = [d["index"] for d in sorted(gives, key=lambda d: str(d["name"]))]

        def run() -> Outputs:
            for index, array in given:
                interpreter.set_tensor(index, array)
            interpreter.invoke()
            return numbered([interpreter.get_tensor(i) for i in order])

        return run
