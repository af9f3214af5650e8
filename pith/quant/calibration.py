"""Calibration data: pictures, arrays, or what Python yields; and running it through a network to see its inside.

Everything is streamed one sample at a time; nothing of the inside is kept unless the caller does. Which samples are taken
depends on the seed only: the same data gives the same bits.
"""

from __future__ import annotations

import contextlib
import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pith.graph import Graph, InputError
from pith.quant.cores import in_order
from pith.runtime.inputs import PICTURES, PLAIN_PIXELS, Preprocess, load_array, picture
from pith.runtime.session import PortInfo

Feed = dict[str, np.ndarray]
Progress = Callable[[str, float], None]
_HELD_BYTES = 1 << 30  # of samples of an iterable, which can be gone through once only
_PREPARED_BYTES = 1 << 28  # of pictures that are kept as arrays instead of being read again for every run
_LONGEST = 100_000  # elements of an iterable that are looked at


class Runs(Protocol):
    """A compiled network (see pith.runtime.session.Session)."""

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]: ...

    def again(self) -> Runs: ...

    def close(self) -> None: ...


Compile = Callable[[Graph], Runs]


@dataclass(frozen=True, slots=True)
class Samples:
    """Calibration samples, as often as wanted and always in the same order: `names` for messages, `load(k)` the k-th.  pictures: whether some
    are, and not arrays already."""

    names: Sequence[str]
    load: Callable[[int], Feed]
    pictures: bool = False

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Feed]:
        return (self.load(k) for k in range(len(self.names)))


def ports_of(graph: Graph) -> list[PortInfo]:
    """Names, NumPy dtypes and shapes of a graph's inputs."""
    return [PortInfo(i, str(graph.types[i].dtype.np), graph.types[i].shape) for i in graph.inputs]


def open_samples(
    data: Any, ports: Sequence[PortInfo], *, images: int = 50, seed: int = 0, how: Preprocess | None = None
) -> Samples:
    """Calibration samples for a network with inputs `ports`.

    data: a folder of pictures (searched with its subfolders; where it has none, of .npy files with a sample each), a picture,
    a .npy or .npz file with samples along the first axis, an array of that form, or an iterable of arrays, tuples of arrays
    (in input order) or dictionaries by name.
    images: how many to take; of more they are drawn by `seed`, without repetition, and kept in order.
    how: how pictures become arrays [as they are, with a warning where the input is one of floats].
    Raises InputError: nothing there, a file that cannot be read (named), arrays that do not fit the inputs, NaN or infinity in them.
    """
    if images < 1:
        raise InputError(f"{images} calibration samples", try_="at least 1; 50 is enough for most networks")
    if isinstance(data, (str, Path)):
        samples = _from_path(Path(data), ports, images, seed, how)
    elif isinstance(data, np.ndarray):
        samples = _from_arrays({_only(ports).name: data}, ports, images, seed)
    elif isinstance(data, Mapping):
        samples = _from_arrays({str(k): np.asarray(v) for k, v in data.items()}, ports, images, seed)
    elif isinstance(data, Iterable):
        samples = _from_iterable(data, ports, images, seed)
    else:
        raise InputError(f"a {type(data).__name__} is no calibration data", try_="a folder of pictures, an array, or an iterable of arrays")
    if len(samples) == 1:
        warnings.warn("one calibration sample only: ranges seen in it are unlikely to hold for others", stacklevel=2)
    return samples


def _only(ports: Sequence[PortInfo]) -> PortInfo:
    if len(ports) != 1:
        raise InputError(f"one array for {len(ports)} inputs", try_="arrays by name: " + ", ".join(p.name for p in ports))
    return ports[0]


def chosen(n: int, images: int, seed: int) -> list[int]:
    """Indices of the samples taken of `n`, ascending."""
    if n <= images:
        return list(range(n))
    return sorted(int(i) for i in np.random.default_rng(seed).choice(n, images, replace=False))


def _from_path(path: Path, ports: Sequence[PortInfo], images: int, seed: int, said: Preprocess | None) -> Samples:
    if path.is_dir():
        files = _files_in(path)
        files = [files[k] for k in chosen(len(files), images, seed)]
    elif path.suffix.lower() in (".npy", ".npz"):
        return _from_arrays(_load(path, ports), ports, images, seed)
    elif path.suffix.lower() in PICTURES:
        files = [path]
    else:
        raise InputError(f"{path} is no calibration data", why="" if path.exists() else "there is no such file or folder",
                         try_="a folder of pictures, or a .npy or .npz file")  # fmt: skip
    port, how = _only(ports), said or Preprocess()
    pictures = any(f.suffix.lower() in PICTURES for f in files)
    if said is None and port.np.kind == "f" and pictures:
        warnings.warn(PLAIN_PIXELS, stacklevel=3)
    prepared: dict[int, np.ndarray] = {}
    room = _PREPARED_BYTES // max(1, int(np.prod(port.shape)) * port.np.itemsize)

    def load(k: int) -> Feed:
        array = prepared[k] if k in prepared else _read(files[k], port, how)
        if len(prepared) < room:
            prepared[k] = array
        return {port.name: array}

    return Samples([str(f) for f in files], load, pictures)


