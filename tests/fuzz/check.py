"""Run mutations through import, passes, lowering and C emission under limits: `python -m tests.fuzz.check START STOP [onnx|tflite]`.

Prints one line for each that breaks the promise: any exception that is no PithError, more than 5 s, or more than 1 GB.
"""

from __future__ import annotations

import resource
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pith.api import stages
from pith.graph import InternalError, PithError
from tests.fuzz import mutate, mutate_tflite

SECONDS, BYTES = 5, 1 << 30


class TooSlow(Exception):
    """The time limit was reached."""


def _alarm(signum: int, frame: object) -> None:
    raise TooSlow


def judge(data: bytes) -> str:
    """ "" when Pith compiles or refuses the model properly, else what went wrong."""
    tflite = data[4:8] == b"TFL3"

    def compile_it() -> None:
        import onnx

        try:
            model = None if tflite else onnx.ModelProto.FromString(data)
        except Exception:
            model = None
        stages(model if model is not None else data, "c99")

    return judge_run(compile_it)


def judge_run(run: Callable[[], None]) -> str:
    """ "" when `run` returns or refuses properly within the limits, else what went wrong."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        run()
    except InternalError as e:
        return f"InternalError {e}"
    except PithError as e:
        return "" if e.what.strip() and not e.what.startswith("Traceback") else "empty message"
    except TooSlow:
        return f"more than {SECONDS} s"
    except BaseException as e:
        place = traceback.extract_tb(e.__traceback__)[-1]
        return f"{type(e).__name__}: {str(e)[:100]} at {Path(place.filename).name}:{place.lineno}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return ""


def set_limits() -> int:
    """Limit this process to BYTES more than it has; returns its peak so far in bytes. Seeds are built before."""
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, _alarm)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + BYTES, used + BYTES))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    mutation = mutate_tflite.mutation if sys.argv[3:] == ["tflite"] else mutate.mutation
    mutation(0)  # builds the seed models before the limit is set
    now = set_limits()
    kinds: Counter[str] = Counter()
    started = time.time()
    bad = 0
    if sys.argv[1] == "corpus":
        jobs = [(p.name, p.read_bytes()) for p in sorted((Path(__file__).parent / "corpus").glob("*.onnx"))]
    else:
        jobs = [(str(i), b"") for i in range(int(sys.argv[1]), int(sys.argv[2]))]
    for name, data in jobs:
        problem = judge(data or mutation(int(name)))
        if problem:
            bad += 1
            kinds[problem.split(" at ")[-1]] += 1
            print(f"{name}: {problem}", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        f"{len(jobs)} models, {bad} bad, {time.time() - started:.0f} s, peak {max(peak, now) / 1e6:.0f} MB",
        kinds.most_common(20) or "",
    )
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
