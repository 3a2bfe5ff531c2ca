"""``abscope dose DIR``: the dose that every region, lesion and organ got, from DICOM."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abscope.cli.cohort import write_tables
from abscope.cli.dose_source import (
    AcceptOption,
    FractionsOption,
    MapOption,
    RegistrationOption,
    Stated,
    survey_of,
)
from abscope.cli.options import FolderOption, ForceOption, JsonOption, ParquetOption
from abscope.cli.output import answer, table, write
from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.case.reader import LocatedCase
    from abscope.dose.survey import DoseSurvey, SurveyOptions

__all__ = ["dose"]

_Source = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", help="A folder, a zip or a file with DICOM objects.", show_default=False
    ),
]
_CaseOption = Annotated[
    str | None,
    typer.Option(
        "--case", metavar="CASE", help="Join the lesions of this case to their dose.",
        show_default=False,
    ),
]  # fmt: skip
_SaveMapOption = Annotated[
    Path | None,
    typer.Option(
        "--save-map", metavar="FILE", show_default=False,
        help="Write what was matched, and each question with its likely answers, as a map.",
    ),
]  # fmt: skip
_ExplainOption = Annotated[
    str | None,
    typer.Option(
        "--explain", metavar="LESION", help="Say why this lesion has its class.", show_default=False
    ),
]
_CapOption = Annotated[
    str | None,
    typer.Option(
        "--cap", help="End planes of a region: half or full slabs; half without it.",
        show_default=False,
    ),
]  # fmt: skip
_InflationOption = Annotated[
    float | None,
    typer.Option(
        "--inflation", help="Factor on a computed dose outside the field.", show_default=False
    ),
]
_DicomOption = Annotated[
    Path | None,
    typer.Option(
        "--dicom", metavar="DIR", show_default=False,
        help="Write the summed dose, its EQD2 and the regions of the lesions as DICOM into this "
        "new folder.",
    ),
]  # fmt: skip
_CsvOption = Annotated[
    bool, typer.Option("--csv", help="Print the exposure table (without a case, the regions).")
]


def dose(  # noqa: PLR0913 - the options of the command line
    source: _Source,
    case: _CaseOption = None,
    map_file: MapOption = None,
    save_map: _SaveMapOption = None,
    explain: _ExplainOption = None,
    fractions: FractionsOption = None,
    registration: RegistrationOption = None,
    accept: AcceptOption = None,
    cap: _CapOption = None,
    inflation: _InflationOption = None,
    output: FolderOption = None,
    parquet: ParquetOption = False,
    dicom: _DicomOption = None,
    as_csv: _CsvOption = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Read plans, structures and doses, and tabulate the dose of regions, lesions and organs.

    With --case each lesion gets its class in each course: in field, partial, low dose, out of
    field or unknown, with the reasons.
    """
    _check_options(case, explain, save_map, as_csv=as_csv, as_json=as_json)
    from abscope.dose.tables import survey_payload, survey_tables

    located = _opened(case) if case is not None else None
    survey = survey_of(
        source,
        case=located.case if located else None,
        stated=Stated(map_file, fractions, registration, accept),
        options=_options(cap, inflation),
    )
    reasons = _reasons(survey, explain) if explain is not None else ()
    tables = survey_tables(survey)
    written = write_tables(output, tables, switches={"parquet": parquet, "force": force})
    if output is not None:
        written += _draw(survey, output, force=force)
    if save_map is not None and located is not None:
        written.append(_save_map(survey, located.case.lesions, save_map, force=force))
    if dicom is not None:
        written += _export(survey, dicom, source, located)
    if as_csv:
        from abscope.io.table_files import csv_text

        columns, rows = next(iter(tables.values()))
        write(csv_text(columns, rows).splitlines())
        return
    payload = {
        "case": located.case.id if located else None,
        **survey_payload(survey),
        "explanation": list(reasons),
        "written": written,
    }
    lines = reasons or _lines(survey)
    answer(payload, lambda: (*lines, *(f"{name}: written" for name in written)), as_json=as_json)


def _opened(case: str) -> "LocatedCase":
    from abscope.case.shelf import open_case  # records are slow to import: only with a case

    return open_case(case)


def _check_options(
    case: str | None, explain: str | None, save_map: Path | None, *, as_csv: bool, as_json: bool
) -> None:
    problems = []
    if case is None:
        problems = [
            Problem("abscope dose", f"{name} without a case", "--case CASE", "Name the case.")
            for name, given in (("--explain", explain), ("--save-map", save_map))
            if given is not None
        ]
    if as_csv and as_json:
        problems.append(
            Problem("abscope dose", "--csv and --json", "one of them", "Leave one out.")
        )
    if problems:
        raise UsageError(problems)


def _options(cap: str | None, inflation: float | None) -> "SurveyOptions":
    from abscope.dose.dvh import DvhSettings
    from abscope.dose.exposure_class import class_lines
    from abscope.dose.exposure_table import TableOptions
    from abscope.dose.survey import SurveyOptions

    settings = DvhSettings() if cap is None else DvhSettings(cap=cap)  # type: ignore[arg-type]
    return SurveyOptions(table=TableOptions(class_lines(inflation=inflation), settings))


