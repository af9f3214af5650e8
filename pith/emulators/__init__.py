"""Running generated code for any target: under an emulator, counting what it executes, or here."""

from pith.emulators.base import Execution, check, counts, execute, lacking

__all__ = ["Execution", "check", "counts", "execute", "lacking"]
