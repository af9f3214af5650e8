"""The Python API: composes importer, passes, lowering, emission, build and runtime. Each arrow is one function."""

from __future__ import annotations

import hashlib
import itertools
import json
import operator
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from pith.accelerators import Accelerator, find, partition
from pith.artefact import new_folder
from pith.boards.base import get_board
from pith.boards.build import check_core
from pith.build import Compilation as Compilation
from pith.build import Progress as Progress
from pith.build import build_into
from pith.build import describe as describe
from pith.cache import cache_folder, is_whole, touch, trim
from pith.emit.c import emit
from pith.emit.layouts import check_layout, embeds
from pith.graph import Graph, InputError, ModelError, ShapeError, UnsupportedError
from pith.importers.formats import files_of
from pith.kernels.base import DEFAULTS, Options
from pith.lower.lower import lower
from pith.lower.program import Weights
from pith.runtime.session import Session
from pith.targets.base import Target, get_target
from pith.targets.build_wasm import check_wasm
from pith.targets.compiler import check_opt, compiler_version, find_compiler
from pith.version import VERSION

Accelerators = Sequence[str | Accelerator]
Shapes = Mapping[str, int | Sequence[int] | Sequence[Sequence[int]]]
_DECIDES = ("onnx", "numpy", "ml_dtypes")  # packages besides Pith and the compiler whose version may change the code
PRECISIONS = ("float32", "bf16")
MOST_THREADS = 256
LONGEST_TUNE = 86400  # seconds

def import_model(
    model: Any, shapes: Mapping[str, int | Sequence[int]] | None = None, constants: Mapping[str, np.ndarray] | None = None
) -> Graph:
    """A model file (format told by its suffix), its bytes, an onnx.ModelProto, a Graph, or what `pith.quantize` returned, as an
    unoptimised Graph of its own."""
    graph = model if isinstance(model, Graph) else getattr(model, "graph", None)  # a Quantized has one
    if isinstance(graph, Graph):
        if shapes or constants:
            raise ShapeError(f"a {type(model).__name__} has its shapes already", try_="give shapes and constants to pith.import_model, or to pith.quantize")
        return graph.copy()
    variants = expand_shapes(shapes)
    if len(variants) != 1:
        raise ShapeError("several shapes for one graph", try_="one shape for each input")
    bound = variants[0]
    if isinstance(model, (str, Path)):
        from pith.importers import import_model as import_file

        return import_file(model, shapes=bound, constants=constants)
    if isinstance(model, bytes):
        from pith.importers import import_bytes

        return import_bytes(model, shapes=bound, constants=constants)
    if hasattr(model, "SerializeToString"):
        return _import_onnx(model, bound, constants)
    hint = "pith.from_torch(module, example)" if hasattr(model, "state_dict") else "the path of a model file, an onnx.ModelProto, its bytes, or a Graph"
    raise ModelError(f"a {type(model).__name__} is no model", try_=hint)


def _import_onnx(model: Any, bound: Mapping[str, tuple[int, ...]], constants: Mapping[str, np.ndarray] | None) -> Graph:
    from pith.importers.onnx import import_onnx

    return import_onnx(model, shapes=bound, constants=constants)


def optimise(graph: Graph, report: list[tuple[str, int, int, float]] | None = None, accelerators: Sequence[Accelerator] = ()) -> Graph:
    """Run the pass pipeline on `graph` (changed in place) and return it; accelerators take what they claim."""
    from pith.passes.pipeline import BACK, FRONT, FUSION, INTEGERS, LAYOUT, optimize

    claims = (("accelerators", lambda g: partition(g, accelerators)),) if accelerators else ()
    return optimize(graph, report=report, passes=INTEGERS + FRONT + (LAYOUT + claims + FUSION if claims else BACK))


def generate(
    graphs: Sequence[Graph], target: Target, name: str, *, note: str = "", options: Options = DEFAULTS, max_ram: int = 0,
    embed: bool = True, apart: bool = False,
) -> Compilation:  # fmt: skip
    """Lower optimised graphs (one a set of shapes), each within `max_ram` bytes if not 0, and print them as C, weights inside or `apart`."""
    weights = Weights()
    t0 = time.perf_counter()
    programs = [lower(g, target.isa, weights, options, max_ram=max_ram) for g in graphs]
    t1 = time.perf_counter()
    sources = emit(name, programs, weights.blob(), embed=target.embed and embed, apart=apart, note=note)
    seconds = {"lower": t1 - t0, "emit": time.perf_counter() - t1}
    return Compilation(sources.name, target, list(graphs), programs, weights, sources, seconds=seconds)


