"""Switches of the criteria from text, as a command line or a form gives them: ``name=value``."""

import difflib
from collections.abc import Iterable
from dataclasses import fields, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args, get_origin, get_type_hints

from abscope.errors import Problem, UsageError
from abscope.response.policy import Policy

__all__ = ["read_policy", "read_switches"]


def read_policy(switches: Iterable[str], *, where: str = "--policy") -> Policy:
    """Return the policy with the switches given as ``name=value``; the others keep their default.

    Raises UsageError with every switch that is unknown, given twice or has a wrong value.
    """
    return replace(Policy(), **read_switches(switches, of=Policy, where=where))


def read_switches(switches: Iterable[str], *, of: type, where: str) -> dict[str, Any]:
    """Return the values of switches given as ``name=value``, typed as the fields of ``of``.

    Raises UsageError with every switch that is unknown, given twice or has a wrong value.
    """
    hints = get_type_hints(of)
    names = [item.name for item in fields(of)]
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for text in switches:
        name, found, value = text.partition("=")
        name = name.strip()
        if not found or name not in names:
            close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
            hint = f"Did you mean {', '.join(close)}?" if close else f"Known: {', '.join(names)}."
            problems.append(Problem(where, f"'{text}' is no switch", "name=value", hint))
            continue
        if name in values:
            problems.append(
                Problem(where, f"'{name}' is given twice", "each switch once", "Remove one.")
            )
            continue
        read, expected = _read(value.strip(), hints[name])
        if expected:
            problems.append(Problem(where, f"'{text}' has no such value", expected, "Correct it."))
        values[name] = read
    if problems:
        raise UsageError(problems)
    return values


def _read(text: str, hint: Any) -> tuple[Any, str]:
    """The value of a switch and, where it has none, what was expected."""
    if get_origin(hint) is Literal:
        allowed = get_args(hint)
        return text, "" if text in allowed else f"one of {', '.join(allowed)}"
    if hint is bool:
        words = {"true": True, "on": True, "false": False, "off": False}
        return words.get(text.lower()), "" if text.lower() in words else "true or false"
    if hint is str:
        return text, "" if text else "a text"
    if text.lower() == "none" and type(None) in get_args(hint):
        return None, ""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None, "a number"
    if not number.is_finite() or number < 0:
        return None, "a number of at least 0"
    if hint is int:
        whole = number == number.to_integral_value()
        return int(number), "" if whole else "a whole number"
    return number if hint is Decimal else float(number), ""