def _reasons(survey: "DoseSurvey", lesion: str) -> tuple[str, ...]:
    from abscope.dose.explain import explain_all

    known = list(dict.fromkeys(row.lesion for row in survey.lesions))
    if lesion not in known:
        raise UsageError(
            Problem("--explain", f"there is no lesion '{lesion}'", ", ".join(known), "Correct it.")
        )
    return explain_all(survey.lesions, lesion=lesion)


def _save_map(survey: "DoseSurvey", lesions: tuple, path: Path, *, force: bool) -> str:  # type: ignore[type-arg]
    from abscope.case.files import write_text
    from abscope.dose.survey import survey_map

    write_text(path, survey_map(survey, lesions=lesions), force=force)
    return str(path)


def _export(
    survey: "DoseSurvey", folder: Path, source: Path, located: "LocatedCase | None"
) -> list[str]:
    from abscope.dose.export import export_survey
    from abscope.dose.survey import alpha_betas_gy

    ratios = alpha_betas_gy(located.case if located else None)
    files = export_survey(survey, folder, source=source, alpha_betas_gy=ratios)
    return [str(path) for path in files]


def _draw(survey: "DoseSurvey", folder: Path, *, force: bool) -> list[str]:
    from abscope.case.files import write_files
    from abscope.report.dose_figures import survey_figures

    contents: dict[Path, str | bytes] = {}
    for name, figure in survey_figures(survey).items():
        contents[folder / f"{name}.svg"] = figure.svg()
        contents[folder / f"{name}.png"] = figure.png()
    write_files(contents, force=force, folder=folder)
    return [str(path) for path in contents]


def _lines(survey: "DoseSurvey") -> Iterator[str]:
    yield f"{survey.study.source}: research use only"
    yield from _course_lines(survey)
    if survey.regions:
        yield ""
        yield from _region_lines(survey)
    if survey.lesions:
        yield ""
        yield from _lesion_lines(survey)
    if survey.organs:
        yield ""
        yield from _organ_lines(survey)
    yield from (f"no organ table: {problem}" for problem in survey.organ_problems)
    if survey.findings:
        from abscope.dose.brief import brief_findings

        yield ""
        yield from brief_findings(survey.findings)
    yield from _organ_questions(survey)
    yield from (f"question: {question}" for question in survey.questions)


def _organ_questions(survey: "DoseSurvey") -> Iterator[str]:
    unlike = []
    for match in survey.organ_mapping.questions:
        near = ", ".join(item.organ for item in match.candidates)
        if near:
            yield f"question: region {match.roi_name}: its organ is not known. Is it {near}?"
        else:
            unlike.append(match.roi_name)
    if unlike:
        many = f"regions {', '.join(unlike)}" if len(unlike) > 1 else f"region {unlike[0]}"
        yield f"question: {many}: no organ has a name like it."


def _course_lines(survey: "DoseSurvey") -> Iterator[str]:
    which = survey.course_matching.of_case if survey.course_matching else {}
    for course in survey.courses:
        planned, rx = course.n_fractions_planned, course.prescribed_dose_gy
        words = f"{rx:g} Gy" if rx is not None else "prescription not known"
        if planned is not None:
            words += f" in {planned}" if rx is not None else f", {planned} planned"
        done = course.n_fractions_delivered
        words += "" if done is None else f", {done} delivered ({course.delivered_from})"
        of_case = which.get(course.name)
        yield f"Course {course.name}{f' = {of_case}' if of_case else ''}: {words}"


def _region_lines(survey: "DoseSurvey") -> list[str]:
    head = ("region", "course", "ml", "mean Gy", "D98", "D95", "D50", "D2", "outside ml")
    rows = [
        (
            item.roi_name, item.course, f"{item.volume_ml:.2f}", _gy(item.mean_dose_gy),
            _gy(item.d98_dose_gy), _gy(item.d95_dose_gy), _gy(item.d50_dose_gy),
            _gy(item.d2_dose_gy), f"{item.outside_ml:.2f}",
        )
        for item in survey.regions
    ]  # fmt: skip
    return table(rows, head=head)


def _lesion_lines(survey: "DoseSurvey") -> Iterator[str]:
    head = ("lesion", "course", "region", "class", "mean Gy", "D95", "D50", "D2")
    rows = [
        (
            row.lesion, row.course, row.roi_name or "-", row.exposure, _gy(row.mean_dose_gy),
            _gy(row.d95_dose_gy), _gy(row.d50_dose_gy), _gy(row.d2_dose_gy),
        )
        for row in survey.lesions
    ]  # fmt: skip
    yield from table(rows, head=head)
    yield ""
    yield "Why (more with --explain LESION):"
    why = [(row.lesion, row.course, "; ".join(row.reasons)) for row in survey.lesions]
    yield from table(why, head=("lesion", "course", "because"))


def _organ_lines(survey: "DoseSurvey") -> list[str]:
    from abscope.dose.organ_rows import mean_dose_per_fraction_gy

    head = ("organ", "course", "regions", "Gy per fraction", "integral Gy ml", "inside the grid")
    rows = [
        (
            item.organ, item.course, item.roi_name, _gy(mean_dose_per_fraction_gy(item)),
            f"{item.integral_dose_gy_ml:.0f}", f"{item.covered_frac:.0%}",
        )
        for item in survey.organs
    ]  # fmt: skip
    return table(rows, head=head)


def _gy(amount: float | None) -> str:
    return "?" if amount is None else f"{amount:.2f}"
