"""A survey of dose as rows of tables: lesions, regions, organs, findings and questions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from abscope.dose.organ_rows import HISTOGRAM_COLUMNS, MEAN_COLUMNS, histogram_rows, mean_rows
from abscope.dose.results import LesionDose
from abscope.dose.survey import DoseSurvey, RegionDose

__all__ = ["EXPOSURE_COLUMNS", "REGION_COLUMNS", "survey_payload", "survey_tables"]

#: One row per lesion and course, and one per lesion over all courses.
EXPOSURE_COLUMNS = tuple(item.name for item in fields(LesionDose))
#: One row per region of interest and course; doses in Gy of the part inside the dose grid.
REGION_COLUMNS = (
    "course", "roi_name", "role", "volume_ml", "outside_ml", "mean_dose_gy", "d98_dose_gy",
    "d95_dose_gy", "d50_dose_gy", "d2_dose_gy", "min_dose_gy", "max_dose_gy", "near_max_dose_gy",
    "d98_spread_gy", "n_planes", "plane_spacing_mm", "n_dose_voxels",
)  # fmt: skip
_OF_CURVE = ("d98_spread_gy", "n_planes", "plane_spacing_mm", "n_dose_voxels")
_COURSE_COLUMNS = (
    "course", "source", "n_fractions_planned", "n_fractions_delivered", "delivered_from",
    "prescribed_dose_gy", "case_course", "complete", "day",
)  # fmt: skip


def survey_tables(
    survey: DoseSurvey,
) -> Mapping[str, tuple[Sequence[str], Sequence[Mapping[str, Any]]]]:
    """Return the tables of a survey with their columns; ``exposure`` only where a case was given.

    ``organ-histograms`` can be read back by `abscope.dose.organ_csv.read_organ_table`.
    """
    tables: dict[str, tuple[Sequence[str], Sequence[Mapping[str, Any]]]] = {}
    if survey.lesions:
        rows = [_joined(asdict(row)) for row in survey.lesions]
        tables["exposure"] = (EXPOSURE_COLUMNS, rows)
    tables["regions"] = (REGION_COLUMNS, [_region(item) for item in survey.regions])
    if survey.organs:
        tables["organs"] = (MEAN_COLUMNS, mean_rows(survey.organs))
        tables["organ-histograms"] = (HISTOGRAM_COLUMNS, histogram_rows(survey.organs))
    return tables


def survey_payload(survey: DoseSurvey) -> dict[str, Any]:
    """Return a survey as plain values for JSON: courses, tables, findings and questions."""
    tables = survey_tables(survey)
    return {
        "source": survey.study.source,
        "patient": survey.study.patient,
        "courses": [dict(zip(_COURSE_COLUMNS, row, strict=True)) for row in _courses(survey)],
        "regions": list(tables["regions"][1]),
        "exposure": [asdict(row) for row in survey.lesions],
        "organs": list(tables["organs"][1]) if survey.organs else [],
        "organ_problems": [problem.to_dict() for problem in survey.organ_problems],
        "organ_questions": [
            {"roi_name": item.roi_name, "candidates": [x.organ for x in item.candidates]}
            for item in survey.organ_mapping.questions
        ],
        "questions": [
            {"about": item.about, "what": item.what, "candidates": list(item.candidates)}
            for item in survey.questions
        ],
        "findings": [asdict(item) for item in survey.findings],
    }


def _courses(survey: DoseSurvey) -> list[tuple[Any, ...]]:
    which = survey.course_matching.of_case if survey.course_matching else {}
    return [
        (
            item.name, item.source, item.n_fractions_planned, item.n_fractions_delivered,
            item.delivered_from, item.prescribed_dose_gy, which.get(item.name), item.complete,
            item.day,
        )
        for item in survey.courses
    ]  # fmt: skip


def _region(item: RegionDose) -> dict[str, Any]:
    return {
        name: getattr(item.curve if name in _OF_CURVE else item, name) for name in REGION_COLUMNS
    }


def _joined(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row whose lists are one cell of text."""
    return {
        key: "; ".join(value) if isinstance(value, tuple) else value for key, value in row.items()
    }
