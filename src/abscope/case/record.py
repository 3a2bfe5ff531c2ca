"""The case: one patient (or a published series told as one), what happened and how it is known."""

from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from abscope.case.amounts import Centimeters, Flag, Kilograms, PlainMillimeters, Years
from abscope.case.facts import Fact, Record
from abscope.case.lesion import Identifier, Lesion
from abscope.case.observation import AdverseEvent, Imaging, Lab, Symptom
from abscope.case.radiotherapy import RTCourse
from abscope.case.references import reference_problems
from abscope.case.therapy import Medication, NoTherapy, Procedure, SystemicTherapy
from abscope.case.timing import When

__all__ = [
    "SCHEMA_NAME", "AuthorClaim", "Case", "Diagnosis", "Discrepancy", "Marker", "Outcome",
    "Patient", "SeriesMember", "Source", "Statement",
]  # fmt: skip

SCHEMA_NAME: Literal["abscope-case/1"] = "abscope-case/1"


class Source(Record):
    """Where the record was taken from, and which parts of it were read."""

    citation: str | None = None
    doi: str | None = Field(default=None, pattern=r"^10\.\d{4,9}/\S+$")
    pmid: Annotated[int, Field(strict=True, ge=1)] | None = None
    pmcid: str | None = Field(default=None, pattern=r"^PMC\d+$")
    url: str | None = None
    seen: tuple[
        Literal[
            "full_text", "abstract", "publisher_abstract", "case_beginning", "own_records",
            "simulation",
        ],
        ...,
    ] = ()  # fmt: skip
    note: str | None = None


class Patient(Record):
    """The patient; no name, no date of birth, no identifier has a place here."""

    age_years: Years | None = None
    age_at: Fact[When] | None = None
    sex: Fact[Literal["female", "male", "other"]] | None = None
    menopausal_status: Fact[Literal["premenopausal", "postmenopausal", "perimenopausal"]] | None = (
        None
    )
    performance_status: Fact[str] | None = None
    weight_kg: Kilograms | None = None
    height_cm: Centimeters | None = None
    smoking: Fact[str] | None = None
    comorbidities: Fact[tuple[str, ...]] | None = None
    immunosuppression: Fact[str] | None = None
    weight_loss: Fact[str] | None = None
    note: str | None = None


class Marker(Record):
    """A receptor, mutation or other tumor marker with its result and when it was tested."""

    name: str
    result: Fact[str] | None = None
    tested: tuple[When, ...] = ()
    loc: str | None = None


class Diagnosis(Record):
    """The tumor: type, histology, stage, receptors and mutations, what came before this record.

    ``tumor_type`` is a key into the catalog (alpha/beta, drugs' control rates), so it is closed.
    """

    tumor: Fact[str] | None = None
    tumor_type: Fact[
        Literal[
            "breast", "melanoma", "nsclc", "sclc", "hcc", "rcc", "colorectal", "prostate", "hnscc",
            "merkel_cell", "lymphoma", "pancreas", "esophagus", "gastric", "bladder", "cervix",
            "ovary", "sarcoma", "glioma", "thyroid", "unknown_primary", "other",
        ]
    ] | None = None  # fmt: skip
    histology: Fact[str] | None = None
    subtype: Fact[str] | None = None
    stage: Fact[str] | None = None
    date: Fact[When] | None = None
    metastatic_date: Fact[When] | None = None
    prior_therapy: Fact[str] | None = None
    prior_surgery: Fact[str] | None = None
    biopsy_of_metastasis: Fact[str] | None = None
    primary_size_mm: tuple[PlainMillimeters, ...] = ()
    markers: tuple[Marker, ...] = ()
    loc: str | None = None
    note: str | None = None


class Outcome(Record):
    """Status, progression, death or last contact, with its time."""

    kind: Literal[
        "status", "progression", "recurrence", "death", "last_contact", "duration_of_response"
    ]
    when: Fact[When] | None = None
    value: Fact[str] | None = None
    lesions: tuple[Identifier, ...] = ()
    cause: Fact[str] | None = None
    loc: str | None = None
    note: str | None = None


class AuthorClaim(Record):
    """What the authors say happened, kept apart from what the record supports."""

    text: str
    abscopal: Literal["claimed", "discussed", "denied", "not_mentioned"] = "not_mentioned"
    loc: str | None = None


class Statement(Record):
    """One of the statements of a discrepancy, in our words, with its place in the source."""

    text: str
    loc: str | None = None


class Discrepancy(Record):
    """A contradiction, gap or confounder of the source that no single value can hold.

    Shown in the report with every statement, the effect on the conclusion and how the record
    handles it. ``ref`` names an entry of an outside list of reported issues.
    """

    id: Identifier
    topic: str
    kind: Literal[
        "contradiction", "omission", "ambiguity", "confounder", "impossible", "wording", "trap"
    ]
    statements: tuple[Statement, ...] = Field(min_length=1)
    effect: str
    handling: str
    inferred: Flag = False
    lesions: tuple[Identifier, ...] = ()
    ref: str | None = None


class SeriesMember(Record):
    """One patient of a published series of which only a line is known."""

    id: Identifier
    tumor: Fact[str] | None = None
    rt_courses: tuple[RTCourse, ...] = ()
    note: str | None = None


class Case(Record):
    """One case from source to outcome; immutable and valid from birth.

    ``default_missing`` says how a field that the file does not mention is to be read.
    ``day_zero`` is the date or event (``RT2.start``) that days count from; without it, the start
    of the first radiotherapy course. See `abscope.case.clock`.
    """

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid", populate_by_name=True)

    schema_name: Annotated[Literal["abscope-case/1"], Field(alias="schema")] = SCHEMA_NAME
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
    title: str
    kind: Literal["patient", "series", "simulated"] = "patient"
    source: Source = Source()
    default_missing: Literal["not_reported", "not_seen"]
    loc_note: str | None = None
    day_zero: str | None = None
    patient: Patient = Patient()
    diagnosis: Diagnosis = Diagnosis()
    lesions: tuple[Lesion, ...] = ()
    rt_courses: tuple[RTCourse, ...] = ()
    systemic_therapy: tuple[SystemicTherapy, ...] = ()
    no_systemic_therapy: tuple[NoTherapy, ...] = ()
    medications: tuple[Medication, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    imaging: tuple[Imaging, ...] = ()
    labs: tuple[Lab, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    adverse_events: tuple[AdverseEvent, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    patient_perspective: Fact[str] | None = None
    informed_consent: Fact[str] | None = None
    author_claims: tuple[AuthorClaim, ...] = ()
    discrepancies: tuple[Discrepancy, ...] = ()
    members: tuple[SeriesMember, ...] = ()
    denominator: Fact[str] | None = None
    inclusion_rule: Fact[str] | None = None

    @cached_property
    def lesions_by_id(self) -> dict[str, Lesion]:
        """The lesions by identifier."""
        return {lesion.id: lesion for lesion in self.lesions}

    @model_validator(mode="after")
    def _refers_to_itself_only(self) -> Self:
        problems = reference_problems(self)
        if problems:
            raise PydanticCustomError(
                "abscope_references", "{first}", {"first": problems[0].what, "problems": problems}
            )
        return self
