"""The rules of the house hold for the package, and each planted breach is caught."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import house
from abscope import errors

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "abscope"
CLI_PAGE = ROOT / "docs" / "reference" / "cli.md"
ERRORS_PAGE = ROOT / "docs" / "reference" / "errors.md"

RULES = [
    house.unit_breaches,
    house.public_name_breaches,
    house.docstring_breaches,
    house.depth_breaches,
    house.name_breaches,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_package_keeps_the_rule(rule: Callable[[Path], list[str]]) -> None:
    assert rule(PACKAGE) == []


def test_no_file_is_longer_than_allowed() -> None:
    assert house.length_breaches(ROOT, "src", "tests", "docs") == []


def test_run_py_stays_under_80_lines_and_needs_only_the_standard_library() -> None:
    text = (ROOT / "run.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 80
    nodes = list(ast.walk(ast.parse(text)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert len(names) > 3
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_each_dimensionless_name_has_a_reason() -> None:
    assert all(len(reason) > 10 for reason in house.DIMENSIONLESS.values())
    assert not {"dose", "size", "diameter", "time", "day"} & set(house.DIMENSIONLESS)


# ---- planted breaches ----------------------------------------------------------------------------


def package_with(tmp_path: Path, files: dict[str, str]) -> Path:
    package = tmp_path / "abscope"
    for name, text in {"__init__.py": '"""Planted."""\n', **files}.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return package


HEAD = '"""Planted."""\n__all__ = ["f"]\n'


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('def f(dose: float) -> None:\n    """Do."""\n', "dose"),
        ('def f(*, times: "list[float] | None" = None) -> None:\n    """Do."""\n', "times"),
        ('def f(grid: npt.NDArray[np.float64]) -> None:\n    """Do."""\n', "grid"),
        ('class f:\n    """Hold."""\n    diameter: float | None = None\n', "diameter"),
        ('class f:\n    """Hold."""\n    widths: tuple[float, ...] = ()\n', "widths"),
        (
            'class f:\n    """Hold."""\n    def m(self, dose: float) -> None:\n        """."""',
            "dose",
        ),
        ('class f:\n    """Hold."""\n    def __init__(self, gap: float) -> None: ...\n', "gap"),
    ],
)
def test_number_without_unit_is_caught(tmp_path: Path, text: str, name: str) -> None:
    found = house.unit_breaches(package_with(tmp_path, {"x.py": HEAD + text}))
    assert len(found) == 1
    assert f"'{name}'" in found[0]


def test_field_in_another_unit_than_its_type_is_caught(tmp_path: Path) -> None:
    amounts = 'Millimeters = Annotated[Quantity, quantity_in("mm", low=0)]\n'
    record = "class Lesion:\n    size_mm: Millimeters | None = None\n    size_gy: Millimeters\n"
    found = house.unit_breaches(package_with(tmp_path, {"a.py": amounts, "b.py": record}))
    assert len(found) == 1
    assert "'size_gy' holds a number; end it in _mm" in found[0]


def test_named_units_private_names_counts_and_callables_are_left_alone(tmp_path: Path) -> None:
    text = (
        "def f(dose_gy: float, n: int, rule: Callable[[float], str], gaps_d: list[float]) -> float:"
        '\n    """Do."""\ndef _g(dose: float) -> None: ...\n'
    )
    assert house.unit_breaches(package_with(tmp_path, {"x.py": HEAD + text})) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('__all__ = ["f"]\ndef f() -> None: ...\ndef g() -> None: ...\n', "'g' is public"),
        ('__all__ = ["f"]\ndef f() -> None: ...\nLIMIT = 3\n', "'LIMIT' is public"),
        ('__all__ = ["f", "g"]\ndef f() -> None: ...\n', "'g' in __all__ is not defined"),
        ('from math import pi\n__all__ = ["pi"]\n', "'pi' in __all__ is not defined"),
        ('__all__ = ["f", "f"]\ndef f() -> None: ...\n', "twice"),
        ("def f() -> None: ...\n", "no __all__"),
    ],
)
def test_inexact_public_names_are_caught(tmp_path: Path, text: str, words: str) -> None:
    found = house.public_name_breaches(package_with(tmp_path, {"x.py": text}))
    assert len(found) == 1
    assert words in found[0]


def test_long_file_is_caught(tmp_path: Path) -> None:
    package_with(tmp_path, {"long.py": "\n" * 401, "fits.py": "\n" * 400})
    assert house.length_breaches(tmp_path, "abscope") == ["abscope/long.py: 401 lines, at most 400"]


def test_deep_folder_is_caught(tmp_path: Path) -> None:
    package = package_with(tmp_path, {"a/b/c/fits.py": "", "a/b/c/d/deep.py": ""})
    assert house.depth_breaches(package) == ["abscope/a/b/c/d/deep.py: 4 folders deep"]


@pytest.mark.parametrize("name", ["utils.py", "case/helpers.py", "common/x.py", "_base.py"])
def test_name_that_says_nothing_is_caught(tmp_path: Path, name: str) -> None:
    found = house.name_breaches(package_with(tmp_path, {name: ""}))
    assert len(found) == 1
    assert f"abscope/{name}" in found[0]


def test_missing_docstrings_are_caught(tmp_path: Path) -> None:
    text = 'class Shown:\n    """Hold."""\n    def m(self) -> None: ...\ndef f() -> None: ...\n'
    found = house.docstring_breaches(package_with(tmp_path, {"x.py": text}))
    assert [line.split(": ")[1].split()[0] for line in found] == ["module", "m", "f"]


def test_empty_package_is_not_a_pass(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        house.unit_breaches(tmp_path)


# ---- planted breaches of the tools' rules --------------------------------------------------------


def tool(tmp_path: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name(name)
    if not (program.exists() or program.with_suffix(".exe").exists()):
        pytest.skip(f"{name} is not installed here; 'python3 run.py test' installs it")
    return subprocess.run(
        [str(program), *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(PACKAGE, tmp_path / "abscope", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_import_contract_is_kept_by_an_untouched_copy(copied: Path) -> None:
    done = tool(copied, "lint-imports", "--no-cache")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("errors.py", "from abscope import case\n"),
        ("case/planted.py", "from abscope.report import palette\n"),
        ("dose/planted.py", "import abscope.response\n"),
    ],
)
def test_upward_import_is_caught(copied: Path, module: str, line: str) -> None:
    with (copied / "abscope" / module).open("a", encoding="utf-8") as file:
        file.write(line)
    done = tool(copied, "lint-imports", "--no-cache")
    assert done.returncode == 1
    assert "imports point down BROKEN" in done.stdout


def test_room_outside_the_layers_is_caught(copied: Path) -> None:
    (copied / "abscope" / "attic").mkdir()
    (copied / "abscope" / "attic" / "__init__.py").touch()
    done = tool(copied, "lint-imports", "--no-cache")
    assert done.returncode == 1
    assert "attic" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('"""Planted."""\nimport os\n', "F401"),
        ('"""Planted."""\n\n\ndef f(a, b, c, d, e, f, g):\n    """Do."""\n', "PLR0913"),
        ('"""Planted."""\n\ntry:\n    pass\nexcept Exception:\n    pass\n', "BLE001"),
    ],
)
def test_lint_breach_is_caught(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "planted.py").write_text(text, encoding="utf-8")
    config = f"--config={ROOT / 'pyproject.toml'}"
    done = tool(tmp_path, "ruff", "check", "--no-cache", config, "planted.py")
    assert done.returncode == 1
    assert code in done.stdout


def test_untyped_function_is_caught(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text("def f(x):\n    return x\n", encoding="utf-8")
    config = f"--config-file={ROOT / 'pyproject.toml'}"
    done = tool(tmp_path, "mypy", config, "--cache-dir=.cache", "planted.py")
    assert done.returncode == 1
    assert "no-untyped-def" in done.stdout


# ---- everything a user can type or meet is documented --------------------------------------------


def commands() -> Iterator[tuple[str, Any]]:
    from abscope.cli.app import application

    for name, command in typer.main.get_group(application()).commands.items():
        yield f"abscope {name}", command


def undocumented(title: str, command: Any, page: str) -> list[str]:
    """Return what the section of one command on the page does not name."""
    _, found, rest = page.partition(f"\n## `{title}`\n")
    if not found:
        return [title]
    section = rest.partition("\n## ")[0]
    spellings = [
        spelling
        for parameter in command.params
        for spelling in (
            (*parameter.opts, *parameter.secondary_opts)
            if parameter.param_type_name == "option"
            else [parameter.metavar or parameter.name.upper()]
        )
    ]
    return [
        f"{title} {spelling}"
        for spelling in spellings
        if f"`{spelling}`" not in section and f"`{spelling} " not in section
    ]


def test_every_command_and_option_is_documented() -> None:
    page = CLI_PAGE.read_text(encoding="utf-8")
    found = dict(commands())
    assert {"abscope cases", "abscope show", "abscope check", "abscope report"} <= set(found)
    missing = [line for title, item in found.items() for line in undocumented(title, item, page)]
    assert missing == []


def test_undocumented_command_and_option_are_caught() -> None:
    planted = typer.Typer(add_completion=False)

    @planted.command()
    def shout(case: str, loud: bool = False) -> None:
        raise AssertionError

    command = typer.main.get_command(planted)
    assert undocumented("abscope shout", command, "\n## `abscope show`\n") == ["abscope shout"]
    page = "\n## `abscope shout`\n\n`CASE`, `--loud`\n\n## `abscope x`\n\n`--no-loud`\n"
    assert undocumented("abscope shout", command, page) == ["abscope shout --no-loud"]


def undocumented_errors(names: dict[str, object], page: str) -> list[str]:
    """Return the classes of the error tree that have no section on the page."""
    classes = [
        name
        for name, item in names.items()
        if isinstance(item, type) and issubclass(item, errors.AbscopeError | errors.Problem)
    ]
    assert len(classes) > 1
    return [name for name in classes if f"\n## `{name}`\n" not in page]


def test_every_error_is_documented() -> None:
    assert undocumented_errors(vars(errors), ERRORS_PAGE.read_text(encoding="utf-8")) == []


def test_undocumented_error_is_caught() -> None:
    class NewError(errors.AbscopeError):
        pass

    page = ERRORS_PAGE.read_text(encoding="utf-8")
    assert undocumented_errors({**vars(errors), "NewError": NewError}, page) == ["NewError"]
