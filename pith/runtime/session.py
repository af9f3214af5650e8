"""Run a built library: NumPy arrays in, NumPy arrays out, no copies. Imports nothing of the compiler, so it starts fast."""

from __future__ import annotations

import ctypes
import json
import os
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from pith.graph.errors import BuildError, InputError
from pith.runtime.library import Library
from pith.runtime.pool import Pool
from pith.targets.cpu import machine, missing

_ALIGN = 64
_FORMAT = 2  # of manifest.json
_COUNTS = getattr(sys, "_is_gil_enabled", lambda: True)()  # without the lock of the interpreter, counts of references are not exact


@dataclass(frozen=True, slots=True)
class PortInfo:
    """One input or output: name, NumPy dtype name, shape; indices: the least and the largest number of an input that picks rows
    of a table (token ids), None for others."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    indices: tuple[int, int] | None = None

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> PortInfo:
        """As manifest.json has it."""
        bounds = facts.get("indices")
        return cls(facts["name"], facts["dtype"], tuple(facts["shape"]), None if bounds is None else (bounds[0], bounds[1]))

    def check_indices(self, array: np.ndarray) -> None:
        """Raise InputError for a number that picks no row: generated code would silently take the nearest that does."""
        if self.indices is None or not array.size:
            return
        least, most = self.indices
        for found in (int(array.min()), int(array.max())):
            if not least <= found <= most:
                raise InputError(f"input {self.name!r} holds {found}, which picks no row of a table of {most + 1}",
                                 why="its numbers pick rows: token ids, for one", try_="numbers from 0: what made them, is it of this model?")  # fmt: skip

    def check(self, array: np.ndarray) -> None:
        """Raise InputError for an array of another dtype or shape, and for numbers that pick no row."""
        if array.dtype != self.np:
            raise InputError(f"input {self.name!r} has dtype {array.dtype}, wanted {self.dtype}", try_=f"array.astype({self.dtype!r})")
        self.check_shape(array.shape)
        self.check_indices(array)

    def check_shape(self, shape: tuple[int, ...]) -> None:
        """Raise InputError for another shape."""
        if shape != self.shape:
            raise InputError(f"input {self.name!r} has shape {list(shape)}, wanted {list(self.shape)}",
                             why="the network was compiled for that shape", try_="reshape the array, or compile with --shape")  # fmt: skip

    @property
    def np(self) -> np.dtype:
        """The NumPy dtype (from ml_dtypes for bfloat16, float8 and int4)."""
        try:
            return np.dtype(self.dtype)
        except TypeError:
            import ml_dtypes

            dtype: np.dtype = np.dtype(getattr(ml_dtypes, self.dtype))
            return dtype


class _Output:
    """An array that results were written to, for the next call too where nobody kept them."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.address = array, _address(array)

    def references(self) -> int:
        """References to the array (a view of it is one), with those that asking makes."""
        return sys.getrefcount(self.array)


