"""Which lesions radiotherapy meant and reached, and for which of them the dose is not known."""

from collections import defaultdict
from collections.abc import Iterator

from abscope.case.anatomy import SITES, Site, relation
from abscope.case.checks.finding import Check, Remark, check
from abscope.case.checks.view import View
from abscope.case.checks.wording import listed
from abscope.case.lesion import Lesion
from abscope.case.radiotherapy import Exposure, RTCourse

__all__ = ["CHECKS"]

_WHERE = {
    "same": "shares a body region with a target",
    "near": "lies beside a target",
    "unknown": "how far it lies from the target is not known",
}


@check("target-uncertain", "a lesion may have been a target, and the source leaves it open")
def _target_uncertain(view: View) -> Iterator[Remark]:
    """List the lesions of each phase that are targets only perhaps."""
    for path, _, phase in view.phases():
        unsure = tuple(dict.fromkeys(phase.targets_uncertain))
        if unsure:
            yield Remark(
                (*path, "targets_uncertain"),
                f"{phase.id}: {listed(map(view.name, unsure))} may have been irradiated, "
                "but the source does not name a target clearly",
                "every target named where the treatment is described",
                "Until the plan is seen, count them neither as irradiated nor as distant.",
                unsure,
            )


@check("target-missing", "a phase names no lesion as its target")
def _target_missing(view: View) -> Iterator[Remark]:
    """Find phases without any target, sure or not."""
    for path, _, phase in view.phases():
        if not phase.targets and not phase.targets_uncertain:
            sites = f" ({listed(SITES[s].label for s in phase.sites)})" if phase.sites else ""
            yield Remark(
                path,
                f"{phase.id}: no lesion is named as a target{sites}",
                "the lesions that were treated",
                "Add them under targets, or under targets_uncertain.",
            )


@check("target-out-of-field", "a lesion is a target and is stated to be out of the field")
def _target_out_of_field(view: View) -> Iterator[Remark]:
    """Compare targets with the exposure that the authors state in the same course."""
    for path, course in view.courses:
        sure = frozenset(course.targets)
        for index, exposure in enumerate(course.exposures):
            stated = exposure.stated_class
            if stated is None or exposure.lesion not in sure:
                continue
            if "out_of_field" in stated.candidates:
                yield Remark(
                    (*path, "exposures", index, "stated_class"),
                    f"{view.name(exposure.lesion)} is a target of {course.id} and is stated to be "
                    "out of its field",
                    "a target inside the field",
                    "Move it to targets_uncertain, or correct the exposure.",
                    (exposure.lesion,),
                    ref=stated.ref,
                )


@check("out-of-field-without-dose", "a lesion near a target is called out of field with no dose")
def _out_of_field_without_dose(view: View) -> Iterator[Remark]:
    """Find lesions in, beside or at an unknown distance from a target's body region.

    Some percent of a therapeutic dose reach a lesion in the same region; below 1 Gy has to be
    shown, not assumed.
    """
    for path, course in view.courses:
        near, sure = _Neighbors(view, course), frozenset(course.targets)
        known = {item.lesion for item in course.exposures if _dose_known(item)}
        for index, exposure in enumerate(course.exposures):
            stated, lesion = exposure.stated_class, view.case.lesions_by_id.get(exposure.lesion)
            if stated is None or lesion is None or exposure.lesion in sure:
                continue
            if "out_of_field" in stated.candidates and exposure.lesion not in known:
                how = near.closest(lesion)
                if how != "remote":
                    yield Remark(
                        (*path, "exposures", index),
                        f"{view.name(lesion.id)} is called out of field in {course.id}, but "
                        f"{_WHERE[how]}, and no dose is given",
                        "a lesion dose, or a lesion in a body region far from every target",
                        "Ask for the plan; without it the dose counts as unknown.",
                        (lesion.id,),
                        ref=stated.ref,
                        severity="note" if how == "unknown" else None,
                    )


