"""Statements of a kernel's text as blocks of LLVM: assignments, branches, loops.

A name that is set in one block only, before every use, is the value itself; any other lives in
memory, which LLVM turns into registers.
"""

import ast
from typing import Any

from abscope.engine.native.expressions import Expressions
from abscope.engine.native.values import Number, Pointer, whole

__all__ = ["Statements"]

_INLINED = ("exp", "power")


class _Blocks(ast.NodeVisitor):
    """In which blocks the names of a function are set and used."""

    def __init__(self, function: ast.FunctionDef) -> None:
        self.set_in: dict[str, tuple[int, ...]] = {a.arg: () for a in function.args.args}
        self.memory: set[str] = set()
        self._path: tuple[int, ...] = ()
        self._early: dict[str, list[tuple[int, ...]]] = {}
        for statement in function.body:
            self.visit(statement)
        self.memory |= self._early.keys() & self.set_in.keys()

    def visit_Name(self, node: ast.Name) -> None:
        """Note where a name is set or used."""
        home = self.set_in.get(node.id)
        if isinstance(node.ctx, ast.Store):
            if home is not None and home != self._path:
                self.memory.add(node.id)
            self.set_in.setdefault(node.id, self._path)
        elif home is None:
            self._early.setdefault(node.id, []).append(self._path)
        elif self._path[: len(home)] != home:
            self.memory.add(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        """The value comes before the name."""
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """The name is used, then set."""
        self.visit(node.value)
        if isinstance(node.target, ast.Name):
            self.visit(ast.Name(node.target.id, ast.Load()))
        self.visit(node.target)

    def generic_visit(self, node: ast.AST) -> None:
        """Visit what is inside; bodies are blocks of their own."""
        for field, value in ast.iter_fields(node):
            before = self._path
            if field in ("body", "orelse") and isinstance(value, list):
                self._path = (*before, id(value))
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, ast.AST):
                    self.visit(item)
            self._path = before


