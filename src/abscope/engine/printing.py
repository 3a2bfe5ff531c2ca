"""Nodes of an algebra printed as straight-line Python on the numbers of a kernel."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from abscope.engine.algebra import Node

__all__ = ["Fixed", "Lines", "Loads"]

_NAME = re.compile(r"[A-Za-z_]\w*")

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
        self.inside = ""
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
        for part, target in zip(parts, targets, strict=True):
            for node in _uses([part], self._is_known):
                if node.kind == "symbol" or self._is_row(node):
                    self._name(node)
                elif uses[node] > 1 and node.kind != "number":
                    self._keep(node, f"{self._mark}{len(self.text)}")
            self.add(f"{target} = {self._of(part)}")

    def before_loop(self, parts: Sequence[Node], varying: Callable[[str], bool]) -> None:
        """Set what the parts need that does not vary in a loop; to be called before it begins."""

        def steady(node: Node) -> bool:
            return not any(varying(name) for name in node.depends)

        found: dict[Node, None] = {}
        for node in _uses(parts, lambda node: self._is_known(node) or steady(node)):
            if steady(node) and node.kind != "number":
                found[node] = None
        rest = [node for node in found if not (node.leaf or self._is_row(node))]
        if rest:
            targets = [f"{rest[0].kind}{len(self.text)}_{k}" for k in range(len(rest))]
            before = dict(self.known)
            self.set(rest, targets)
            self.known = before | dict(zip(rest, targets, strict=True))

    def begin_loop(self, head: str, loads: Loads) -> dict[Node, str]:
        """Begin a loop, in which there are more loads; return what is known outside."""
        self.add(head)
        self.indent += " " * 4
        self.inside = "_i"
        self.loads |= loads
        return dict(self.known)

    def end_loop(self, outside: dict[Node, str]) -> None:
        """End a loop: what it set is not known after it."""
        self.indent, self.inside = self.indent[4:], ""
        self.known = outside

    def in_order_of_need(self, start: int) -> None:
        """Sort the lines from ``start`` on: each comes just before what needs it first.

        Lines that set a name anew or nothing at all stay in their order; a name that nothing needs
        is left out. Few numbers are then alive at a time, so fewer leave the registers.
        """
        lines, made, done = self.text[start:], dict[str, str](), set[str]()
        fixed = list[str]()
        for line in lines:
            name, _, value = line.strip().partition(" = ")
            if not value or not name.isidentifier() or name in _NAME.findall(value):
                fixed.append(line)
            else:
                made[name] = line
        del self.text[start:]

        def add(line: str) -> None:
            for name in _NAME.findall(line.partition(" = ")[2] or line):
                if name in made and name not in done:
                    done.add(name)
                    add(made[name])
            self.text.append(line)

        for line in fixed:
            add(line)

    def _is_row(self, node: Node) -> bool:
        return self.fixed is not None and node.fixed and not node.leaf and not _negated(node)

    def _is_known(self, node: Node) -> bool:
        return node in self.known or self._is_row(node)

    def _name(self, node: Node) -> None:
        """Load a symbol or a fixed part into a name, where it has none."""
        if node in self.known:
            return
        inside = self.inside
        if node.kind == "symbol":
            name = str(node)
            self._line(node, f"{name}{inside}", self.loads[name])
        elif self.fixed is not None:
            self._line(node, f"f_{node.key}{inside}", self.fixed.load(node))

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
