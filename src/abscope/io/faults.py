"""The faults of a table: every one counted, the first ones shown, each at file:row:column."""

from abscope.errors import Problem, TableError

__all__ = ["SHOWN", "CellError", "Faults"]

#: So many faults are shown; the count goes on.
SHOWN = 50
#: So many are kept, so that the earliest rows can be shown whatever check found them.
_KEPT = 10_000


class CellError(Exception):
    """A cell that cannot be read: what it holds, what was expected, what to do."""

    def __init__(self, what: str, expected: str, action: str) -> None:
        super().__init__(what)
        self.what, self.expected, self.action = what, expected, action


class Faults:
    """The faults of one file in the order of its rows; ``rows`` holds every row with a fault."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.n_faults = 0
        self.rows: set[int] = set()
        self._kept: list[tuple[int, Problem]] = []

    def add(self, row: int, column: str, *, what: str, expected: str, action: str) -> None:
        """Count a fault; row 0 stands for the file as a whole."""
        self.n_faults += 1
        if row:
            self.rows.add(row)
        if len(self._kept) < _KEPT:
            place = ":".join([self.file, *([str(row)] if row else []), *([column] * bool(column))])
            self._kept.append((row, Problem(place, what, expected, action)))

    def problems(self, *, n_rows: int) -> tuple[Problem, ...]:
        """Return the first faults by row, and one more that counts what is not shown."""
        shown = [problem for _, problem in sorted(self._kept, key=lambda kept: kept[0])[:SHOWN]]
        more = self.n_faults - len(shown)
        if more:
            what = (
                f"and {more:,} more problems: {self.n_faults:,} in {len(self.rows):,} of "
                f"{n_rows:,} rows"
            )
            action = "Correct these first; a wrong column often explains them all."
            shown.append(Problem(self.file, what, "a table without problems", action))
        return tuple(shown)

    def refuse(self, *, n_rows: int) -> None:
        """Raise TableError with every fault, or return where there is none."""
        if self.n_faults:
            raise TableError(self.problems(n_rows=n_rows))
