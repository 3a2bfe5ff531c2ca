"""First steps with abscope; installs only into .venv beside this file, never into the system."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import subprocess
import sys
import webbrowser
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "abscope-stamp"
GROUPS = {"demo": set[str](), "test": {"test", "lint"}, "setup": {"test", "lint", "docs"}}
NO_VENV = "This Python makes no virtual environments. Debian, Ubuntu: sudo apt install python3-venv"


def call(*arguments: str | Path, quiet: bool = False) -> int:
    """Run the environment's Python in the project folder; return its exit code."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {"PIP_USER": "0"}
    return subprocess.run([PYTHON, *arguments], cwd=ROOT, env=env, capture_output=quiet).returncode


def set_up(groups: set[str], wheels: Path | None) -> None:
    """Make .venv or complete it; do nothing where its stamp says that it is up to date."""
    project = (ROOT / "pyproject.toml").read_bytes()
    key = hashlib.sha256(project + str(ROOT).encode()).hexdigest()
    left = STAMP.read_text() if STAMP.is_file() and PYTHON.is_file() else ""
    stamp, *done = left.split() or [""]
    if stamp == key and groups <= set(done) and call("-c", "import abscope", quiet=True) == 0:
        return
    if not PYTHON.is_file() or stamp == "unfinished" or call("-c", "import pip", quiet=True):
        print(f"Making a virtual environment in {VENV}", "(anew)" * VENV.exists(), flush=True)
        make = [sys.executable, "-m", "venv", "--clear", str(VENV)]
        if not importlib.util.find_spec("ensurepip") or subprocess.run(make).returncode:
            sys.exit(NO_VENV)
    STAMP.write_text("unfinished")
    groups = groups | set(done) if stamp == key else groups
    listed = importlib.import_module("tomllib").loads(project.decode())["dependency-groups"]
    needs: list[str] = [need for group in sorted(groups) for need in listed[group]]
    options = ["--no-index", f"--find-links={wheels}"] if wheels else []
    print(f"Installing abscope there, with what it needs from {wheels or 'PyPI'}", flush=True)
    if call("-m", "pip", "install", "-qq", "--no-input", *options, "-e", ".[optimize]", *needs):
        sys.exit("pip could not install. Without internet, see CONTRIBUTING.md about --wheels.")
    STAMP.write_text(" ".join([key, *sorted(groups)]))


def demo() -> None:
    """Write the reports of both founding cases; open them where a browser is at hand."""
    pages = [ROOT / "demo" / f"{case}.html" for case in ("kim2021-breast", "fong2025-melanoma")]
    (ROOT / "demo").mkdir(exist_ok=True)
    for page in pages:
        print(f"Writing the report of {page.stem}", flush=True)
        if code := call("-m", "abscope", "report", page.stem, "-o", page, "--force"):
            sys.exit(code)
    print("Research use only. To read in a browser:", *pages, sep="\n  ")
    screen = {"DISPLAY", "WAYLAND_DISPLAY"} & {*os.environ} or sys.platform in ("win32", "darwin")
    if screen and "CI" not in os.environ:
        print(f"Opened: {sum([webbrowser.open(page.as_uri()) for page in pages])} of {len(pages)}")


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 (older Pythons do start this file)
        sys.exit(f"abscope needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=GROUPS, help="two reports; the tests; all dev tools")
    parser.add_argument("--wheels", type=Path, help="install from this folder, without internet")
    asked = parser.parse_args()
    if asked.wheels and not asked.wheels.is_dir():
        parser.error(f"--wheels: there is no folder {asked.wheels}")
    set_up(GROUPS[asked.command], asked.wheels and asked.wheels.resolve())
    if asked.command == "demo":
        demo()
    if asked.command == "test":
        sys.exit(call("-m", "pytest", "-n", "logical", "--dist", "loadfile"))
