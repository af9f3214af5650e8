"""A network of another processor, called as `pith.load` calls one of this machine's."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pith.emulators.base import check, execute, ports
from pith.emulators.inputs import check_sets
from pith.graph.errors import InputError
from pith.runtime.session import read_manifest
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler


class EmulatedSession:
    """The part of `pith.runtime.session.Session` that running files needs: `manifest`, `inputs`, `run`."""

    def __init__(self, folder: Path) -> None:
        """folder: what `pith compile` wrote, of one set of shapes. Raises InputError, BuildError, UnsupportedError."""
        self.folder, self.manifest = folder, read_manifest(folder)
        if len(self.manifest["variants"]) > 1:
            raise InputError("a network of several shapes cannot run under an emulator", where=str(folder), try_="one shape: --shape input=1x3x224x224")
        self.target = get_target(self.manifest["target"])
        check(self.target)
        self.inputs = ports(self.manifest)[0]
        self._kept: tempfile.TemporaryDirectory[str] | None = None

    @classmethod
    def of(cls, compile_to: Callable[[Path], Any]) -> EmulatedSession:
        """compile_to: called with a folder, which lives as long as the session."""
        kept = tempfile.TemporaryDirectory(prefix="pith-emulated-")
        compile_to(Path(kept.name) / "net")
        made = cls(Path(kept.name) / "net")
        made._kept = kept
        return made

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Outputs by name; inputs of the dtypes and shapes in `inputs`. Raises InputError for what does not fit."""
        check_sets(self.manifest, [inputs])
        return execute(self.folder, self.manifest, self.target, [inputs], find_compiler()).outputs[0]