class Statements(Expressions):
    """One function while it is compiled."""

    def __init__(self, program: Any, name: str, function: ast.FunctionDef) -> None:
        super().__init__(program, name)
        self.memory = _Blocks(function).memory
        self.function = function
        self.result = "void"
        self.head: list[str] = []
        self._loops: list[tuple[str, str]] = []
        self._labels = 0
        self._ended = False

    def run(self, given: list[Any]) -> None:
        """Compile the body with what the arguments stand for."""
        for argument, value in zip(self.function.args.args, given, strict=True):
            if argument.arg in self.memory and isinstance(value, Number):
                self._set_name(argument.arg, value)
            else:
                self.names[argument.arg] = value
        self._body(self.function.body)
        if not self._ended:
            self._end("ret void" if self.result == "void" else "unreachable")

    # ---- blocks ----------------------------------------------------------------------------------

    def _label(self, what: str) -> str:
        self._labels += 1
        return f"{what}{self._labels}"

    def _begin(self, label: str) -> None:
        self.lines.append(f"{label}:")
        self._ended = False

    def _end(self, text: str) -> None:
        self.lines.append(f"  {text}")
        self._ended = True

    def _go(self, label: str) -> None:
        if not self._ended:
            self._end(f"br label %{label}")

    def _body(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            if self._ended:
                return
            method = getattr(self, f"_{type(statement).__name__}", None)
            if method is None:
                raise self.fail(statement, f"{type(statement).__name__} as a statement")
            method(statement)

    # ---- assignments -----------------------------------------------------------------------------

    def _set_name(self, name: str, value: Any) -> None:
        if name not in self.memory or not isinstance(value, Number):
            self.names[name] = value
            return
        if name not in self.variables:
            place = f"%m_{name}"
            self.head.append(f"  {place} = alloca {self.type_of(value.kind)}")
            self.variables[name] = Number(value.kind, place)
        kept = self.variables[name]
        value = self.lift(value, kept.kind)
        self.lines.append(f"  store {self.type_of(kept.kind)} {value.text}, ptr {kept.text}")

    def _set(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self._set_name(target.id, value)
        elif isinstance(target, ast.Tuple):
            for item, part in zip(target.elts, value.values, strict=True):
                self._set(item, part)
        elif isinstance(target, ast.Subscript):
            places = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
            indices = [self.number(place) for place in places]
            place, kind = self.element(self.value(target.value), indices, target)
            value = self.lift(value, kind)
            self.lines.append(f"  store {self.type_of(kind)} {value.text}, ptr {place}")
        else:
            raise self.fail(target, f"{type(target).__name__} that is set")

    def _Assign(self, node: ast.Assign) -> None:  # noqa: N802 - names of the syntax tree
        if len(node.targets) > 1:
            raise self.fail(node, "one value for several names")
        self._set(node.targets[0], self.value(node.value))

    def _AugAssign(self, node: ast.AugAssign) -> None:  # noqa: N802
        target = ast.parse(ast.unparse(node.target), mode="eval").body
        self._set(
            node.target, self.arithmetic(node.op, self.number(target), self.number(node.value))
        )

    def _Expr(self, node: ast.Expr) -> None:  # noqa: N802
        if not isinstance(node.value, ast.Constant):
            self.value(node.value)

    def _Pass(self, node: ast.Pass) -> None:  # noqa: N802
        del node

    # ---- where it goes on ------------------------------------------------------------------------

    def _Return(self, node: ast.Return) -> None:  # noqa: N802
        if node.value is None:
            self._end("ret void")
            return
        found = self.number(node.value)
        if self.result == "void":
            self.result = found.kind
        found = self.lift(found, self.result)
        self._end(f"ret {self.type_of(self.result)} {found.text}")

    def _If(self, node: ast.If) -> None:  # noqa: N802
        test = self.truth(self.number(node.test))
        yes, no, after = self._label("yes"), self._label("no"), self._label("after")
        self._end(f"br i1 {test.text}, label %{yes}, label %{no}")
        for label, body in ((yes, node.body), (no, node.orelse)):
            self._begin(label)
            self._body(body)
            self._go(after)
        self._begin(after)

    def _While(self, node: ast.While) -> None:  # noqa: N802
        top, body, after = self._label("top"), self._label("loop"), self._label("after")
        self._go(top)
        self._begin(top)
        test = self.truth(self.number(node.test))
        self._end(f"br i1 {test.text}, label %{body}, label %{after}")
        self._loop(node.body, body, top, after)
        self._go(top)
        self._begin(after)

    def _For(self, node: ast.For) -> None:  # noqa: N802
        if not (isinstance(node.iter, ast.Call) and ast.unparse(node.iter.func) == "range"):
            raise self.fail(node, "a loop over something that is no range")
        if not isinstance(node.target, ast.Name) or len(node.iter.args) != 1:
            raise self.fail(node, "a loop that is not `for name in range(count)`")
        top, body = self._label("top"), self._label("loop")
        following, after = self._label("next"), self._label("after")
        last = self.number(node.iter.args[0])
        place = f"%i_{top}"
        self.head.append(f"  {place} = alloca i64")
        self.lines.append(f"  store i64 0, ptr {place}")
        self._go(top)
        self._begin(top)
        now = self.make("i64", f"load i64, ptr {place}")
        test = self.make("i1", f"icmp slt i64 {now.text}, {last.text}")
        self._end(f"br i1 {test.text}, label %{body}, label %{after}")
        self.names[node.target.id] = now
        self._loop(node.body, body, following, after)
        self._go(following)
        self._begin(following)
        onward = self.arithmetic(ast.Add(), now, whole(1))
        self.lines.append(f"  store i64 {onward.text}, ptr {place}")
        self._go(top)
        self._begin(after)

    def _loop(self, body: list[ast.stmt], begin: str, onward: str, after: str) -> None:
        self._loops.append((onward, after))
        self._begin(begin)
        self._body(body)
        self._loops.pop()

    def _Break(self, node: ast.Break) -> None:  # noqa: N802
        del node
        self._end(f"br label %{self._loops[-1][1]}")

    def _Continue(self, node: ast.Continue) -> None:  # noqa: N802
        del node
        self._end(f"br label %{self._loops[-1][0]}")

    def attributes(self, given: list[Any]) -> str:
        """Return what LLVM is told of the function: those of mathematics go where they are called.

        A call takes all vectors out of their registers; on single doubles it is not worth the code.
        """
        wide = any(isinstance(value, Number) and value.kind == "vector" for value in given)
        return "nounwind alwaysinline" if wide and self.name in _INLINED else "nounwind"

    def text(self, symbol: str, given: list[Any]) -> str:
        """Return the function in LLVM's language."""
        parameters = ["ptr noalias readonly %table"]
        for value in given:
            if isinstance(value, Pointer):
                parameters.append(f"ptr noalias {value.text}")
            elif isinstance(value, Number):
                parameters.append(f"{self.type_of(value.kind)} {value.text}")
        head = (
            f"define internal fastcc {self.type_of(self.result)} @{symbol}"
            f"({', '.join(parameters)}) {self.attributes(given)} {{\nentry:\n"
        )
        return "\n".join([head, *self.head, *self.lines, "}\n"])
