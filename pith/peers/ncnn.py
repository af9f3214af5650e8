"""ncnn through pnnx, held to float32 storage and arithmetic; it has no batch, which must be 1."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pith.peers.base import Outputs, Peer, Task, Unable, call, numbered, register, tool


@register("ncnn")
class Ncnn(Peer):
    """pnnx reads the ONNX file and writes half a dozen files beside it, so it gets a copy."""

    title = "ncnn"
    package = "ncnn"
    module = "ncnn"
    tools = "torch pnnx"
    tool = "pnnx"
    converts = True

    def convert(self, task: Task, folder: Path) -> Path:
        copy = folder / "model.onnx"
        shutil.copyfile(task.model, copy)
        shapes = ",".join("[" + ",".join(map(str, a.shape)) + "]" + _kind(a.dtype) for a in task.inputs.values())
        call([tool("pnnx"), str(copy), f"inputshape={shapes}", "fp16=0"])
        for file in folder.iterdir():
            if ".ncnn." not in file.name or file.suffix not in (".param", ".bin"):
                file.unlink()
        path = folder / "model.ncnn.param"
        if not path.is_file():
            raise Unable("pnnx wrote no model for ncnn")
        layers = [line.split()[0] for line in path.read_text().splitlines()[2:] if line.strip()]
        if strange := sorted({v for v in layers if "." in v}):  # what pnnx could not translate keeps PyTorch's name
            raise Unable("ncnn has no layer for " + ", ".join(strange))
        return path

    def load(self, task: Task) -> Callable[[], Outputs]:
        import ncnn

        net = ncnn.Net()
        net.opt.num_threads = task.threads
        for half in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage", "vulkan_compute"):
            setattr(net.opt, f"use_{half}", False)
        if net.load_param(str(task.path)) or net.load_model(str(task.path.with_suffix(".bin"))):
            raise Unable("ncnn could not load what pnnx wrote")
        arrays = [np.ascontiguousarray(a[0] if a.ndim > 1 else a) for a in task.inputs.values()]
        takes, gives = list(net.input_names()), list(net.output_names())
        if len(takes) != len(arrays):
            raise Unable(f"pnnx made a network of {len(takes)} inputs of one of {len(arrays)}")

        def run() -> Outputs:
            extractor = net.create_extractor()
            for name, a in zip(takes, arrays, strict=True):
                extractor.input(name, ncnn.Mat(a))
            results = []
            for name in gives:
                code, mat = extractor.extract(name)
                if code:
                    raise Unable(f"ncnn could not compute {name} (code {code})")
                results.append(np.array(mat))
            return numbered(results)

        return run


def _kind(dtype: np.dtype) -> str:
    """How pnnx writes an element type."""
    return {"f": "f", "i": "i", "u": "u"}.get(dtype.kind, "f") + str(8 * dtype.itemsize)
