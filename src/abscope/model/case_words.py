"""What had to be assumed of a case, in few sentences."""

import re
from collections.abc import Collection, Sequence

__all__ = ["joined"]


def joined(lines: Sequence[str], names: Collection[str]) -> tuple[str, ...]:
    """Return the sentences with those that say the same of several lesions as one."""
    subjects: dict[str, list[str]] = {}
    for line in dict.fromkeys(lines):
        first = re.match(r"[\w-]+", line)
        name = first.group() if first else ""
        if name in names:
            subjects.setdefault(line[len(name) :], []).append(name)
        else:
            subjects.setdefault(line, [])
    return tuple(f"{', '.join(found)}{rest}" for rest, found in subjects.items())
