"""``abscope assess CASE``: what the scans, the blood and the patient say, with reasons."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abscope.cli import cohort
from abscope.cli.options import FolderOption, ForceOption, JsonOption, ParquetOption
from abscope.cli.output import answer
from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.response.assessment import CaseAssessment, CourseAssessment, PartReading
    from abscope.response.policy import Policy

__all__ = ["assess"]

_PolicyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--policy",
        metavar="NAME=VALUE",
        help="Switch of the response criteria, for example confirmation=false; may be repeated.",
        show_default=False,
    ),
]
_LowOption = Annotated[
    float | None,
    typer.Option("--low-gy", help="Below this dose (Gy) a lesion has no dose.", show_default=False),
]
_HighOption = Annotated[
    float | None,
    typer.Option("--high-gy", help="Up to this dose (Gy) a dose is low.", show_default=False),
]


_Target = Annotated[
    str | None,
    typer.Argument(
        metavar="CASE",
        help="A library name, a case file, or a flat table of lesions (.csv).",
        show_default=False,
    ),
]
_SdtmOption = Annotated[
    Path | None,
    typer.Option(
        "--sdtm", metavar="DIR", help="A folder with TU, TR and RS instead.", show_default=False
    ),
]
_FiguresOption = Annotated[
    Path | None,
    typer.Option(
        "--figures", metavar="DIR", help="For a table: draw waterfall and swimmer there.",
        show_default=False,
    ),
]  # fmt: skip
_CriteriaOption = Annotated[
    str, typer.Option("--criteria", help="For a table: recist, irecist or imrecist.")
]
_ReaderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--reader", metavar="NAME", help="A name that the column reader may hold; may be repeated.",
        show_default=False,
    ),
]  # fmt: skip
_SizesOption = Annotated[
    bool, typer.Option("--sizes-checked", help="A tenfold step in size is real, not cm in mm.")
]
_LeaveOption = Annotated[
    bool, typer.Option("--leave-out", help="Leave out subjects with a bad row, and say which.")
]


def assess(  # noqa: PLR0913 - the options of the command line
    case: _Target = None,
    sdtm: _SdtmOption = None,
    policy: _PolicyOption = None,
    low_gy: _LowOption = None,
    high_gy: _HighOption = None,
    criteria: _CriteriaOption = "recist",
    output: FolderOption = None,
    reader: _ReaderOption = None,
    figures: _FiguresOption = None,
    parquet: ParquetOption = False,
    sizes_checked: _SizesOption = False,
    leave_out: _LeaveOption = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Adjudicate a case, a table of lesions or an SDTM folder, each call with its reasons.

    A case gives RECIST 1.1, iRECIST, lymphocytes, pain and the abscopal call. A table gives visits,
    best responses and times per subject. SDTM is recomputed, and each difference is listed.
    """
    from abscope.response.switches import read_policy

    rules = read_policy(policy or ())
    if (case is None) == (sdtm is None):
        raise UsageError(
            Problem(
                "abscope assess",
                "nothing to assess" if case is None else "both a CASE and --sdtm are given",
                "a case, a .csv table of lesions, or --sdtm DIR",
                "Name one of them.",
            )
        )
    switches = {
        "force": force, "as_json": as_json, "parquet": parquet, "sizes_checked": sizes_checked,
        "leave_out": leave_out,
    }  # fmt: skip
    if sdtm is not None:
        cohort.assess_sdtm(sdtm, policy=rules, output=output, switches=switches)
    elif case is not None and case.lower().endswith((".csv", ".csv.gz")):
        cohort.assess_lesions(
            case,
            reading=(criteria, reader or ()),
            policy=rules,
            folders=(output, figures),
            switches=switches,
        )
    elif case is not None:
        _assess_case(case, rules, (low_gy, high_gy), output=output, switches=switches)


def _assess_case(
    case: str,
    rules: "Policy",
    lines_gy: tuple[float | None, float | None],
    *,
    output: Path | None,
    switches: dict[str, bool],
) -> None:
    from abscope.case.shelf import open_case
    from abscope.response.assessment import assess_case
    from abscope.response.case_tables import case_tables
    from abscope.response.dose_lines import choose_lines
    from abscope.response.plain import plain

    lines = choose_lines(low_gy=lines_gy[0], high_gy=lines_gy[1])
    located = open_case(case)
    found = assess_case(located.case, policy=rules, lines=lines)
    written = cohort.write_tables(output, case_tables(found), switches=switches)
    payload: dict[str, Any] = {
        "case": located.case.id, "file": located.name, "written": written, **plain(found),
    }  # fmt: skip
    answer(
        payload,
        lambda: (*_lines(found), *(f"{name}: written" for name in written)),
        as_json=switches["as_json"],
    )


