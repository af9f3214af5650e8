"""A quantiser of another project, run in its own Python: `python accuracy_rival.py HOW FOLDER`, HOW being onnxruntime, nncf or run.

FOLDER has float.onnx, calibration.npy and inputs.npy (samples along the first axis); it gets output0.npy, output1.npy, ... and
version.txt. `run` runs what is called float.onnx in ONNX Runtime as it is, "run saturating" without the setting by which products of bytes
are exact on processors with AVX2 alone. Imports nothing of Pith.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

Run = Callable[[np.ndarray], list[np.ndarray]]


def _session(path: Path, exact: bool = False) -> tuple[str, Run]:
    import onnxruntime as ort

    ort.set_default_logger_severity(3)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    if exact:
        options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as e:  # some of its own fusions make graphs that it then refuses
        print(f"{path.name}: {e}", file=sys.stderr)
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return name, lambda x: list(session.run(None, {name: x}))


def by_onnx_runtime(folder: Path, calibration: np.ndarray) -> tuple[Run, str]:
    """`quantize_static` with its preparation: QDQ, min-max, weights per channel, uint8 and int8."""
    import onnxruntime as ort
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = folder / "prepared.onnx"
    try:
        quant_pre_process(str(folder / "float.onnx"), str(prepared), skip_symbolic_shape=True)
    except Exception as e:  # its preparation is not needed, and fails on some
        print(f"quant_pre_process: {e}", file=sys.stderr)
        prepared = folder / "float.onnx"
    name, _ = _session(prepared)

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = iter(calibration)

        def get_next(self) -> dict[str, np.ndarray] | None:
            x = next(self.left, None)
            return None if x is None else {name: x[None]}

    quantize_static(str(prepared), str(folder / "int8.onnx"), Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)  # fmt: skip
    return _session(folder / "int8.onnx")[1], f"ONNX Runtime {ort.__version__}"


def by_nncf(folder: Path, calibration: np.ndarray) -> tuple[Run, str]:
    """`nncf.quantize` as it is unless told otherwise, run by OpenVINO."""
    import nncf
    import openvino

    core = openvino.Core()
    model = core.read_model(str(folder / "float.onnx"))
    data = nncf.Dataset([x[None] for x in calibration])
    quantised = nncf.quantize(model, data, subset_size=len(calibration))
    compiled = core.compile_model(quantised, "CPU", {"INFERENCE_NUM_THREADS": 1})
    version = f"NNCF {nncf.__version__}, OpenVINO {openvino.__version__.partition('-')[0]}"
    return lambda x: [np.array(v) for v in compiled(x).values()], version


def as_it_is(folder: Path, calibration: np.ndarray, exact: bool = True) -> tuple[Run, str]:
    """The model in ONNX Runtime."""
    import onnxruntime as ort

    return _session(folder / "float.onnx", exact)[1], f"ONNX Runtime {ort.__version__}"


HOW: dict[str, Callable[[Path, np.ndarray], tuple[Run, str]]] = {
    "onnxruntime": by_onnx_runtime, "nncf": by_nncf, "run": as_it_is, "run saturating": partial(as_it_is, exact=False),
}  # fmt: skip


def main() -> None:
    """Reads the command line."""
    folder = Path(sys.argv[2])
    run, version = HOW[sys.argv[1]](folder, np.load(folder / "calibration.npy"))
    outputs: list[list[Any]] = [run(x[None]) for x in np.load(folder / "inputs.npy", mmap_mode="r")]
    for k in range(len(outputs[0])):
        np.save(folder / f"output{k}.npy", np.stack([o[k] for o in outputs]))
    (folder / "version.txt").write_text(version)


if __name__ == "__main__":
    main()
