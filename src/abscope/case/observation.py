"""What was seen: imaging findings per lesion, laboratory values, symptoms, adverse events."""

from typing import Any, Literal

from pydantic import Field, model_validator

from abscope.case.amounts import (
    Flag,
    MgOrZero,
    Milliliters,
    Millimeters,
    Minutes,
    Number,
    PlainMillimeters,
    Positive,
    Whole,
)
from abscope.case.facts import Fact, Record, complain
from abscope.case.labs import read_lab_value
from abscope.case.lesion import Count, Identifier
from abscope.case.timing import When

__all__ = ["AdverseEvent", "Change", "Finding", "Imaging", "Lab", "Modality", "Symptom"]

Modality = Literal[
    "CT", "PET/CT", "PET", "MRI", "PET/MRI", "bone_scan", "x_ray", "ultrasound", "endoscopy",
    "clinical", "photo", "pathology", "unknown",
]  # fmt: skip

#: What a source says of a lesion when it gives no size, from best to worst.
Change = Literal[
    "complete_response", "gone", "markedly_decreased", "decreased", "slightly_decreased",
    "stable", "present", "increased", "markedly_increased", "new", "reappeared",
]  # fmt: skip


class Finding(Record):
    """One lesion at one examination.

    ``state`` says how a size is to be read: measured, too small to measure, absent, not imaged,
    not evaluable, split into fragments (``fragments_mm``) or merged with another lesion.
    A finding of a lesion that is not listed under ``lesions`` is kept and reported by the checks.
    """

    lesion: Identifier
    size_mm: Millimeters | None = None
    other_axis_mm: Millimeters | None = None
    axis: Literal["longest", "short", "unspecified"] = "unspecified"
    state: (
        Literal["measured", "too_small", "absent", "not_imaged", "not_evaluable", "split", "merged"]
        | None
    ) = None
    fragments_mm: tuple[PlainMillimeters, ...] = ()
    merged_with: Identifier | None = None
    change: Fact[Change] | None = None
    relative_to: Identifier | None = None
    unequivocal: Fact[Flag] | None = None
    count: Fact[Count] | None = None
    volume_ml: Milliliters | None = None
    suv_max: Positive | None = None
    sul_peak: Positive | None = None
    tlg_ml: Positive | None = None
    stated_response: Fact[str] | None = None
    text: str | None = None
    loc: str | None = None
    note: str | None = None


class Imaging(Record):
    """One examination (or one visit) with its findings.

    ``role`` may be left out; the checks and the adjudication then take the time order.
    """

    id: Identifier
    when: Fact[When] | None = None
    modalities: Fact[tuple[Modality, ...]] | None = None
    role: Literal["baseline", "follow_up"] | None = None
    slice_mm: Millimeters | None = None
    plane: Fact[str] | None = None
    regions_imaged: Fact[str] | None = None
    liver_sul_mean: Positive | None = None
    liver_sul_sd: Positive | None = None
    blood_pool_sul_mean: Positive | None = None
    blood_pool_sul_sd: Positive | None = None
    uptake_time_min: Minutes | None = None
    same_scanner: Fact[Flag] | None = None
    liver_diseased: Fact[Flag] | None = None
    findings: tuple[Finding, ...] = ()
    not_assessed: tuple[Identifier, ...] = ()
    new_lesions: Fact[Flag] | None = None
    for_symptoms: Fact[Flag] | None = None
    stated_response: Fact[str] | None = None
    text: str | None = None
    loc: str | None = None
    note: str | None = None


class Lab(Record):
    """One laboratory value in the one unit of its test, or a finding in words.

    ``test`` is a name of `abscope.case.labs.TESTS` (lymphocytes in cells per microliter, ...) or
    any other name, whose ``unit`` is then kept as written. ``unit_status`` says whether the source
    prints the unit with this value.
    """

    id: Identifier | None = None
    test: str = Field(min_length=1)
    when: Fact[When] | None = None
    value: Number | None = None
    unit: str | None = None
    unit_status: Literal["stated", "implied", "unclear"] = "stated"
    lower_limit: Number | None = None
    upper_limit: Number | None = None
    finding: Fact[str] | None = None
    loc: str | None = None
    note: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _to_unit_of_test(cls, data: Any) -> Any:
        return read_lab_value(data) if isinstance(data, dict) else data


class Symptom(Record):
    """A symptom score at the lesions or the site it concerns, with the analgesic of that day."""

    symptom: str = "pain"
    scale: str
    scale_max: Positive | None = None
    lesions: tuple[Identifier, ...] = ()
    where: str | None = None
    when: Fact[When] | None = None
    value: Number | None = None
    text: Fact[str] | None = None
    new: Flag = False
    baseline: Flag = False
    omed_mg: MgOrZero | None = None
    loc: str | None = None
    note: str | None = None


class AdverseEvent(Record):
    """An adverse event with its CTCAE grade, as one reporter stated it."""

    term: str
    grade: Fact[Whole] | None = None
    attribution: Fact[str] | None = None
    when: Fact[When] | None = None
    action: Fact[str] | None = None
    resolved: Fact[Flag] | None = None
    reporter: Literal["clinician", "patient", "unknown"] = "clinician"
    text: str | None = None
    loc: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _grade_in_range(self) -> "AdverseEvent":
        if self.grade and any(not 0 <= grade <= 5 for grade in self.grade.candidates):
            raise complain(
                f"CTCAE grade is {list(self.grade.candidates)}", "0 to 5", "Correct the grade."
            )
        return self