def _lines(found: "CaseAssessment") -> Iterator[str]:
    yield f"{found.case_id}: research use only"
    for course in found.courses:
        yield from _course(course)
    for line in found.immune:
        yield f"iRECIST on {' + '.join(line.drugs)} ({', '.join(line.therapies)})"
        for visit in line.visits:
            yield f"  {visit.scan}: {visit.call}  ({visit.reason})"
        yield from (f"  ! {flag}" for flag in line.flags)
    for pet in found.metabolic:
        category = pet.call.category if pet.call else "NE"
        yield f"PERCIST 1.0 {pet.course}, {pet.baseline} to {pet.scan}: {category}  ({pet.reason})"
    yield from _blood_and_pain(found)
    yield from _abscopal(found)


def _course(course: "CourseAssessment") -> Iterator[str]:
    yield f"Radiotherapy {course.course}, baseline {course.baseline or 'none'}"
    for part, title in (
        (course.everything, "all lesions"),
        (course.in_field, "in field"),
        (course.out_of_field, "outside the fields"),
    ):
        yield from _part(part, title)
    for lesion in course.lesions:
        place = "in field" if lesion.in_field else "not a target"
        yield f"  {lesion.path.lesion} ({place}): {lesion.path.response}"
        yield from (f"    {reason}" for reason in lesion.path.reasons)
        if lesion.passes_pr is not None:
            share = lesion.passes_pr.probability_frac
            yield f"    probability that the true change passes -30 %: {share:.2f}"
    yield from (f"  ! {note}" for note in course.notes)


def _part(part: "PartReading", title: str) -> Iterator[str]:
    if part.reading is None:
        why = "; ".join(str(problem) for problem in part.problems) or "nothing to read"
        yield f"  RECIST 1.1, {title}: {why}"
        return
    calls = ", ".join(f"{visit.visit} {visit.overall}" for visit in part.reading.visits)
    yield f"  RECIST 1.1, {title} ({', '.join(part.lesions)}): {calls}"
    if part.outcome is not None:
        best, sure = part.outcome.best, part.outcome.confirmed_best
        yield f"    best {best.response}, confirmed best {sure.response}"
    yield from (f"    {visit.visit}: {visit.text}" for visit in part.versions)


def _blood_and_pain(found: "CaseAssessment") -> Iterator[str]:
    for reading in found.lymphocytes:
        grade = reading.grade.text if reading.grade else "not graded"
        value = reading.lab.value.value if reading.lab.value else None
        count = f"{value:g} per uL" if value is not None else "count not one number"
        times = reading.lab.when.candidates if reading.lab.when else ()
        told = " or ".join(map(str, times)) or "at a time not stated"
        yield f"Lymphocytes {told}: {count}, CTCAE v5 {grade}"
    for call in found.pain:
        scores = " or ".join(f"{score:g}" for score in call.numbers["baseline_score"])
        why = "; ".join((f"baseline {scores or 'not known'}", *call.reasons))
        yield f"Pain {call.site}: {call.text}  ({why})"


def _abscopal(found: "CaseAssessment") -> Iterator[str]:
    call = found.abscopal
    yield f"Abscopal call: {call.strict} (strict), {call.field_only} (field-only)"
    yield f"  dose evidence {call.evidence}, decided by {call.decisive or 'no lesion'}"
    yield from (f"  - {reason}" for reason in call.reasons)
    yield from (f"  ? {caveat}" for caveat in call.caveats)
    yield f"Evidence grade: {found.grade.grade} ({found.grade.reason})"
    marks = {True: "met", False: "not met", None: "not known"}
    for need in found.grade.requirements:
        why = "" if need.met else f": {need.reason}"
        yield f"  {marks[need.met]:9}  {need.text}{why}"
    for definition in found.definitions:
        yield f"  {definition.id} {marks[definition.met]:9}  {definition.text}: {definition.reason}"
    for rate in found.drug_rates:
        yield (
            f"  the drug alone: {rate.events} of {rate.n} responded in {rate.trial} {rate.year} "
            f"({rate.low_frac:.0%} to {rate.high_frac:.0%})"
        )
    yield from (f"  would change the call: {text}" for text in call.would_change)
