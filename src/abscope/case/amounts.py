"""Quantities of the record, one annotated type per unit, each with its plausible range."""

from typing import Annotated

from abscope.case.facts import Quantity, quantity_in

__all__ = [
    "Centimeters",
    "Days",
    "DoseGy",
    "FractionDoseGy",
    "Kilograms",
    "Mg",
    "MgPerKg",
    "MgPerM2",
    "Milliliters",
    "Millimeters",
    "Minutes",
    "Number",
    "Years",
]  # fmt: skip

_TINY = 1e-9

Days = Annotated[Quantity, quantity_in("d", low=0, high=36525)]
Years = Annotated[Quantity, quantity_in("years", low=0, high=120, hint="Is it in months or days?")]
Kilograms = Annotated[Quantity, quantity_in("kg", low=0.3, high=400, hint="Is it in grams?")]
Minutes = Annotated[Quantity, quantity_in("min", low=0)]
Millimeters = Annotated[
    Quantity, quantity_in("mm", low=0, high=600, hint="Is the value in another unit than mm?")
]
Centimeters = Annotated[Quantity, quantity_in("cm", low=20, high=260, hint="Is it in mm or m?")]
Milliliters = Annotated[Quantity, quantity_in("ml", low=0, high=50000, hint="Is it in mm3?")]
#: Total dose of a phase, or dose in a lesion. 200 Gy physical covers external beam and most
#: brachytherapy; above, the value is nearly always in cGy.
DoseGy = Annotated[Quantity, quantity_in("Gy", low=0, high=200, hint="Is the value in cGy?")]
#: Single-fraction radiosurgery and SBRT use up to 34 Gy.
FractionDoseGy = Annotated[
    Quantity, quantity_in("Gy", low=_TINY, high=40, hint="Is the value in cGy?")
]
Mg = Annotated[Quantity, quantity_in("mg", low=_TINY, high=50000, hint="Is it in micrograms?")]
MgPerKg = Annotated[
    Quantity,
    quantity_in("mg/kg", low=_TINY, high=60, hint="Is it a flat dose: mg instead of mg/kg?"),
]
MgPerM2 = Annotated[
    Quantity, quantity_in("mg/m2", low=_TINY, high=20000, hint="Is it in micrograms?")
]
Number = Annotated[Quantity, quantity_in("1")]
