"""The printed kernel rewritten for a team: a block of threads that integrates one member.

The functions are those of the processor's kernel, rewritten as syntax trees, so no equation exists
twice. A loop over replicates or rows is dealt out to the threads; what the replicates shed is added
up in their order; the body is left to the first thread; all wait for each other in between.
"""

import ast
from collections.abc import Iterable

__all__ = ["Team", "team_text"]

_LOADS = {"vec": 3, "number": 3, "brought": 3, "get": 3}
_STORES = {"put": 3, "store": 3, "set_": 4}
_SAME = {"splat", "one", "val"}
_SHARED = {"rates", "factor", "solve"}
_WAIT = "cuda.syncthreads()"


class _Plain(ast.NodeTransformer):
    """Loads and stores of rows become places of arrays, the numbers plain doubles."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Rewrite a call that loads a number or makes one."""
        self.generic_visit(node)
        name = _called(node)
        if name in _LOADS:
            return _place(node.args, ast.Load())
        if name in _SAME:
            return node.args[0]
        if name == "pick":
            return ast.IfExp(*node.args)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """Rewrite a call that stores a number."""
        self.generic_visit(node)
        name = _called(node.value)
        if name not in _STORES:
            return node
        assert isinstance(node.value, ast.Call)
        return ast.Assign([_place(node.value.args, ast.Store())], node.value.args[-1])


def _called(node: ast.AST) -> str:
    """Return the name of the function that a node calls, or ''."""
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return node.func.id if called else ""  # type: ignore[attr-defined]


def _place(arguments: list[ast.expr], context: ast.expr_context) -> ast.Subscript:
    array, first, k = arguments[:3]
    index: ast.expr = ast.BinOp(first, ast.Add(), k)
    if isinstance(first, ast.Constant) and first.value == 0:
        index = k
    elif isinstance(k, ast.Constant) and k.value == 0:
        index = first
    return ast.Subscript(array, index, context)


def _lines(*lines: str) -> list[ast.stmt]:
    return ast.parse("\n".join(lines)).body


def _on_first(body: list[ast.stmt]) -> ast.If:
    [branch] = _lines("if lane == 0: pass")
    assert isinstance(branch, ast.If)
    branch.body = body
    return branch


def _is_loop(statement: ast.stmt, over: str) -> bool:
    return isinstance(statement, ast.For) and ast.unparse(statement.iter) == f"range({over})"


def _dealt(loop: ast.stmt, over: str) -> ast.For:
    assert isinstance(loop, ast.For)
    loop.iter = ast.parse(f"range(lane, {over}, TEAM)", mode="eval").body
    return loop


def _names(nodes: Iterable[ast.AST], context: type[ast.expr_context]) -> list[str]:
    found = [
        inner.id
        for node in nodes
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, context)
    ]
    return list(dict.fromkeys(found))


class Team:
    """Functions rewritten for a team; ``sums`` is how many doubles of ``red`` they need."""

    def __init__(self, threads: int) -> None:
        self.threads, self.sums = threads, threads

    def printed(self, function: ast.FunctionDef) -> ast.FunctionDef:
        """Return a printed function with its replicates dealt out and its body on one thread."""
        body = [s for s in function.body if not isinstance(s, ast.Return | ast.Pass)]
        loops = [k for k, statement in enumerate(body) if _is_loop(statement, "n")]
        first = loops[0] if loops else 0
        head = body[:first]
        added = [
            s.targets[0].id
            for s in head
            if isinstance(s, ast.Assign)
            and isinstance(s.targets[0], ast.Name)
            and isinstance(s.value, ast.Constant)
            and s.value.value == 0.0
        ]
        new, alone = list(head), list[ast.stmt]()
        for k, statement in enumerate(body[first:], first):
            if k in loops:
                new += self._alone(alone, body[k:]) if alone else []
                alone = []
                new.append(_dealt(statement, "n"))
                new += self._gathered(added) if k == first else []
            else:
                alone.append(statement)
        new += self._alone(alone, []) if alone else _lines(_WAIT)
        return _with_team(function, new)

    def _gathered(self, added: list[str]) -> list[ast.stmt]:
        """Return the lines that add up, in the order of the threads, what each has added."""
        size = len(added)
        self.sums = max(self.sums, self.threads * size)
        if not added:
            return []
        lines = [f"red[lane*{size} + {k}] = {name}" for k, name in enumerate(added)]
        lines += [_WAIT, *(f"{name} = red[{k}]" for k, name in enumerate(added))]
        lines += ["for other in range(1, TEAM):"]
        lines += [f"    {name} = {name} + red[other*{size} + {k}]" for k, name in enumerate(added)]
        return _lines(*lines, _WAIT)

    def _alone(self, alone: list[ast.stmt], later: list[ast.stmt]) -> list[ast.stmt]:
        """Return lines for one thread; what later ones need of them is told to all."""
        told = [n for n in _names(later, ast.Load) if n in set(_names(alone, ast.Store))]
        self.sums = max(self.sums, len(told))
        tell = _lines(*(f"red[{k}] = {name}" for k, name in enumerate(told)))
        hear = _lines(*(f"{name} = red[{k}]" for k, name in enumerate(told)))
        return [_on_first([*alone, *tell]), *_lines(_WAIT), *hear]

    def stepped(self, function: ast.FunctionDef) -> ast.FunctionDef:
        """Return a function of a method with its rows dealt out."""
        new: list[ast.stmt] = []
        for statement in function.body:
            if _is_loop(statement, "rows"):
                new.append(_dealt(statement, "rows"))
            elif isinstance(statement, ast.Expr) and _called(statement.value) in _SHARED:
                call = f"{ast.unparse(statement)[:-1]}, lane, red)"
                new += _lines(_WAIT, call)
            elif isinstance(statement, ast.Return) and statement.value is not None:
                [summed] = _lines("whole = added(total, lane, red)")
                new += [summed, ast.Return(ast.Name("whole", ast.Load()))]
            elif ast.unparse(statement).startswith("low[0] ="):
                new += _lines("least = lowered(least, lane, red)", "low[0] = least")
            else:
                new.append(statement)
        return _with_team(function, new)


def _with_team(function: ast.FunctionDef, body: list[ast.stmt]) -> ast.FunctionDef:
    function.args.args += [ast.arg("lane"), ast.arg("red")]
    function.body = body
    return function


def team_text(printed: str, method: str, *, threads: int) -> tuple[str, int]:
    """Return the functions of a printed kernel and of a method for a team of threads.

    The second value is how many doubles the threads need to talk to each other.
    """
    team = Team(threads)
    parts: list[ast.stmt] = []
    for text, rewrite, chosen in (
        (printed, team.printed, _SHARED),
        (method, team.stepped, {"prepare", "attempt", "keep"}),
    ):
        tree = ast.fix_missing_locations(_Plain().visit(ast.parse(text)))
        parts += [
            rewrite(s) if isinstance(s, ast.FunctionDef) and s.name in chosen else s
            for s in tree.body
        ]
    module = ast.fix_missing_locations(ast.Module(parts, []))
    return ast.unparse(module) + "\n", team.sums
