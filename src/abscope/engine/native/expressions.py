"""Expressions of a kernel's text as instructions of LLVM.

Arithmetic on vectors is one instruction for all members. The compiler may fuse a*b + c, divide once
for many and reorder sums (``FLAGS``), but not assume that numbers are finite: the error test of a
step rests on NaN.
"""

import ast
from collections.abc import Callable
from typing import Any

from abscope.engine.native.intrinsics import INTRINSICS
from abscope.engine.native.values import (
    Array,
    Number,
    Pointer,
    Record,
    Slot,
    double,
    whole,
)
from abscope.errors import EngineError, Problem

__all__ = ["FLAGS", "Expressions"]

FLAGS = "contract arcp nsz reassoc"
_FLOATING = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}
_WHOLE = {
    ast.Add: "add nsw", ast.Sub: "sub nsw", ast.Mult: "mul nsw", ast.FloorDiv: "sdiv",
    ast.BitAnd: "and", ast.BitOr: "or", ast.LShift: "shl",
}  # fmt: skip
_SIGNS = {
    ast.Lt: ("olt", "slt"), ast.LtE: ("ole", "sle"), ast.Gt: ("ogt", "sgt"),
    ast.GtE: ("oge", "sge"), ast.Eq: ("oeq", "eq"), ast.NotEq: ("une", "ne"),
}  # fmt: skip


