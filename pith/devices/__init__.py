"""Real devices: networks built here, run there, by the network's own cable or by a serial one."""

from pith.devices.base import Device, open_device

__all__ = ["Device", "open_device"]
