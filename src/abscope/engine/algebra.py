"""Expressions as a graph of operations, from which kernels are printed: equal parts are one node.

SymPy says what the equations are, in print and in exchange; this says how a kernel computes them.
Every product keeps what is *fixed* (numbers and parameters) apart from what varies, so that fixed
parts are computed once for a member and not at each step; a quotient is a product with a reciprocal
that all quotients of the denominator share.
"""

from typing import Any

from abscope.engine.functions import FLOAT_FUNCTIONS

__all__ = ["Algebra", "Node"]

_LEAVES = ("number", "symbol")


class Node:
    """One operation on other nodes; ``depends`` has the names of the symbols below it."""

    __slots__ = ("algebra", "args", "depends", "fixed", "key", "kind", "number")

    def __init__(self, algebra: "Algebra", kind: str, args: tuple[Any, ...], key: int) -> None:
        self.algebra, self.kind, self.args, self.key = algebra, kind, args, key
        self.number: float | None = args[0] if kind == "number" else None
        nodes = () if kind in _LEAVES else args
        self.depends: frozenset[str] = frozenset(args[:1] if kind == "symbol" else ()).union(
            *(node.depends for node in nodes)
        )
        self.fixed: bool = kind == "number" or all(node.fixed for node in nodes)
        if kind == "symbol":
            self.fixed = args[1]

    @property
    def leaf(self) -> bool:
        """Return whether this is a number or a symbol."""
        return self.kind in _LEAVES

    def __str__(self) -> str:
        return str(self.args[0])

    def __add__(self, other: Any) -> "Node":
        return self.algebra.plus(self, self.algebra.lift(other))

    def __sub__(self, other: Any) -> "Node":
        return self.algebra.minus(self, self.algebra.lift(other))

    def __mul__(self, other: Any) -> "Node":
        return self.algebra.times(self, self.algebra.lift(other))

    def __truediv__(self, other: Any) -> "Node":
        return self.algebra.times(self, self.algebra.inverse(self.algebra.lift(other)))

    def __radd__(self, other: Any) -> "Node":
        return self.algebra.lift(other) + self

    def __rsub__(self, other: Any) -> "Node":
        return self.algebra.lift(other) - self

    def __rmul__(self, other: Any) -> "Node":
        return self.algebra.lift(other) * self

    def __rtruediv__(self, other: Any) -> "Node":
        return self.algebra.lift(other) / self

    def __neg__(self) -> "Node":
        return self.algebra.negative(self)

    def __pos__(self) -> "Node":
        return self

    def __pow__(self, exponent: int) -> "Node":
        """Return a whole power as products."""
        found = self.algebra.lift(1.0)
        for _ in range(abs(int(exponent))):
            found = found * self
        return found if exponent >= 0 else 1.0 / found

    def apply_function(self, name: str, *arguments: Any) -> "Node":
        """Return a function of `functions` of nodes."""
        return self.algebra.function(name, *(self.algebra.lift(x) for x in arguments))


