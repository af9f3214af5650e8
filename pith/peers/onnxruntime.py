"""ONNX Runtime, CPU provider, its default optimisations."""

from __future__ import annotations

from collections.abc import Callable

from pith.peers.base import Outputs, Peer, Task, register


@register("onnxruntime")
class OnnxRuntime(Peer):
    """Takes the ONNX file as it is."""

    title = "ONNX Runtime"
    package = "onnxruntime"
    module = "onnxruntime"

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
