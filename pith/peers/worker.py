"""One engine in one process; run as a script, by any Python 3.10 or newer that has NumPy and the engine.

The request is JSON in the first argument, answers are JSON, a line each, on what was standard output (what libraries print
there goes to standard error). A request is one of

- probe: is the engine installed here, and which version;
- convert: make the engine's own file of a model;  quantize: the same in int8;
- once: load, run, and say how much memory that took;  bare: the same without any engine, Python and NumPy alone;
- serve: load, run once and save the outputs, then time blocks of runs, one for each line on standard input.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import sys
import time
import types
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

FOLDER = Path(__file__).resolve().parent
_WARM_SHARE = 0.05  # of a block's time, for runs before it that do not count


def _stand_alone() -> None:
    """Make `pith.peers` (and `pith.runtime`) importable without the rest: other interpreters have not what Pith needs."""
    # files of this folder are named after the packages they use, and must not be found in their place
    sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != FOLDER]
    package = types.ModuleType("pith")
    package.__path__ = [str(FOLDER.parent)]
    sys.modules["pith"] = package


def _die_with_parent() -> None:
    """A stopped process would outlive a parent that is killed."""
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    except (OSError, AttributeError):
        return


def peak_memory() -> int:
    """Most bytes this process has had in memory. Not getrusage's figure, which starts at the parent's."""
    try:
        return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) * 1024  # type: ignore[index]
    except (OSError, TypeError):
        return 0


def _block(run: Any, seconds: float, least: int) -> dict[str, Any]:
    """Median milliseconds of at least `least` runs and about `seconds`, after runs that do not count."""
    clock = time.perf_counter
    end = clock() + _WARM_SHARE * seconds
    done = 0
    while done < 2 or clock() < end:
        run()
        done += 1
    times: list[float] = []
    end = clock() + seconds
    while len(times) < least or clock() < end:
        start = clock()
        run()
        times.append(clock() - start)
    return {"ms": median(times) * 1e3, "runs": len(times)}


def _answer(request: dict[str, Any], say: Any) -> None:
    if find_spec("numpy") is None:  # which everything below imports
        say({"missing": "numpy"})
        return
    from pith.peers.base import Task, get_peer, has

    peer, what = get_peer(request["engine"]), request["what"]
    module = (peer.tool8 if what == "quantize" else peer.tool if what == "convert" else "") or peer.module
    if module and what != "bare" and not has(module):
        say({"missing": module})
        return
    if what == "probe":
        say({"version": _version(peer.package)})
        return
    import numpy as np

    with np.load(request["inputs"]) as archive:
        inputs = {name: archive[f"a{k}"] for k, name in enumerate(request["names"])}
    if what == "bare":
        say({"peak_bytes": peak_memory()})
        return
    samples = _samples(request["samples"], request["names"]) if what == "quantize" else ()
    task = Task(Path(request["model"]), Path(request["path"]), inputs, request.get("threads", 1), samples)
    if what in ("convert", "quantize"):
        make = peer.quantize if what == "quantize" else peer.convert
        say({"path": make(task, Path(request["folder"])).name})
        return
    run = peer.load(task)
    outputs = run()
    if what == "once":
        say({"peak_bytes": peak_memory()})
        return
    outputs = peer.finish(outputs)
    arrays = {f"a{k}": _plain(np.asarray(o)) for k, o in enumerate(outputs.values())}
    np.savez(request["outputs"], **arrays)
    say({"ready": True, "version": _version(peer.package), "outputs": list(outputs)})
    for line in sys.stdin:
        turn = json.loads(line)
        say(_block(run, turn["seconds"], turn["least"]))


def _samples(archive: str, names: list[str]) -> tuple[dict[str, Any], ...]:
    """Inputs to calibrate with: the archive has one array an input, with the samples along a new first axis."""
    import numpy as np

    with np.load(archive) as stacked:
        arrays = [stacked[f"a{k}"] for k in range(len(names))]
    return tuple(dict(zip(names, (np.ascontiguousarray(a[i]) for a in arrays), strict=True)) for i in range(len(arrays[0])))


def _plain(array: Any) -> Any:
    """An output of a type that any NumPy can read back: bfloat16 and its like as float64, texts as such."""
    return array.astype({"V": "f8", "O": "U"}.get(array.dtype.kind, array.dtype))


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package) if package else ""
    except PackageNotFoundError:
        return ""


def main() -> None:
    """Answer the request; whatever an engine raises becomes {"failed": why}."""
    _die_with_parent()
    request = json.loads(sys.argv[1])
    _stand_alone()
    wire = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(answer: dict[str, Any]) -> None:
        wire.write(json.dumps(answer) + "\n")
        wire.flush()

    try:
        _answer(request, say)
    except Exception as e:  # whatever it is, it is the reason
        lines = [line.strip() for line in str(e).splitlines() if line.strip()]
        kind = "" if type(e).__name__ == "Unable" else f"{type(e).__name__}: "
        say({"failed": (kind + (lines[0] if lines else "no message"))[:300]})
    os._exit(0)  # some engines crash while they are torn down


if __name__ == "__main__":
    main()
