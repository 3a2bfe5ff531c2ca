"""Every file of a source parsed in the sandbox, sorted by kind of object; identity judged."""

import filecmp
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from abscope.dose.dicom.folder import Listing, SourceFile
from abscope.dose.dicom.instances import Instance
from abscope.dose.dicom.rejection import Rejected
from abscope.dose.dicom.sandbox import Sandbox
from abscope.dose.findings import DoseFinding

__all__ = ["Found", "Scan", "scan"]

_WORDS = {
    "dose": "dose",
    "structures": "structure set",
    "plan": "plan",
    "treatment": "treatment record",
    "registration": "registration",
    "image": "CT slice",
}


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One object and its file; ``label`` names it in results, ``about`` also names the file."""

    instance: Instance
    file: SourceFile
    label: str

    @property
    def about(self) -> str:
        """Return the name for a person who has to find the file."""
        return f"{self.label} ({self.file.name})"


@dataclass(slots=True, eq=False)
class Scan:
    """The objects of a source by kind, and what is wrong with the source as a whole."""

    objects: dict[str, list[Found]] = field(default_factory=dict)
    findings: list[DoseFinding] = field(default_factory=list)
    patient: str = ""

    def of(self, kind: str) -> list[Found]:
        """Return the objects of a kind, in the order of their files."""
        return self.objects.get(kind, [])

    def each(self) -> Iterator[Found]:
        """Yield every object."""
        for found in self.objects.values():
            yield from found


def scan(listing: Listing, sandbox: Sandbox) -> Scan:
    """Return what all files of a source hold.

    A file that is not DICOM is counted; one that cannot be parsed is a refused finding of its own.
    Two objects with one UID are one where their files are the same, else refused.
    """
    out = Scan()
    foreign, other = 0, Counter[str]()
    by_uid: dict[str, SourceFile] = {}
    copies = 0
    kept = defaultdict[str, list[tuple[Instance, SourceFile]]](list)
    for file in listing.files:
        try:
            result = sandbox.parse(file.path)
        except OSError as error:
            result = Rejected("damaged", error.strerror or "unreadable", "a file", "Check it.")
        if isinstance(result, Rejected):
            foreign += result.kind == "foreign"
            if result.kind != "foreign":
                out.findings.append(_unreadable(file, result))
            continue
        if result.content is None:
            other[result.kind] += 1
            continue
        twin = by_uid.setdefault(result.uid, file)
        if twin is file:
            kept[result.kind].append((result, file))
        elif filecmp.cmp(twin.path, file.path, shallow=False):
            copies += 1
        else:
            out.findings.append(_contradiction(twin, file))
    for kind, pairs in kept.items():
        out.objects[kind] = [
            Found(instance, file, f"{_WORDS[kind]} {place}" if len(pairs) > 1 else _WORDS[kind])
            for place, (instance, file) in enumerate(pairs, start=1)
        ]
    out.findings += _counted(foreign, sum(other.values()), copies, listing.links_out)
    _identify(out)
    return out


def _unreadable(file: SourceFile, rejected: Rejected) -> DoseFinding:
    return DoseFinding(
        "unreadable", "refused", f"a file ({file.name})", rejected.what, rejected.expected,
        f"{rejected.action} Accepting goes on without it.",
    )  # fmt: skip


def _contradiction(one: SourceFile, other: SourceFile) -> DoseFinding:
    return DoseFinding(
        "duplicate-instance", "refused", f"two files ({one.name}, {other.name})",
        "they have the same SOPInstanceUID and different content", "one object per UID",
        "Find out which one is right and take the other away.", firm=True,
    )  # fmt: skip


def _counted(foreign: int, other: int, copies: int, links: int) -> list[DoseFinding]:
    rows = (
        ("not-dicom", foreign, "files that are not DICOM or empty", "They are left out."),
        ("other-object", other, "DICOM objects of kinds that hold no dose data", "Left out."),
        ("identical-copy", copies, "files that are copies of others", "They are left out."),
        ("link", links, "links that lead out of the folder", "They are not followed."),
    )
    return [
        DoseFinding(code, "note", "the source", f"{n} {what}", "DICOM-RT objects and CT", action)
        for code, n, what, action in rows
        if n
    ]


def _identify(out: Scan) -> None:
    """Judge that all objects are of one patient; only counts are told, never an identifier."""
    hashes = [found.instance.patient for found in out.each()]
    known = Counter(item for item in hashes if item)
    order: Sequence[Any] = known.most_common(1)
    out.patient = order[0][0] if order else ""
    unknown = hashes.count("")
    if len(known) > 1:
        out.findings.append(
            DoseFinding(
                "patient", "refused", "the source",
                f"objects of {len(known)} different patients", "one PatientID",
                "Name the folder of one patient, or say why the identifiers differ.",
            )
        )  # fmt: skip
    if unknown:
        out.findings.append(
            DoseFinding(
                "patient-unknown", "warning", "the source",
                f"{unknown} of {len(hashes)} objects have no PatientID", "one in each",
                "Make sure that they are of the same patient.",
            )
        )  # fmt: skip
