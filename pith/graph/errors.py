"""Errors a user can meet. Each says what is wrong, where, why, and what to try."""

from __future__ import annotations


class PithError(Exception):
    """Base of every error raised for a user's input.

    what:  one sentence, what is wrong;  where: node, file or value name;  why: the reason;  try_: the next step.
    """

    def __init__(self, what: str, *, where: str = "", why: str = "", try_: str = "") -> None:
        self.what, self.where, self.why, self.try_ = what, where, why, try_
        super().__init__(what)

    def __str__(self) -> str:
        lines = [self.what]
        for label, text in (("where", self.where), ("why", self.why), ("try", self.try_)):
            if text:
                lines.append(f"  {label + ':':<6} {text}")
        return "\n".join(lines)


class ModelError(PithError):
    """The model file is damaged or breaks the rules of its format."""


class UnsupportedError(PithError):
    """The model asks for something Pith does not do (all such nodes are listed at once)."""


class ShapeError(PithError):
    """Shapes do not fit, or a dimension was left unbound."""


class InputError(PithError):
    """An array given to a compiled network does not fit it (name, shape, dtype, NaN)."""


class BuildError(PithError):
    """The C compiler or linker failed, or an artefact could not be written or read."""


def disk_full(where: str, why: str) -> BuildError:
    """The refusal of what there is no room for. where: the folder or file."""
    return BuildError("the disk is full", where=where, why=why,
                      try_="free space; or another folder with -o, another cache with PITH_CACHE, another place for temporary files with TMPDIR")  # fmt: skip


class InternalError(PithError):
    """A broken promise inside Pith itself: please report."""


class ConfigError(PithError):
    """A configuration cannot be read, breaks the rules of inheritance, or names what does not exist."""