def _files_in(folder: Path) -> list[Path]:
    """The pictures of a folder and those below it, by name; where there are none, its .npy files, each a sample.

    What is neither is left out with a warning, hidden files (whose name begins with a point) without. Raises InputError.
    """
    shown = sorted(f for f in folder.rglob("*") if not any(p.startswith(".") for p in f.relative_to(folder).parts) and f.is_file())
    files = [f for f in shown if f.suffix.lower() in PICTURES] or [f for f in shown if f.suffix.lower() == ".npy"]
    if not files:
        raise InputError(f"no pictures in {folder}", why=f"none of its {len(shown)} files ends in " + " ".join((*PICTURES, ".npy")) if shown else "it is empty",
                         try_="a folder of pictures like those the network will see, or a .npy file")  # fmt: skip
    if len(files) < len(shown):
        taken = set(files)
        other = next(f for f in shown if f not in taken)
        kind = "array" if files[0].suffix.lower() == ".npy" else "picture"
        warnings.warn(f"{len(shown) - len(files)} of {len(shown)} files in {folder} are no {kind}s and were left out, such as {other.name}", stacklevel=2)
    return files


def _read(path: Path, port: PortInfo, how: Preprocess) -> np.ndarray:
    """A picture, or a .npy file that holds one sample."""
    return picture(path, port, how) if path.suffix.lower() in PICTURES else _fitting(load_array(path, port.name), port, str(path))


def _load(path: Path, ports: Sequence[PortInfo]) -> dict[str, np.ndarray]:
    if path.suffix.lower() == ".npz" and len(ports) > 1:
        return {p.name: load_array(path, p.name, alone=False) for p in ports}
    return {_only(ports).name: load_array(path, _only(ports).name, mapped=True)}


