"""The rules of the house, each as a function from a folder or a file to the breaches it finds.

The rules are read from the source text (ast), so a breach is found without importing anything.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

__all__ = [
    "DIMENSIONLESS",
    "FORBIDDEN_NAMES",
    "MAX_DEPTH",
    "MAX_LINES",
    "UNITLESS_ROOMS",
    "UNIT_SUFFIXES",
    "depth_breaches",
    "docstring_breaches",
    "length_breaches",
    "name_breaches",
    "public_name_breaches",
    "unit_breaches",
]

MAX_LINES = 400
MAX_DEPTH = 3
FORBIDDEN_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "base"})

#: The endings that name a unit; the longest that fits decides.
UNIT_SUFFIXES = (
    "_gy", "_per_gy", "_per_gy2", "_d", "_per_d", "_years", "_min", "_s", "_mm", "_mm3", "_cm",
    "_ml", "_per_ul", "_mg", "_mg_per_l", "_mg_per_kg", "_mg_per_m2", "_mg_per_day", "_kg",
    "_cells", "_frac", "_log10", "_px", "_deg", "_mu", "_mu_per_min", "_hu", "_gy_ml", "_gy_per_s",
    "_per_s", "_per_min", "_mm2", "_l", "_l_per_min", "_ml_per_min", "_ml_per_s", "_per_ml",
)  # fmt: skip

#: Rooms whose numbers carry the unit that somebody else declares, each with its reason.
UNITLESS_ROOMS = {"engine": "states, parameters and times have the units of the model they are of"}

#: unit of a quantity type -> the endings that a name of this type may have
ENDINGS = {
    "d": ("_d",), "years": ("_years",), "kg": ("_kg",), "min": ("_min",), "mm": ("_mm",),
    "cm": ("_cm",), "ml": ("_ml",), "Gy": ("_gy",), "mg": ("_mg", "_mg_per_day"),
    "mg/kg": ("_mg_per_kg",), "mg/m2": ("_mg_per_m2",), "mm3": ("_mm3",), "per_ul": ("_per_ul",),
}  # fmt: skip

#: Names of numbers without a unit of their own, each with its reason.
DIMENSIONLESS = {
    "best": "standard normal deviates",
    "again": "standard normal deviates in another order",
    "cosine": "the cosine of an angle",
    "drop": "a difference of log densities",
    "basis": "orthonormal directions among standard normal deviates",
    "begin": "standard normal deviates",
    "choices": "places in a list of names",
    "curvature": "minus the second derivative of a log density",
    "direction": "a direction among standard normal deviates",
    "directions": "directions among standard normal deviates",
    "end_points": "standard normal deviates",
    "ends": "logarithms of probability densities",
    "gradient": "slopes of a log density along standard normal deviates",
    "log_axis": "logarithm of the ratio of two axes",
    "log_posterior": "logarithm of a probability density",
    "newton": "rows of information per standard normal deviate",
    "offset": "in the unit of the number that it is added to",
    "others": "places in a list of names",
    "quantity": "a fact of the record in the unit of its field",
    "rest": "standard normal deviates",
    "rows": "rows of information per standard normal deviate",
    "sd_log": "standard deviation of a logarithm",
    "sharp": "rows of information per standard normal deviate",
    "sharpness": "one over a variance of a logarithm",
    "slope": "derivative of a log density along a logarithm",
    "slopes": "derivatives of the number beside them along directions",
    "axis_slopes": "derivatives of a logarithm along directions",
    "start_slopes": "derivatives of a logarithm along directions",
    "smooth": "places in a list of names, or whether each counts",
    "untold": "whether each of a list of names counts",
    "groups": "places in a list of names",
    "starts": "standard normal deviates",
    "there": "whether a lesion exists in a draw",
    "x": "the logarithm of a size or count, or a deviate",
    "enough": "a number of effective draws",
    "least": "in the unit that stands beside it",
    "part_compartment": "rows of the circulation",
    "part_start": "rows of a table of parts",
    "row_start": "rows of a table of routes",
    "bound": "in the unit of the quantity that is limited",
    "category": "places in a list of names",
    "column": "compartments that routes lead to",
    "other": "compartments of an alias table",
    "start_other": "compartments of an alias table",
    "of_band": "low end, median and high end of any quantity",
    "of_draws": "any quantity, one row per draw",
    "log_kill": "minus the logarithm of a surviving fraction",
    "routing": "probabilities to go from one compartment to another",
    "relative_blood_density": "blood per volume as a multiple of the host organ's",
    "relative_perfusion": "flow per volume as a multiple of the host organ's",
    "relative_rate": "per mean stay",
    "shape": "the shape of a Weibull distribution",
    "z": "standard normal deviates",
    "log_density": "logarithm of a probability density, up to a constant",
    "log_score": "logarithm of a predictive density",
    "mean": "of standard normal deviates",
    "covariance": "of standard normal deviates",
    "center": "of standard normal deviates",
    "spread": "of standard normal deviates",
    "then": "days and sizes that are asked for",
    "before": "in the unit that stands beside it",
    "after": "in the unit that stands beside it",
    "r_hat": "potential scale reduction of chains",
    "ess_bulk": "effective number of draws, in the middle",
    "ess_tail": "effective number of draws, in the tails",
    "factor": "a Cholesky factor of standard normal deviates",
    "log_likelihood": "logarithm of a probability density",
    "truth": "standard normal deviates that data were simulated from",
    "places": "ranks among draws",
    "scale": "a factor on standard normal deviates",
    "affine": "a matrix from indices and mm to mm",
    "scale_sd_log": "standard deviation of a logarithm",
    "coordinates": "standard normal coordinates of a prior",
    "correlation": "a correlation, -1 to 1",
    "fractions": "numbers of fractions",
    "log_evidence": "logarithm of a probability density",
    "limits": "each in the unit of its limit",
    "losses": "minus the logarithm of surviving fractions, or goals of which less is better",
    "median": "in the unit that stands beside it",
    "n_course_fractions": "a number of fractions, the mean of several versions",
    "n_fractions": "a number of fractions, the mean of several versions",
    "n_members": "a number of lesions",
    "observation_sd_log": "standard deviation of a logarithm",
    "open_targets": "whether targets were treated",
    "parts": "things with their shares of 1",
    "progress": "rate times time",
    "weekday": "0 is Monday",
    "weights": "how much each draw counts",
    "log_weights": "logarithm of how much each draw counts",
    "pareto_k": "shape of the tail of weights",
    "effective_draws": "a number of draws",
    "shown": "what measurements show, each in its own unit",
    "happened": "whether an event came, by draw",
    "ok": "whether a draw could be simulated",
    "to_target": "a matrix from mm to mm",
    "orientation": "direction cosines",
    "counts": "stored numbers of an image, before any scaling",
    "index": "columns, rows and an offset in mm",
    "voxel": "the number of a voxel in its grid",
    "normal": "a direction",
    "polygon": "columns and rows of a grid",
    "polygons": "columns and rows of a grid",
    "values": "goals, each in its own unit",
    "value": "the unit stands in the name of the field that holds the quantity, or beside it",
    "low": "lower end of the quantity that holds it, same unit",
    "high": "upper end of the quantity that holds it, same unit",
    "inflation": "a factor on a computed dose",
    "gain": "a factor on the homing to an organ",
    "n_covering": "a count of courses in every voxel",
    "amount": "a dose whose unit stands beside it (Gy, mg, mg/kg)",
    "quadratic_factor": "a factor on the quadratic term of cell survival",
    "delivered": "in the unit of the quantity that is compared",
    "delivered_limits": "each in the unit of its limit",
    "difference": "in the unit of the quantity that is compared",
    "scenario": "in the unit of the quantity that is compared",
    "exponent": "power of the generalized equivalent uniform dose",
    "step": "in the unit of the quantity that is varied",
    "slope_m": "slope of the Lyman model, relative to its TD50",
    "volume_n": "volume exponent of the Lyman model",
    "gamma50": "normalized slope of a dose-response curve",
    "kappa": "agreement beyond chance, a ratio from -1 to 1",
    "scale_max": "points of the scale named beside it",
    "scores": "points of a 0-10 scale",
    "lower_limit": "limit of normal in the unit named beside it",
    "upper_limit": "limit of normal in the unit named beside it",
    "suv_max": "a standardized uptake value, a ratio by convention",
    "sul_peak": "a standardized uptake value, a ratio by convention",
    "liver_sul_mean": "a standardized uptake value, a ratio by convention",
    "liver_sul_sd": "a standardized uptake value, a ratio by convention",
    "blood_pool_sul_mean": "a standardized uptake value, a ratio by convention",
    "blood_pool_sul_sd": "a standardized uptake value, a ratio by convention",
}

_SEQUENCES = frozenset(
    {"list", "tuple", "set", "frozenset", "Sequence", "Iterable", "Iterator", "Collection"}
)
_WRAPPERS = frozenset({"Annotated", "Fact", "Version", "ClassVar", "Final", "Optional"})
_ARRAYS = frozenset({"float", "ndarray", "NDArray", "ArrayLike", "Quantity", "floating", "Floats"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _modules(package: Path) -> Iterator[tuple[Path, ast.Module]]:
    found = sorted(package.rglob("*.py"))
    if not found:
        raise FileNotFoundError(f"no Python file under {package}: nothing would be checked")
    for path in found:
        yield path, ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _place(package: Path, path: Path, node: ast.stmt | ast.expr | ast.arg | None = None) -> str:
    line = f":{node.lineno}" if node is not None else ""
    return f"{path.relative_to(package.parent).as_posix()}{line}"


def length_breaches(root: Path, *folders: str) -> list[str]:
    """Return the Python files under the folders of ``root`` that are longer than allowed."""
    files = [path for folder in folders for path in sorted((root / folder).rglob("*.py"))]
    counted = [(path, len(path.read_text(encoding="utf-8").splitlines())) for path in files]
    return [
        f"{path.relative_to(root).as_posix()}: {lines} lines, at most {MAX_LINES}"
        for path, lines in counted
        if lines > MAX_LINES
    ]


def depth_breaches(package: Path) -> list[str]:
    """Return the files that lie deeper than allowed under the package."""
    return [
        f"{_place(package, path)}: {len(path.relative_to(package).parts) - 1} folders deep"
        for path, _ in _modules(package)
        if len(path.relative_to(package).parts) - 1 > MAX_DEPTH
    ]


def name_breaches(package: Path) -> list[str]:
    """Return modules and packages whose name says nothing about what they hold."""
    return [
        f"{_place(package, path)}: say what it holds instead of '{part}'"
        for path, _ in _modules(package)
        for part in (*path.relative_to(package).parts[:-1], path.stem)
        if part.strip("_") in FORBIDDEN_NAMES
    ]


def _defined(tree: ast.Module) -> tuple[set[str], set[str], list[str] | None]:
    """Return names defined at the top, names imported there, and ``__all__`` (None: absent)."""
    defined, imported, listed = set[str](), set[str](), None
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom | ast.If):
            imported |= {
                alias.asname or alias.name
                for inner in ast.walk(node)
                if isinstance(inner, ast.Import | ast.ImportFrom)
                for alias in inner.names
            }
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {target.id for target in targets if isinstance(target, ast.Name)}
            if "__all__" in names and node.value is not None:
                listed = list(ast.literal_eval(node.value))
            elif not _is_type_variable(node.value):
                defined |= names
    return defined, imported, listed


def _is_type_variable(value: ast.expr | None) -> bool:
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id in ("TypeVar", "ParamSpec", "TypeVarTuple")
    )


def public_name_breaches(package: Path) -> list[str]:
    """Return modules whose ``__all__`` is not exactly their public top-level names.

    A package's ``__init__`` may also list what it imports; no other module may pass names on.
    """
    breaches = []
    for path, tree in _modules(package):
        defined, imported, listed = _defined(tree)
        public = {name for name in defined if not name.startswith("_")}
        allowed = defined | imported if path.stem == "__init__" else defined
        if listed is None:
            if public:
                breaches.append(f"{_place(package, path)}: no __all__, but {sorted(public)}")
            continue
        place = _place(package, path)
        unlisted, undefined = sorted(public - set(listed)), sorted(set(listed) - allowed)
        breaches += [f"{place}: '{name}' is public but not in __all__" for name in unlisted]
        breaches += [f"{place}: '{name}' in __all__ is not defined here" for name in undefined]
        if len(set(listed)) != len(listed):
            breaches.append(f"{place}: __all__ lists a name twice")
    return breaches


def _public_callables(tree: ast.Module) -> Iterator[Function]:
    """Yield public functions, and public methods of public classes with their __init__."""
    for node in tree.body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield node
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for item in node.body:
                if not isinstance(item, Function):
                    continue
                if item.name == "__init__" or not item.name.startswith("_"):
                    yield item


def docstring_breaches(package: Path) -> list[str]:
    """Return public modules, classes, functions and methods without a docstring."""
    breaches = []
    for path, tree in _modules(package):
        nodes: list[ast.Module | ast.ClassDef | Function] = [tree]
        nodes += [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name[0] != "_"]
        nodes += [n for n in _public_callables(tree) if n.name != "__init__"]
        for node in nodes:
            if not ast.get_docstring(node):
                name = "module" if isinstance(node, ast.Module) else node.name
                breaches.append(f"{_place(package, path)}: {name} has no docstring")
    return breaches


def _quantity_types(package: Path) -> dict[str, str]:
    """Return the quantity types of the package by name, each with the unit it is read into."""
    units = {}
    for _, tree in _modules(package):
        for node in tree.body:
            if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
                continue
            for call in ast.walk(node.value):
                if (
                    isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Name)
                    and call.func.id == "quantity_in"
                ):
                    units[node.targets[0].id] = str(ast.literal_eval(call.args[0]))
    return units


def _numeric(annotation: ast.expr | None, quantities: dict[str, str]) -> set[str]:
    """Return the unit of every number an annotation can hold ('' where the type names none)."""
    match annotation:
        case ast.Constant(value=str(text)):
            return _numeric(ast.parse(text, mode="eval").body, quantities)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            if name in quantities:
                return {quantities[name]}
            return {""} if name in _ARRAYS else set()
        case ast.BinOp(left=left, right=right):
            return _numeric(left, quantities) | _numeric(right, quantities)
        case ast.Tuple(elts=items):
            return {unit for item in items for unit in _numeric(item, quantities)}
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            if name == "Annotated" and isinstance(inner, ast.Tuple):
                return _numeric(inner.elts[0], quantities)
            if name in _SEQUENCES | _WRAPPERS:
                return _numeric(inner, quantities)
            return {""} if name in _ARRAYS else set()
    return set()


def _fits(name: str, unit: str) -> bool:
    if name in DIMENSIONLESS:
        return True
    endings = ENDINGS.get(unit, UNIT_SUFFIXES)
    return any(f"_{name}".endswith(ending) for ending in endings)


def unit_breaches(package: Path) -> list[str]:
    """Return public float and array parameters and fields whose name does not end in their unit.

    A field of a quantity type (``Millimeters``) has to end in the unit of that type. Mappings and
    callables are not looked into; integers count things and have no unit.
    """
    quantities = _quantity_types(package)
    breaches = []
    for path, tree in _modules(package):
        if path.relative_to(package).parts[0] in UNITLESS_ROOMS:
            continue
        for name, annotation in _public_annotations(tree):
            for unit in sorted(_numeric(annotation, quantities)):
                if not name.startswith("_") and not _fits(name, unit):
                    wanted = "/".join(ENDINGS.get(unit, ("a unit suffix",)))
                    place = _place(package, path, annotation)
                    breaches.append(f"{place}: '{name}' holds a number; end it in {wanted}")
    return breaches


def _public_annotations(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for function in _public_callables(tree):
        arguments = function.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.annotation is not None:
                yield argument.arg, argument.annotation
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for item in node.body:
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                    yield item.target.id, item.annotation
