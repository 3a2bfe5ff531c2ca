"""``abscope fetch`` and ``abscope send``: planning objects from and to an archive (PACS)."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abscope.cli.dose_source import AcceptOption, read_pairs
from abscope.cli.options import JsonOption
from abscope.cli.output import answer
from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.dose.dicom.pacs import PacsOptions

__all__ = ["TOKEN_VARIABLE", "fetch", "send"]

#: Holds the bearer token: on the command line every user of the machine could read it.
TOKEN_VARIABLE = "ABSCOPE_PACS_TOKEN"  # noqa: S105 - the name of a variable, not a token

_Archive = Annotated[
    str,
    typer.Argument(
        metavar="ARCHIVE", help="The URL of a DICOMweb service, or HOST:PORT for DIMSE.",
        show_default=False,
    ),
]  # fmt: skip
_Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="A new folder for the objects.", show_default=False)
]
_Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="DICOM files to send.", show_default=False),
]
_StudyOption = Annotated[
    str, typer.Option("--study", metavar="UID", help="The study to fetch.", show_default=False)
]
_PatientOption = Annotated[
    str,
    typer.Option("--patient", metavar="ID", help="The patient to fetch.", show_default=False),
]
_CalledOption = Annotated[
    str | None,
    typer.Option(
        "--aet", metavar="TITLE", help="Title of the archive (DIMSE).", show_default=False
    ),
]
_CallingOption = Annotated[
    str, typer.Option("--calling-aet", metavar="TITLE", help="Our own title (DIMSE).")
]
_MoveOption = Annotated[
    int | None,
    typer.Option(
        "--move-port", metavar="PORT", min=1, max=65535, show_default=False,
        help="Ask the archive to send to this port here (C-MOVE), not over the open connection.",
    ),
]  # fmt: skip
_CaOption = Annotated[
    Path | None,
    typer.Option("--ca", metavar="FILE", help="Certificates to trust.", show_default=False),
]
_TimeoutOption = Annotated[
    float, typer.Option("--timeout", metavar="S", min=0.1, help="Seconds to wait for an answer.")
]


def fetch(  # noqa: PLR0913 - the options of the command line
    archive: _Archive,
    folder: _Folder,
    study: _StudyOption = "",
    patient: _PatientOption = "",
    called_ae: _CalledOption = None,
    calling_ae: _CallingOption = "ABSCOPE",
    move_port: _MoveOption = None,
    ca_file: _CaOption = None,
    timeout_s: _TimeoutOption = 30.0,
    accept: AcceptOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch the planning objects of one study or patient into a new folder.

    The token of a DICOMweb service is read from the variable ABSCOPE_PACS_TOKEN.
    """
    from abscope.dose.dicom.pacs import PacsQuery

    address = _address(archive, called_ae)
    options = _options(calling_ae, ca_file, timeout_s, accept, move_port)
    query = PacsQuery(study_uid=study, patient_id=patient)
    if address is None:
        from abscope.dose.dicom.dicomweb import fetch_dicomweb

        got = fetch_dicomweb(archive, folder, query=query, options=options)
    else:
        from abscope.dose.dicom.dimse import fetch_dimse

        got = fetch_dimse(address, folder, called_ae=called_ae or "", query=query, options=options)
    payload = {
        "folder": str(got.folder),
        "n_objects": got.n_objects,
        "n_bytes": got.n_bytes,
        "findings": [str(item) for item in got.findings],
    }
    text = f"{got.folder}: {got.n_objects} objects, {got.n_bytes / 1e6:.1f} MB"
    answer(payload, lambda: (text, *(f"accepted: {x}" for x in got.findings)), as_json=as_json)


def send(  # noqa: PLR0913 - the options of the command line
    archive: _Archive,
    files: _Files,
    called_ae: _CalledOption = None,
    calling_ae: _CallingOption = "ABSCOPE",
    ca_file: _CaOption = None,
    timeout_s: _TimeoutOption = 30.0,
    accept: AcceptOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send DICOM files to an archive, for example what 'abscope dose --dicom' wrote.

    The token of a DICOMweb service is read from the variable ABSCOPE_PACS_TOKEN.
    """
    address = _address(archive, called_ae)
    options = _options(calling_ae, ca_file, timeout_s, accept, None)
    if address is None:
        from abscope.dose.dicom.dicomweb import send_dicomweb

        findings = send_dicomweb(archive, *files, options=options)
    else:
        from abscope.dose.dicom.dimse import send_dimse

        findings = send_dimse(address, *files, called_ae=called_ae or "", options=options)
    payload = {
        "archive": archive,
        "n_objects": len(files),
        "findings": [str(item) for item in findings],
    }
    text = f"{archive}: took {len(files)} objects"
    answer(payload, lambda: (text, *(f"accepted: {x}" for x in findings)), as_json=as_json)


def _address(archive: str, called_ae: str | None) -> tuple[str, int] | None:
    """Return host and port of a DIMSE archive; None for a DICOMweb service."""
    if "://" in archive:
        if called_ae is not None:
            raise UsageError(
                Problem("--aet", "given for a DICOMweb service", "HOST:PORT", "Leave it out.")
            )
        return None
    host, colon, port = archive.rpartition(":")
    whole = bool(host and colon) and port.isascii() and port.isdigit() and 0 < int(port) < 65536
    problems = []
    if not whole:
        expected = "https://HOST/dicom-web or HOST:PORT"
        problems.append(Problem("ARCHIVE", f"'{archive}' is no address", expected, "Correct it."))
    if called_ae is None:
        problems.append(
            Problem("--aet", "is missing", "the title of the archive", "Ask who runs the archive.")
        )
    if problems:
        raise UsageError(problems)
    return host, int(port)


def _options(
    calling_ae: str,
    ca_file: Path | None,
    timeout_s: float,
    accept: list[str] | None,
    move_port: int | None,
) -> "PacsOptions":
    from abscope.dose.dicom.pacs import PacsOptions

    return PacsOptions(
        timeout_s=timeout_s,
        token=os.environ.get(TOKEN_VARIABLE, ""),
        ca_file="" if ca_file is None else str(ca_file),
        calling_ae=calling_ae,
        move_port=move_port,
        accepted=read_pairs("--accept", accept or (), "CODE=REASON", str),
    )
