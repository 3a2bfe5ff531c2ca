"""Cases to YAML text in readable block style, which reads back to the same case."""

import re
from typing import Any

import yaml

from abscope.case.record import SCHEMA_NAME, Case

__all__ = ["case_to_yaml"]

_WIDTH = 100
_FLOW_WIDTH = 70
_SAFE_WHOLE = 1e15
_NUMBER_LIKE = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_WORD_LIKE = re.compile(
    r"(?:~|null|true|false|yes|no|on|off|y|n|=|<<|[-+]?\.inf|\.nan|)\Z", re.IGNORECASE
)

_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_DUMPER):  # type: ignore[misc]
    """Quotes what some YAML reader would take for another type; dates stay as they are."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Write every value in full."""
        return True


_Dumper.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeDumper.yaml_implicit_resolvers.items()
}
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER_LIKE, list("-+.0123456789"))
_Dumper.add_implicit_resolver("tag:yaml.org,2002:bool", _WORD_LIKE, None)


def _text(_dumper: Any, text: str) -> yaml.Node:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style="|" if _block(text) else None)


def _block(text: str) -> bool:
    lines = text.split("\n")
    plain = all(line.isprintable() and line == line.strip() for line in lines)
    return len(lines) > 1 and plain and lines[0] != ""


def _number(_dumper: Any, number: float) -> yaml.Node:
    if number == int(number) and abs(number) < _SAFE_WHOLE:
        return yaml.ScalarNode("tag:yaml.org,2002:int", str(int(number)))
    return yaml.ScalarNode("tag:yaml.org,2002:float", repr(number))


def _list(dumper: Any, items: list[Any]) -> yaml.Node:
    short = all(not isinstance(item, (dict, list)) for item in items) and (
        sum(len(str(item)) + 2 for item in items) <= _FLOW_WIDTH
    )
    node: yaml.Node = dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=short)
    return node


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _number)
_Dumper.add_representer(list, _list)


def case_to_yaml(case: Case) -> str:
    """Return a case as YAML text: keys in the order of the schema, short forms where they say all.

    Reading the text gives an equal case.
    """
    plain = {"schema": SCHEMA_NAME, **case.to_plain()}
    text: str = yaml.dump(
        plain,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=_WIDTH,
    )
    return text