class Expressions:
    """One function while it is compiled: its lines so far, and what its names stand for."""

    def __init__(self, program: Any, name: str) -> None:
        self.program, self.name = program, name
        self.width: int = program.width
        self.lines: list[str] = []
        self.names: dict[str, Any] = {}
        self.variables: dict[str, Number] = {}
        self.block = "entry"
        self._count = 0

    # ---- lines -----------------------------------------------------------------------------------

    def fail(self, node: ast.AST, what: str) -> EngineError:
        """Return the error of a text that is not of this language."""
        where = f"kernel function {self.name}, line {getattr(node, 'lineno', 0)}"
        return EngineError(Problem(where, what, "what engine/native compiles", "Report this."))

    def type_of(self, kind: str) -> str:
        """Return the type of LLVM for a kind."""
        return self.program.type_of(kind)  # type: ignore[no-any-return]

    def fresh(self) -> str:
        """Return a new name of a value."""
        self._count += 1
        return f"%v{self._count}"

    def emit(self, text: str) -> str:
        """Add an instruction and return the name of its result."""
        name = self.fresh()
        self.lines.append(f"  {name} = {text}")
        return name

    def make(self, kind: str, text: str) -> Number:
        """Add an instruction and return its result."""
        return Number(kind, self.emit(text))

    # ---- numbers ---------------------------------------------------------------------------------

    def lift(self, number: Number, kind: str) -> Number:
        """Return a number as another kind: whole to double to vector."""
        if not isinstance(number, Number):
            raise self.fail(ast.Pass(), "an array or a record where a number belongs")
        if number.kind == kind:
            return number
        if number.kind == "i64" and kind in ("double", "vector"):
            if number.constant:
                return self.lift(double(float(number.text)), kind)
            return self.lift(self.make("double", f"sitofp i64 {number.text} to double"), kind)
        if number.kind == "double" and kind == "vector":
            if number.constant:
                inner = ", ".join([f"double {number.text}"] * self.width)
                return Number("vector", f"<{inner}>")
            vector = self.type_of("vector")
            first = self.emit(f"insertelement {vector} poison, double {number.text}, i64 0")
            return self.make(
                "vector",
                f"shufflevector {vector} {first}, {vector} poison, "
                f"<{self.width} x i32> zeroinitializer",
            )
        raise self.fail(ast.Pass(), f"a {number.kind} where a {kind} belongs")

    def common(self, *numbers: Number) -> tuple[str, list[Number]]:
        """Return the widest kind of some numbers, and the numbers as that kind."""
        kinds = [number.kind for number in numbers]
        kind = next((k for k in ("vector", "double", "i64") if k in kinds), kinds[0])
        return kind, [self.lift(number, kind) for number in numbers]

    def arithmetic(self, operation: ast.operator, x: Number, y: Number) -> Number:
        """Return x and y combined."""
        if isinstance(operation, ast.Pow):
            power: Number = self.call_function("power", [x, y])
            return power
        kind, (x, y) = self.common(x, y)
        if kind == "i64" and isinstance(operation, ast.Div):
            kind, (x, y) = "double", [self.lift(x, "double"), self.lift(y, "double")]
        table: Any = _WHOLE if kind == "i64" else _FLOATING
        if type(operation) not in table:
            raise self.fail(operation, f"{type(operation).__name__} of {kind}")
        name = table[type(operation)]
        flags = "" if kind == "i64" else f" {FLAGS}"
        return self.make(kind, f"{name}{flags} {self.type_of(kind)} {x.text}, {y.text}")

    def compared(self, sign: ast.cmpop, x: Number, y: Number) -> Number:
        """Return whether a comparison holds, in each lane where one side is a vector."""
        kind, (x, y) = self.common(x, y)
        floating, integer = _SIGNS[type(sign)]
        if kind == "i64":
            return self.make("i1", f"icmp {integer} i64 {x.text}, {y.text}")
        result = "mask" if kind == "vector" else "i1"
        return self.make(result, f"fcmp {floating} {self.type_of(kind)} {x.text}, {y.text}")

    def truth(self, number: Number) -> Number:
        """Return whether a number is not zero."""
        if number.kind == "i1":
            return number
        return self.compared(ast.NotEq(), number, whole(0))

    def chosen(self, condition: Number, x: Number, y: Number) -> Number:
        """Return x where the condition holds, else y."""
        kind, (x, y) = self.common(x, y)
        if condition.kind == "mask" and kind != "vector":
            kind, (x, y) = "vector", [self.lift(x, "vector"), self.lift(y, "vector")]
        test = f"{self.type_of(condition.kind)} {condition.text}"
        of = self.type_of(kind)
        return self.make(kind, f"select {test}, {of} {x.text}, {of} {y.text}")

    # ---- memory ----------------------------------------------------------------------------------

    def of_table(self, slot: int, kind: str) -> str:
        """Return the name of an entry of the table, which does not change while a kernel runs."""
        place = self.emit(f"getelementptr i64, ptr %table, i64 {slot}")
        return self.emit(f"load {kind}, ptr {place}, !invariant.load !0")

    def pointer(self, value: Any) -> Pointer:
        """Return the address of an array."""
        if isinstance(value, Pointer):
            return value
        return Pointer(value.kind, self.of_table(value.slot, "ptr"))

    def extent(self, array: Array, axis: int) -> Number:
        """Return how long an array is along an axis."""
        return Number("i64", self.of_table(array.slot + 1 + axis, "i64"))

    def flat(self, array: Array, indices: list[Number]) -> Number:
        """Return where an element lies in an array whose last axis moves fastest."""
        at = indices[0]
        for axis in range(1, len(indices)):
            at = self.arithmetic(ast.Mult(), at, self.extent(array, axis))
            at = self.arithmetic(ast.Add(), at, indices[axis])
        return at

    def element(self, value: Any, indices: list[Number], node: ast.AST) -> tuple[str, str]:
        """Return the address and the kind of an element."""
        if isinstance(value, Array) and len(indices) != value.dimensions:
            raise self.fail(node, f"{len(indices)} indices of {value.dimensions} axes")
        at = self.flat(value, indices) if isinstance(value, Array) else indices[0]
        found = self.pointer(value)
        place = self.emit(
            f"getelementptr inbounds {self.type_of(found.kind)}, ptr {found.text}, i64 {at.text}"
        )
        return place, found.kind

    def row(self, value: Any, first: Number, k: Number) -> str:
        """Return the address of row first + k of memory that is kept by rows of lanes."""
        found, vector = self.pointer(value), self.type_of("vector")
        place = found.text
        for index in (first, k):
            if index.text != "0":
                place = self.emit(f"getelementptr inbounds {vector}, ptr {place}, i64 {index.text}")
        return place

    # ---- expressions -----------------------------------------------------------------------------

    def value(self, node: ast.expr) -> Any:
        """Return what an expression stands for."""
        method: Callable[[Any], Any] | None = getattr(self, f"_{type(node).__name__}", None)
        if method is None:
            raise self.fail(node, f"{type(node).__name__} in an expression")
        return method(node)

    def number(self, node: ast.expr) -> Number:
        """Return an expression that is a number."""
        found = self.value(node)
        if not isinstance(found, Number):
            raise self.fail(node, "an array or a record where a number belongs")
        return found

    def _held(self, value: Any) -> Any:
        """Return what a record holds; a single number of the table is loaded."""
        if isinstance(value, Slot):
            return Number(value.kind, self.of_table(value.slot, self.type_of(value.kind)))
        return value

    def _Constant(self, node: ast.Constant) -> Number:  # noqa: N802 - names of the syntax tree
        if isinstance(node.value, bool):
            return Number("i1", "true" if node.value else "false")
        return whole(node.value) if isinstance(node.value, int) else double(node.value)  # type: ignore[arg-type]

    def _Name(self, node: ast.Name) -> Any:  # noqa: N802
        if node.id in self.variables:
            kept = self.variables[node.id]
            return self.make(kept.kind, f"load {self.type_of(kept.kind)}, ptr {kept.text}")
        if node.id in self.names:
            return self.names[node.id]
        if node.id in self.program.constants:
            return self.program.constants[node.id]
        raise self.fail(node, f"'{node.id}' is not defined")

    def _Tuple(self, node: ast.Tuple) -> Record:  # noqa: N802
        names = tuple(str(k) for k in range(len(node.elts)))
        return Record(names, tuple(self.value(item) for item in node.elts))

    def _Attribute(self, node: ast.Attribute) -> Any:  # noqa: N802
        held = self.value(node.value)
        if isinstance(held, Record):
            return self._held(held[node.attr])
        if node.attr == "shape" and isinstance(held, Array):
            names = tuple(str(k) for k in range(held.dimensions))
            return Record(names, tuple(self.extent(held, k) for k in range(held.dimensions)))
        if node.attr == "size" and isinstance(held, Array) and held.dimensions == 1:
            return self.extent(held, 0)
        raise self.fail(node, f"attribute {node.attr}")

    def _Subscript(self, node: ast.Subscript) -> Any:  # noqa: N802
        held = self.value(node.value)
        if isinstance(held, Record):
            return self._held(held[ast.unparse(node.slice)])
        places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        indices = [self.number(place) for place in places]
        if isinstance(held, Array) and len(indices) == 1 and held.dimensions == 2:
            start = self.arithmetic(ast.Mult(), indices[0], self.extent(held, 1))
            return Pointer(held.kind, self.element(self.pointer(held), [start], node)[0])
        place, kind = self.element(held, indices, node)
        return self.make(kind, f"load {self.type_of(kind)}, ptr {place}")

    def _BinOp(self, node: ast.BinOp) -> Number:  # noqa: N802
        return self.arithmetic(node.op, self.number(node.left), self.number(node.right))

    def _UnaryOp(self, node: ast.UnaryOp) -> Number:  # noqa: N802
        x = self.number(node.operand)
        if isinstance(node.op, ast.Not):
            return self.make("i1", f"xor i1 {self.truth(x).text}, true")
        if not isinstance(node.op, ast.USub):
            raise self.fail(node, type(node.op).__name__)
        if isinstance(node.operand, ast.Constant):
            return self._Constant(ast.Constant(-node.operand.value))  # type: ignore[operator]
        if x.kind == "i64":
            return self.make("i64", f"sub i64 0, {x.text}")
        return self.make(x.kind, f"fneg {self.type_of(x.kind)} {x.text}")

    def _Compare(self, node: ast.Compare) -> Number:  # noqa: N802
        left, right = self.number(node.left), self.number(node.comparators[0])
        return self.compared(node.ops[0], left, right)

    def _BoolOp(self, node: ast.BoolOp) -> Number:  # noqa: N802 - no side of it does anything
        name = "and" if isinstance(node.op, ast.And) else "or"
        found = self.truth(self.number(node.values[0]))
        for item in node.values[1:]:
            other = self.truth(self.number(item))
            found = self.make("i1", f"{name} i1 {found.text}, {other.text}")
        return found

    def _IfExp(self, node: ast.IfExp) -> Number:  # noqa: N802
        condition = self.truth(self.number(node.test))
        return self.chosen(condition, self.number(node.body), self.number(node.orelse))

    def _Call(self, node: ast.Call) -> Any:  # noqa: N802
        name = ast.unparse(node.func)
        if name.endswith(".reshape") and isinstance(node.func, ast.Attribute):
            return self.pointer(self.value(node.func.value))
        given = [self.value(argument) for argument in node.args]
        if name in INTRINSICS:
            return INTRINSICS[name](self, *given)
        return self.call_function(name, given)

    def call_function(self, name: str, given: list[Any]) -> Any:
        """Call a function of the program; arrays of one axis go as addresses."""
        given = [
            self.pointer(value) if isinstance(value, Array) and value.dimensions == 1 else value
            for value in given
        ]
        symbol, result = self.program.compiled(name, given)
        passed = ["ptr %table"]
        for value in given:
            if isinstance(value, Pointer):
                passed.append(f"ptr {value.text}")
            elif isinstance(value, Number):
                passed.append(f"{self.type_of(value.kind)} {value.text}")
        call = f"call fastcc {self.type_of(result)} @{symbol}({', '.join(passed)})"
        if result == "void":
            self.lines.append(f"  {call}")
            return None
        return self.make(result, call)
