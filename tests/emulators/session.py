"""Sessions of emulated targets, so that the tests of kernels run on them as they are."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import pith.api as api
from pith.build import build_into
from pith.emulators import execute
from pith.graph import Graph
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler


class Emulated:
    """What `pith.api.compile_graph` gives, for a target that runs under its emulator: the manifest, and a call."""

    def __init__(self, folder: Path, target: str) -> None:
        self.folder, self.target = folder, get_target(target)
        self.manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())

    def __call__(self, *arrays: np.ndarray) -> Any:
        names = [p["name"] for p in self.manifest["variants"][0]["inputs"]]
        feed = dict(zip(names, arrays, strict=True))
        (got,) = execute(self.folder, self.manifest, self.target, [feed], find_compiler()).outputs
        results = tuple(got[p["name"]] for p in self.manifest["variants"][0]["outputs"])
        return results[0] if len(results) == 1 else results


@contextmanager
def emulated() -> Iterator[None]:
    """Within it the tests' `compile_graph` builds targets with an emulator for that, whatever this machine is."""
    plain = api.compile_graph
    with tempfile.TemporaryDirectory(prefix="pith-emulated-tests-") as name:
        made = 0

        def compile_graph(graph: Graph, target: str = "host", *, optimize: bool = True, opt: str = "-O3", cc: str | None = None) -> Any:
            nonlocal made
            chosen = get_target(target)
            if chosen.emulation is None:
                return plain(graph, target, optimize=optimize, opt=opt, cc=cc)
            made += 1
            folder = Path(name) / str(made)
            if optimize:
                api.compile_to(graph, folder, target, opt=opt, cache=False)
            else:
                build_into(folder, api.generate([graph], chosen, graph.name), cc, opt, False, None)
            return Emulated(folder, target)

        users = [m for n, m in sys.modules.items() if n.startswith("tests.") and getattr(m, "compile_graph", None) is plain]
        with mock.patch.object(api, "compile_graph", compile_graph):
            patches = [mock.patch.object(m, "compile_graph", compile_graph) for m in users]
            for p in patches:
                p.start()
            try:
                yield
            finally:
                for p in patches:
                    p.stop()
