"""Word pieces (BERT's uncased ones): text to whole numbers, as the released tokenizer cuts it."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

from pith.graph.errors import ConfigError

PAD, UNKNOWN, START, END, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
MAX_WORD = 100
"""Letters of a word; a longer one is unknown."""


class WordPieces:
    """A vocabulary, a piece a line; pieces that continue a word begin with ##.

    Text is made lower case without accents; punctuation and Chinese signs are words of their own; each word becomes the longest pieces that
    fit, from the left, or [UNK] if nothing fits (arXiv 1609.08144; arXiv 1810.04805, appendix A).
    """

    def __init__(self, path: str | Path) -> None:
        """Raises ConfigError for a file that cannot be read or lacks the special pieces."""
        try:
            self.pieces = Path(path).read_text("utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError("cannot read the vocabulary", where=str(path), why=str(error), try_="set PITH_DATA to the folder with text/") from error
        self._ids = {piece.rstrip("\r"): k for k, piece in enumerate(self.pieces) if piece}
        missing = [special for special in (PAD, UNKNOWN, START, END, MASK) if special not in self._ids]
        if missing or self._ids[PAD] != 0:
            raise ConfigError("no vocabulary of BERT's", where=str(path), why=f"it lacks {', '.join(missing)}" if missing else f"{PAD} is not the first")
        self._word = lru_cache(maxsize=1 << 17)(self._cut)

    def number(self, piece: str) -> int:
        """Of a piece; that of [UNK] if there is none."""
        return self._ids.get(piece, self._ids[UNKNOWN])

    def ids(self, text: str, longest: int) -> list[int]:
        """[CLS], the pieces, [SEP]: at most `longest` numbers; what is too much at the end is left out."""
        found = [k for word in words(text) for k in self._word(word)]
        return [self._ids[START], *found[: longest - 2], self._ids[END]]

    def _cut(self, word: str) -> tuple[int, ...]:
        if len(word) > MAX_WORD:
            return (self._ids[UNKNOWN],)
        found, start = [], 0
        while start < len(word):
            head = "##" if start else ""
            for end in range(len(word), start, -1):
                if (k := self._ids.get(head + word[start:end])) is not None:
                    break
            else:
                return (self._ids[UNKNOWN],)
            found.append(k)
            start = end
        return tuple(found)


def words(text: str) -> list[str]:
    """Lower case without accents, apart at white space, punctuation and Chinese signs."""
    # control characters go, and with them those that Python takes for white space, as form feed
    kept = (c for c in text if c in "\t\n\r" or (c != "\ufffd" and unicodedata.category(c)[0] != "C"))
    text = "".join(" " if c.isspace() else c for c in kept)
    text = "".join(c for c in unicodedata.normalize("NFD", text).lower() if unicodedata.category(c) != "Mn")
    return "".join(f" {c} " if _alone(c) else c for c in text).split()


def _alone(c: str) -> bool:
    """Punctuation (every sign of ASCII that is no letter or digit, as BERT has it) and Chinese signs."""
    code = ord(c)
    if code < 128:
        return not c.isalnum() and not c.isspace()
    chinese = 0x4E00 <= code <= 0x9FFF or 0x3400 <= code <= 0x4DBF or 0x20000 <= code <= 0x2CEAF or 0xF900 <= code <= 0xFAFF or 0x2F800 <= code <= 0x2FA1F
    return chinese or unicodedata.category(c)[0] == "P"