class _Variant:
    """The network compiled for one set of shapes."""

    def __init__(self, library: Library, facts: dict[str, Any], pool: Pool | None) -> None:
        self.name: str = facts["symbol"]
        self.inputs = [PortInfo.of(p) for p in facts["inputs"]]
        self.outputs = [PortInfo.of(p) for p in facts["outputs"]]
        self.picks = [p.indices is not None for p in self.inputs]
        self.arena_bytes: int = facts["arena_bytes"]
        self.facts = facts
        self.pool = pool
        self.run = library.function(f"{self.name}_run_parallel", 4) if pool else library.function(f"{self.name}_run", 3)
        # asked for at every call, so found out once
        self.dtypes = [p.np for p in self.inputs]
        self.makes = [(p.shape, p.np) for p in self.outputs]
        self.in_struct = (ctypes.c_void_p * max(1, len(self.inputs)))()
        self.out_struct = (ctypes.c_void_p * max(1, len(self.outputs)))()
        self.structs = ctypes.addressof(self.in_struct), ctypes.addressof(self.out_struct)
        # an address takes longer to ask for than everything else about an array, so those of the last call are kept
        self._seen: list[tuple[weakref.ref[np.ndarray], int]] = []
        self._made: list[_Output] = []
        self._memory: np.ndarray | None = None
        self._arena = 0

    def point(self, arrays: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Let the structures of pointers speak of `arrays` (of the right shapes) and of arrays for the outputs; returns what must be
        kept until the call is over, and these."""
        held, seen = [], self._seen
        for i, a in enumerate(arrays):
            if a.dtype != self.dtypes[i]:
                self.inputs[i].check(a)
            if self.picks[i]:
                self.inputs[i].check_indices(a)
            if not a.flags.carray:
                flags = a.flags  # (those of read-only arrays are no `carray`)
                if not (flags.c_contiguous and flags.aligned):
                    a = np.require(a, requirements=("C", "A")).reshape(a.shape)
            held.append(a)
            if len(seen) <= i:
                seen.append((weakref.ref(a), _address(a)))
            elif seen[i][0]() is not a:
                seen[i] = weakref.ref(a), _address(a)
            self.in_struct[i] = seen[i][1]
        outputs = []
        for i, (shape, dtype) in enumerate(self.makes):
            if len(self._made) <= i:
                self._made.append(_Output(np.empty(shape, dtype)))
            elif not _COUNTS or self._made[i].references() != _ALONE:
                self._made[i] = _Output(np.empty(shape, dtype))
            made = self._made[i]
            self.out_struct[i] = made.address
            outputs.append(made.array)
        return held, outputs

    def arena(self) -> int:
        """Address of this session's arena (made on first use)."""
        if self._memory is None:
            self._memory = np.empty(self.arena_bytes + _ALIGN, np.uint8)
            address = self._memory.ctypes.data
            self._arena = address + (-address % _ALIGN)
        return self._arena


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder that `pith compile` wrote. Raises BuildError."""
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    except (FileNotFoundError, NotADirectoryError):
        raise BuildError("not a compiled network", where=str(folder), why="it has no manifest.json",
                         try_="give the folder that `pith compile -o` wrote") from None  # fmt: skip
    except ValueError as e:
        raise BuildError("manifest.json is damaged", where=str(folder), why=str(e), try_="compile again") from None
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        raise BuildError("not a network that this version can open", where=str(folder),
                         why=f"its manifest.json is not of format {_FORMAT}", try_="compile again")  # fmt: skip
    return manifest


class Session:
    """A compiled network, ready to run.

    `session(x, ...)` takes arrays in graph input order and returns one array, or a tuple of them. `session.run({...})`
    goes by name. Calls from several threads take turns; for them to run at once, open one Session a thread.
    """

    def __init__(self, folder: str | Path, *, threads: int | None = None, manifest: dict[str, Any] | None = None) -> None:
        """Open the artefact in `folder`. threads: how many run the network, at most as many as it was compiled for, which
        is what is taken without it; the result has the same bits for any number."""
        self.folder = Path(folder)
        manifest = read_manifest(self.folder) if manifest is None else manifest
        self.manifest: dict[str, Any] = manifest
        if not manifest.get("library"):
            raise BuildError("this artefact has no library to load", where=str(self.folder),
                             why=f"target {manifest.get('target')} does not run on this machine",
                             try_="pith run runs the folder under an emulator; or compile again with -t host")  # fmt: skip
        path = self.folder / manifest["library"]
        if manifest.get("machine", machine()) != machine():
            raise BuildError("the compiled library does not run on this processor", where=str(path),
                             why=f"it is for {manifest['machine']}, and this is {machine()}",
                             try_="pith run runs the folder under an emulator; or compile again with -t host")  # fmt: skip
        if lacking := missing(manifest.get("cpu_features", ())):
            raise BuildError("the compiled library does not run on this processor", where=str(path),
                             why="it lacks " + ", ".join(lacking), try_="compile again here, or with -t x86-64-v2 or -t c99")  # fmt: skip
        library = Library(path)
        if library.text(f"{manifest['name']}_build") != manifest["build"]:
            raise BuildError("the library and its manifest.json do not belong together", where=str(self.folder),
                             why="one of them was replaced", try_="compile again")  # fmt: skip
        self._map_weights(library)
        most = int(manifest.get("threads", 1))
        self.threads = most if threads is None else threads
        if type(self.threads) is not int:
            raise InputError(f"{threads!r} threads", try_=f"a whole number from 1 to {most}")
        if not 1 <= self.threads <= most:
            raise InputError(f"{threads} threads", why=f"the network was compiled for at most {most}",
                             try_=f"compile with --threads {threads}" if self.threads > most else "1 or more")  # fmt: skip
        self._library: Library | None = library  # open as long as this
        self._first_opened: Session | None = None
        self._pool = Pool(library, self.threads) if most > 1 else None
        self._variants = [_Variant(library, v, self._pool) for v in manifest["variants"]]
        self._lock = threading.Lock()
        self._by_shape = {tuple(p.shape for p in v.inputs): v for v in self._variants}

    def _map_weights(self, library: Library) -> None:
        """Let a library whose weights are a file of their own have them. Raises BuildError."""
        name = self.manifest.get("weights_file")
        if not name:
            return
        path = self.folder / name
        if library.function(f"{self.manifest['name']}_map_weights", 1)(os.fsencode(path)):
            why = "they are those of another compilation, or not whole" if path.is_file() else "the file is not there"
            raise BuildError("the weights cannot be mapped", where=str(path), why=why, try_="compile again")

    def again(self) -> Session:
        """Another session of the same artefact, for another thread; it keeps this one alive, which a temporary folder may belong to."""
        other = Session(self.folder, threads=self.threads, manifest=self.manifest)
        other._first_opened = self
        return other

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """A session is memory and an opened library of this process: it is no data to copy or to send."""
        raise TypeError(f"a Session cannot be pickled or copied: pith.load({str(self.folder)!r}) opens the network in another process, "
                        "session.again() in another thread")  # fmt: skip

    def close(self) -> None:
        """Let go of the library and the memory now; using the session afterwards is an InputError."""
        with self._lock:
            if self._pool is not None:
                self._pool.close()
            self._variants, self._by_shape, self._library, self._pool = [], {}, None, None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def inputs(self) -> list[PortInfo]:
        """Inputs of the first (or only) set of shapes."""
        return self._first.inputs

    @property
    def outputs(self) -> list[PortInfo]:
        """Outputs of the first (or only) set of shapes."""
        return self._first.outputs

    def __repr__(self) -> str:
        if not self._variants:
            return f"<Session {self.folder}, closed>"
        ports = (", ".join(map(_describe, side)) for side in (self._first.inputs, self._first.outputs))
        return f"<Session {self.manifest['name']} for {self.manifest['target']}: {' -> '.join(ports)}>"

    @property
    def _first(self) -> _Variant:
        if not self._variants:
            raise InputError("the session is closed", where=str(self.folder), try_="open it again with pith.load")
        return self._variants[0]

    @property
    def shapes(self) -> list[tuple[tuple[int, ...], ...]]:
        """Every set of input shapes the network was compiled for."""
        return list(self._by_shape)

    def __call__(self, *arrays: np.ndarray) -> Any:
        """Run on arrays in graph input order; returns an array, or a tuple when the network has several outputs.

        Raises InputError for a wrong number, shape or dtype; float64 is not silently narrowed.
        """
        outputs = self._run(arrays)
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run on arrays by name; returns outputs by name. Raises InputError, naming what is missing or unknown."""
        names = [p.name for p in self.inputs]
        if not isinstance(inputs, Mapping):
            raise InputError(f"a {type(inputs).__name__} is no dictionary of inputs",
                             try_="session.run({" + f"{names[0]!r}: array" + "}), or session(array)" if names else "session()")  # fmt: skip
        for name in inputs:
            if name not in names:
                raise InputError(f"the network has no input {name!r}", try_="inputs: " + ", ".join(names))
        missing = [n for n in names if n not in inputs]
        if missing:
            raise InputError(
                "input missing: " + ", ".join(missing), try_="give an array for each of: " + ", ".join(names)
            )
        outputs = self._run([inputs[n] for n in names])
        return {p.name: o for p, o in zip(self.outputs, outputs, strict=True)}

    def _select(self, arrays: list[np.ndarray]) -> _Variant:
        shapes = tuple([a.shape for a in arrays])
        variant = self._by_shape.get(shapes)
        if variant is not None:
            return variant
        first = self._first
        if len(arrays) != len(first.inputs):
            raise InputError(
                f"{len(arrays)} arrays for {len(first.inputs)} inputs",
                try_="inputs: " + ", ".join(map(_describe, first.inputs)),
            )
        for port, shape in zip(first.inputs, shapes, strict=True):
            if len(self._variants) == 1:
                port.check_shape(shape)
        known = "; ".join(" ".join(f"{p.name}={'x'.join(map(str, p.shape))}" for p in v.inputs) for v in self._variants)
        raise InputError(f"no variant for input shapes {[list(s) for s in shapes]}", why="the network was compiled for: " + known,
                         try_="compile with this shape too: --shape")  # fmt: skip

    def _run(self, given: Sequence[Any]) -> list[np.ndarray]:
        arrays = [np.asarray(a) for a in given]
        with self._lock:
            variant = self._select(arrays)
            held, outputs = variant.point(arrays)
            pool = () if variant.pool is None else (variant.pool.address(),)
            code = variant.run(variant.arena(), *variant.structs, *pool)
            del held
        if code:
            raise InputError(f"the network refused its input (code {code})", where=variant.name)
        return outputs

    def profile(self, *arrays: np.ndarray, runs: int = 20) -> list[dict[str, Any]]:
        """Time of every step: a list of {name, op, kernel, seconds} (mean of `runs`), from a profiling build beside the library.

        Raises BuildError when the artefact has no profiling library (compile with profile=True).
        """
        name = self.manifest.get("profile_library")
        if not name:
            raise BuildError(
                "this artefact has no profiling library",
                where=str(self.folder),
                try_="compile with profile=True or --profile",
            )
        library = Library(self.folder / name)
        self._map_weights(library)
        given = [np.asarray(a) for a in arrays]
        clock = ctypes.cast(ctypes.CDLL(None).clock_gettime, ctypes.c_void_p)
        with self._lock:
            variant = self._select(given)
            _held, _outputs = variant.point(given)
            run = library.function(f"{variant.name}_profile", 5)
            steps = variant.facts["steps"]
            ns = (ctypes.c_int64 * max(1, len(steps)))()
            arguments = (variant.arena(), *variant.structs, clock, ctypes.addressof(ns))
            total = np.zeros(len(steps))
            for k in range(runs + 2):
                ctypes.memset(ns, 0, ctypes.sizeof(ns))
                run(*arguments)
                if k >= 2:
                    total += np.array(ns[: len(steps)], np.int64)
        mean = total / runs / 1e9
        return [
            {"name": s["name"], "op": s["op"], "kernel": s["kernel"], "seconds": float(t)}
            for s, t in zip(steps, mean, strict=True)
        ]


def _address(a: np.ndarray) -> int:
    """Where the elements of `a` lie; the buffer protocol tells it in a fifth of the time that `a.ctypes` takes."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(a))  # type: ignore[arg-type]
    except (TypeError, ValueError, BufferError):  # read-only, empty, or of a type that the protocol does not know
        return a.ctypes.data


_ALONE = _Output(np.empty(1)).references()  # where nobody else refers to the array


def _describe(port: PortInfo) -> str:
    return f"{port.name} ({port.dtype} {'x'.join(map(str, port.shape)) or 'scalar'})"


def load(folder: str | Path, *, threads: int | None = None) -> Session:
    """Open a network that `pith compile -o FOLDER` wrote. threads: as `Session` has it."""
    return Session(folder, threads=threads)
