"""Engines in processes of their own: loaded once, stopped except during their turn."""

from __future__ import annotations

import json
import os
import select
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pith.graph.errors import InputError
from pith.peers.base import Peer, names

WORKER = Path(__file__).resolve().parents[1] / "peers" / "worker.py"
_VARIABLE = "PITH_PEER_PYTHON_"


class Failure(Exception):
    """Why an engine has no time: one sentence."""


class Missing(Failure):
    """The engine is not installed; `command` installs it."""

    def __init__(self, why: str, command: str) -> None:
        super().__init__(f"{why}: {command}")
        self.command = command


class Interpreters:
    """Which Python runs which engine, and which converts models for it."""

    def __init__(self, options: Mapping[str, str] | None = None) -> None:
        """options: {"ncnn": path, "ncnn-convert": path, ...}; PITH_PEER_PYTHON_NCNN and PITH_PEER_PYTHON_NCNN_CONVERT say
        the same, as does "-quantize". Raises InputError for a name that is no engine's and for a file that cannot be run."""
        known = {n for p in names() if p != "pith" for n in (p, f"{p}-convert", f"{p}-quantize")}
        given = {n: os.environ[v] for n in known if (v := _VARIABLE + n.replace("-", "_").upper()) in os.environ}
        for name, path in {**given, **(options or {})}.items():
            if name not in known:
                raise InputError(f"--python: no engine {name!r}", try_="one of: " + ", ".join(sorted(known)))
            if not (os.path.isfile(path) and os.access(path, os.X_OK)):
                raise InputError(f"the Python for {name} cannot be run", where=path, try_=f"--python {name}=PATH/bin/python")
            given[name] = os.path.abspath(path)  # not resolved: an environment's Python is a link to the one it was made from
        self._given = given

    def named(self, peer: str) -> bool:
        """Whether the engine was given an interpreter of its own."""
        return peer in self._given

    def of(self, peer: str, *, convert: bool = False, quantize: bool = False) -> str:
        """Path of the interpreter that runs the engine, converts or quantises for it; the one that runs this command unless
        another was named."""
        own = self._given.get(peer, sys.executable)
        converter = self._given.get(f"{peer}-convert", own)
        return self._given.get(f"{peer}-quantize", converter) if quantize else converter if convert else own


class Process:
    """A worker: send requests, read answers. `text` is what it printed, for messages."""

    def __init__(self, python: str, request: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        own = python == sys.executable
        # what this interpreter finds its modules by is wrong for another one
        base = {k: v for k, v in os.environ.items() if own or k not in ("PYTHONPATH", "PYTHONHOME")}
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed in close)
        self._buffer = b""
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            [python, str(WORKER), json.dumps(request)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
            env={**base, **environment, "PYTHONWARNINGS": "ignore"},
        )  # fmt: skip

    def send(self, message: Mapping[str, Any]) -> None:
        """One line to the worker. Raises Failure when it has ended."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise Failure(self._end()) from None

    def answer(self, timeout: float) -> dict[str, Any]:
        """The next answer. Raises Failure when the worker says so, ends, or takes over `timeout` seconds."""
        assert self._process.stdout is not None
        pipe, end = self._process.stdout.fileno(), time.monotonic() + timeout
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([pipe], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise Failure(f"no answer within {timeout:.0f} s")
            piece = os.read(pipe, 1 << 16)
            if not piece:
                raise Failure(self._end())
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        if "failed" in answer:
            raise Failure(answer["failed"])
        return answer

    def stop(self) -> None:
        """Let it wait for its turn without touching the processor (some engines spin between runs)."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Its turn."""
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End the process now."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._log):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue

    def _end(self) -> str:
        """How the worker ended, and the last line it printed."""
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return "the worker closed its output"
        self._log.seek(0)
        lines = [s for line in self._log.read().decode(errors="replace").splitlines() if (s := line.strip())]
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        return f"{how}: {lines[-1][:300]}" if lines else how


def ask(peer: Peer, python: str, request: Mapping[str, Any], timeout: float, threads: int = 1) -> dict[str, Any]:
    """One request, one answer. Raises Failure, or Missing when the engine (or what converts for it) is not installed."""
    what = request["what"]
    try:
        process = Process(python, {"engine": peer.name, **request}, peer.environment(threads))
    except OSError as e:
        raise Failure(f"could not start {python}: {e.strerror}") from None
    try:
        own = {"convert": peer.tools, "quantize": peer.tools8}.get(what, "")
        return check(peer, python, process.answer(timeout), tools=own)
    finally:
        process.close()


def first_result(peer: Peer, python: str, request: Mapping[str, Any], timeout: float) -> tuple[float, int]:
    """(seconds from the start of a new process to its first result, most bytes it had in memory); `request` is one of the
    worker's `once` and `bare`. Raises Failure."""
    process = Process(python, {"engine": peer.name, **request}, peer.environment(1))
    try:
        answer = check(peer, python, process.answer(timeout))
        return time.perf_counter() - process.started, int(answer["peak_bytes"])
    finally:
        process.close()


def check(peer: Peer, python: str, answer: dict[str, Any], *, tools: str = "") -> dict[str, Any]:
    """The answer, unless it says that the engine, or `tools` where it was asked to convert, are missing."""
    if "missing" in answer:
        pip = "pip" if python == sys.executable else f"{shlex.quote(python)} -m pip"
        packages = ("numpy " if answer["missing"] == "numpy" else "") + (tools or peer.package)
        raise Missing("its converter is not installed" if tools else "not installed", f"{pip} install {packages}")
    return answer


class Engine:
    """An engine that has loaded the model and run it once; stopped from then on except in `turn`."""

    def __init__(
        self, peer: Peer, python: str, model: Path, path: Path, inputs: Path, ports: list[str], threads: int, folder: Path,
        timeout: float,
    ) -> None:  # fmt: skip
        """inputs: archive with the arrays of `ports`; outputs go into `folder`. Raises Failure."""
        self.peer, self.threads, self.timeout = peer, threads, timeout
        saved = folder / f"{peer.name}-{threads}.npz"
        request = {
            "engine": peer.name, "what": "serve", "model": str(model.resolve()), "path": str(path.resolve()), "inputs": str(inputs),
            "names": ports, "threads": threads, "outputs": str(saved),
        }  # fmt: skip
        self._process = Process(python, request, peer.environment(threads))
        try:
            facts = check(peer, python, self._process.answer(timeout))
            with np.load(saved) as archive:
                self.outputs = {name: archive[f"a{k}"] for k, name in enumerate(facts["outputs"])}
        except BaseException:
            self._process.close()
            raise
        self.version: str = facts["version"]
        self._process.stop()

    def turn(self, seconds: float, least: int = 3) -> tuple[float, int]:
        """(median ms, runs) of about `seconds` of runs, after runs that do not count. Raises Failure."""
        self._process.resume()
        self._process.send({"seconds": seconds, "least": least})
        answer = self._process.answer(self.timeout + 10 * seconds)
        self._process.stop()
        return float(answer["ms"]), int(answer["runs"])

    def close(self) -> None:
        """End the process."""
        self._process.close()
