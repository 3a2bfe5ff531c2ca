"""Random numbers that belong to a member, not to a sequence: any chunking draws the same cohort."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abscope.engine.batch import Batch
from abscope.errors import EngineError, Problem

__all__ = ["Cohort", "Draws"]

_Floats = NDArray[np.float64]
_Shape = int | tuple[int, ...]


class Draws:
    """The random numbers of the members ``first`` to ``last - 1`` of a study.

    A name is a stream of Philox 4x64-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405) keyed by
    (seed, name); member b owns the places b k to b k + k - 1 of it, k numbers per member. What a
    member draws depends on nothing but seed, name, k and b.

        draws = Draws(seed=1, first=0, last=1000)
        growth = 0.01 * np.exp(0.2 * draws.normal("growth", 10))      # (1000, 10)
    """

    def __init__(self, *, seed: int, first: int, last: int) -> None:
        self.seed, self.first, self.last = int(seed), int(first), int(last)
        self._used: set[str] = set()

    @property
    def members(self) -> int:
        """Return how many members draw."""
        return self.last - self.first

    @property
    def index(self) -> NDArray[np.int64]:
        """Return the numbers of the members in the study."""
        return np.arange(self.first, self.last)

    def uniform(self, name: str, size: _Shape = ()) -> _Floats:
        """Return (members, *size) numbers between 0 and 1, neither of which occurs.

        Raises EngineError where the name was drawn before: it would be the same numbers again.
        """
        if name in self._used:
            raise EngineError(
                Problem(f"draw '{name}'", "drawn twice", "one draw per name", "Choose a new name.")
            )
        self._used.add(name)
        shape = (size,) if isinstance(size, int) else tuple(size)
        each = int(np.prod(shape))
        start = self.first * each
        digest = hashlib.sha256(f"{self.seed}:{name}".encode()).digest()
        philox = np.random.Philox(
            key=np.frombuffer(digest[:16], "<u8"), counter=np.array([start // 4, 0, 0, 0], "<u8")
        )
        raw = philox.random_raw(start % 4 + self.members * each)[start % 4 :]
        # 52 bits and a half: exact, symmetric, never 0 or 1
        return np.asarray(((raw >> np.uint64(12)) + 0.5) * 2.0**-52).reshape(self.members, *shape)

    def normal(self, name: str, size: _Shape = ()) -> _Floats:
        """Return (members, *size) standard normal numbers, by the inverse of the distribution."""
        from scipy.special import ndtri

        return np.asarray(ndtri(self.uniform(name, size)))

    def integers(self, name: str, low: int, high: int, size: _Shape = ()) -> NDArray[np.int64]:
        """Return (members, *size) whole numbers from low to high - 1, each as likely."""
        return low + np.floor(self.uniform(name, size) * (high - low)).astype(np.int64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cohort:
    """Members that are drawn where they are simulated: only a seed and a range travel.

    ``draw(draws, **arguments)`` returns the Batch of ``draws.members`` members, in vectorized code;
    it is a function or ``'module:function'``. Tables of replicates may be as wide as the study
    needs: columns that no member of a chunk has are ignored.
    """

    draw: str | Callable[..., Batch]
    members: int
    seed: int
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise EngineError for a cohort of nobody."""
        if self.members < 1:
            what = f"{self.members} members"
            raise EngineError(Problem("cohort", what, "at least 1", "Correct it.", "members"))
