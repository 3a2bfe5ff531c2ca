"""One source of DICOM objects to one Study: scan, link, check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from abscope.dose.dicom.ct import Slice, plane_spacing_mm, read_images
from abscope.dose.dicom.folder import Listing, source_files
from abscope.dose.dicom.frames import assumed_registrations, check_frame
from abscope.dose.dicom.limits import Limits
from abscope.dose.dicom.link import plan_of, structures_of
from abscope.dose.dicom.plan_checks import check_level, check_plan
from abscope.dose.dicom.rtdose import read_dose
from abscope.dose.dicom.sandbox import Sandbox
from abscope.dose.dicom.scan import Found, Scan, scan
from abscope.dose.dicom.stated_registration import StatedMatrix, stated_registrations
from abscope.dose.dicom.structure_checks import cleaned
from abscope.dose.findings import DoseFinding, settle
from abscope.dose.plans import Plan, Registration, TreatmentRecord
from abscope.dose.structures import StructureSet
from abscope.dose.study import DoseObject, Study
from abscope.dose.transforms import registration_findings
from abscope.errors import DicomError, Problem

__all__ = ["read_study", "study_of"]


def read_study(
    source: Path | bytes | BinaryIO,
    *,
    accepted: Mapping[str, str] | None = None,
    images: bool = False,
    limits: Limits | None = None,
    salt: bytes | None = None,
    matrices: Sequence[StatedMatrix] = (),
) -> Study:
    """Return the linked objects of one patient from a folder, a zip, one file or a stream.

    ``accepted`` maps codes of refused findings to the reason why they do not matter here; the
    reason stays with the study. ``images`` also reads the values of the CT. ``salt`` (1 to 64
    bytes) makes the patient's hash the same from call to call; without it, it is new each time.
    ``matrices`` are registrations that a person states beside those of the source.
    What an archive holds is unpacked into a private folder that is removed before this returns.

    Raises DicomError with every refusal at once: an unreadable file, a second patient, no dose at
    all, a dose that cannot be taken as a number in Gy at a place (see the page on DICOM).
    """
    bounds = limits or Limits()
    with (
        source_files(source, bounds) as listing,
        Sandbox(bounds, salt=salt, images=images) as sandbox,
    ):
        return study_of(listing, sandbox, accepted=accepted or {}, images=images, matrices=matrices)


def study_of(
    listing: Listing,
    sandbox: Sandbox,
    *,
    accepted: Mapping[str, str],
    images: bool = False,
    matrices: Sequence[StatedMatrix] = (),
) -> Study:
    """Return the study of listed files; the sandbox may serve several listings."""
    scanned = scan(listing, sandbox)
    if not scanned.of("dose"):
        _refuse_without_dose(scanned, listing.name, len(listing.files))
    found = _built(scanned, images=images)
    found.registrations += stated_registrations(scanned, matrices)
    settled = settle([*scanned.findings, *found.findings, *_checked(found)], accepted=accepted)
    return Study(
        listing.name,
        scanned.patient,
        tuple(found.doses.values()),
        found.plans,
        found.structure_sets,
        found.images,
        found.registrations + _assumed(found),
        found.treatments,
        _without_file_names(settled, scanned),
    )


@dataclass(slots=True, eq=False)
class _Parts:
    """What was read, before it is judged as a whole. Doses stand under their label."""

    doses: dict[str, DoseObject]
    plans: tuple[Plan, ...]
    structure_sets: tuple[StructureSet, ...]
    images: tuple[Any, ...]
    registrations: tuple[Registration, ...]
    treatments: tuple[TreatmentRecord, ...]
    stated: dict[str, str]
    labels: dict[str, str]
    findings: list[DoseFinding]


def _refuse_without_dose(scanned: Scan, name: str, count: int) -> None:
    reasons = [item for item in scanned.findings if item.severity == "refused"]
    if reasons:
        settle(reasons, accepted={})
    kinds = sorted(kind for kind in scanned.objects if scanned.of(kind))
    codes = {item.code for item in scanned.findings}
    held = "objects of kinds that hold no dose" if "other-object" in codes else "no DICOM at all"
    held = f"only {', '.join(kinds)}" if kinds else held
    word = "file" if count == 1 else "files"
    what = f"there is no dose: {count} {word}, {held}" if count else "there is no file"
    raise DicomError(
        Problem(
            name,
            what,
            "at least one RTDOSE",
            "Name the folder of an export that holds the dose.",
        )
    )


def _built(scanned: Scan, *, images: bool) -> _Parts:
    dated = [item.instance.ordinal for item in scanned.each() if item.instance.ordinal is not None]
    zero = min(dated, default=0)
    findings: list[DoseFinding] = []
    slices = [
        Slice(item.instance.uid, item.instance.content, item.file.path)  # type: ignore[arg-type]
        for item in scanned.of("image")
    ]
    labels = {item.instance.uid: item.about for item in scanned.each()}
    doses, stated = {}, {}
    for item in scanned.of("dose"):
        header: Any = item.instance.content
        dose, faults = read_dose(header, item.file.path, uid=item.instance.uid, about=item.about)
        findings += faults
        stated[item.instance.uid] = header.structure_uid
        if dose is not None:
            doses[item.about] = replace(dose, day=_day(item, zero))
    sets = []
    for item in scanned.of("structures"):
        structures, faults = _structures(item, slices)
        findings += faults
        sets.append(structures)
    volumes, faults = read_images(slices, values=images)
    findings += faults
    return _Parts(
        doses,
        tuple(
            replace(item.instance.content.plan, day=_day(item, zero))  # type: ignore[union-attr]
            for item in scanned.of("plan")
        ),
        tuple(sets),
        volumes,
        _registrations(scanned, findings),
        _treatments(scanned, zero),
        stated,
        labels,
        findings,
    )


def _day(item: Found, zero: int) -> int | None:
    ordinal = item.instance.ordinal
    return None if ordinal is None else ordinal - zero


def _structures(item: Found, slices: list[Slice]) -> tuple[StructureSet, tuple[DoseFinding, ...]]:
    content: Any = item.instance.content
    structures, found = cleaned(content.structures, about=item.about)
    if len(content.frames) != 1:
        found += (
            DoseFinding(
                "structure-frames", "refused", item.about,
                f"the structure set is in {len(content.frames)} frames of reference", "one",
                "Export the regions of each frame on their own.", firm=True,
            ),
        )  # fmt: skip
    spacing = plane_spacing_mm(
        slices, frame_uid=structures.frame_uid, image_uids=frozenset(content.image_uids)
    )
    return replace(structures, plane_spacing_mm=spacing), found


def _registrations(scanned: Scan, findings: list[DoseFinding]) -> tuple[Registration, ...]:
    out: list[Registration] = []
    for item in scanned.of("registration"):
        content: Any = item.instance.content
        out += content.registrations
        if content.dropped:
            findings.append(
                DoseFinding(
                    "registration", "warning", item.about,
                    f"{content.dropped} of its transformations are not rigid", "rigid matrices",
                    "They are not used; frames that only they join stay apart.",
                )
            )  # fmt: skip
    return tuple(out)


def _treatments(scanned: Scan, zero: int) -> tuple[TreatmentRecord, ...]:
    """Return the sessions; a summary counts only for a plan that has no record of its own."""
    records: list[TreatmentRecord] = []
    summaries: list[TreatmentRecord] = []
    for item in scanned.of("treatment"):
        content: Any = item.instance.content
        if content.summary:
            summaries += content.records
        else:
            records += [replace(one, day=_day(item, zero)) for one in content.records]
    recorded = {one.plan_uid for one in records}
    return (*records, *(one for one in summaries if one.plan_uid not in recorded))


def _checked(parts: _Parts) -> list[DoseFinding]:
    doses = tuple(parts.doses.values())
    out = [*registration_findings(parts.registrations)]
    for about, dose in parts.doses.items():
        structures = structures_of(
            dose, plans=parts.plans, structure_sets=parts.structure_sets, stated=parts.stated
        )
        plan = plan_of(dose, parts.plans)
        out += check_level(dose, plan, about=about)
        out += check_frame(
            dose,
            structures=structures,
            structure_sets=parts.structure_sets,
            registrations=parts.registrations,
            about=about,
        )
        if plan is None:
            several = dose.summation == "MULTI_PLAN"
            what = "it adds up several plans" if several else "the plan it refers to is not here"
            out.append(
                DoseFinding(
                    "no-plan", "warning", about, what, "one RTPLAN",
                    "Prescription and fractions are unknown; export each plan with its dose.",
                )
            )  # fmt: skip
    for plan in parts.plans:
        out += check_plan(plan, doses=doses, about=parts.labels[plan.uid])
    return out


def _assumed(parts: _Parts) -> tuple[Registration, ...]:
    return assumed_registrations(
        tuple(parts.doses.values()),
        plans=parts.plans,
        structure_sets=parts.structure_sets,
        registrations=parts.registrations,
        stated=parts.stated,
    )


def _without_file_names(
    findings: tuple[DoseFinding, ...], scanned: Scan
) -> tuple[DoseFinding, ...]:
    """Return findings that can be kept: a file name may hold the name of a patient."""
    short = {item.about: item.label for item in scanned.each()}
    return tuple(
        replace(item, about=short.get(item.about, item.about.split(" (")[0])) for item in findings
    )
