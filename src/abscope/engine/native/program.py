"""A kernel's text as one module of LLVM: every function, once for each kind of its arguments."""

import ast
from typing import Any

from abscope.engine.native.statements import Statements
from abscope.engine.native.values import Array, Number, Pointer, Record, Slot, double, whole
from abscope.errors import EngineError, Problem

__all__ = ["Program"]


class Program:
    """The functions and constants of a text, compiled from one of them on."""

    def __init__(self, text: str, width: int) -> None:
        tree = ast.parse(text)
        self.width = width
        self.functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
        self.constants = {"INFINITE": double(float("inf")), "NAN": double(float("nan"))}
        for node in tree.body:
            if isinstance(node, ast.Assign):
                self._constants(node)
        self._made: dict[Any, tuple[str, str]] = {}
        self._texts: list[str] = []
        self._declared: dict[str, None] = {}

    def _constants(self, node: ast.Assign) -> None:
        target, value = node.targets[0], ast.literal_eval(node.value)
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        values = value if isinstance(target, ast.Tuple) else [value]
        for name, number in zip(names, values, strict=True):
            found = whole(number) if isinstance(number, int) else double(number)
            self.constants[ast.unparse(name)] = found

    def type_of(self, kind: str) -> str:
        """Return the type of LLVM for a kind."""
        wide = {"vector": f"<{self.width} x double>", "mask": f"<{self.width} x i1>"}
        return wide.get(kind, kind)

    def declare(self, line: str) -> None:
        """Keep the declaration of a function of LLVM."""
        self._declared[line] = None

    def compiled(self, name: str, given: list[Any]) -> tuple[str, str]:
        """Return the symbol of a function for arguments of such kinds, and the kind it returns."""
        if name not in self.functions:
            what = f"calls {name}, which it does not have"
            raise EngineError(
                Problem("text of a kernel", what, "its own functions", "Report this.")
            )
        kinds = [
            value.kind if isinstance(value, Number) else
            f"*{value.kind}" if isinstance(value, Pointer) else value
            for value in given
        ]  # fmt: skip
        key = (name, *kinds)
        if key not in self._made:
            function = Statements(self, name, self.functions[name])
            inner = [
                type(value)(value.kind, f"%a{k}") if isinstance(value, Number | Pointer) else value
                for k, value in enumerate(given)
            ]
            function.run(inner)
            symbol = f"{name}_{len(self._made)}"
            self._made[key] = symbol, function.result
            self._texts.append(function.text(symbol, inner))
        return self._made[key]

    def module(self, name: str, given: list[Array | Record | Slot | Number]) -> str:
        """Return the module whose function ``run(table, first, last)`` calls one of the text.

        ``given`` are the arguments; those that are numbers are taken from ``run`` in their order.
        """
        symbol, _ = self.compiled(name, given)
        numbers = [f"i64 %{k}" for k in ("first", "last")]
        lines = [
            *self._declared,
            *self._texts,
            "define void @run(ptr noalias %table, i64 %first, i64 %last) {",
            f"  call fastcc void @{symbol}(ptr %table, {', '.join(numbers)})",
            "  ret void",
            "}",
            "!0 = !{}",
        ]
        return "\n".join(lines)
