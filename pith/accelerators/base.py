"""What an accelerator is, and how one that is installed is found: by entry points, as Python's packaging has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

from pith.graph import Graph, Node
from pith.graph.errors import BuildError, UnsupportedError
from pith.kernels.accelerated_calls import Emission

GROUP = "pith.accelerators"


class Accelerator(Protocol):
    """A plug-in. name: a C identifier, with which all names in its C begin."""

    name: str

    def claim(self, graph: Graph) -> Iterable[Sequence[Node]]:
        """The parts of `graph` that it computes: each a group of the graph's nodes without one outside between them. What is
        not claimed the processor computes."""

    def emit(self, part: Graph) -> Emission:
        """The call for one part, as a graph of its own; the results must be those of the nodes' references, integers to the bit."""


def installed() -> dict[str, EntryPoint]:
    """The accelerators that installed packages offer, by name; nothing of theirs is imported yet."""
    return {e.name: e for e in sorted(entry_points(group=GROUP), key=lambda e: e.name)}


def find(wanted: str | Accelerator) -> Accelerator:
    """The accelerator of that name among the installed ones, or the given object, looked over.

    Raises UnsupportedError for an unknown name, BuildError for a plug-in that cannot be loaded or is none.
    """
    found: object = wanted
    where = ""
    if isinstance(wanted, str):
        known = installed()
        if wanted not in known:
            raise UnsupportedError(f"no accelerator {wanted!r} is installed", why="no package here has an entry point of that name in the group " + GROUP,
                                   try_="one of: " + ", ".join(known) if known else "pip install the package that has it")  # fmt: skip
        entry = known[wanted]
        where = f"{entry.dist.name if entry.dist else 'a package'}: {entry.value}"
        try:
            found = entry.load()
            found = found() if isinstance(found, type) else found
        except Exception as e:  # whatever the plug-in's code raises
            raise BuildError(f"accelerator {wanted} cannot be loaded", where=where, why=f"{type(e).__name__}: {e}", try_=_AUTHOR) from e
    name = getattr(found, "name", None)
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name) or name.startswith("pith"):
        raise BuildError("an accelerator without a proper name", where=where or repr(found)[:200], why=f"its name is {name!r}",
                         try_="small letters, digits and _, at most 32, not beginning with pith")  # fmt: skip
    if lacks := [m for m in ("claim", "emit") if not callable(getattr(found, m, None))]:
        raise BuildError(f"accelerator {name} has no method {lacks[0]}", where=where or repr(found)[:200], try_=_AUTHOR)
    return found  # type: ignore[return-value]


_AUTHOR = "tell the plug-in's author, or leave --accelerator out"
