"""What other engines gave for the cases of the importers' tests, recorded so that the tests need none of them.

`python -m tests.importers.recorded` runs every case by the engine itself (ncnn, and OpenCV before 5 for Caffe, must be installed)
and writes the files anew. A case whose network or inputs changed since is told by its digest and fails until then.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "recorded"


def digest(files: Sequence[Path], feeds: Mapping[str, np.ndarray]) -> str:
    """Stands for a network and its inputs."""
    h = hashlib.sha256()
    for f in files:
        h.update(f.read_bytes())
    for k, v in sorted(feeds.items()):
        h.update(f"{k}{v.dtype}{v.shape}".encode() + v.tobytes())
    return h.hexdigest()[:16]


def load(engine: str) -> dict[str, np.ndarray]:
    """All recorded arrays of an engine: `digest:output` -> array."""
    with np.load(FOLDER / f"{engine}.npz") as file:
        return {k: file[k] for k in file.files}


def save(engine: str, arrays: Mapping[str, np.ndarray]) -> None:
    """The arrays as one file whose bytes depend on nothing else."""
    FOLDER.mkdir(exist_ok=True)
    with zipfile.ZipFile(FOLDER / f"{engine}.npz", "w", zipfile.ZIP_DEFLATED) as file:
        for k, v in sorted(arrays.items()):
            with file.open(zipfile.ZipInfo(f"{k}.npy"), "w") as f:
                np.lib.format.write_array(f, np.ascontiguousarray(v))


def main() -> None:
    from tests.importers import test_caffe_layers, test_ncnn_layers

    save("ncnn", test_ncnn_layers.record())
    save("opencv", test_caffe_layers.record())


if __name__ == "__main__":
    main()