def expand_shapes(shapes: Shapes | None) -> list[dict[str, tuple[int, ...]]]:
    """All combinations of input shapes, each once: an input (or a dimension, by its name) has one shape or a list of them.

    Raises ShapeError for what is no shape.
    """
    if shapes is not None and not isinstance(shapes, Mapping):
        raise ShapeError(f"shapes is a {type(shapes).__name__}", try_='a dict: {"input": (1, 3, 224, 224)}')
    choices: list[list[tuple[str, tuple[int, ...]]]] = []
    for name, value in (shapes or {}).items():
        many = isinstance(value, Sequence) and not isinstance(value, str) and value and isinstance(value[0], (Sequence, np.ndarray))
        options = [_shape(name, o) for o in (value if many else [value])]  # type: ignore[union-attr]
        choices.append([(name, o) for o in dict.fromkeys(options)])
    return [dict(c) for c in itertools.product(*choices)]


def _shape(name: str, value: Any) -> tuple[int, ...]:
    """`value` as a shape; a whole number, for a dimension given by its name, is (number,)."""
    try:
        shape = tuple(operator.index(d) for d in (value if np.iterable(value) else (value,)))
    except TypeError:
        raise ShapeError(f"shape of {name!r} is {value!r}", try_="whole numbers: (1, 3, 224, 224)") from None
    if any(d < 0 for d in shape):
        raise ShapeError(f"shape of {name!r} has a negative dimension: {list(shape)}")
    return shape


def stages(
    model: Any, target: str = "host", shapes: Shapes | None = None, *,
    constants: Mapping[str, np.ndarray] | None = None, name: str | None = None, winograd: bool = True,
    threads: int = 1, tune: float = 0, cc: str | None = None, opt: str = "-O3", accelerators: Accelerators = (), progress: Progress | None = None,
    max_ram: int = 0, embed: bool = True, weights_file: bool = False, precision: str = "float32",
) -> Compilation:  # fmt: skip
    """Import, optimise, lower and print `model` as C, without building it (but for measuring kernels, where `tune` gives it
    seconds, by `cc` and `opt`). max_ram, weights_file, precision: see `compile_to`;  embed: weights may be a file for the assembler."""
    say = progress or (lambda what, done: None)
    chosen, helpers = get_target(target), [find(a) for a in accelerators]
    check_precision(chosen, precision)
    check_threads(chosen, threads)
    if name is not None and not (isinstance(name, str) and name):
        raise InputError(f"the name {name!r} is no text")
    if isinstance(tune, bool) or not isinstance(tune, (int, float)) or not 0 <= tune <= LONGEST_TUNE:
        raise InputError(f"{tune!r} seconds to tune", try_=f"a number from 0 to {LONGEST_TUNE}; 30 is enough for most networks")
    if type(max_ram) is not int or max_ram < 0:
        raise InputError(f"{max_ram!r} bytes of RAM", try_="a whole number of bytes, 0 for no limit")
    passes: list[tuple[str, int, int, float]] = []
    graphs = []
    variants = expand_shapes(shapes)
    t0 = time.perf_counter()
    for k, variant in enumerate(variants):
        say("import", 0.3 * k / len(variants))
        graph = import_model(model, variant, constants)
        say("optimise", 0.3 * (k + 0.5) / len(variants))
        graphs.append(optimise(graph, passes, helpers))
    t1 = time.perf_counter()
    say("lower", 0.3)
    chosen_name = name or (Path(model).stem if isinstance(model, (str, Path)) else graphs[0].name) or "model"
    decided, t2 = Options(winograd, threads, bf16=precision == "bf16"), time.perf_counter()
    if tune:
        from pith.tune.tune import tune as measure

        found = measure(graphs, chosen, decided, seconds=tune, cc=cc, opt=opt, say=lambda what, done: say(what, 0.3 + 0.05 * done))
        decided = replace(decided, tuned=found.choices)
    t3 = time.perf_counter()
    result = generate(graphs, chosen, chosen_name, options=decided, max_ram=max_ram, embed=embed, apart=weights_file)
    if precision == "bf16":
        for graph, program in zip(graphs, result.programs, strict=True):
            count = len(program.rounded)
            graph.notes.append(f"{count} layers round their inputs and weights to bfloat16; pith inspect --precision bf16 says what that costs")
    if tune:
        result.seconds["tune"] = t3 - t2
    result.passes = passes
    result.seconds["import and passes"] = t1 - t0
    return result


