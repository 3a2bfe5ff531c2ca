"""A case as the model in SBML, and as a problem of parameter estimation in PEtab.

The patient is the middle of every prior, or one draw of them. What PEtab compares with: sizes of
lesions as volumes and lymphocyte counts after the start, with log-normal errors, each on the middle
of its days. Left out, and said: groups of lesions, findings without a size, what has no day. The
volumes at the start are taken from the record without error, and the growth before the start stays
as it is when parameters change.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from abscope.blood.alc.counts import Count, counts_of_case
from abscope.case.clock import Clock
from abscope.case.observation import Finding, Imaging
from abscope.case.record import Case
from abscope.catalog.case_prior import case_prior
from abscope.engine.batch import Batch
from abscope.engine.declaration import System
from abscope.engine.sbml import Sbml, sbml_id, sbml_of
from abscope.errors import CaseError, Problem, UsageError
from abscope.io.petab import PetabMeasurement, PetabObservable, PetabProblem
from abscope.model.batch import CoreOptions, batch_of
from abscope.model.case_frame import case_frame
from abscope.model.case_lesions import grouped
from abscope.model.export_priors import estimated
from abscope.model.from_case import patients_of
from abscope.model.lesion_sizes import drawn_volume_ml, reader_sd_frac
from abscope.model.patient import Patient
from abscope.model.plan_doses import PlanDoses
from abscope.model.prior_draws import PriorDraws
from abscope.model.routes import Homing
from abscope.model.switches import Switches
from abscope.model.system import core_system

__all__ = ["ExportOptions", "Exported", "export_case", "petab_of"]

_MOST_DRAWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """Which patient a case becomes: the middle of every prior, or draw 1, 2, ... of a seed.

    ``without`` are courses and therapies that are left out.
    """

    seed: int | None = None
    draw: int = 1
    homing: Homing = "lesion"
    switches: Switches = field(default_factory=Switches)
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Exported:
    """A case as a model: the patient, the batch of this one patient, and its SBML."""

    case: Case
    options: ExportOptions
    patient: Patient
    batch: Batch
    system: System
    sbml: Sbml


def export_case(
    case: Case, *, options: ExportOptions | None = None, doses: PlanDoses | None = None
) -> Exported:
    """Return a case as ``abscope-core`` in SBML, with every fraction and infusion as an event.

    ``doses`` of a plan or a table stand in the place of guesses.

    Raises CaseError where the case has nothing to simulate, UsageError for a draw that cannot be.
    """
    options = options or ExportOptions()
    _check(options)
    count = 1 if options.seed is None else options.draw
    patient = patients_of(
        case, draws=count, seed=options.seed, without=options.without, doses=doses
    )[-1]
    system = core_system(options.switches.growth)
    batch = batch_of(
        [patient],
        observe_at_d=[patient.horizon_d],
        options=CoreOptions(switches=options.switches, homing=options.homing),
    )
    labels = _labels(case, patient)
    printed = sbml_of(system, batch, labels=labels, notes=_remarks(case, patient, options))
    return Exported(case, options, patient, batch, system, printed)


def _check(options: ExportOptions) -> None:
    problems = []
    if not 1 <= options.draw <= _MOST_DRAWS:
        what, expected = f"draw {options.draw}", f"1 to {_MOST_DRAWS}"
        problems.append(Problem("export", what, expected, "Choose another draw."))
    if options.seed is None and options.draw > 1:
        what = f"draw {options.draw} without a seed"
        problems.append(Problem("export", what, "a seed to draw with", "Give a seed."))
    if options.seed is not None and not 0 <= options.seed < 2**63:
        what = f"seed {options.seed}"
        problems.append(Problem("export", what, "0 or more", "Choose another seed."))
    if problems:
        raise UsageError(problems)


def petab_of(exported: Exported) -> PetabProblem:
    """Return an exported case with its measurements and priors.

    ``abscope.io.petab.petab_files`` makes the files of it. Raises CaseError where nothing in the
    record can be compared with the model.
    """
    case, patient, system = exported.case, exported.patient, exported.system
    clock = Clock(case)
    observables: dict[str, PetabObservable] = {}
    measurements: list[PetabMeasurement] = []
    left_out: list[str] = []
    for seen, day in (*_sizes(exported, clock, left_out), *_counts(exported, clock, left_out)):
        observable, value = seen
        observables[observable.id] = observable
        time_d = day - exported.sbml.start
        measurements.append(PetabMeasurement(observable.id, time_d, value))
    if not measurements:
        told = "; ".join(text.removeprefix("Not compared: ").rstrip(".") for text in left_out[:5])
        what = (
            f"nothing can be compared with the model ({told or 'no scan or count after the start'})"
        )
        expected = "a size of a single lesion or a lymphocyte count after the start"
        raise CaseError(Problem(case.id, what, expected, "Export SBML, which needs none."))
    constants = {one.id: one for one in exported.sbml.constants}
    fixed = exported.options.switches.overrides()
    found = estimated(case, system, constants, fixed=fixed)
    return PetabProblem(
        id=re.sub(r"\W", "_", f"case_{case.id}"),
        model_id=re.sub(r"\W", "_", system.name),
        model=exported.sbml.text,
        observables=tuple(observables.values()),
        measurements=tuple(sorted(measurements, key=lambda row: row.time_d)),
        changes=found.changes,
        parameters=found.parameters,
        remarks=(*_remarks(case, patient, exported.options), *dict.fromkeys(left_out)),
    )


def _labels(case: Case, patient: Patient) -> tuple[str, ...]:
    names = {
        k: case.lesions_by_id[name].label
        for name, places in grouped(tuple(lesion.id for lesion in patient.lesions))
        for k in places
    }
    return tuple(f"{lesion.id} {names[k]}".strip() for k, lesion in enumerate(patient.lesions))


def _remarks(case: Case, patient: Patient, options: ExportOptions) -> tuple[str, ...]:
    which = (
        "the middle of every prior"
        if options.seed is None
        else f"draw {options.draw} of seed {options.seed}"
    )
    return (
        f"abscope-core for the case {case.id}: {which}, homing by {options.homing}.",
        "The model is not calibrated to this patient.",
        *(f"Not known: {text}." for text in patient.unknowns),
    )


_Row = tuple[tuple[PetabObservable, float], float]


def _sizes(exported: Exported, clock: Clock, left_out: list[str]) -> Iterator[_Row]:
    """Yield the volume of each single lesion that was measured after the start."""
    patient, system = exported.patient, exported.system
    places = dict(grouped(tuple(lesion.id for lesion in patient.lesions)))
    middle = PriorDraws(1, seed=None)
    frame = case_frame(exported.case, clock)
    for scan in exported.case.imaging:
        day = _day(scan, clock)
        if scan is frame.scan or (day is not None and day <= frame.start.high_d):
            continue
        for finding in scan.findings:
            why = _why_not(finding, day, patient, places)
            if why:
                left_out.append(f"Not compared: {finding.lesion} at {scan.id}, {why}.")
                continue
            i = places[finding.lesion][0]
            formula = sbml_id(system, "volume_ml", replicate=i)
            observable = PetabObservable(
                f"observed_{formula}", f"volume of {finding.lesion}, mL", formula,
                3.0 * reader_sd_frac(),
            )  # fmt: skip
            value = float(drawn_volume_ml(finding.lesion, finding, middle)[0])
            yield (observable, value), float(day or 0.0)


def _day(scan: Imaging, clock: Clock) -> float | None:
    span = clock.fact(scan.when)
    return None if span is None else span.middle_d


def _why_not(
    finding: Finding, day: float | None, patient: Patient, places: Mapping[str, tuple[int, ...]]
) -> str:
    """Return why a finding is not compared with, empty where it is."""
    if finding.lesion not in places:
        return "a lesion that is not simulated"
    if len(places[finding.lesion]) > 1:
        return f"which stands for {len(places[finding.lesion])} lesions"
    sizes = [finding.size_mm, finding.volume_ml]
    if not any(s is not None and any(x > 0 for x in s.candidates) for s in sizes):
        return "no size"
    if day is None:
        return "no day"
    return "" if day <= patient.horizon_d else "after the last day that is simulated"


def _counts(exported: Exported, clock: Clock, left_out: list[str]) -> Iterator[_Row]:
    """Yield the lymphocyte counts after the start, each on the middle of its days."""
    observable = PetabObservable(
        "observed_alc_per_ul", "lymphocytes, 1/uL", "alc_per_ul", case_prior("count_cv").value
    )
    patient = exported.patient
    for count in counts_of_case(exported.case, clock).counts:
        day = _day_of_count(count, patient)
        if day is None or not patient.start_d < day <= patient.horizon_d:
            left_out.append(f"Not compared: the count {count.label}, no day that is simulated.")
            continue
        value = count.values_per_ul[len(count.values_per_ul) // 2]
        yield (observable, value), day


def _day_of_count(count: Count, patient: Patient) -> float | None:
    """Return the middle of the days of a count; a course is where the patient has it."""
    middle = (count.low_d + count.high_d) / 2.0
    if not count.anchor:
        return middle
    days = [one.day_d for one in patient.fractions if one.course == count.anchor]
    if not days:
        return None
    if count.anchor_part == "during":
        return (min(days) + max(days)) / 2.0
    return middle + (min(days) if count.anchor_part == "start" else max(days))
