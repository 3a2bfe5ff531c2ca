"""Nodes of an algebra printed as straight-line Python on the numbers of a kernel."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from abscope.engine.algebra import Node

__all__ = ["Fixed", "Lines", "Loads"]

#: name of a symbol -> the text that loads its value from an array
Loads = Mapping[str, str]


class Fixed:
    """The fixed parts of a system, each with a row that is computed once for a member.

    Rows of the body come after the ``shared`` parameters and inputs in p, then a block of rows for
    each replicate; in a loop over replicates, ``g`` is where the block begins.
    """

    def __init__(self, shared: int) -> None:
        self.first = shared
        self.body: dict[Node, int] = {}
        self.replicate: dict[Node, int] = {}

    def load(self, node: Node) -> str:
        """Return the text that loads a fixed part; new ones get a row."""
        if any(name.startswith("q_") for name in node.depends):
            return f"vec(p, g, {self.replicate.setdefault(node, len(self.replicate))})"
        return f"vec(p, 0, {self.first + self.body.setdefault(node, len(self.body))})"


class Lines:
    """The lines of one function, with what its names stand for so far.

    A line sets a new name once: names that are set again cost a compiler time. ``fixed`` None
    computes fixed parts in place.
    """

    def __init__(self, loads: Loads, *, fixed: Fixed | None = None) -> None:
        self.text: list[str] = []
        self.loads: dict[str, str] = dict(loads)
        self.fixed = fixed
        self.known: dict[Node, str] = {}
        self.indent = " " * 4
        self._mark = ""

    def add(self, *lines: str) -> None:
        """Add lines as they are."""
        self.text += [self.indent + line for line in lines]

    def set(self, parts: Sequence[Node], targets: Sequence[str]) -> None:
        """Set the targets to the parts; what several of them need is computed once."""
        if not parts:
            return
        self._mark = f"c{targets[0]}_"
        uses = _uses(parts, self._is_known)
        for node in uses:
            if node.kind == "symbol" or self._is_row(node):
                self._name(node)
            elif uses[node] > 1 and node.kind != "number":
                self._keep(node, f"{self._mark}{len(self.text)}")
        for part, target in zip(parts, targets, strict=True):
            self.add(f"{target} = {self._of(part)}")

    def before_loop(self, parts: Sequence[Node], varying: Callable[[str], bool]) -> None:
        """Set what the parts need that does not vary in a loop; to be called before it begins."""

        def steady(node: Node) -> bool:
            return not any(varying(name) for name in node.depends)

        found: dict[Node, None] = {}
        for node in _uses(parts, lambda node: self._is_known(node) or steady(node)):
            if steady(node) and node.kind != "number":
                found[node] = None
        rows = [node for node in found if node.leaf or self._is_row(node)]
        rest = [node for node in found if node not in rows]
        for node in rows:
            self._name(node)
        if rest:
            self.set(rest, [f"{rest[0].kind}{len(self.text)}_{k}" for k in range(len(rest))])
            for k, node in enumerate(rest):
                self.known[node] = self.text[k - len(rest)].split(" = ")[0].strip()

    def begin_loop(self, head: str, loads: Loads) -> dict[Node, str]:
        """Begin a loop, in which there are more loads; return what is known outside."""
        self.add(head)
        self.indent += " " * 4
        self.loads |= loads
        return dict(self.known)

    def end_loop(self, outside: dict[Node, str]) -> None:
        """End a loop: what it set is not known after it."""
        self.indent = self.indent[4:]
        self.known = outside

    def _is_row(self, node: Node) -> bool:
        return self.fixed is not None and node.fixed and not node.leaf and not _negated(node)

    def _is_known(self, node: Node) -> bool:
        return node in self.known or self._is_row(node)

    def _name(self, node: Node) -> None:
        """Load a symbol or a fixed part into a name, where it has none."""
        if node in self.known:
            return
        if node.kind == "symbol":
            name = str(node)
            self._line(node, name, self.loads[name])
        elif self.fixed is not None:
            self._line(node, f"f_{node.key}", self.fixed.load(node))

    def _line(self, node: Node, name: str, text: str) -> None:
        if name != text:
            self.add(f"{name} = {text}")
        self.known[node] = name

    def _keep(self, node: Node, name: str) -> None:
        if node not in self.known:
            self._line(node, name, self._of(node))

    def _of(self, node: Node) -> str:
        if node in self.known:
            return self.known[node]
        if node.kind == "number":
            return repr(node.number)
        if node.kind == "symbol" or self._is_row(node):
            self._name(node)
            return self.known[node]
        inner = [self._of(argument) for argument in node.args]
        match node.kind:
            case "plus":
                return f"({inner[0]} + {inner[1]})"
            case "minus":
                return f"(-{inner[1]})" if _negated(node) else f"({inner[0]} - {inner[1]})"
            case "times":
                return f"{inner[0]}*{inner[1]}"
            case "inverse":
                return f"(1.0/({inner[0]}))"
        return f"{node.kind}({', '.join(inner)})"


def _negated(node: Node) -> bool:
    return node.kind == "minus" and node.args[0].number == 0.0


def _uses(parts: Iterable[Node], stop: Callable[[Node], bool]) -> dict[Node, int]:
    """Return how often each node is used, those below a node before it; ``stop`` is not entered."""
    uses: dict[Node, int] = {}
    order: dict[Node, None] = {}

    def visit(node: Node) -> None:
        uses[node] = uses.get(node, 0) + 1
        if node not in order:
            if not (node.leaf or stop(node)):
                for argument in node.args:
                    visit(argument)
            order[node] = None

    for part in parts:
        visit(part)
    return {node: uses[node] for node in order}
