"""The weights file of ncnn: what the layers load, in their order, in float32, float16, int8 or by a table of 256 values."""

from __future__ import annotations

import numpy as np

from pith.graph import ModelError

_HALF, _INT8, _RAW = 0x01306B47, 0x000D4B38, 0x0002C056


class Weights:
    """Reads `data` from the front; nothing is allocated that is not there."""

    def __init__(self, data: bytes, where: str) -> None:
        self._data, self._where, self._at = data, where, 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self._at

    def load(self, count: int, layer: str, *, tagged: bool) -> np.ndarray:
        """The next `count` values: float32, or int8 where they are stored so.

        tagged: a word before them says how they are stored (0 and 0x0002C056: float32; 0x01306B47: float16; 0x000D4B38: int8;
        anything else: a table of 256 floats and a byte for each value). Raises ModelError when they are not all there.
        """
        if count < 1:
            raise ModelError(f"{count} weights are asked for", where=layer, try_="convert or download the model again")
        tag = int(self._take(4, layer, "<u4")[0]) if tagged else _RAW
        if tag == _HALF:
            half = self._take(-(-count // 2) * 4, layer, "<f2")[:count]
            return np.asarray(half, np.float32)
        if tag == _INT8:
            return self._take(-(-count // 4) * 4, layer, "i1")[:count].copy()
        if tag in (0, _RAW):
            return self._take(4 * count, layer, "<f4").astype(np.float32)
        table = self._take(1024, layer, "<f4").astype(np.float32)
        return np.asarray(table[self._take(-(-count // 4) * 4, layer, "u1")[:count]])

    def _take(self, size: int, layer: str, dtype: str) -> np.ndarray:
        if size > self.left:
            raise ModelError(
                f"the weights end too early: {layer} needs {size:,} more bytes, {self.left:,} are left", where=self._where,
                why="the file is cut off, belongs to another network, or stores its weights in a way this reader does not know",
                try_="take the .bin that came with the .param",
            )  # fmt: skip
        self._at += size
        return np.frombuffer(self._data, dtype, size // np.dtype(dtype).itemsize, self._at - size)
