"""Results as plain mappings, lists, numbers and text, for JSON and templates."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from abscope.case.facts import Record

__all__ = ["plain"]


def plain(value: Any) -> Any:
    """Return any result of this room as JSON can hold it; an open or undefined number is None.

    Decimals become numbers, dates ISO text, sets sorted lists, and records what they say.
    """
    if isinstance(value, Record):
        return value.to_plain()
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.isoformat() if isinstance(value, date) else value
