"""What the response room concludes: the abscopal call with its reasons, visits, lesions, drugs."""

from abscope.report.material import Cell, Material, Row, Section, Table
from abscope.report.sections.changes import change_tables
from abscope.report.words import Said, plain
from abscope.response.abscopal import Candidate
from abscope.response.assessment import (
    CaseAssessment,
    CourseAssessment,
    LesionChange,
    PartReading,
)
from abscope.response.recist import VisitCall

__all__ = ["CALLS", "abscopal", "responses"]

_MOST_ROWS = 200

#: The calls in words that a tumor board can read.
CALLS = {
    "yes": "abscopal response",
    "possible_confounded": "possible, confounded",
    "no": "no abscopal response",
    "cannot_judge": "cannot be judged",
}
_MET = {True: "met", False: "not met", None: "not known"}
_PARTS = {"all": "all lesions", "in_field": "in field", "out_of_field": "outside the fields"}


def abscopal(material: Material) -> Section | None:
    """Return the abscopal call in both readings with every reason; None without radiotherapy."""
    if not material.case.rt_courses:
        return None
    found = material.assessment
    call = found.abscopal
    tables = [_candidates(material, found)]
    if found.grade.requirements:
        tables.append(_requirements(found))
    tables.append(_definitions(found))
    if found.drug_rates:
        tables.append(_drug_rates(found))
    return Section(
        "abscopal",
        "Abscopal call",
        "abscopal.html",
        {
            "verdicts": (
                ("Strict reading", CALLS[call.strict], "the dose is known, or anatomy excludes it"),
                (
                    "Field-only reading",
                    CALLS[call.field_only],
                    "the authors' words count as no dose",
                ),
                ("Evidence grade", found.grade.grade.replace("_", " "), found.grade.reason),
                ("Dose evidence", call.evidence, _EVIDENCE[call.evidence]),
            ),
            "reasons": call.reasons,
            "caveats": call.caveats,
            "would_change": call.would_change,
            "tables": [table for table in tables if table is not None],
        },
    )


_EVIDENCE = {
    "D0": "the dose is known or bounded",
    "D1": "another body region than every target",
    "D2": "stated out of field, same or neighboring region",
    "D3": "near a field, or not known",
}


def _candidates(material: Material, found: CaseAssessment) -> Table:
    rows = [_candidate(material, item) for item in found.abscopal.candidates[:_MOST_ROWS]]
    return Table(
        "Lesions that no course surely meant to treat",
        ("Lesion", "Course", "Exposure", "Response", "Why not simply yes"),
        tuple(rows),
    )


def _candidate(material: Material, item: Candidate) -> Row:
    rivals = tuple(rival.text for rival in item.rivals if rival.kind == "rival")
    against: tuple[Cell, ...] = (*item.obstacles, *(r for r in rivals if r not in item.obstacles))
    exposure = item.exposure.exposure.replace("_", " ")
    if item.exposure.accepted != item.exposure.exposure:
        exposure += f"; by the authors' words {item.exposure.accepted.replace('_', ' ')}"
    return Row(
        material.lesion(item.lesion),
        (
            item.course,
            (f"{exposure} ({item.exposure.evidence})", *map(_quiet, item.exposure.reasons)),
            (item.path.response, *map(_quiet, item.path.reasons)),
            against or _no_reason(item),
        ),
    )


def _no_reason(item: Candidate) -> str:
    if item.path.responded:
        return "nothing"
    return "not followed" if item.path.response == "NE" else "did not respond"


def _quiet(text: str) -> Said:
    return Said(text, missing=True)


def _requirements(found: CaseAssessment) -> Table:
    rows = tuple(
        Row(need.text, (_MET[need.met], need.reason if need.met is not True else ""))
        for need in found.grade.requirements
    )
    return Table(
        f"Requirements of the evidence grade, lesion {found.grade.lesion}",
        ("Requirement", "Met", "Why"),
        rows,
    )


def _definitions(found: CaseAssessment) -> Table:
    rows = tuple(
        Row(f"{item.id} {item.text}", (_MET[item.met], item.reason)) for item in found.definitions
    )
    return Table("The definitions in use, side by side", ("Definition", "Met", "Reason"), rows)


def _drug_rates(found: CaseAssessment) -> Table:
    rows = tuple(
        Row(
            f"{rate.trial} {rate.year}",
            (
                ", ".join(rate.agents),
                rate.setting,
                f"{rate.events} of {rate.n} ({rate.low_frac:.0%} to {rate.high_frac:.0%})",
                rate.source,
            ),
        )
        for rate in found.drug_rates
    )
    columns = ("Trial", "Drug", "Setting", "Responded (95 % interval)", "Source")
    return Table("What the drug alone achieved elsewhere", columns, rows)


