"""Models in the engines' own formats, made once and kept beside Pith's own cache."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pith.bench.process import Failure, Interpreters, ask
from pith.cache import cache_folder, is_whole, touch, trim
from pith.peers.base import Peer

Samples = Sequence[Mapping[str, np.ndarray]]
TIMEOUT = 600.0  # seconds; the slowest converters take half a minute
_LIMIT = 4 << 30  # bytes of converted models that stay


def save_inputs(path: Path, inputs: dict[str, np.ndarray]) -> list[str]:
    """Write the arrays for the workers; returns their names in order (an archive's own names cannot hold every character)."""
    np.savez(path, **{f"a{k}": a for k, a in enumerate(inputs.values())})  # type: ignore[arg-type]
    return list(inputs)


def converted(
    peer: Peer, model: Path, inputs: dict[str, np.ndarray], interpreters: Interpreters, scratch: Path, samples: Samples = (),
) -> Path:  # fmt: skip
    """The file `peer` loads for `model`, from the cache when it was made before; in int8, made by the engine's own tools, where
    there are samples to calibrate with. Raises Failure with the reason."""
    if samples:
        if not peer.tool8:
            raise Failure(f"what is installed of {peer.title} has no way to int8")
    elif not peer.converts:
        return model
    python = interpreters.of(peer.name, convert=True, quantize=bool(samples))
    home = cache_folder()
    root = scratch if home is None else home / "peers"
    entry = root / f"{peer.name}-{'int8-' if samples else ''}{_digest(peer, model, inputs, python, samples)}"
    if not is_whole(entry):
        root.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
        try:
            _convert(peer, model, inputs, python, folder, samples)
            shutil.rmtree(entry, ignore_errors=True)
            os.replace(folder, entry)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        trim(root, _LIMIT)
    touch(entry)
    return entry / str(json.loads((entry / "manifest.json").read_text())["path"])


def _convert(peer: Peer, model: Path, inputs: dict[str, np.ndarray], python: str, folder: Path, samples: Samples) -> None:
    archive, more = folder / "inputs.npz", folder / "samples.npz"
    request = {
        "what": "quantize" if samples else "convert", "model": str(model.resolve()), "path": "", "inputs": str(archive),
        "names": save_inputs(archive, inputs), "folder": str(folder),
    }  # fmt: skip
    if samples:
        save_inputs(more, {n: np.stack([s[n] for s in samples]) for n in inputs})
        request["samples"] = str(more)
    path = ask(peer, python, request, TIMEOUT)["path"]
    archive.unlink(missing_ok=True)
    more.unlink(missing_ok=True)
    files = {f.name: f.stat().st_size for f in folder.iterdir() if f.is_file()}
    if path not in files:
        raise Failure("the converter wrote nothing")
    (folder / "manifest.json").write_text(json.dumps({"path": path, "files": files}))


def _digest(peer: Peer, model: Path, inputs: dict[str, np.ndarray], python: str, samples: Samples) -> str:
    """Of all that decides what the converter writes."""
    digest = hashlib.sha256()
    source = Path(__file__).resolve().parents[1] / "peers" / f"{peer.name}.py"
    for path in (source, model, model.with_suffix(".pt2")):
        if path.is_file():
            with path.open("rb") as f:
                digest.update(hashlib.file_digest(f, "sha256").digest())
        digest.update(b"|")
    shapes = {n: (a.dtype.str, a.shape) for n, a in inputs.items()}
    digest.update(f"{shapes} {python}".encode())
    for sample in samples:
        for n in inputs:
            digest.update(np.ascontiguousarray(sample[n]).tobytes())
    return digest.hexdigest()[:16]
