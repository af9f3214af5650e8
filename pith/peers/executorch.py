"""ExecuTorch with XNNPACK, through its Python binding, which imports all of PyTorch.

int8 by its XNNPACKQuantizer, a scale an output channel, and torchao's steps around it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pith.peers.base import Outputs, Peer, Task, numbered, register

_POOL = "_ZN10executorch9extension10threadpool"  # the namespace of its thread pool, mangled


@register("executorch")
class ExecuTorch(Peer):
    """Converted from the torch.export program."""

    title = "ExecuTorch"
    package = "executorch"
    module = "executorch"
    converts = True
    tools8 = "executorch torchao"
    tool8 = "torchao"

    def convert(self, task: Task, folder: Path) -> Path:
        program = task.program
        import torch

        return _write(torch.export.load(str(program)), folder)

    def quantize(self, task: Task, folder: Path) -> Path:
        program = task.program
        import torch
        from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
            XNNPACKQuantizer,
            get_symmetric_quantization_config,
        )
        from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

        quantizer = XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_per_channel=True))
        watched = prepare_pt2e(torch.export.load(str(program)).module(), quantizer)
        with torch.no_grad():
            for sample in task.samples:
                watched(*(torch.from_numpy(a) for a in sample.values()))
        given = tuple(torch.from_numpy(a) for a in task.inputs.values())
        return _write(torch.export.export(convert_pt2e(watched), given), folder)

    def load(self, task: Task) -> Callable[[], Outputs]:
        import torch
        from executorch.runtime import Runtime

        runtime = Runtime.get()
        _set_threads(task.threads)
        method = runtime.load_program(str(task.path)).load_method("forward")
        given = [torch.from_numpy(a) for a in task.inputs.values()]
        return lambda: numbered([o.numpy() for o in method.execute(given)])


def _write(exported: Any, folder: Path) -> Path:
    """A torch.export program as ExecuTorch's file, with all that XNNPACK can take given to it."""
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    lowered = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()]).to_executorch()
    path = folder / "model.pte"
    path.write_bytes(lowered.buffer)
    return path


def _set_threads(threads: int) -> None:
    """The binding has no setting for it; the C++ library that it has loaded does."""
    import executorch

    library = ctypes.CDLL(str(Path(next(iter(executorch.__path__))) / "lib" / "libexecutorch_threadpool.so"))
    get = getattr(library, f"{_POOL}14get_threadpoolEv")
    get.restype = ctypes.c_void_p
    reset = getattr(library, f"{_POOL}10ThreadPool24_unsafe_reset_threadpoolEj")
    reset.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    reset.restype = None
    reset(get(), threads)