def responses(material: Material) -> Section | None:
    """Return RECIST per course and visit, iRECIST per line of drugs, and each lesion's change."""
    found = material.assessment
    if not found.courses and not found.immune:
        return None
    visits = [visit for course in found.courses for visit in _visits(course)]
    tables = [table for course in found.courses for table in _course_tables(material, course)]
    for line in found.immune:
        rows = tuple(Row(visit.scan, (visit.call, visit.reason)) for visit in line.visits)
        drugs = " + ".join(line.drugs)
        note = " ".join(f"{flag}." for flag in line.flags)
        tables.append(
            Table(f"iRECIST on {drugs}", ("Examination", "Call", "Reason"), rows, note=note)
        )
    if found.metabolic:
        tables.append(_percist(found))
    notes = [f"{course.course}: {note}." for course in found.courses for note in course.notes]
    return Section(
        "response",
        "Response",
        "response.html",
        {
            "visits": visits,
            "tables": tables,
            "changes": change_tables(material),
            "notes": notes,
            "policy": _policy(found),
        },
    )


def _percist(found: CaseAssessment) -> Table:
    rows = tuple(
        Row(
            pet.scan,
            (pet.course, pet.baseline, pet.call.category if pet.call else "NE", pet.reason),
        )
        for pet in found.metabolic
    )
    return Table("PERCIST 1.0", ("PET", "Course", "Baseline", "Call", "Reason"), rows)


def _policy(found: CaseAssessment) -> str:
    switches = ", ".join(
        f"{name} {'not set' if value is None else plain(value)}"
        for name, value in found.policy.to_dict().items()
    )
    return f"Switches of the criteria: {switches}."


def _visits(course: CourseAssessment) -> list[dict[str, object]]:
    """The visits of a course, each with the calls per part and the trail that unfolds."""
    parts = [
        part
        for part in (course.everything, course.in_field, course.out_of_field)
        if part.reading is not None
    ]
    if not parts or parts[0].reading is None:
        return []
    out: list[dict[str, object]] = []
    for index, visit in enumerate(parts[0].reading.visits):
        calls = [
            f"{_PARTS[part.part]} {part.reading.visits[index].overall}"
            for part in parts
            if part.reading is not None
        ]
        out.append(
            {"title": f"{course.course}, {visit.visit}: {', '.join(calls)}", "trail": _trail(visit)}
        )
    return out


def _trail(visit: VisitCall) -> list[str]:
    lines = []
    if visit.target is not None:
        sums = f"sum {visit.target.sum_mm} mm" if visit.target.sum_mm is not None else "no sum"
        lines.append(f"Target lesions {visit.target.response}: {sums}.")
        lines += [
            f"{item.lesion}: {item.value_mm} mm {' '.join(item.flags)}".rstrip() + "."
            for item in visit.target.contributions
            if item.value_mm is not None
        ]
    if visit.nontarget is not None:
        lines.append(f"Non-target lesions {visit.nontarget.response}.")
    if visit.new_lesions:
        lines.append(f"New: {', '.join(visit.new_lesions)}.")
    lines += [f"{reason.code}: {reason.lesion} {reason.text}".strip() for reason in visit.reasons]
    return list(dict.fromkeys(lines))


def _course_tables(material: Material, course: CourseAssessment) -> list[Table]:
    rows = [_best(part) for part in (course.everything, course.in_field, course.out_of_field)]
    tables = [
        Table(
            f"RECIST 1.1 for {course.course}, baseline {course.baseline or 'none'}",
            ("Part", "Lesions", "Visits", "Best", "Confirmed best"),
            tuple(rows),
        )
    ]
    changes = [_change(material, item) for item in course.lesions[:_MOST_ROWS]]
    if changes:
        columns = ("Lesion", "Field", "Best", "Readings", "True change passes -30 %")
        tables.append(Table(f"Each lesion after {course.course}", columns, tuple(changes)))
    return tables


def _best(part: PartReading) -> Row:
    title = _PARTS[part.part]
    if part.reading is None:
        why = tuple(str(problem) for problem in part.problems) or "nothing to read"
        return Row(title, (", ".join(part.lesions) or "none", why, "NE", "NE"))
    sums = {visit.visit: f" ({visit.text})" for visit in part.versions}
    visits = tuple(
        f"{visit.visit}: {visit.overall}{sums.get(visit.visit, '')}"
        for visit in part.reading.visits
    )
    if part.outcome is None:
        unknown = _quiet("times not known")
        return Row(title, (", ".join(part.lesions), visits, unknown, unknown))
    best, sure = part.outcome.best, part.outcome.confirmed_best
    return Row(title, (", ".join(part.lesions), visits, best.response, sure.response))


def _change(material: Material, item: LesionChange) -> Row:
    share = "no sizes"
    if item.passes_pr is not None:
        share = f"probability {item.passes_pr.probability_frac:.2f} ({item.passes_pr.limits})"
    return Row(
        material.lesion(item.path.lesion),
        (
            "in field" if item.in_field else "not a target",
            item.path.response,
            item.path.reasons,
            share.replace("_", " "),
        ),
    )
