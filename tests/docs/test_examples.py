"""The examples of the README and the docs do what they show."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from abscope.case import read_case_text

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if "_build" not in page.parts]


@dataclass(frozen=True)
class Example:
    command: str
    expected: str
    code: int


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def examples(block: str) -> list[Example]:
    found = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, rest = part.partition("\n")
        code = re.search(r"^\[exit (\d+)\]\n", rest, re.MULTILINE)
        expected = rest.replace(code.group(), "") if code else rest
        found.append(Example(command, expected, int(code.group(1)) if code else 0))
    return found


def pattern(expected: str) -> str:
    """Return the expression for an output in which a line ... is any lines, ... any text."""
    lines = [
        "(?:.*\n)*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + "\n"
        for line in expected.splitlines()
    ]
    return "".join(lines)


def run(example: Example, folder: Path) -> tuple[int, str]:
    program, _, arguments = example.command.partition(" ")
    assert program == "abscope", f"no example may run {program!r}"
    # shlex would do, but the examples are written for a shell and may only use its quotes
    words = re.findall(r'"([^"]*)"|(\S+)', arguments)
    done = subprocess.run(
        [sys.executable, "-m", "abscope", *(quoted or bare for quoted, bare in words)],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


WITH_CONSOLE = [page for page in PAGES if blocks(page, "console")]


@pytest.mark.parametrize("page", WITH_CONSOLE, ids=lambda page: page.stem)
def test_shell_examples_show_what_happens(page: Path, tmp_path: Path) -> None:
    found = [example for block in blocks(page, "console") for example in examples(block)]
    assert found
    for example in found:
        code, output = run(example, tmp_path)
        assert code == example.code, f"{example.command}\n{output}"
        assert re.fullmatch(pattern(example.expected), output), f"{example.command}\n{output}"


def test_the_readme_the_tutorial_and_the_how_to_have_examples() -> None:
    assert {"README", "first-case", "write-a-case-file", "cli"} <= {p.stem for p in WITH_CONSOLE}


def test_wrong_output_and_wrong_exit_code_are_noticed(tmp_path: Path) -> None:
    shown = 'abscope regimen "2 x 5 Gy"'
    code, output = run(Example(shown, "", 0), tmp_path)
    assert code == 0
    assert re.fullmatch(pattern("...\n"), output)
    assert not re.fullmatch(pattern("...\nthis line is never printed\n...\n"), output)
    assert run(Example('abscope regimen "2 x 500 Gy"', "", 2), tmp_path)[0] != 0


def test_yaml_examples_are_parts_of_a_valid_case() -> None:
    page = ROOT / "docs" / "how-to" / "write-a-case-file.md"
    head = "schema: abscope-case/1\nid: example\ntitle: Example\n"
    lesions = "lesions: [{id: L1, site: lung}, {id: L2, site: liver}]\n"
    found = blocks(page, "yaml")
    assert len(found) == 3
    for block in found:
        missing = "" if "default_missing" in block else "default_missing: not_reported\n"
        case = read_case_text(head + missing + lesions + block, name="example.yaml").case
        assert len(case.lesions) == 2


def test_links_between_pages_lead_somewhere() -> None:
    links = [
        (page, link)
        for page in [*PAGES, ROOT / "CONTRIBUTING.md"]
        for link in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    ]
    assert len(links) > 10
    lost = [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()]
    assert lost == []
