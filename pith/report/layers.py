"""The layer table: one row a step, with its share of the work."""

from __future__ import annotations

from typing import Any


def layer_rows(variant: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows {name, op, kernel, shape, dtype, macs, bytes, share, why}; share is of MACs, or of bytes where there are none."""
    steps = variant["steps"]
    macs = sum(s["macs"] for s in steps)
    moved = sum(s["read"] + s["written"] for s in steps)
    rows = []
    for s in steps:
        size = s["read"] + s["written"]
        share = s["macs"] / macs if macs else size / moved if moved else 0.0
        rows.append(
            {"name": s["name"], "op": s["op"], "kernel": s["kernel"], "shape": s["shape"], "dtype": s["dtype"], "macs": s["macs"],
             "bytes": size, "share": share, "why": s["why"], "origin": s["origin"]}
        )  # fmt: skip
    return rows
