"""The count audit: every lesion that is mentioned is listed, and every listed one is followed."""

from collections.abc import Iterator

from abscope.case.checks.finding import Check, Remark, check
from abscope.case.checks.view import Exam, Sighting, View
from abscope.case.checks.wording import listed
from abscope.case.references import Path

__all__ = ["CHECKS"]

#: Words that a source can only use of a lesion that was there before.
_PRESUMES_EARLIER = frozenset(
    {
        "complete_response", "gone", "markedly_decreased", "decreased", "slightly_decreased",
        "stable", "increased", "markedly_increased",
    }
)  # fmt: skip


@check("lesion-not-listed", "a finding names a lesion that is not under lesions")
def _lesion_not_listed(view: View) -> Iterator[Remark]:
    """Report each identifier that is not listed once, at its first place in the file."""
    known, told = view.case.lesions_by_id, set[str]()
    for number, exam in enumerate(view.case.imaging):
        for index, finding in enumerate(exam.findings):
            path: Path = ("imaging", number, "findings", index)
            for name, field in ((finding.lesion, "lesion"), (finding.merged_with, "merged_with")):
                if name is None or name in known or name in told:
                    continue
                told.add(name)
                yield Remark(
                    (*path, field),
                    f"{exam.id} has a finding of '{name}', which is not listed under lesions",
                    "every lesion of a finding listed under lesions",
                    "Add the lesion with its site, or correct the identifier.",
                    (name,),
                )


@check("missing-at-baseline", "a lesion is compared with an earlier state that no scan shows")
def _missing_at_baseline(view: View) -> Iterator[Remark]:
    """Find lesions first mentioned as changed although an earlier examination lists others.

    An earlier examination that says it did not assess the lesion does not count.
    """
    earlier_exams = [exam for exam in view.exams if exam.imaging.findings and not exam.specimen]
    for lesion, sightings in _in_file_order(view):
        first = sightings[0]
        if not first.changes or not first.changes <= _PRESUMES_EARLIER:
            continue
        earlier = _silent_exam(view, earlier_exams, first, lesion)
        if earlier is None:
            continue
        change = listed(sorted(first.changes), joint="or").replace("_", " ")
        yield Remark(
            first.path,
            f"{view.name(lesion)} is {change} at {first.exam.imaging.id}, but {earlier.imaging.id} "
            f"does not list it among its {len(earlier.imaging.findings)} findings",
            "a lesion that responds was seen before, or is stated to be new",
            "Its identity is open: it may be another lesion under a new name (links: same_as), or "
            "one that the source forgot to list.",
            (lesion,),
            ref=first.finding.change.ref if first.finding.change else None,
        )


def _silent_exam(view: View, exams: list[Exam], first: Sighting, lesion: str) -> Exam | None:
    """Return the first examination surely before a sighting that had to list the lesion."""
    for exam in exams:
        if exam.order >= first.exam.order:
            return None
        if view.precedes(exam, first.exam):
            return None if lesion in view.not_assessed[exam.index] else exam
    return None


def _in_file_order(view: View) -> Iterator[tuple[str, tuple[Sighting, ...]]]:
    for lesion in view.case.lesions:
        if lesion.id in view.sightings:
            yield lesion.id, view.sightings[lesion.id]


@check("target-never-imaged", "an irradiated lesion has no finding on any examination")
def _target_never_imaged(view: View) -> Iterator[Remark]:
    """List, per course, targets and lesions stated in the field that no examination mentions."""
    if not view.case.imaging:
        return
    for path, course in view.courses:
        if path[0] == "members":
            continue
        reached = [*course.targets, *course.targets_uncertain] + [
            e.lesion
            for e in course.exposures
            if e.stated_class and {"in_field", "partial"} & set(e.stated_class.candidates)
        ]
        unseen = tuple(name for name in dict.fromkeys(reached) if name not in view.sightings)
        if unseen:
            yield Remark(
                path,
                f"{course.id}: {listed(map(view.name, unseen))} "
                f"{'is' if len(unseen) == 1 else 'are'} or may be irradiated, but no examination "
                "has a finding there",
                "a finding of every irradiated lesion",
                "Add the finding, or list the lesion under not_assessed; its local response stays "
                "unknown.",
                unseen,
            )


