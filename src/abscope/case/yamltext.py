"""YAML text to plain values, with the place of every value and no surprises of YAML 1.1.

Only null, true, false, whole and decimal numbers are typed; dates, clock times and ``0x1F`` stay
text. The text is read event by event, so neither deep nesting nor aliases that multiply can
exhaust memory or the stack.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from abscope.errors import CaseError, Problem

__all__ = ["MAX_DEPTH", "MAX_NODES", "Node", "Spot", "Tree", "read_yaml"]

#: Deepest nesting that is read; a case needs about ten.
MAX_DEPTH = 50
#: Most values after aliases are expanded; 10 000 lesions with findings have some 200 000.
MAX_NODES = 1_000_000

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"(?:[-+]?\.inf|\.nan)\Z", re.IGNORECASE)
_YES_NO = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_MAX_DIGITS = 300

_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the text; line and column count from one."""

    line: int
    column: int


@dataclass(slots=True)
class Node:
    """One value of the text with its place, its plain form and the values inside it."""

    spot: Spot
    plain: Any
    keys: dict[str, Spot] = field(default_factory=dict)
    children: dict[str | int, "Node"] = field(default_factory=dict)
    size: int = 1
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Tree:
    """The one document of a text: its root and what is wrong in it, each with its path."""

    name: str
    root: Node
    problems: tuple[tuple[_Path, Spot, Problem], ...]

    def follow(self, path: _Path) -> tuple[_Path, Node]:
        """Return the part of a path that the text has, without names it lacks, and its node."""
        node, found = self.root, list[str | int]()
        for part in path:
            if part in node.children:
                node = node.children[part]
                found.append(part)
        return tuple(found), node

    def spot(self, path: _Path) -> Spot:
        """Return the place of the deepest value on a path that the text has."""
        node = self.root
        for part in path:
            if part not in node.children:
                break
            node = node.children[part]
        return node.spot


@dataclass(frozen=True, slots=True)
class _Key:
    text: str
    spot: Spot
    repeated: bool


