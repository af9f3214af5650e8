"""A compiled network on a device, called as `pith.load` calls one here."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pith.devices.base import Device
from pith.emulators.base import ports
from pith.emulators.inputs import check_sets
from pith.graph.errors import InputError
from pith.runtime.session import read_manifest
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler


class DeviceSession:
    """The part of `pith.runtime.session.Session` that running files needs: `manifest`, `inputs`, `run`."""

    def __init__(self, device: Device, folder: Path) -> None:
        """folder: what `pith compile` wrote, of one set of shapes. Raises InputError, BuildError, UnsupportedError."""
        self.device, self.folder, self.manifest = device, folder, read_manifest(folder)
        if len(self.manifest["variants"]) > 1:
            raise InputError("a network of several shapes cannot run on a device", where=str(folder), try_="one shape: --shape input=1x3x224x224")
        self.target = get_target(self.manifest["target"])
        device.check(self.target)
        self.inputs = ports(self.manifest)[0]
        self._kept: tempfile.TemporaryDirectory[str] | None = None

    @classmethod
    def of(cls, device: Device, compile_to: Callable[[Path, str], Any]) -> DeviceSession:
        """compile_to: called with a folder and the target that suits the device; the folder lives as long as the session."""
        kept = tempfile.TemporaryDirectory(prefix="pith-device-")
        compile_to(Path(kept.name) / "net", device.target() or "")
        made = cls(device, Path(kept.name) / "net")
        made._kept = kept
        return made

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Outputs by name; inputs of the dtypes and shapes in `inputs`. Raises InputError for what does not fit."""
        check_sets(self.manifest, [inputs])
        return self.device.execute(self.folder, self.manifest, self.target, [inputs], find_compiler()).outputs[0]