def _from_arrays(arrays: Mapping[str, np.ndarray], ports: Sequence[PortInfo], images: int, seed: int) -> Samples:
    """Samples side by side along the first axis, which the network's own first axis divides."""
    counts = set()
    for p in ports:
        a = arrays.get(p.name)
        if a is None:
            raise InputError(f"no calibration data for input {p.name!r}", try_="an array for each of: " + ", ".join(q.name for q in ports))
        step = p.shape[0] if p.shape else 1
        if a.shape == p.shape[1:] and step == 1 and p.shape:
            a = a[None]
        if not a.size:
            raise InputError(f"no calibration samples for input {p.name!r}", why=f"the array has shape {list(a.shape)}")
        if a.ndim != len(p.shape) or a.shape[1:] != p.shape[1:] or not step or a.shape[0] < step:
            raise InputError(f"calibration data of shape {list(a.shape)} does not fit input {p.name!r}", why=f"it takes {list(p.shape)}",
                             try_=f"samples along the first axis: [n, {', '.join(map(str, p.shape[1:]))}]")  # fmt: skip
        counts.add(a.shape[0] // step)
    if len(counts) != 1:
        raise InputError("calibration arrays of different lengths", why=f"there are {sorted(counts)} samples")
    picks = chosen(counts.pop(), images, seed)

    def load(k: int) -> Feed:
        feed = {}
        for p in ports:
            a = arrays[p.name]
            a = a[None] if a.ndim < len(p.shape) else a
            step = p.shape[0]
            feed[p.name] = _fitting(a[picks[k] * step : (picks[k] + 1) * step], p, f"sample {picks[k]}")
        return feed

    return Samples([f"sample {k}" for k in picks], load)


def _from_iterable(data: Iterable[Any], ports: Sequence[PortInfo], images: int, seed: int) -> Samples:
    """The samples drawn are held, at most _HELD_BYTES; the others are looked at and dropped.

    The draw is a reservoir: each element has the same chance, however many there are (of the first _LONGEST).
    """
    rng = np.random.default_rng(seed)
    held: dict[int, Feed] = {}
    size = 0
    for k, item in enumerate(itertools.islice(data, _LONGEST)):
        if len(held) < images and size < _HELD_BYTES:
            held[k] = _feed(item, ports, f"sample {k}")
            size += sum(a.nbytes for a in held[k].values())
        elif (at := int(rng.integers(0, k + 1))) < len(held):
            del held[sorted(held)[at]]
            held[k] = _feed(item, ports, f"sample {k}")
    if not held:
        raise InputError("no calibration data", why="the iterable is empty", try_="at least one sample; 50 is enough for most networks")
    order = sorted(held)
    if len(order) < images and size >= _HELD_BYTES:
        warnings.warn(f"only {len(order)} samples of the iterable were kept: {_HELD_BYTES >> 20} MB are the most", stacklevel=3)
    return Samples([f"sample {k}" for k in order], lambda k: held[order[k]])


def _feed(item: Any, ports: Sequence[PortInfo], where: str) -> Feed:
    if isinstance(item, Mapping):
        arrays = {str(k): np.asarray(v) for k, v in item.items()}
        if set(arrays) != {p.name for p in ports}:
            raise InputError(f"{where} has " + (", ".join(sorted(arrays)) or "nothing"), try_="inputs: " + ", ".join(p.name for p in ports))
    else:
        parts = item if isinstance(item, (tuple, list)) else [item]
        if len(parts) != len(ports):
            raise InputError(f"{where} has {len(parts)} arrays for {len(ports)} inputs")
        arrays = {p.name: np.asarray(a) for p, a in zip(ports, parts, strict=True)}
    return {p.name: _fitting(arrays[p.name], p, where) for p in ports}


def _kind(dtype: np.dtype[Any]) -> str:
    """floats, integers, or what NumPy calls it: of ml_dtypes' types it knows only that they are none of its own."""
    if dtype.kind == "f" or "float" in dtype.name:
        return "floats"
    return "integers" if dtype.kind in "iu" or "int" in dtype.name else dtype.kind


def _fitting(a: np.ndarray, port: PortInfo, where: str) -> np.ndarray:
    """`a` as the input takes it; wider or narrower numbers of the same kind become its own.

    Raises InputError for another shape, another kind (bytes of a picture are not what a network of floats is fed), what the input's type cannot hold.
    """
    if a.shape == port.shape[1:] and port.shape[:1] == (1,):
        a = a[None]
    if a.shape != port.shape:
        raise InputError(f"{where} has shape {list(a.shape)}, input {port.name!r} takes {list(port.shape)}")
    if _kind(port.np) != _kind(a.dtype):
        raise InputError(f"{where} holds {a.dtype}, input {port.name!r} takes {port.dtype}", try_=f"values as the network expects them, as {port.dtype}")
    if _kind(a.dtype) == "floats" and not np.isfinite(a).all():
        raise InputError(f"{where} holds NaN or infinity", where=f"input {port.name!r}", try_="take that sample out")
    with np.errstate(over="ignore"):
        fitting = np.ascontiguousarray(a, port.np)
    if a.dtype != port.np and (not np.isfinite(fitting).all() if _kind(port.np) == "floats" else (fitting != a).any()):
        raise InputError(f"{where} has values beyond {port.dtype}", where=f"input {port.name!r}", try_="take that sample out")
    return fitting


class Inside:
    """A graph compiled so that values of its inside can be read, by several threads at once. Close it when done."""

    def __init__(self, graph: Graph, values: Iterable[str], compile: Compile) -> None:
        self.values = list(dict.fromkeys(values))
        made = [v for v in self.values if v not in graph.inputs and v not in graph.constants]
        copy = graph.copy()
        copy.outputs = made or list(graph.outputs)
        copy.drop_unused()
        # inputs stay as they are: a value that none of those wanted depends on is simply not read
        self.graph = copy
        self.size = sum(copy.types[v].nbytes for v in copy.outputs)
        self.sessions = [compile(copy)]
        self._free = list(self.sessions)

    def run(self, feed: Feed) -> dict[str, np.ndarray]:
        """The values for one sample."""
        session = self._session()
        try:
            out = session.run(feed)
        finally:
            self._free.append(session)
        return {v: out[v] if v in out else feed[v] if v in feed else self.graph.constants[v] for v in self.values}

    def each(self, feeds: Iterable[Feed]) -> Iterator[dict[str, np.ndarray]]:
        """The values for one sample after the other, computed on all cores."""
        return in_order(self.run, feeds, size=self.size)

    def _session(self) -> Runs:
        """One that no other thread uses now."""
        try:
            return self._free.pop()
        except IndexError:
            made = self.sessions[0].again()
            self.sessions.append(made)
            return made

    def close(self) -> None:
        """Let go of the library and the memory."""
        for session in self.sessions:
            session.close()

    def __enter__(self) -> Inside:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextlib.contextmanager
def all_inside(graphs: Sequence[tuple[Graph, Iterable[str]]], compile: Compile) -> Iterator[list[Inside]]:
    """Each graph as `Inside` with its values, compiled several at a time; closed at the end."""
    with contextlib.ExitStack() as stack:
        # entered as soon as it is there: one may be ready when another, before it, turns out not to compile
        yield list(in_order(lambda g: stack.enter_context(Inside(*g, compile)), graphs))
