"""Gaussian elimination of a sparse matrix, done on names: it prints the lines that do it.

Pivots stay on the diagonal and are taken in Markowitz order (least fill first). That is safe for
sigma I - J with small steps; the error estimate of the integrator rejects the rest.
"""

from collections.abc import Callable, Mapping

__all__ = ["Elimination", "eliminate"]

_Place = tuple[int, int]
_ZERO = "0.0"


class Elimination:
    """What is left after the elimination: the order of the pivots and where each factor is kept."""

    def __init__(self, order: list[int], slots: dict[_Place, int]) -> None:
        self.order, self.slots = order, slots

    def by_rows(self) -> list[int]:
        """Return the slots of the factors, row after row in the order of the pivots."""
        return [self.slots[i, j] for i in self.order for j in self.order if (i, j) in self.slots]

    def solve(
        self, given: list[str], load: Callable[[int], str], *, name: str, indent: str
    ) -> tuple[list[str], list[str]]:
        """Return lines that solve for the right-hand side ``given``, and the names of the solution.

        What is "0.0" in both takes no line: the product with a factor that is not finite would not
        be zero, so no compiler may leave it out. Each line sets a new name once: names that are set
        again cost the compiler time.
        """
        lines, order = [], self.order
        forward, solution = list(given), list(given)

        def less(start: str, k: int, others: list[int], values: list[str]) -> str:
            terms = "".join(
                f" - {load(self.slots[k, j])}*{values[j]}"
                for j in others
                if (k, j) in self.slots and values[j] != _ZERO
            )
            return start if not terms else terms if start == _ZERO else start + terms

        for place, k in enumerate(order):
            text = less(given[k], k, order[:place], forward)
            if text != given[k]:
                lines.append(f"{indent}{name}f{k} = {text}")
                forward[k] = f"{name}f{k}"
        for place in range(len(order) - 1, -1, -1):
            k = order[place]
            text = less(forward[k], k, order[place + 1 :], solution)
            if text != _ZERO:
                solution[k] = f"{name}b{k}"
                lines.append(f"{indent}{solution[k]} = ({text})*{load(self.slots[k, k])}")
            else:
                solution[k] = _ZERO
        return lines, solution


def eliminate(
    matrix: Mapping[_Place, str], *, name: str, indent: str
) -> tuple[list[str], Elimination]:
    """Return the lines of the elimination and its plan; the factor in slot k is ``{name}k``.

    ``matrix`` holds the text of every entry that is not zero, the whole diagonal among them. The
    diagonal is kept inverted.
    """
    size = 1 + max(i for i, _ in matrix)
    order = _markowitz([{j for i, j in matrix if i == row} for row in range(size)])
    entries = dict(matrix)
    lines = []
    for place, k in enumerate(order):
        lines.append(f"{indent}{name}d{k} = 1.0/({entries[k, k]})")
        entries[k, k] = f"{name}d{k}"
        rest = order[place + 1 :]
        for i in (i for i in rest if (i, k) in entries):
            factor = f"{name}m{i}_{k}"
            lines.append(f"{indent}{factor} = ({entries[i, k]})*{name}d{k}")
            entries[i, k] = factor
            for j in (j for j in rest if (k, j) in entries):
                new = f"{name}u{i}_{j}_{place}"
                before = f"({entries[i, j]})" if (i, j) in entries else ""
                lines.append(f"{indent}{new} = {before} - {factor}*({entries[k, j]})")
                entries[i, j] = new
    slots = {place: slot for slot, place in enumerate(sorted(entries))}
    lines += [f"{indent}{name}{slot} = {entries[place]}" for place, slot in slots.items()]
    return lines, Elimination(order, slots)


def _markowitz(rows: list[set[int]]) -> list[int]:
    left, order = set(range(len(rows))), []
    while left:

        def fill(k: int, left: set[int] = left) -> int:
            return (len(rows[k] & left) - 1) * (sum(k in rows[i] for i in left) - 1)

        k = min(sorted(left), key=fill)
        left.discard(k)
        order.append(k)
        for i in left:
            if k in rows[i]:
                rows[i] |= rows[k] & left
    return order
