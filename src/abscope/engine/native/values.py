"""What a name of a kernel stands for while its text is compiled."""

import struct
from dataclasses import dataclass
from typing import Any

__all__ = ["Array", "Number", "Pointer", "Record", "Slot", "Value", "double", "whole"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a register: ``kind`` is double, i64, i1, vector or mask."""

    kind: str
    text: str

    @property
    def constant(self) -> bool:
        """Return whether the value is known while compiling."""
        return not self.text.startswith("%")


@dataclass(frozen=True, slots=True)
class Pointer:
    """The address of numbers in a row, of one kind."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Array:
    """An array of the table that a kernel is given: its address and shape begin at ``slot``."""

    slot: int
    kind: str
    dimensions: int


@dataclass(frozen=True, slots=True)
class Slot:
    """A single number of the table."""

    slot: int
    kind: str


@dataclass(frozen=True, slots=True)
class Record:
    """Values by name, or by number where there are no names."""

    names: tuple[str, ...]
    values: tuple[Any, ...]

    def __getitem__(self, name: str) -> Any:
        """Return a value by name."""
        return self.values[self.names.index(name)]


Value = Number | Pointer | Array | Slot | Record


def double(value: float) -> Number:
    """Return a constant, exactly."""
    return Number("double", f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}")


def whole(value: int) -> Number:
    """Return a whole constant."""
    return Number("i64", str(int(value)))