class _Builder:
    """Puts the events of one document together; the open mappings and lists are a stack."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root: Node | None = None
        self.stack: list[Node] = []
        self.pending: _Key | None = None
        self.waiting: list[_Key | None] = []
        self.anchors: dict[str, Node] = {}
        self.problems: list[tuple[_Path, Spot, Problem]] = []
        self.documents = 0

    def stop(self, spot: Spot, what: str, expected: str, action: str) -> CaseError:
        where = f"{self.name}:{spot.line}:{spot.column}"
        found = [problem for _, _, problem in self.problems]
        return CaseError([*found, Problem(where, what, expected, action)])

    def note(self, spot: Spot, what: str, expected: str, action: str, *, path: _Path) -> None:
        where = f"{self.name}:{spot.line}:{spot.column}"
        dotted = "".join(f"[{x}]" if isinstance(x, int) else f".{x}" for x in path).lstrip(".")
        self.problems.append((path, spot, Problem(where, what, expected, action, dotted)))

    def feed(self, event: yaml.Event) -> None:
        spot = _place_of(event.start_mark)
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise self.stop(
                        spot,
                        "a second document starts here",
                        "one case per file",
                        "Move it to a file of its own, or remove the line '---'.",
                    )
            case yaml.AliasEvent():
                self._alias(str(event.anchor), spot)
            case yaml.ScalarEvent():
                self._scalar(event, spot)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open(event, spot)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                node = self.stack.pop()
                node.complete = True
                self.pending = self.waiting.pop()
                self._place(node)

    def _open(self, event: yaml.CollectionStartEvent, spot: Spot) -> None:
        mapping = isinstance(event, yaml.MappingStartEvent)
        if self.stack and isinstance(self.stack[-1].plain, dict) and self.pending is None:
            raise self.stop(
                spot, "a list or mapping stands where a key is due", "a name", "Quote the key."
            )
        if len(self.stack) >= MAX_DEPTH:
            raise self.stop(
                spot,
                f"values are nested more than {MAX_DEPTH} deep",
                "a case, which needs about ten levels",
                "Check the brackets and the indentation from here.",
            )
        node = Node(spot, {} if mapping else [])
        self._check_tag(event.tag, spot)
        if event.anchor:
            self.anchors[event.anchor] = node
        self.waiting.append(self.pending)
        self.pending = None
        self.stack.append(node)

    def _alias(self, anchor: str, spot: Spot) -> None:
        node = self.anchors.get(anchor)
        if node is None:
            raise self.stop(
                spot, f"alias '*{anchor}' has no anchor", f"'&{anchor}' above", "Write the value."
            )
        if not node.complete:
            raise self.stop(
                spot,
                f"alias '*{anchor}' stands inside its own anchor: it expands without end",
                "an alias of a value that ends before it",
                "Write the value instead of the alias.",
            )
        self._place(node)

    def _scalar(self, event: yaml.ScalarEvent, spot: Spot) -> None:
        text = event.value
        if self.stack and isinstance(self.stack[-1].plain, dict) and self.pending is None:
            self._key(text, spot)
            if event.anchor:
                self.anchors[event.anchor] = Node(spot, text, complete=True)
            return
        node = Node(spot, text, complete=True)
        self._check_tag(event.tag, spot)
        if event.anchor:
            self.anchors[event.anchor] = node
        if event.implicit[0] and event.style in (None, ""):
            node.plain = self._typed(text, spot)
        self._place(node)

    def _key(self, text: str, spot: Spot) -> None:
        mapping = self.stack[-1]
        if text in mapping.keys:
            first = mapping.keys[text]
            self.note(
                spot,
                f"key '{_short(text)}' is given twice (first at line {first.line})",
                "each key once",
                "Remove one of the two, or list the versions of one fact under 'versions'.",
                path=(*self._here(), text),
            )
        self.pending = _Key(text, spot, repeated=text in mapping.keys)

    def _here(self) -> _Path:
        """Return the path of the mapping or list that is open now."""
        path: list[str | int] = []
        for outer, due in zip(self.stack, self.waiting[1:], strict=False):
            path.append(len(outer.children) if due is None else due.text)
        return tuple(path)

    def _place(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        outer = self.stack[-1]
        if isinstance(outer.plain, list):
            outer.children[len(outer.plain)] = node
            outer.plain.append(node.plain)
        elif self.pending is None:
            raise self.stop(
                node.spot, "an alias stands where a key is due", "a name", "Write the key itself."
            )
        else:
            key, self.pending = self.pending, None
            if not key.repeated:
                outer.keys[key.text] = key.spot
                outer.children[key.text] = node
                outer.plain[key.text] = node.plain
        outer.size += node.size
        if outer.size > MAX_NODES:
            raise self.stop(
                node.spot,
                f"more than {MAX_NODES} values",
                "a file whose aliases, expanded, stay below that",
                "Are there aliases that expand without end? Write the values instead.",
            )

    def _check_tag(self, tag: str | None, spot: Spot) -> None:
        if tag in (None, "!", "tag:yaml.org,2002:str"):
            return
        shown = str(tag).replace("tag:yaml.org,2002:", "!!")
        self.note(
            spot,
            f"tag '{_short(shown)}' is not read",
            "plain values without tags",
            "Remove the tag.",
            path=self._place_now(),
        )

    def _place_now(self) -> _Path:
        if not self.stack:
            return ()
        outer = self.stack[-1]
        last = self.pending.text if self.pending else len(outer.children)
        return (*self._here(), last)

    def _typed(self, text: str, spot: Spot) -> Any:
        word = text.lower()
        if word in _WORDS and text in (word, word.upper(), word.capitalize()):
            return _WORDS[word]
        if word in _YES_NO and len(word) > 1:
            self.note(
                spot,
                f"'{text}' can mean a word or a truth value",
                "true or false, or text in quotes",
                f'Write {_YES_NO[word]}, or quote it: "{text}".',
                path=self._place_now(),
            )
            return None
        if _NOT_FINITE.match(text):
            return self._not_finite(text, spot)
        if _INTEGER.match(text) and len(text) <= _MAX_DIGITS:
            return int(text)
        if _DECIMAL.match(text) and not re.match(r"[-+]?0[0-9]", text):
            number = float(text)
            return number if abs(number) < float("inf") else self._not_finite(text, spot)
        return text

    def _not_finite(self, text: str, spot: Spot) -> None:
        self.note(
            spot,
            f"'{_short(text)}' is no finite number",
            "a number, or not reported",
            "Write the value, or the interval it lies in, for example '> 5 mm'.",
            path=self._place_now(),
        )


def read_yaml(text: str, *, name: str) -> Tree:
    """Return the one document of a YAML text as a tree of plain values with their places.

    Problems that leave the rest readable (duplicate keys, yes/no) are listed in the tree; a text
    that cannot be read any further raises CaseError at once.
    """
    builder = _Builder(name)
    try:
        for event in _events(text):
            builder.feed(event)
    except yaml.MarkedYAMLError as error:
        spot = _place_of(error.problem_mark or error.context_mark)
        raise builder.stop(spot, *_explain(error, text, spot)) from None
    except yaml.YAMLError as error:
        raise builder.stop(*_unreadable(error, text)) from None
    except UnicodeEncodeError as error:
        raise builder.stop(
            _spot_of(text, error.start),
            f"character {error.start} is half of a surrogate pair",
            "text that can be written as UTF-8",
            "Remove it.",
        ) from None
    if builder.root is None:
        raise builder.stop(
            Spot(1, 1),
            "the file is empty",
            "a case with schema, id and title",
            "Start from a template: abscope new FILE.",
        )
    return Tree(name, builder.root, tuple(builder.problems))


def _place_of(mark: Any) -> Spot:
    return Spot(mark.line + 1, mark.column + 1) if mark else Spot(1, 1)


def _events(text: str) -> Iterator[yaml.Event]:
    yield from yaml.parse(text.removeprefix("\ufeff"), Loader=_LOADER)


def _explain(error: yaml.MarkedYAMLError, text: str, spot: Spot) -> tuple[str, str, str]:
    lines = text.splitlines()
    line = lines[spot.line - 1] if spot.line <= len(lines) else ""
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent or line[spot.column - 1 : spot.column] == "\t":
        return ("a tab is used for layout", "spaces", "Replace every tab by two spaces.")
    problem = _short(str(error.problem or error.context or "the text ends too early"))
    for part, action in _ADVICE.items():
        if part in problem:
            return (f"this is no YAML: {problem}", "readable YAML", action)
    return (f"this is no YAML: {problem}", "readable YAML", "Check this line and the one above.")


_ADVICE = {
    "mapping values are not allowed": "Quote a text that holds ': ', and check the indentation.",
    "could not find expected ':'": "Write 'key: value'; quote a text that runs over lines.",
    "did not find expected key": "Check the indentation; quote a text that starts with a quote.",
    "found undefined alias": "Quote a text that starts with '*'.",
    "cannot start any token": "Quote a text that starts with @, ` or %.",
    "unexpected end of stream": "Close the quote or the bracket.",
}


def _unreadable(error: yaml.YAMLError, text: str) -> tuple[Spot, str, str, str]:
    code = getattr(error, "character", None)
    found = text.find(chr(code)) if isinstance(code, int) else -1
    spot = _spot_of(text, max(found, 0))
    reason = _short(str(getattr(error, "reason", None) or error))
    return (spot, f"a character cannot be read: {reason}", "printable text", "Remove it.")


def _spot_of(text: str, position: int) -> Spot:
    before = text[:position]
    return Spot(before.count("\n") + 1, position - before.rfind("\n"))


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else f"{flat[:77]}..."
