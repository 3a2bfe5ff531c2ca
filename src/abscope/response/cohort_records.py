"""A cohort as arrays, patients leading: what the vectorized path reads, and its codes.

One code per word everywhere: a response is its place in `RESPONSES`, so that the best of several
responses is their minimum. ``NED`` of a target or non-target response says that the patient had no
such disease at baseline, ``ND`` that the visit was not done.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from abscope.errors import Problem, ProtocolError
from abscope.response.best import RECIST

__all__ = ["RESPONSES", "RESPONSE_CODES", "Codes", "Cohort", "Flags", "Indices", "Numbers"]

Numbers: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.int8]
Flags: TypeAlias = npt.NDArray[np.bool_]
Indices: TypeAlias = npt.NDArray[np.int64]

#: The names of the codes, from the best response to none at all.
RESPONSES: tuple[str, ...] = RECIST.order
RESPONSE_CODES = MappingProxyType({name: code for code, name in enumerate(RESPONSES)})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cohort:
    """Many patients with the same number of visits and lesion places.

    Visit 0 is the baseline. NaN is never zero: an absent lesion has the size 0.

    diameters_mm: (patients, visits, lesions) longest diameter, short axis of a node. NaN at
        baseline: this place holds no target. NaN at a visit: not evaluable.
    is_node: (patients, lesions) whether a place holds a lymph node.
    nontarget: (patients, visits) integer codes of `RESPONSES` as the reader states them. Baseline:
        NED (no non-target disease) or NON-CR/NON-PD; a visit: CR, NON-CR/NON-PD, PD or NE, and NED
        where the baseline says so. Disease that is back after a CR has to be stated as PD.
    new_lesion: (patients, visits) whether an unequivocal new lesion is seen at this visit.
    days_d: (patients, visits) days from the reference day (randomization or start of treatment);
        NaN for a visit that was not done.
    new_therapy_d, death_d: (patients,) days; NaN for none. Left out, nobody has one.
    sizes_checked: the sizes are known to be in mm, so that a tenfold step is taken as it is.

    Raises:
        ProtocolError: A shape or a type of number does not fit; all are listed.

    >>> Cohort(
    ...     diameters_mm=[[[27.0], [32.4]]], is_node=[[False]], nontarget=[[4, 4]],
    ...     new_lesion=[[False, False]], days_d=[[0.0, 56.0]],
    ... ).shape
    (1, 2, 1)
    """

    diameters_mm: Numbers
    is_node: Flags
    nontarget: Codes
    new_lesion: Flags
    days_d: Numbers
    new_therapy_d: Numbers | None = None
    death_d: Numbers | None = None
    sizes_checked: bool = False

    def __post_init__(self) -> None:
        problems = [*_types(self), *_shapes(self)]
        if problems:
            raise ProtocolError(problems)
        for name, dtype in _DTYPES.items():
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, np.asarray(value, dtype=dtype))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of patients, visits (baseline included) and lesion places."""
        patients, visits, lesions = np.shape(self.diameters_mm)
        return patients, visits, lesions


_DTYPES: dict[str, type[np.generic]] = {
    "diameters_mm": np.float64, "is_node": np.bool_, "nontarget": np.int8,
    "new_lesion": np.bool_, "days_d": np.float64, "new_therapy_d": np.float64,
    "death_d": np.float64,
}  # fmt: skip

#: Kinds of numpy numbers that turn into each type without losing anything.
_KINDS = {np.float64: "fiu", np.bool_: "b", np.int8: "iu"}
_KIND_NAMES = {np.float64: "numbers", np.bool_: "true or false", np.int8: "whole-number codes"}


def _problem(path: str, what: str, expected: str, action: str) -> Problem:
    return Problem("cohort", what, expected, action, path)


def _types(cohort: Cohort) -> Iterator[Problem]:
    for name, dtype in _DTYPES.items():
        value = getattr(cohort, name)
        if value is None:
            continue
        if isinstance(value, np.ma.MaskedArray):
            yield _problem(
                name, "is a masked array", "a plain array",
                "Fill it: NaN for a size that is not evaluable or a visit that was not done.",
            )  # fmt: skip
            continue
        found = np.asarray(value)
        if found.dtype.kind not in _KINDS[dtype]:
            yield _problem(name, f"holds {found.dtype}", _KIND_NAMES[dtype], "Convert the array.")
        elif dtype is np.int8 and found.size and not (-128 <= found.min() <= found.max() <= 127):
            yield _problem(
                name, f"codes from {found.min()} to {found.max()}",
                f"codes from 0 to {len(RESPONSES) - 1}", "Use RESPONSE_CODES.",
            )  # fmt: skip


def _shapes(cohort: Cohort) -> Iterator[Problem]:
    shape = np.shape(cohort.diameters_mm)
    if len(shape) != 3 or shape[1] < 1:
        yield _problem(
            "diameters_mm", f"shape is {shape}", "(patients, visits, lesions) with a baseline",
            "Give one axis for each, patients first.",
        )  # fmt: skip
        return
    patients, visits, lesions = shape
    wanted = {
        "is_node": (patients, lesions), "nontarget": (patients, visits),
        "new_lesion": (patients, visits), "days_d": (patients, visits),
        "new_therapy_d": (patients,), "death_d": (patients,),
    }  # fmt: skip
    for name, expected in wanted.items():
        value = getattr(cohort, name)
        if value is not None and np.shape(value) != expected:
            yield _problem(
                name, f"shape is {np.shape(value)}", f"{expected}, as diameters_mm has {shape}",
                "Bring the arrays to the same patients, visits and lesions.",
            )  # fmt: skip
