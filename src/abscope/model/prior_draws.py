"""Draws of what a record does not tell, each a function of seed, name and number of the draw.

Every quantity has a Philox stream of its own, keyed by the seed and its name, in which draw k takes
the k-th number: taking a course out, or asking for more draws, changes no other draw. Without a
seed every draw is the middle of its prior.

Behind every quantity stands a standard normal deviate z of that name; a uniform one is Phi(z). A
fit gives deviates of its own for the quantities that data speak of, and leaves the rest to the
prior.
"""

from collections.abc import Mapping, Sized
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from abscope.catalog.entries import Parameter
from abscope.dose.geometry.grid import Floats

__all__ = ["PriorDraws"]

#: Standard normal deviate of the ends of the middle 95 %.
_Z95 = 1.959963984540054
#: Draws up to which the numbers of a name are kept; more would fill the memory of a population.
_MOST_KEPT = 2_000


class PriorDraws:
    """``n`` draws from priors; every method returns one number per draw, (n,).

    ``seed`` None: every draw is the middle of its prior, the median of a distribution. ``given``
    has standard normal deviates (n,) by the name of the quantity, in place of those of the seed.
    ``asked`` has the names that were drawn from so far, in that order.
    """

    def __init__(
        self, n: int, *, seed: int | None, given: Mapping[str, Floats] | None = None
    ) -> None:
        self.n = n
        self._seed = seed
        self._given = {
            name: z if np.shape(z) == (n,) else np.broadcast_to(z, (n,))
            for name, z in ((key, np.asarray(z, float)) for key, z in (given or {}).items())
        }
        self._asked: dict[str, None] = {}
        self._made: dict[tuple[str, str], Floats] = {}

    @property
    def asked(self) -> tuple[str, ...]:
        """Return the names of the quantities that were drawn, each once."""
        return tuple(self._asked)

    @property
    def fitted(self) -> bool:
        """Return whether deviates were given, as those of a fit are."""
        return bool(self._given)

    def _stream(self, name: str) -> np.random.Generator | None:
        if self._seed is None:
            return None
        return np.random.Generator(np.random.Philox(key=[self._seed, crc32(name.encode())]))

    def _numbers(self, kind: str, name: str) -> Floats:
        """Return the numbers of a stream; a what-if asks for the same ones again and again."""
        made = self._made.get((kind, name))
        if made is None:
            stream = self._stream(name)
            if stream is None:
                made = np.full(self.n, 0.5 if kind == "uniform" else 0.0)
            else:
                draw = stream.random if kind == "uniform" else stream.standard_normal
                made = draw(self.n)
            made.setflags(write=False)
            if self.n <= _MOST_KEPT:
                self._made[kind, name] = made
        return made

    def uniform(self, name: str) -> Floats:
        """Return numbers of 0..1."""
        self._asked[name] = None
        if name in self._given:
            from scipy.special import ndtr

            return np.asarray(ndtr(self._given[name]))
        return self._numbers("uniform", name)

    def normal(self, name: str) -> Floats:
        """Return standard normal numbers."""
        self._asked[name] = None
        if name in self._given:
            return self._given[name]
        return self._numbers("normal", name)

    def between(self, name: str, *, low: float, high: float) -> Floats:
        """Return numbers that are uniform from low to high."""
        return low + (high - low) * self.uniform(name)

    def spread(self, name: str, entry: Parameter) -> Floats:
        """Return numbers that are uniform over the range of an entry."""
        return self.between(name, low=entry.low, high=entry.high)

    def log_spread(self, name: str, entry: Parameter) -> Floats:
        """Return numbers that are log-uniform over the range of an entry."""
        return np.asarray(entry.low * (entry.high / entry.low) ** self.uniform(name))

    def log_normal(self, name: str, entry: Parameter) -> Floats:
        """Return log-normal numbers: the value is the median, the range holds the middle 95 %."""
        sd = np.log(entry.high / entry.low) / (2 * _Z95)
        return np.asarray(entry.value * np.exp(sd * self.normal(name)))

    def near_normal(self, name: str, entry: Parameter) -> Floats:
        """Return normal numbers inside the range, which would hold 95 % of them, of an entry."""
        sd = (entry.high - entry.low) / (2 * _Z95)
        return np.asarray(np.clip(entry.value + sd * self.normal(name), entry.low, entry.high))

    def in_range(self, name: str, entry: Parameter) -> Floats:
        """Return log-normal numbers kept inside the range; uniform where the value is no middle."""
        if entry.low <= 0.0 or entry.value in (entry.low, entry.high):
            return self.spread(name, entry)
        return np.asarray(np.clip(self.log_normal(name, entry), entry.low, entry.high))

    def choice(self, name: str, options: Sized) -> NDArray[np.int64]:
        """Return the place of an option, each as likely as another."""
        place = (len(options) * self.uniform(name)).astype(np.int64)
        return np.minimum(place, len(options) - 1)

    def whole(self, name: str, entry: Parameter) -> NDArray[np.int64]:
        """Return whole numbers of the range of an entry, each as likely as another."""
        return int(entry.low) + self.choice(name, range(int(entry.low), int(entry.high) + 1))
