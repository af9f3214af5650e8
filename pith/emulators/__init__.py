"""Running generated code where this machine's processor cannot: under an emulator, counting what it executes."""

from pith.emulators.base import Execution, execute, lacking

__all__ = ["Execution", "execute", "lacking"]
