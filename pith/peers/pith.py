"""Pith itself, measured as every other engine is: in a process of its own, called from Python."""

from __future__ import annotations

from collections.abc import Callable

from pith.peers.base import Outputs, Peer, Task, register


@register("pith")
class Pith(Peer):
    """`path` is a folder that `pith compile` wrote."""

    title = "Pith"

    def load(self, task: Task) -> Callable[[], Outputs]:
        from pith.runtime.session import Session

        session = Session(task.path, threads=task.threads) if task.threads > 1 else Session(task.path)
        # types NumPy has no name for (bfloat16, ...) travel as raw bytes
        arrays = [task.inputs[p.name].view(p.np).reshape(p.shape) for p in session.inputs]
        ports = [p.name for p in session.outputs]

        def run() -> Outputs:
            result = session(*arrays)
            return dict(zip(ports, result if isinstance(result, tuple) else (result,), strict=True))

        return run
