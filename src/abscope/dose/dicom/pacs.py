"""Objects of one patient from a picture archive (PACS), and back: what both protocols share.

Nothing is contacted unless a function here is called. This machine (loopback) needs nothing more;
every other host needs TLS, and a token for DICOMweb, unless that is accepted with a reason. What
arrives goes byte by byte into a new folder, unread, under names that we choose; it is read from
there like any other folder, with the limits of `abscope.dose.dicom.limits`.
"""

import contextlib
import ipaddress
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from abscope.dose.findings import DoseFinding, settle
from abscope.errors import DicomError, Problem, UsageError

__all__ = [
    "Inbox", "PacsOptions", "PacsQuery", "Received", "check_door", "check_query", "inbox",
    "is_loopback", "missing_extra", "no_match", "sources",
]  # fmt: skip

#: What a dose needs; other series of the study (PET, MR) stay where they are.
_MODALITIES = ("RTDOSE", "RTPLAN", "RTSTRUCT", "RTRECORD", "REG", "CT")


@dataclass(frozen=True, slots=True)
class PacsQuery:
    """Which objects to fetch: at least a study or a patient, and the modalities."""

    study_uid: str = ""
    patient_id: str = ""
    modalities: tuple[str, ...] = _MODALITIES


@dataclass(frozen=True, slots=True)
class PacsOptions:
    """How to talk to the archive, and how much to take from it.

    ``accepted`` holds code -> reason for what is refused otherwise: ``pacs-plain`` (no TLS to
    another machine), ``pacs-no-token``. ``token`` is sent as bearer token and kept nowhere.
    ``ca_file`` names the certificates to trust besides those of the system. ``move_port`` asks the
    archive to send to this port here (C-MOVE) instead of over the open association (C-GET); the
    archive has to know ``calling_ae`` with that port.
    """

    timeout_s: float = 30.0
    max_bytes: int = 8 * 2**30
    max_objects: int = 50_000
    token: str = field(default="", repr=False)
    ca_file: str = ""
    calling_ae: str = "ABSCOPE"
    move_port: int | None = None
    accepted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Received:
    """A folder of fetched objects; ``findings`` holds what was accepted with a reason."""

    folder: Path
    n_objects: int
    n_bytes: int
    findings: tuple[DoseFinding, ...]


class Inbox:
    """A folder that takes objects in the order of arrival, up to the limits of the options."""

    def __init__(self, folder: Path, options: PacsOptions) -> None:
        self.folder = folder
        self.n_objects = 0
        self.n_bytes = 0
        self._options = options

    def begin(self) -> Path:
        """Return the path of the next object; raises DicomError beyond the number allowed."""
        if self.n_objects >= self._options.max_objects:
            raise self._too_much(f"more than {self._options.max_objects} objects")
        self.n_objects += 1
        return self.folder / f"{self.n_objects:06d}.dcm"

    def count(self, n_bytes: int) -> None:
        """Count bytes before they are kept; raises DicomError beyond the size allowed."""
        self.n_bytes += n_bytes
        if self.n_bytes > self._options.max_bytes:
            raise self._too_much(f"more than {self._options.max_bytes} bytes")

    def _too_much(self, what: str) -> DicomError:
        return DicomError(
            Problem(
                "archive",
                f"sends {what}",
                "one patient's planning objects",
                "Ask for one study, or raise the limit.",
            )
        )


@contextlib.contextmanager
def inbox(folder: str | Path, options: PacsOptions) -> Iterator[Inbox]:
    """Give an inbox that becomes ``folder`` when all went well, and vanishes otherwise.

    Raises UsageError where the folder exists or cannot be made.
    """
    place = Path(folder)
    if os.path.lexists(place):
        raise UsageError(
            Problem(os.fspath(place), "already exists", "a new folder", "Choose another name.")
        )
    try:
        held = Path(tempfile.mkdtemp(prefix=f".{place.name[:40]}.", dir=place.parent))
    except OSError as error:
        what = f"cannot be made ({error.strerror})"
        raise UsageError(
            Problem(os.fspath(place), what, "a writable folder", "Choose another.")
        ) from None
    try:
        yield Inbox(held, options)
        os.rename(held, place)
    except BaseException:
        shutil.rmtree(held, ignore_errors=True)
        raise


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine; no name is looked up."""
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def check_door(
    where: str, *, host: str, encrypted: bool, options: PacsOptions, token_used: bool
) -> tuple[DoseFinding, ...]:
    """Return what was accepted for a connection, or raise DicomError with what is refused."""
    if is_loopback(host):
        return ()
    found = []
    if not encrypted:
        found.append(
            DoseFinding(
                "pacs-plain",
                "refused",
                where,
                "names and images would cross the network unencrypted",
                "TLS to every machine but this one",
                "Use https:// or DICOM over TLS.",
            )
        )
    if token_used and not options.token:
        found.append(
            DoseFinding(
                "pacs-no-token",
                "refused",
                where,
                "the archive would be asked without a token",
                "a bearer token for every machine but this one",
                "Give the token of your account.",
            )
        )
    return settle(found, accepted=options.accepted)


def check_query(query: PacsQuery) -> None:
    """Raise UsageError where a query names neither a study nor a patient, or holds a wildcard."""
    problems = []
    if not query.study_uid and not query.patient_id:
        problems.append(
            Problem(
                "query",
                "names neither a study nor a patient",
                "one of them: whole archives are never fetched",
                "Give the StudyInstanceUID or the PatientID.",
            )
        )
    problems += [
        Problem("query", f"'{value}' holds a wildcard", "an exact identifier", "Write it in full.")
        for value in (query.study_uid, query.patient_id)
        if set(value) & set("*?\\")
    ]
    if not query.modalities:
        problems.append(Problem("query", "names no modality", "at least one", "Add RTDOSE."))
    if problems:
        raise UsageError(problems)


def no_match(where: str, query: PacsQuery) -> DicomError:
    """Return the error of an archive that has nothing of what was asked for."""
    return DicomError(
        Problem(
            where,
            "has no series that matches",
            f"series of {', '.join(query.modalities)} of that study or patient",
            "Check the identifier, and that the plan was sent to this archive.",
        )
    )


def missing_extra(what: str) -> UsageError:
    """Return the error where the packages of the extra ``pacs`` are not installed."""
    return UsageError(
        Problem(
            what,
            "needs packages that are not installed",
            "the extra 'pacs'",
            "Install it: pip install 'abscope[pacs]'",
        )
    )


def sources(paths: tuple[str | Path, ...]) -> list[Path]:
    """Return the files to send; raises UsageError where one is missing or none is named."""
    listed = [Path(path) for path in paths]
    problems = [
        Problem(os.fspath(path), "is not a file", "a DICOM file", "Check the name.")
        for path in listed
        if not path.is_file()
    ]
    if not listed:
        problems = [Problem("send", "no file is named", "at least one", "Name the files.")]
    if problems:
        raise UsageError(problems)
    return listed
