"""Loading and running built libraries."""

from pith.runtime.session import PortInfo, Session, load

__all__ = ["PortInfo", "Session", "load"]