@check("lesion-never-mentioned", "a listed lesion has no finding, target or procedure")
def _lesion_never_mentioned(view: View) -> Iterator[Remark]:
    """Find lesions under ``lesions`` that nothing else of the record mentions."""
    case = view.case
    named = set(view.sightings)
    for exam in case.imaging:
        named.update(exam.not_assessed)
        named.update(f.merged_with for f in exam.findings if f.merged_with)
    for _, course in view.courses:
        named.update((*course.targets, *course.targets_uncertain))
    for procedure in case.procedures:
        named.update((*procedure.lesions, *procedure.lesions_uncertain))
    for number, lesion in enumerate(case.lesions):
        if lesion.id not in named:
            yield Remark(
                ("lesions", number),
                f"{view.name(lesion.id)} is listed, but no examination, target or procedure "
                "mentions it",
                "at least one finding, target or procedure per lesion",
                "Add where it was seen, or say not_assessed at the examinations.",
                (lesion.id,),
            )


@check("lost-to-follow-up", "a lesion is seen once and no later examination mentions it")
def _lost_to_follow_up(view: View) -> Iterator[Remark]:
    """List, per examination, the lesions there last seen without any later word of them.

    Resected lesions and lesions that were gone are settled; ``not_assessed`` is a word.
    """
    later = [exam for exam in view.exams if not exam.specimen and exam.imaging.findings]
    if len(later) < 2:
        return
    final: dict[str, Exam] = {}
    for exam in later:
        for name in exam.imaging.not_assessed:
            final[name] = exam
    lost: dict[int, list[str]] = {}
    for lesion, sightings in _in_file_order(view):
        last = sightings[-1]
        settled = any(sure for _, _, sure in view.resections.get(lesion, ()))
        noted = lesion in final and final[lesion].order > last.exam.order
        if last.gone or settled or noted or last.finding.state == "merged":
            continue
        if view.precedes(last.exam, later[-1]):
            lost.setdefault(last.exam.index, []).append(lesion)
    for index in sorted(lost):
        names = tuple(lost[index])
        exam_id = view.case.imaging[index].id
        yield Remark(
            ("imaging", index, "findings"),
            f"{listed(map(view.name, names))} {'was' if len(names) == 1 else 'were'} last seen at "
            f"{exam_id}; no later examination mentions {'it' if len(names) == 1 else 'them'}",
            "a finding or not_assessed at the later examinations",
            "Do not read silence as gone or stable: ask, and record not_assessed.",
            names,
        )


@check("count-in-words", "the number of lesions is given in words", severity="note")
def _count_in_words(view: View) -> Iterator[Remark]:
    """Find groups of lesions that the source counts as several, multiple or numerous."""
    for number, lesion in enumerate(view.case.lesions):
        words = [c for c in (lesion.count.candidates if lesion.count else ()) if isinstance(c, str)]
        words = [word for word in words if word != "single"]
        if words and lesion.count is not None:
            yield Remark(
                ("lesions", number, "count"),
                f"{view.name(lesion.id)}: their number is only '{listed(words, joint='or')}'",
                "a number of lesions",
                "A change in number cannot be judged; ask for the count.",
                (lesion.id,),
                ref=lesion.count.ref,
            )


@check("count-exceeded", "an examination counts more lesions than the record lists")
def _count_exceeded(view: View) -> Iterator[Remark]:
    """Compare the number in each finding with the number in the list of lesions."""
    for lesion in view.case.lesions:
        numbers = [c for c in (lesion.count.candidates if lesion.count else ()) if c != "single"]
        most = max((c for c in numbers if isinstance(c, int)), default=None)
        if most is None or len(numbers) != sum(isinstance(c, int) for c in numbers):
            continue
        for sighting in view.sightings.get(lesion.id, ()):
            count = sighting.finding.count
            seen = [c for c in (count.candidates if count else ()) if isinstance(c, int)]
            if seen and min(seen) > most:
                yield Remark(
                    (*sighting.path, "count"),
                    f"{sighting.exam.imaging.id} counts {min(seen)} at {view.name(lesion.id)}, "
                    f"the list of lesions has {most}",
                    f"at most {most}",
                    "List the others as lesions of their own (they may be new), or correct it.",
                    (lesion.id,),
                )


CHECKS: tuple[Check, ...] = (
    _lesion_not_listed, _missing_at_baseline, _target_never_imaged, _lesion_never_mentioned,
    _lost_to_follow_up, _count_in_words, _count_exceeded,
)  # fmt: skip
