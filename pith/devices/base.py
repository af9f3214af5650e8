"""What `--device` names, and what every device does. A kind of address is a file of this folder."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from pith.emulators.base import Arrays, Execution
from pith.graph.errors import InputError
from pith.targets.base import Target
from pith.targets.compiler import Compiler

_KINDS = {"ssh": "ssh://user@board[:port][/folder]", "serial": "serial:///dev/ttyACM0?baud=115200, or serial://tcp:HOST:PORT"}
_LONGEST = 7 * 86400  # seconds


class Device(Protocol):
    """A machine that runs networks. limit: seconds of the processor that a call may take there."""

    address: str
    limit: float

    def target(self) -> str | None:
        """The target that suits the device best, where it can be asked."""

    def check(self, target: Target) -> None:
        """Raise an error where code for `target` cannot run there, as far as can be told before it is made."""

    def execute(
        self, folder: Path, manifest: Mapping[str, Any], target: Target, sets: Sequence[Arrays], compiler: Compiler, *,
        runs: int = 1, seconds: float = 0.0, steps: bool = False,
    ) -> Execution:  # fmt: skip
        """Run the network that `pith.api.compile_to` wrote to `folder` (its first variant), `runs` times on every set of inputs and
        each for `seconds` at least, and say how long each run took; steps: each step too.

        Raises UnsupportedError where the device cannot run it, BuildError where something fails on the way."""


def open_device(address: str, *, limit: float = 600.0) -> Device:
    """The device at `address`; nothing is sent yet. Raises InputError for an address that is none."""
    kind, found, _ = address.partition("://")
    if not found or kind not in _KINDS:
        raise InputError(f"--device {address!r} is no address of a device", try_="; ".join(_KINDS.values()))
    if not 0 < limit <= _LONGEST:
        raise InputError(f"a limit of {limit!r} seconds", try_=f"a number up to {_LONGEST}")
    return cast(Device, importlib.import_module(f"pith.devices.{kind}").at(address, limit))
