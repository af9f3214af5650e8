"""What is written on generated pictures: common words, words that look like them, numbers, and signs at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph.errors import ConfigError

_TEXT = (
    "the and for you not are all new out one two can has was his her our now how who may day way use man old see air red top low "
    "that with have this from they will what when your more some time very than only come over such take into year good make them "
    "about other which their there first would these click price state email world music after video where books links years "
    "order items group under games could great hotel store terms right local those using phone forum based black check index "
    "being women today south pages found house north photo power while three total place think north press night table light "
    "water river green white market street school office closed please number family summer winter spring garden bridge "
    "station library parking airport service welcome private history science picture general product company program "
    "university restaurant information department technology different important available following directory yourself himself "
    "exit open free sale stop taxi bank shop cafe pizza coffee museum theatre kitchen bakery police hospital pharmacy platform "
    "january february march april june july august september october november december monday tuesday wednesday thursday friday "
    "saturday sunday road lane avenue square quality fresh organic natural original special edition limited member discount join "
    "joint point union junior judge major object subject project zero quiz queen quick quiet equal expert exact next text extra box "
    "fox tax key joy boy toy sky dry fly buy guy jazz size prize zone zoo van vote voice visit view vivid wave wood word work "
    "yellow young yacht"
)
COMMON = tuple(_TEXT.split())


class Words:
    """A function of a random generator that gives one word of signs of an alphabet.

    Four kinds, by `shares`: words of a list, words by the frequency of three letters in that list, numbers, signs at random. Letters
    become capitals as they do on signs: all, the first, none; a few at random.
    """

    def __init__(
        self, alphabet: str, words: Sequence[str] = (), *, longest: int = 12, shares: Sequence[float] = (0.35, 0.2, 0.2, 0.25),
    ) -> None:  # fmt: skip
        """Raises ConfigError for an alphabet with a sign twice or a blank, and shares that are none."""
        if not alphabet or len(set(alphabet)) != len(alphabet) or any(a.isspace() for a in alphabet):
            raise ConfigError(f"an alphabet has every sign once and no blank, this is {alphabet!r}"[:300], where="alphabet")
        if longest < 1 or len(shares) != 4 or min(shares) < 0 or sum(shares) <= 0:
            raise ConfigError("shares are four numbers of at least 0, and longest is at least 1", where="words")
        self.alphabet, self.longest = alphabet, longest
        self._known = frozenset(alphabet)
        self.words = [w for w in (words or COMMON) if w and len(w) <= longest]
        self._digits = [a for a in alphabet if a.isdigit()]
        self.shares = np.cumsum(np.array(shares, np.float64) / sum(shares))
        self._after: dict[str, list[str]] = {}
        for word in self.words:
            padded = f"  {word.lower()}\n"
            for k in range(len(padded) - 2):
                self._after.setdefault(padded[k : k + 2], []).append(padded[k + 2])

    def __call__(self, rng: np.random.Generator) -> str:
        """1 to `longest` signs."""
        kind = int(np.searchsorted(self.shares, rng.random(), "right"))
        word = (self._listed, self._alike, self._number, self._random)[min(kind, 3)](rng)
        word = "".join(s if s in self._known else s.swapcase() for s in word)  # an alphabet may have no small letters
        word = "".join(s for s in word if s in self._known)[: self.longest]
        return word or self._random(rng)

    def _listed(self, rng: np.random.Generator) -> str:
        return _capitals(self.words[rng.integers(len(self.words))], rng) if self.words else ""

    def _alike(self, rng: np.random.Generator) -> str:
        word, pair = "", "  "
        while self._after and len(word) < self.longest:
            following = self._after[pair]
            letter = following[rng.integers(len(following))]
            if letter == "\n":
                break
            word, pair = word + letter, pair[1] + letter
        return _capitals(word, rng)

    def _number(self, rng: np.random.Generator) -> str:
        return "".join(self._digits[rng.integers(len(self._digits))] for _ in range(rng.integers(1, 7))) if self._digits else ""

    def _random(self, rng: np.random.Generator) -> str:
        count = int(rng.integers(1, min(8, self.longest) + 1))
        return "".join(self.alphabet[rng.integers(len(self.alphabet))] for _ in range(count))


def _capitals(word: str, rng: np.random.Generator) -> str:
    kind = rng.random()
    if kind < 0.4:
        return word.upper()
    if kind < 0.7:
        return word.capitalize()
    if kind < 0.95:
        return word
    return "".join(c.upper() if rng.random() < 0.5 else c for c in word)
