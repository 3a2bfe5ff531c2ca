"""Cases that were read, kept while they are looked at: what is computed of one is computed once."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from abscope.case.checks import check_case
from abscope.case.checks.finding import CheckFinding
from abscope.case.reader import LocatedCase
from abscope.case.record import Case
from abscope.web.store.project import Shown

if TYPE_CHECKING:
    from abscope.report.material import Material

__all__ = ["Opened", "Reader"]

_KEPT = 12
_MOST_RESULTS = 24
_T = TypeVar("_T")


class Opened:
    """One case at one revision, with what was computed of it."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self.located: LocatedCase = shown.read()
        self._lock = threading.RLock()
        self._kept: OrderedDict[object, object] = OrderedDict()

    @property
    def case(self) -> Case:
        """The case itself."""
        return self.located.case

    @property
    def findings(self) -> tuple[CheckFinding, ...]:
        """What the checks find in the case."""
        return self.keep("findings", lambda: check_case(self.case))

    @property
    def material(self) -> "Material":
        """What the parts of the report are made from, without dose data."""

        def make() -> "Material":
            from abscope.case.clock import Clock
            from abscope.report.material import Material

            return Material(self.located, self.findings, Clock(self.case))

        return self.keep("material", make)

    def keep(self, key: object, make: Callable[[], _T]) -> _T:
        """Return a result, made by the first who asks while others wait."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
                while len(self._kept) > _MOST_RESULTS:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return cast(_T, self._kept[key])


class Reader:
    """The cases that were opened last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str, str], Opened] = OrderedDict()

    def open(self, shown: Shown) -> Opened:
        """Return a case by its text; raise CaseError with every problem of it."""
        key = (shown.shelf, shown.name, shown.revision)
        with self._lock:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
                return known
        made = Opened(shown)
        with self._lock:
            held = self._kept.setdefault(key, made)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return held
