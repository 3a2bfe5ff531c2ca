"""Progress of long work on standard error, for a person at a terminal only."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

__all__ = ["told"]


@contextmanager
def told(label: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function that is told how many of how many steps are done.

    It draws a bar on standard error where that is a terminal, and nothing elsewhere.
    """
    if not sys.stderr.isatty():
        yield _nowhere
        return
    with typer.progressbar(length=1000, label=label, file=sys.stderr) as bar:

        def tell(done: int, total: int) -> None:
            bar.update(max(0, round(1000 * done / max(total, 1)) - bar.pos))

        yield tell


def _nowhere(_done: int, _total: int) -> None:
    """Tell nobody."""