def check_precision(target: Target, precision: str) -> None:
    """Raise InputError for what is no precision, UnsupportedError for one that `target` does not compute in."""
    if precision not in PRECISIONS:
        raise InputError(f"{precision!r} is no precision", try_="one of: " + ", ".join(PRECISIONS))
    if precision == "bf16" and "bf16" not in target.isa.features:
        raise UnsupportedError(
            f"target {target.name} has no products of bfloat16", why="they are those of AMX, which processors of this target need not have",
            try_="-t x86-64-amx, or leave --precision out",
        )  # fmt: skip


def check_threads(target: Target, threads: int) -> None:
    """Raise InputError for what is no number of threads, UnsupportedError for more than one where `target` has none."""
    if type(threads) is not int or not 1 <= threads <= MOST_THREADS:
        raise InputError(f"{threads!r} threads", try_=f"a whole number from 1 to {MOST_THREADS}")
    if threads > 1 and not target.hosted:
        raise UnsupportedError(
            f"--threads does not go with target {target.name}", why="there is no system below its code that has threads",
            try_="leave --threads out; -t c99 where your program brings threads of its own",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Request:
    """One call of `compile` or `compile_to`: what is compiled, for what, how."""

    model: Any
    target: str
    shapes: Shapes | None
    constants: Mapping[str, np.ndarray] | None
    name: str | None
    cc: str | None
    opt: str
    profile: bool
    winograd: bool
    threads: int
    tune: float
    progress: Progress | None
    board: str | None = None
    max_ram: int = 0
    trustzone: bool = False
    layout: str | None = None
    place: Mapping[str, str] | None = None
    serial: bool = False
    accelerators: Accelerators = ()
    weights_file: bool = False
    precision: str = "float32"

    def build(self, folder: Path) -> None:
        """Compile into `folder`, completely or not at all."""
        chosen = get_target(self.target)
        check_precision(chosen, self.precision)
        check_threads(chosen, self.threads)
        if chosen.product == "wasm":
            check_wasm(chosen, self.cc, self.profile)
        find_compiler(self.cc)  # what is wrong here shows before the long work
        check_opt(self.opt)
        check_layout(self.layout, self.threads)
        board = get_board(self.board) if self.board is not None else None
        if board is not None:
            check_core(chosen, board)
        if self.trustzone and board is None:
            raise InputError("TrustZone divides the memory of a board", try_="--board mps2-an505")
        if self.serial and board is None:
            raise InputError("firmware for a serial line needs a board", try_="--board with it, one of `pith targets`")
        if self.place and board is None:
            raise InputError("where things are placed needs the memories of a board", try_="--board with it, one of `pith targets`; or leave --place out")
        if self.serial and self.trustzone:
            raise InputError("firmware for a serial line is not divided by TrustZone", try_="one of --serial and --trustzone")
        if self.weights_file and (not chosen.hosted or chosen.product == "wasm" or board is not None or self.layout is not None):
            raise InputError("weights in a file of their own need a system that has files", try_="leave weights_file out")
        result = stages(
            self.model, self.target, self.shapes, constants=self.constants, name=self.name, winograd=self.winograd,
            threads=self.threads, tune=self.tune, cc=self.cc, opt=self.opt, accelerators=self.accelerators, progress=self.progress,
            max_ram=self.max_ram, embed=embeds(self.layout), weights_file=self.weights_file, precision=self.precision,
        )  # fmt: skip
        build_into(
            folder, result, self.cc, self.opt, self.profile, self.progress, board, trustzone=self.trustzone, layout=self.layout, wanted=self.place,
            serial=self.serial,
        )  # fmt: skip

    def stored(self, entry: Path) -> Path:
        """The cache entry, built now if it is not there."""
        if not is_whole(entry):
            shutil.rmtree(entry, ignore_errors=True)
            self.build(entry)
            trim(entry.parent)
        touch(entry)
        return entry

    def cache_entry(self) -> Path | None:
        """Where the artefact is kept, named by all that decides it; None where not all files of the model are known, plug-ins decide
        too, or no cache can be."""
        folder = cache_folder()
        if folder is None or not isinstance(self.model, (str, Path)) or self.accelerators:
            return None
        path = Path(self.model)
        if not path.is_file():
            return None
        files = files_of(path)
        data = path.read_bytes()
        if len(files) == 1 and b"location" in data:
            return None  # weights in other files, perhaps: not worth finding and hashing gigabytes
        h = hashlib.sha256(data)
        for other in files[1:]:
            part = other.read_bytes()
            h.update(len(part).to_bytes(8, "little") + part)
        target = get_target(self.target)
        shapes = [sorted(v.items()) for v in expand_shapes(self.shapes)]
        facts = [
            VERSION, self.target, asdict(target), shapes, self.name or path.stem, compiler_version(self.cc), self.opt, self.profile,
            self.winograd, self.threads, self.tune, self.board, self.max_ram, self.trustzone, self.layout, self.serial, self.weights_file,
            self.precision, sorted((self.place or {}).items()), _source_digest(), [version(p) for p in _DECIDES],
        ]  # fmt: skip
        h.update(json.dumps(facts, sort_keys=True, default=sorted).encode())  # sets: their order is another in every process
        for k, v in sorted((self.constants or {}).items()):
            a = np.asarray(v)
            h.update(f"{k}{a.dtype}{a.shape}".encode() + a.tobytes())
        return folder / h.hexdigest()[:32]


def compile(
    model: Any, target: str = "host", shapes: Shapes | None = None, *,
    constants: Mapping[str, np.ndarray] | None = None, out: str | Path | None = None, name: str | None = None,
    cc: str | None = None, opt: str = "-O3", profile: bool = False, winograd: bool = True, threads: int = 1, tune: float = 0,
    cache: bool = True, weights_file: bool = False, precision: str = "float32", accelerators: Accelerators = (), progress: Progress | None = None,
) -> Session:  # fmt: skip
    """Compile a model into a C library and open it.

    model: path of a model file (ONNX, or see docs/formats.md), its bytes (ONNX or TFLite), an onnx.ModelProto, a Graph, or what
        `pith.quantize` returned.
    target: as listed by `pith targets`.
    shapes: binds symbolic dimensions, {"input": (1, 3, 224, 224)}; a list of shapes for an input compiles them all.
    constants: graph inputs fixed at compile time.  out: folder for the artefact (else a temporary one).
    cc: another compiler than the bundled clang.  opt: -O3, -O2, -Os ...  profile: also build the profiling library.
    winograd: allow Winograd's algorithm for 3x3 convolutions (other rounding, see docs/arithmetic.md).
    threads: how many threads run the network (the same bits for any number; 1: the code has nothing of threads).
    tune: seconds to spend on measuring kernels on this machine (0: they are chosen by prediction); see docs/tuning.md.
    weights_file, precision: as `compile_to` has it.
    accelerators: names of installed plug-ins, or objects, that may claim parts of the network; see docs/accelerators.md.
    cache: reuse the artefact of an equal earlier compilation of the same file.  progress: called with (stage, 0..1).
    Raises PithError subclasses: ModelError, UnsupportedError, ShapeError, BuildError.
    """
    if why := (chosen := get_target(target)).not_here():
        hint = f"pith compile -t {target} writes it"
        raise UnsupportedError(f"code for target {target} cannot be opened here", why=why,
                               try_=f"{hint}; pith run and pith verify run it under {chosen.emulation.program}" if chosen.emulation else hint)  # fmt: skip
    request = _Request(model, target, shapes, constants, name, cc, opt, profile, winograd, threads, tune, progress,
                       weights_file=weights_file, accelerators=accelerators, precision=precision)  # fmt: skip
    if out is not None:
        _compile_to(request, Path(out), cache)
        return Session(out)
    entry = request.cache_entry() if cache else None
    return Session(request.stored(entry)) if entry else _temporary_session(request.build)


def compile_to(
    model: Any, folder: str | Path, target: str = "host", shapes: Shapes | None = None, *,
    constants: Mapping[str, np.ndarray] | None = None, name: str | None = None, cc: str | None = None, opt: str = "-O3",
    profile: bool = False, winograd: bool = True, threads: int = 1, tune: float = 0, cache: bool = True, progress: Progress | None = None,
    board: str | None = None, max_ram: int = 0, trustzone: bool = False, layout: str | None = None,
    place: Mapping[str, str] | None = None, serial: bool = False, weights_file: bool = False, accelerators: Accelerators = (),
    precision: str = "float32",
) -> dict[str, Any]:  # fmt: skip
    """As `compile`, for any target, writing the artefact to `folder` (whole or not at all); returns its manifest.

    board: also build firmware for it, an image that boots (`pith.boards`); BuildError where its memories are too small.
    max_ram: bytes that arena, inputs and outputs may take together (0: no limit); the first layers are run in strips of rows
    where that is needed, with the same bits; BuildError says the least that would do.
    trustzone: make two images, the network in the secure world and an application in the other (`pith.boards.trustzone`).
    layout: files around the C for the project it goes into: "cmake", "make" or "arduino".
    place: the memory of the board for some of code, weights, arena, data and stack: {"arena": "RAM"} (`pith.boards.place`).
    serial: firmware that answers a host at the board's serial line (docs/devices.md).
    weights_file: weights stay a file of their own, which the program maps or gives (docs/c-api.md); InputError for targets without files.
    precision: "bf16" lets convolutions and products of float32 round their inputs and weights to bfloat16, where that is faster
    (docs/arithmetic.md says what it costs); UnsupportedError for targets without such products.
    """
    request = _Request(
        model, target, shapes, constants, name, cc, opt, profile, winograd, threads, tune, progress, board=board, max_ram=max_ram,
        trustzone=trustzone, layout=layout, place=place, serial=serial, weights_file=weights_file, accelerators=accelerators, precision=precision,
    )  # fmt: skip
    return _compile_to(request, Path(folder), cache)


def _compile_to(request: _Request, folder: Path, cache: bool) -> dict[str, Any]:
    entry = request.cache_entry() if cache else None
    if entry is None:
        request.build(folder)
    else:
        stored = request.stored(entry)
        with new_folder(folder) as work:
            shutil.copytree(stored, work, dirs_exist_ok=True)
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return manifest


def _temporary_session(build: Callable[[Path], None]) -> Session:
    """Build into a temporary folder that lives as long as the Session."""
    folder = Path(tempfile.mkdtemp(prefix="pith-"))
    try:
        build(folder)
        session = Session(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(session, _remove, folder, os.getpid())
    return session


def _remove(folder: Path, process: int) -> None:
    """Remove a temporary folder, but not from a forked process: its parent still uses it."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


def compile_graph(
    graph: Graph, target: str = "host", *, optimize: bool = True, opt: str = "-O3", cc: str | None = None
) -> Session:
    """Compile a Graph built by hand, uncached; `optimize=False` skips the passes."""
    if optimize:
        return compile(graph, target, opt=opt, cc=cc, cache=False)
    result = generate([graph], get_target(target), graph.name)
    return _temporary_session(lambda folder: build_into(folder, result, cc, opt, False, None))


def _source_digest() -> str:
    """Changes whenever Pith's own code does, so that a cache never outlives the compiler that filled it."""
    root = Path(__file__).parent
    files = (p for p in root.rglob("*") if p.is_file() and "__pycache__" not in p.parts)  # templates of C, JavaScript and HTML too
    stats = sorted((str(p.relative_to(root)), p.stat().st_size, p.stat().st_mtime_ns) for p in files)
    return hashlib.sha256(repr(stats).encode()).hexdigest()


def check_finite(name: str, array: np.ndarray) -> None:
    """Raise InputError when `array` holds NaN or infinity (the CLI's default policy for inputs)."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = int(array.size - np.isfinite(array).sum())
        raise InputError(f"input {name!r} holds {bad} values that are not finite", why="NaN or infinity would spread through the network",
                         try_="clean the data, or allow it with --allow-nan")  # fmt: skip
