"""An order in which the nodes of a file can run."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pith.graph import ModelError


def depth_first(count: int, roots: Iterable[int], needs: Callable[[int], Iterable[int]], label: Callable[[int], str], where: str) -> list[int]:
    """Those of the nodes 0, ..., count - 1 that `roots` need, each after what it needs itself.

    needs: the nodes whose results a node reads;  label: what an error calls a node.  Raises ModelError for cycles.
    """
    state = [0] * count  # 0 new, 1 open, 2 done
    order: list[int] = []
    for root in roots:
        stack = [(root, False)]
        while stack:
            k, leaving = stack.pop()
            if leaving:
                state[k] = 2
                order.append(k)
            elif state[k] == 0:
                state[k] = 1
                stack.append((k, True))
                for p in needs(k):
                    if state[p] == 1:
                        raise ModelError("the graph has a cycle", where=where, why=f"through node {label(k)}")
                    if state[p] == 0:
                        stack.append((p, False))
    return order
