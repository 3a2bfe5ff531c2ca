"""Systemic therapy, procedures and other medication: given, stopped, refused, not reported."""

import re
from typing import Any, Literal

from pydantic import Field, model_validator

from abscope.case.amounts import Cycles, Days, Flag, Mg, MgPerKg, MgPerM2
from abscope.case.facts import Fact, Record
from abscope.case.lesion import Identifier
from abscope.case.shorthand import read_drug
from abscope.case.timing import When

__all__ = [
    "Agent", "DrugClass", "Holiday", "Medication", "NoTherapy", "Procedure", "SystemicTherapy",
]  # fmt: skip

DrugClass = Literal[
    "immune_checkpoint_inhibitor", "chemotherapy", "targeted", "endocrine", "cytokine",
    "cell_therapy", "other",
]  # fmt: skip


#: A text with an amount in it is a regimen, not a name.
_DOSED = re.compile(r"\d\s*(?:mg|g|ug|mcg|MBq|GBq)\b", re.IGNORECASE)


class Agent(Record):
    """One drug of a regimen with its dose; a flat dose is never converted to mg/kg or back.

    A bare text is the name, or a whole regimen where it holds a dose. ``regimen`` is a shorthand
    that is expanded on reading, for example ``200 mg q21d x 6``.
    """

    name: str = Field(min_length=1)
    drug_class: Fact[DrugClass] | None = None
    dose_mg: Mg | None = None
    dose_mg_per_kg: MgPerKg | None = None
    dose_mg_per_m2: MgPerM2 | None = None
    interval_d: Days | None = None
    n_cycles: Fact[Cycles] | None = None
    start: Fact[When] | None = None

    @model_validator(mode="before")
    @classmethod
    def _expand_regimen(cls, data: Any) -> Any:
        if isinstance(data, str):
            data = {"regimen": data} if _DOSED.search(data) else {"name": data}
        if isinstance(data, dict) and "regimen" in data:
            return read_drug(data)
        return data


class Holiday(Record):
    """A pause within a therapy."""

    start: Fact[When] | None = None
    end: Fact[When] | None = None
    reason: Fact[str] | None = None


class SystemicTherapy(Record):
    """One line or phase of systemic therapy.

    ``n_cycles_scope`` says what the source's count includes, where it could be misread.
    ``changed`` marks a change of dose or drug within the line.
    """

    id: Identifier
    agents: tuple[Agent, ...] = Field(min_length=1)
    setting: Fact[str] | None = None
    start: Fact[When] | None = None
    stop: Fact[When] | None = None
    interval_d: Days | None = None
    n_cycles: Fact[Cycles] | None = None
    n_cycles_scope: Fact[str] | None = None
    stop_reason: (
        Fact[Literal["progression", "toxicity", "completed", "patient_choice", "death", "other"]]
        | None
    ) = None
    stop_reason_text: Fact[str] | None = None
    ongoing_during: tuple[Identifier, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    response_stated: Fact[str] | None = None
    loc: str | None = None
    note: str | None = None


class NoTherapy(Record):
    """A positive statement that a kind of treatment was not given in a period."""

    scope: Literal[
        "any", "chemotherapy", "immunotherapy", "endocrine", "targeted", "other_treatment"
    ] = "any"
    start: Fact[When] | None = None
    end: Fact[When] | None = None
    stated: str | None = None
    loc: str | None = None


class Medication(Record):
    """Other medication that can confound a response or a blood count; absent is a statement too."""

    kind: Literal[
        "steroid", "bone_modifying_agent", "antibiotic", "analgesic", "growth_factor",
        "immunosuppressant", "anticoagulant", "other",
    ]  # fmt: skip
    given: Fact[Flag]
    agent: Fact[str] | None = None
    dose_mg_per_day: Mg | None = None
    start: Fact[When] | None = None
    stop: Fact[When] | None = None
    loc: str | None = None
    note: str | None = None


class Procedure(Record):
    """Surgery, biopsy, embolization, ablation or transfusion, with the lesions it concerned."""

    id: Identifier
    kind: Literal["resection", "biopsy", "embolization", "ablation", "transfusion", "other"]
    name: str
    when: Fact[When] | None = None
    lesions: tuple[Identifier, ...] = ()
    lesions_uncertain: tuple[Identifier, ...] = ()
    pathology: Fact[str] | None = None
    margin: Fact[str] | None = None
    complete: Fact[Flag] | None = None
    result: Fact[str] | None = None
    loc: str | None = None
    note: str | None = None