class Algebra:
    """Makes nodes: equal ones once, sums and products in one form."""

    def __init__(self) -> None:
        self._nodes: dict[Any, Node] = {}
        self._slopes: dict[tuple[int, str], Node] = {}
        self.zero, self.one = self.lift(0.0), self.lift(1.0)

    def _node(self, kind: str, *args: Any) -> Node:
        known = (kind, *(arg.key if isinstance(arg, Node) else arg for arg in args))
        if known not in self._nodes:
            self._nodes[known] = Node(self, kind, args, len(self._nodes))
        return self._nodes[known]

    def symbol(self, name: str, *, fixed: bool = False) -> Node:
        """Return the symbol of a name; ``fixed``: it keeps its value while a member runs."""
        return self._node("symbol", name, fixed)

    def lift(self, value: Any) -> Node:
        """Return a number as a node."""
        return value if isinstance(value, Node) else self._node("number", float(value))

    def _both(self, kind: str, a: Node, b: Node) -> Node:
        """Return a sum or product, the fixed part first."""
        first, second = sorted((a, b), key=lambda node: (not node.fixed, node.key))
        return self._node(kind, first, second)

    def plus(self, a: Node, b: Node) -> Node:
        """Return a + b."""
        if a.number is not None and b.number is not None:
            return self.lift(a.number + b.number)
        if a is self.zero or b is self.zero:
            return b if a is self.zero else a
        if b.kind == "minus" and b.args[0] is self.zero:
            return self.minus(a, b.args[1])
        if a.kind == "minus" and a.args[0] is self.zero:
            return self.minus(b, a.args[1])
        return self._both("plus", a, b)

    def minus(self, a: Node, b: Node) -> Node:
        """Return a - b."""
        if a.number is not None and b.number is not None:
            return self.lift(a.number - b.number)
        if b is self.zero:
            return a
        if a is b:
            return self.zero
        if b.kind == "minus" and b.args[0] is self.zero:
            return self.plus(a, b.args[1])
        if a is self.zero and b.kind == "minus":
            return self.minus(b.args[1], b.args[0])
        return self._node("minus", a, b)

    def negative(self, a: Node) -> Node:
        """Return -a."""
        return self.minus(self.zero, a)

    def times(self, a: Node, b: Node) -> Node:
        """Return a b, as what is fixed times what varies."""
        for x, y in ((a, b), (b, a)):
            if x.kind == "minus" and x.args[0] is self.zero:
                return self.negative(self.times(x.args[1], y))
        (fixed_a, a), (fixed_b, b) = self._parts(a), self._parts(b)
        return self._product(self._product(fixed_a, fixed_b), self._product(a, b))

    def _parts(self, a: Node) -> tuple[Node, Node]:
        if a.fixed:
            return a, self.one
        if a.kind == "times" and a.args[0].fixed:
            return a.args
        return self.one, a

    def _product(self, a: Node, b: Node) -> Node:
        if a.number is not None and b.number is not None:
            return self.lift(a.number * b.number)
        if a is self.zero or b is self.zero:
            return self.zero
        if a is self.one or b is self.one:
            return b if a is self.one else a
        return self._both("times", a, b)

    def inverse(self, a: Node) -> Node:
        """Return 1/a."""
        if a.number:
            return self.lift(1.0 / a.number)
        if a.kind == "inverse":
            return a.args[0]  # type: ignore[no-any-return]
        if a.kind == "minus" and a.args[0] is self.zero:
            return self.negative(self.inverse(a.args[1]))
        if a.kind == "times" and a.args[0].fixed and not a.fixed:
            return self.times(*(self.inverse(part) for part in a.args))
        return self._node("inverse", a)

    def function(self, name: str, *arguments: Node) -> Node:
        """Return a function of nodes; of numbers, its value."""
        numbers = [argument.number for argument in arguments]
        if None not in numbers:
            return self.lift(FLOAT_FUNCTIONS[name](*numbers))
        return self._node(name, *arguments)

    # ---- derivatives -----------------------------------------------------------------------------

    def slope(self, of: Node, name: str) -> Node:
        """Return the derivative with respect to a symbol, as the kernels use it.

        A step counts as constant; x^e has the slope e x^e / x, which is 0 where x <= 0.
        """
        if name not in of.depends:
            return self.zero
        if of.kind == "symbol":
            return self.one
        key = (of.key, name)
        if key not in self._slopes:
            self._slopes[key] = self._chain(of, name)
        return self._slopes[key]

    def _chain(self, of: Node, name: str) -> Node:
        x: Node = of.args[0]
        dx = self.slope(x, name)
        match of.kind:
            case "step":
                return self.zero
            case "inverse":
                return -(of * of) * dx
            case "exp":
                return of * dx
            case "log":
                return dx / x
        y: Node = of.args[1]
        dy = self.slope(y, name)
        match of.kind:
            case "plus":
                return dx + dy
            case "minus":
                return dx - dy
            case "times":
                return dx * y + x * dy
            case "power":
                above = self.function("maximum", x, self.lift(1e-300))
                return of * (y * dx / above + self.function("log", above) * dy)
        larger = self.function("step", x - y if of.kind == "maximum" else y - x)
        return larger * dx + (1.0 - larger) * dy