@check("bystander-dose-unknown", "lesions near a target without any dose", severity="note")
def _bystander_dose_unknown(view: View) -> Iterator[Remark]:
    """List, per course, the lesions near its targets for which nobody states a dose or class."""
    for path, course in view.courses:
        if path[0] == "members" or not course.targets:
            continue
        near = _Neighbors(view, course)
        known = {e.lesion for e in course.exposures if _dose_known(e) or _class_stated(e)}
        meant = {*course.targets, *course.targets_uncertain}
        unknown = tuple(
            lesion.id
            for lesion in view.case.lesions
            if lesion.id not in known
            and lesion.id not in meant
            and near.closest(lesion) != "remote"
            and _there(view, course, lesion)
        )
        if unknown:
            yield Remark(
                path,
                f"{course.id}: the dose is not known for {listed(map(view.name, unknown))}, in or "
                "beside the body region of a target or at a site that is not known",
                "a dose or a stated exposure for every lesion near a target",
                "Ask for the plan, or record the authors' words under exposures.",
                unknown,
            )


@check("irradiated-twice", "a lesion or volume that more than one course treated", severity="note")
def _irradiated_twice(view: View) -> Iterator[Remark]:
    """Find courses that repeat a volume, by their own words or by a shared sure target."""
    first: dict[str, str] = {}
    for path, course in view.courses:
        if course.same_volume_as:
            yield Remark(
                (*path, "same_volume_as"),
                f"{course.id} treats the same volume as {listed(course.same_volume_as)}",
                "one dose to one volume",
                "Give the dose of each course apart and the time between them.",
                course.targets,
            )
            continue
        if path[0] == "members":
            continue
        shared: dict[str, list[str]] = defaultdict(list)
        for lesion in course.targets:
            if lesion in first:
                shared[first[lesion]].append(lesion)
            first.setdefault(lesion, course.id)
        for earlier, lesions in shared.items():
            yield Remark(
                path,
                f"{course.id} and {earlier} both treat {listed(map(view.name, lesions))}",
                "courses to one volume linked by same_volume_as",
                f"Add same_volume_as: [{earlier}], or correct the targets.",
                tuple(lesions),
            )


class _Neighbors:
    """How lesions lie to everything that one course was meant for."""

    def __init__(self, view: View, course: RTCourse) -> None:
        names = {name for phase in course.phases for name in phase.sites}
        for target in (*course.targets, *course.targets_uncertain):
            lesion = view.case.lesions_by_id.get(target)
            names |= {site.name for site in lesion.sites} if lesion else set()
        self._targets = tuple(SITES[name] for name in sorted(names))
        self._known: dict[tuple[Site, ...], str] = {}

    def closest(self, lesion: Lesion) -> str:
        """Return same, near, unknown or remote: the closest relation to any target."""
        sites = lesion.sites
        if sites not in self._known:
            found = {relation(target, site) for target in self._targets for site in sites}
            order = ("same", "near", "unknown", "remote")
            self._known[sites] = next((how for how in order if how in found), "unknown")
        return self._known[sites]


def _dose_known(exposure: Exposure) -> bool:
    doses = (exposure.mean_dose_gy, exposure.max_dose_gy)
    return any(dose is not None and dose.bounds is not None for dose in doses)


def _class_stated(exposure: Exposure) -> bool:
    """Whether a class other than unknown is stated or computed."""
    classes = (exposure.stated_class, exposure.computed_class)
    return any(item != "unknown" for found in classes if found for item in found.candidates)


def _there(view: View, course: RTCourse, lesion: Lesion) -> bool:
    """Return False where the lesion was surely gone before the course or appeared after it."""
    start, end = view.start_of(course), view.end_of(course) or view.start_of(course)
    if start is None or end is None:
        return True
    for _, span, sure in view.resections.get(lesion.id, ()):
        if sure and span is not None and span.high_d <= start.low_d:
            return False
    sightings = [s for s in view.sightings.get(lesion.id, ()) if s.exam.span is not None]
    before = [s for s in sightings if s.exam.span and s.exam.span.high_d <= start.low_d]
    if before and before[-1].gone:
        return False
    seen = view.clock.fact(lesion.first_seen) or (sightings[0].exam.span if sightings else None)
    first_new = sightings and "new" in sightings[0].changes
    return not (seen is not None and seen.low_d > end.high_d and (lesion.first_seen or first_new))


CHECKS: tuple[Check, ...] = (
    _target_uncertain, _target_missing, _target_out_of_field, _out_of_field_without_dose,
    _bystander_dose_unknown, _irradiated_twice,
)  # fmt: skip
