"""The case in a paragraph, made from the record and from nothing else."""

from abscope.case.radiotherapy import RTPhase
from abscope.report.events import dose_words, lymphocyte_labs
from abscope.report.material import Material, Section
from abscope.report.sections.treatment import agents
from abscope.report.words import brief, join, moment, plain, plural, sentence

__all__ = ["summary"]

_SEX = {"female": "woman", "male": "man", "other": "person"}


def summary(material: Material) -> Section:
    """Return the opening section: the paragraph, key figures and the source."""
    sentences = (
        _patient(material),
        _disease(material),
        _radiotherapy(material),
        _drugs(material),
        _course(material),
        _counts(material),
        _end(material),
        _claims(material),
        _silent(material),
    )
    case = material.case
    figures = [
        (str(len(case.lesions)) if len(case.lesions) < 10_000 else plain(float(len(case.lesions))),
         "lesions or groups"),
        (str(len(case.rt_courses)), "radiotherapy courses"),
        (str(len(case.imaging)), "examinations"),
        (str(len(case.discrepancies)), "discrepancies on record"),
    ]  # fmt: skip
    return Section(
        "summary",
        "The case in brief",
        "summary.html",
        {"paragraph": " ".join(text for text in sentences if text), "figures": figures},
    )


def _patient(material: Material) -> str:
    case = material.case
    tumor = brief(case.diagnosis.tumor) or brief(case.diagnosis.tumor_type).replace("_", " ")
    disease = f"had {tumor}" if tumor else "had a tumor whose type is not recorded"
    if case.kind == "series":
        members = f" of {plural(len(case.members), 'patient')}" if case.members else ""
        return sentence([f"a published series{members}", disease.replace("had", "with", 1)])
    age = brief(case.patient.age_years)
    sex = _SEX.get(brief(case.patient.sex), "")
    if age and sex:
        article = "an" if age.startswith(("8", "11", "18")) else "a"
        person = f"{article} {age}-year-old {sex}"
    elif age:
        person = f"a patient of {age} years, sex {material.missing},"
    else:
        person = f"a {sex or 'patient'}, age {material.missing},"
    person = f"simulated patient: {person}" if case.kind == "simulated" else person
    subtype = brief(case.diagnosis.subtype)
    stage = brief(case.diagnosis.stage)
    extra = [subtype, *_markers(material, subtype), f"stage {stage}" if stage else ""]
    more = ", ".join(part for part in extra if part)
    return sentence([person, disease, f"({more})" if more else ""])


def _markers(material: Material, said: str) -> list[str]:
    return [
        f"{marker.name} {brief(marker.result)}".strip()
        for marker in material.case.diagnosis.markers[:8]
        if brief(marker.result) and f"{marker.name} {brief(marker.result)}" not in said
    ]


def _disease(material: Material) -> str:
    case = material.case
    if not case.lesions:
        return f"No lesion is listed in the record ({material.missing})."
    names = [lesion.label.replace(", ", " ") for lesion in case.lesions[:8]]
    rest = len(case.lesions) - len(names)
    listed = join([*names, f"{plural(rest, 'more')}".replace(" mores", " more")] if rest else names)
    when = moment(case.diagnosis.metastatic_date)
    known = f"; metastases were diagnosed {when}" if when else ""
    number = plural(len(case.lesions), "lesion or group of lesions", "lesions or groups of lesions")
    verb = "is" if len(case.lesions) == 1 else "are"
    return sentence([f"{number} {verb} on record: {listed}{known}"])


def _targets(material: Material, phase: RTPhase) -> str:
    lesions = material.case.lesions_by_id
    names = [lesions[name].label if name in lesions else name for name in phase.targets[:6]]
    rest = len(phase.targets) - len(names)
    where = join([*names, f"{rest} more"] if rest > 0 else names)
    doubtful = [
        lesions[name].label if name in lesions else name for name in phase.targets_uncertain[:6]
    ]
    unsure = f" (perhaps also {join(doubtful)})" if doubtful else ""
    return f"{where or phase.name or 'a target that is not named'}{unsure}"


def _dose(phase: RTPhase) -> str:
    words = dose_words(phase)
    return "an unknown dose" if words == "dose not known" else words


