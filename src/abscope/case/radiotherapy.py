"""Radiotherapy: courses, their phases, what was planned and delivered, and which lesions it meant.

Planned and delivered differ, so both are kept. A dose that nobody reported stays unknown; what the
authors say about a lesion ("out of field") is kept apart from a dose that was computed or measured.
"""

from typing import Any, Literal

from pydantic import Field, model_validator

from abscope.case.amounts import (
    Days,
    DoseGy,
    Flag,
    FractionDoseGy,
    Fractions,
    FractionsDelivered,
    Milliliters,
    Millimeters,
    Minutes,
    Share,
    Whole,
)
from abscope.case.facts import Fact, Record
from abscope.case.lesion import Identifier, SiteName
from abscope.case.shorthand import read_radiotherapy
from abscope.case.timing import When

__all__ = [
    "Boost", "Exposure", "ExposureClass", "Fractionation", "Intent", "Lattice", "Particle", "Pause",
    "RTCourse", "RTPhase",
]  # fmt: skip

Fractionation = Literal[
    "single", "daily", "weekdays", "alternate_days", "twice_daily", "twice_weekly", "weekly",
    "other",
]  # fmt: skip
Particle = Literal[
    "photon", "electron", "proton", "carbon", "neutron", "brachytherapy", "radionuclide"
]
Intent = Literal[
    "palliative", "curative", "ablative", "consolidative", "local_control", "immunomodulatory",
    "prophylactic", "adjuvant", "other",
]  # fmt: skip
ExposureClass = Literal["in_field", "partial", "low_dose", "out_of_field", "unknown"]


class Boost(Record):
    """A higher dose to part of the volume, within the same fractions or after them.

    ``part_frac`` is the share of the lesion that it covers.
    """

    kind: Fact[Literal["simultaneous_integrated", "sequential"]] | None = None
    volume: Fact[str] | None = None
    lesions: tuple[Identifier, ...] = ()
    part_frac: Share | None = None
    dose_per_fraction_gy: FractionDoseGy | None = None
    total_dose_gy: DoseGy | None = None
    n_fractions: Fact[Fractions] | None = None


class Lattice(Record):
    """Spatially fractionated dose: peaks inside a valley."""

    peak_dose_gy: DoseGy | None = None
    valley_dose_gy: DoseGy | None = None
    n_peaks: Fact[Whole] | None = None
    peak_diameter_mm: Millimeters | None = None


class Pause(Record):
    """A planned split or an unplanned interruption after a number of fractions."""

    after_fraction: FractionsDelivered
    duration_d: Days | None = None
    planned: Fact[Flag] | None = None
    reason: Fact[str] | None = None


class Exposure(Record):
    """What is known of the dose that one lesion got from one course or phase.

    ``stated_class`` holds the authors' words; doses hold numbers that someone measured, computed
    or reported. Both may be missing, and then the dose is unknown. ``computed_class`` is the class
    of a dose that was computed from the plan, with its ``reasons``; such a record stands beside
    what is stated and has one plan, so that a course of several plans has several. ``region`` names
    the member of a group that it belongs to.
    ``in_grid_frac`` is the share of the lesion inside the dose grid, to which the doses belong.
    """

    lesion: Identifier
    stated_class: Fact[ExposureClass] | None = None
    computed_class: Fact[ExposureClass] | None = None
    region: str | None = None
    mean_dose_gy: DoseGy | None = None
    max_dose_gy: DoseGy | None = None
    d98_dose_gy: DoseGy | None = None
    d95_dose_gy: DoseGy | None = None
    d50_dose_gy: DoseGy | None = None
    d2_dose_gy: DoseGy | None = None
    in_grid_frac: Share | None = None
    partial_frac: Share | None = None
    reasons: tuple[str, ...] = ()
    loc: str | None = None
    note: str | None = None


class RTPhase(Record):
    """One plan within a course: targets, fractions, dose per fraction, total.

    ``schedule`` is a shorthand that is expanded on reading, for example
    ``5 x 4.5 Gy daily from 2018-04-20 skip weekends`` or ``22.5 Gy in 5``.
    """

    id: Identifier
    name: str | None = None
    targets: tuple[Identifier, ...] = ()
    targets_uncertain: tuple[Identifier, ...] = ()
    sites: tuple[SiteName, ...] = ()
    start: Fact[When] | None = None
    end: Fact[When] | None = None
    dose_per_fraction_gy: FractionDoseGy | None = None
    n_fractions_planned: Fact[Fractions] | None = None
    n_fractions_delivered: Fact[FractionsDelivered] | None = None
    total_dose_gy: DoseGy | None = None
    fractionation: Fact[Fractionation] | None = None
    pauses: tuple[Pause, ...] = ()
    boost: Boost | None = None
    lattice: Lattice | None = None
    prescription_point: Fact[str] | None = None
    margin_mm: Millimeters | None = None
    target_volume_ml: Milliliters | None = None
    beam_on_time_min: Minutes | None = None
    loc: str | None = None
    note: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _expand_schedule(cls, data: Any) -> Any:
        return read_radiotherapy(data) if isinstance(data, dict) and "schedule" in data else data


class RTCourse(Record):
    """One course of radiotherapy: intent, technique, particle, dates, one or more phases."""

    id: Identifier
    name: str | None = None
    intent: Fact[Intent] | None = None
    intent_text: Fact[str] | None = None
    technique: Fact[str] | None = None
    particle: Fact[Particle] | None = None
    start: Fact[When] | None = None
    end: Fact[When] | None = None
    phases: tuple[RTPhase, ...] = Field(min_length=1)
    exposures: tuple[Exposure, ...] = ()
    same_volume_as: tuple[Identifier, ...] = ()
    motion_management: Fact[str] | None = None
    volumes: Fact[str] | None = None
    concurrent_therapy: Fact[str] | None = None
    stopped_early: Fact[Flag] | None = None
    stop_reason: Fact[str] | None = None
    loc: str | None = None
    note: str | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """Lesions that some phase surely meant to treat."""
        return tuple(dict.fromkeys(x for phase in self.phases for x in phase.targets))

    @property
    def targets_uncertain(self) -> tuple[str, ...]:
        """Lesions that may have been meant, and are not sure targets of another phase."""
        sure = set(self.targets)
        found = (x for phase in self.phases for x in phase.targets_uncertain if x not in sure)
        return tuple(dict.fromkeys(found))
