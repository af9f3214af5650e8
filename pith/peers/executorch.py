"""ExecuTorch with XNNPACK, through its Python binding, which imports all of PyTorch."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

from pith.peers.base import Outputs, Peer, Task, numbered, register

_POOL = "_ZN10executorch9extension10threadpool"  # the namespace of its thread pool, mangled


@register("executorch")
class ExecuTorch(Peer):
    """Converted from the torch.export program."""

    title = "ExecuTorch"
    package = "executorch"
    module = "executorch"
    converts = True

    def convert(self, task: Task, folder: Path) -> Path:
        program = task.program
        import torch
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        from executorch.exir import to_edge_transform_and_lower

        exported = torch.export.load(str(program))
        lowered = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()]).to_executorch()
        path = folder / "model.pte"
        path.write_bytes(lowered.buffer)
        return path

    def load(self, task: Task) -> Callable[[], Outputs]:
        import torch
        from executorch.runtime import Runtime

        runtime = Runtime.get()
        _set_threads(task.threads)
        method = runtime.load_program(str(task.path)).load_method("forward")
        given = [torch.from_numpy(a) for a in task.inputs.values()]
        return lambda: numbered([o.numpy() for o in method.execute(given)])


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