def _radiotherapy(material: Material) -> str:
    courses = material.case.rt_courses
    if not courses:
        return "No radiotherapy is on record."
    parts = []
    for course in courses[:4]:
        intent = brief(course.intent).replace("_", " ")
        article = "an" if intent[:1] in "aeiou" else "a"
        what = join(f"{_dose(phase)} to {_targets(material, phase)}" for phase in course.phases[:4])
        start = brief(course.start or course.phases[0].start)
        when = f", from {start}" if start else f", start {material.missing}"
        kind = f"{article} {intent} course" if intent else "a course"
        parts.append(f"{kind} ({course.id}) of {what}{when}")
    rest = len(courses) - len(parts)
    parts += [plural(rest, "further course")] if rest > 0 else []
    return sentence(
        ["radiotherapy was given as", join(parts, last="and as") if len(parts) > 1 else parts[0]]
    )


def _drugs(material: Material) -> str:
    case = material.case
    given = agents(material)
    none = join(
        f"no {item.scope.replace('any', 'systemic therapy').replace('_', ' ')}"
        + (f" ({item.stated})" if item.stated else "")
        for item in case.no_systemic_therapy
    )
    parts = []
    if given:
        parts.append(sentence([f"systemic therapy on record: {given}"]))
    if none:
        parts.append(sentence([f"the source states {none}"]))
    return " ".join(parts) or f"Systemic therapy: {material.missing}."


def _course(material: Material) -> str:
    """Return what imaging says, lesion by lesion: irradiated ones first, then the most followed."""
    case = material.case
    seen: dict[str, dict[str, list[str]]] = {}
    for scan in case.imaging:
        for finding in scan.findings:
            words = brief(finding.size_mm, "mm") or brief(finding.change)
            if words and words != "present":
                seen.setdefault(finding.lesion, {}).setdefault(words, []).append(scan.id)
    targets = {name for course in case.rt_courses for name in course.targets}
    order = sorted(seen, key=lambda name: (name not in targets, -len(seen[name])))
    parts = []
    for name in order[:5]:
        lesion = case.lesions_by_id.get(name)
        steps = ", ".join(f"{what} ({', '.join(scans)})" for what, scans in seen[name].items())
        parts.append(f"{lesion.label if lesion else name} {steps}")
    rest = len(order) - len(parts)
    parts += [f"findings of {plural(rest, 'more lesion')} in the table below"] if rest else []
    return sentence([f"on imaging: {'; '.join(parts)}"]) if parts else ""


def _counts(material: Material) -> str:
    labs = lymphocyte_labs(material.case)
    words = [
        f"{value} per µL {plain(time)}".strip()
        for value, time in ((brief(lab.value), brief(lab.when)) for lab in labs[:6])
        if value
    ]
    return sentence([f"lymphocytes were {join(words)}"]) if words else ""


def _end(material: Material) -> str:
    parts = []
    for outcome in material.case.outcomes:
        when, value = moment(outcome.when), brief(outcome.value)
        if outcome.kind == "death":
            cause = f" (cause: {brief(outcome.cause)})" if brief(outcome.cause) else ""
            parts.append(f"the patient died {when or f'at a time {material.missing}'}{cause}")
        elif outcome.kind == "last_contact":
            parts.append(f"last contact was {when or material.missing}")
        elif value:
            dated = f" ({brief(outcome.when)})" if when else ""
            parts.append(f"{outcome.kind.replace('_', ' ')}: {value}{dated}")
    return " ".join(sentence([part]) for part in parts[-4:])


def _claims(material: Material) -> str:
    claims = [claim for claim in material.case.author_claims if claim.abscopal != "not_mentioned"]
    words = {
        "claimed": "the authors claim an abscopal effect",
        "discussed": "the authors discuss an abscopal effect without claiming it",
        "denied": "the authors deny an abscopal effect",
    }
    return sentence([join(dict.fromkeys(words[claim.abscopal] for claim in claims))])


def _silent(material: Material) -> str:
    """Name what a reader would look for first and the record does not hold."""
    case = material.case
    findings = [finding for scan in case.imaging for finding in scan.findings]
    exposures = [item for course in case.rt_courses for item in course.exposures]
    lacking = [
        word
        for word, known in (
            ("the size of any lesion", any(brief(f.size_mm) for f in findings)),
            (
                "the dose in any lesion outside the targets",
                any(brief(x.mean_dose_gy) or brief(x.max_dose_gy) for x in exposures),
            ),
            ("earlier therapy", brief(case.diagnosis.prior_therapy) or case.systemic_therapy),
            ("performance status", brief(case.patient.performance_status)),
            ("lymphocyte counts", lymphocyte_labs(case)),
            ("adverse events", case.adverse_events),
            ("the outcome", case.outcomes),
        )
        if not known
    ]
    return sentence([f"{material.missing}: {join(lacking)}"]) if lacking else ""
