"""Fetching from and sending to an archive over DIMSE (C-FIND, C-GET or C-MOVE, C-STORE)."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abscope.dose.dicom.pacs import (
    Inbox,
    PacsOptions,
    PacsQuery,
    Received,
    check_door,
    check_query,
    inbox,
    is_loopback,
    missing_extra,
    no_match,
    sources,
)
from abscope.dose.findings import DoseFinding
from abscope.errors import AbscopeError, DicomError, Problem, UsageError

__all__ = ["fetch_dimse", "send_dimse"]

_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
_GET = "1.2.840.10008.5.1.4.1.2.2.3"
#: CT, registration, and the RT objects.
_STORED = (
    "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.66.1",
    *(f"1.2.840.10008.5.1.4.1.1.481.{n}" for n in (2, 3, 4, 5, 6, 7, 8, 9)),
)  # fmt: skip
_PENDING = (0xFF00, 0xFF01)
_OUT_OF_RESOURCES = 0xA700


def fetch_dimse(
    address: tuple[str, int],
    folder: str | Path,
    *,
    called_ae: str,
    query: PacsQuery,
    options: PacsOptions | None = None,
) -> Received:
    """Fetch the planning objects of one study or patient into a new folder, and return it.

    ``address`` is host and port; every host but this machine is spoken to over TLS. Raises
    UsageError for a query that names nobody, a folder that exists, a bad title or the missing
    extra; DicomError where the archive is unreachable, does not know ``called_ae``, has no match,
    or sends too much. Then no folder is left.
    """
    options = options or PacsOptions()
    check_query(query)
    door = _Door(address, called_ae, options)
    entity, accepted = _entity(door)
    for context in (_FIND, _MOVE if options.move_port else _GET):
        entity.add_requested_context(context)
    with inbox(folder, options) as box:
        keeper = _Keeper(box)
        if options.move_port:
            with _listening(keeper, door), _associated(entity, door) as link:
                found = _series(link, door.where, query)
                _retrieve(link.send_c_move, _MOVE, found, door.where, keeper, options.calling_ae)
        else:
            from pynetdicom import build_role

            roles = [build_role(uid, scp_role=True) for uid in _STORED]
            for uid in _STORED:
                entity.add_requested_context(uid)
            with _associated(entity, door, keeper=keeper, roles=roles) as link:
                found = _series(link, door.where, query)
                _retrieve(link.send_c_get, _GET, found, door.where, keeper)
        if not box.n_objects:
            raise no_match(door.where, query)
    return Received(Path(folder), box.n_objects, box.n_bytes, accepted)


def send_dimse(
    address: tuple[str, int],
    *paths: str | Path,
    called_ae: str,
    options: PacsOptions | None = None,
) -> tuple[DoseFinding, ...]:
    """Send files to an archive (C-STORE) and return what was accepted with a reason.

    Raises UsageError where a file is missing, DicomError where the archive does not take them all.
    """
    from pydicom import dcmread

    listed = sources(paths)
    door = _Door(address, called_ae, options or PacsOptions())
    entity, accepted = _entity(door)
    objects = [dcmread(path) for path in listed]
    for item in objects:
        entity.add_requested_context(item.SOPClassUID, item.file_meta.TransferSyntaxUID)
    failed = 0
    with _associated(entity, door) as link:
        for item in objects:
            try:
                status = link.send_c_store(item)
            except ValueError:  # the archive accepted no context for this kind of object
                failed += 1
                continue
            failed += not status or status.Status != 0
    if failed:
        what = f"did not take {failed} of {len(objects)} objects"
        raise DicomError(Problem(door.where, what, "all of them", "See the log of the archive."))
    return accepted


@dataclass(frozen=True, slots=True)
class _Door:
    """Where an archive is and how to talk to it."""

    address: tuple[str, int]
    called_ae: str
    options: PacsOptions

    @property
    def where(self) -> str:
        return f"{self.called_ae}@{self.address[0]}:{self.address[1]}"

    def tls(self) -> tuple[Any, str] | None:
        """Return the TLS context for another machine; None for this one without certificates."""
        import ssl

        host, options = self.address[0], self.options
        if "pacs-plain" in options.accepted or (is_loopback(host) and not options.ca_file):
            return None
        return ssl.create_default_context(cafile=options.ca_file or None), host


class _Keeper:
    """Takes what the archive stores here; holds the first thing that went wrong."""

    def __init__(self, box: Inbox) -> None:
        self._box = box
        self.problem: Exception | None = None

    def store(self, event: Any) -> int:
        """Write one object as it came and return the status for the archive."""
        if self.problem is not None:
            return _OUT_OF_RESOURCES
        try:
            data = event.encoded_dataset()
            self._box.count(len(data))
            self._box.begin().write_bytes(data)
        except (AbscopeError, OSError) as error:
            self.problem = error
            event.assoc.abort()
            return _OUT_OF_RESOURCES
        return 0


def _entity(door: _Door) -> tuple[Any, tuple[DoseFinding, ...]]:
    address, options = door.address, door.options
    problems = [
        Problem(
            name, f"'{title}' is no application entity title", "1 to 16 characters", "Check it."
        )
        for name, title in (("called title", door.called_ae), ("calling title", options.calling_ae))
        if not (0 < len(title.strip()) <= 16 and title.isascii() and title.isprintable())
    ]
    if not 0 < address[1] < 65536:
        problems.append(Problem("port", f"is {address[1]}", "1 to 65535", "Check the address."))
    if problems:
        raise UsageError(problems)
    accepted = check_door(
        door.where,
        host=address[0],
        encrypted="pacs-plain" not in options.accepted,
        options=options,
        token_used=False,
    )
    try:
        from pynetdicom import AE
    except ImportError:
        raise missing_extra("DIMSE") from None
    entity = AE(ae_title=options.calling_ae)
    entity.acse_timeout = entity.dimse_timeout = options.timeout_s
    entity.network_timeout = entity.connection_timeout = options.timeout_s
    return entity, accepted


@contextmanager
def _associated(
    entity: Any, door: _Door, *, keeper: _Keeper | None = None, roles: list[Any] | None = None
) -> Iterator[Any]:
    """Give an association; raises DicomError where the archive is unreachable or refuses it."""
    from pynetdicom import evt

    try:
        socket.create_connection(door.address, timeout=door.options.timeout_s).close()
    except OSError:
        action = "Is the archive running, and are address and port right?"
        raise DicomError(
            Problem(door.where, "cannot be reached", "a DICOM archive", action)
        ) from None
    handlers: list[Any] = [(evt.EVT_C_STORE, keeper.store)] if keeper is not None else []
    link = entity.associate(
        *door.address,
        ae_title=door.called_ae,
        evt_handlers=handlers,
        ext_neg=roles,
        tls_args=door.tls(),
    )
    if not link.is_established:
        raise DicomError(_refusal(link, door.where))
    try:
        yield link
    finally:
        if link.is_established:
            link.release()


def _refusal(link: Any, where: str) -> Problem:
    if link.is_rejected:
        answer = link.acceptor.primitive
        why = getattr(answer, "reason_str", "") or "no reason given"
        action = "Check both titles, and that the archive knows this machine."
        return Problem(where, f"rejects the association ({why})", "an accepted one", action)
    action = "Is it a DICOM archive, and does it want TLS?"
    return Problem(where, "breaks off the association", "an accepted one", action)


@contextmanager
def _listening(keeper: _Keeper, door: _Door) -> Iterator[None]:
    """Receive on this machine, on ``move_port``, while the body runs."""
    from pydicom.uid import AllTransferSyntaxes
    from pynetdicom import AE, evt

    options = door.options
    receiver: Any = AE(ae_title=options.calling_ae)
    for uid in _STORED:
        receiver.add_supported_context(uid, list(AllTransferSyntaxes))
    place = ("127.0.0.1", options.move_port)
    try:
        server = receiver.start_server(
            place, block=False, evt_handlers=[(evt.EVT_C_STORE, keeper.store)]
        )
    except OSError as error:
        what = f"cannot be used ({error.strerror})"
        raise UsageError(
            Problem(f"port {options.move_port}", what, "a free port", "Choose another.")
        ) from None
    try:
        yield
    finally:
        server.shutdown()


def _series(link: Any, where: str, query: PacsQuery) -> list[tuple[str, str]]:
    """Return study and series of everything that matches, by C-FIND."""
    studies = [query.study_uid]
    if not query.study_uid:
        rows = _found(link, where, level="STUDY", PatientID=query.patient_id, StudyInstanceUID="")
        studies = [str(row.StudyInstanceUID) for row in rows]
    found = []
    for study in studies:
        rows = _found(
            link, where, level="SERIES", StudyInstanceUID=study, PatientID=query.patient_id,
            SeriesInstanceUID="", Modality="",
        )  # fmt: skip
        found += [
            (study, str(row.SeriesInstanceUID))
            for row in rows
            if str(row.get("Modality", "")) in query.modalities
        ]
    if not found:
        raise no_match(where, query)
    return found


def _found(link: Any, where: str, *, level: str, **wanted: str) -> list[Any]:
    from pydicom.dataset import Dataset

    asked = Dataset()
    asked.QueryRetrieveLevel = level
    for key, value in wanted.items():
        setattr(asked, key, value)
    try:
        answers = list(link.send_c_find(asked, _FIND))
    except (ValueError, RuntimeError) as error:
        raise _no_service(where, "C-FIND", error) from None
    rows = [row for status, row in answers if status and status.Status in _PENDING and row]
    last = answers[-1][0] if answers else None
    if not last or last.Status not in (0, *_PENDING):
        code = f"0x{last.Status:04X}" if last else "no answer"
        raise DicomError(Problem(where, f"C-FIND failed ({code})", "a list", "See its log."))
    return rows


def _retrieve(
    call: Any, model: str, found: list[tuple[str, str]], where: str, keeper: _Keeper, *more: Any
) -> None:
    from pydicom.dataset import Dataset

    for study, series in found:
        asked = Dataset()
        asked.QueryRetrieveLevel = "SERIES"
        asked.StudyInstanceUID, asked.SeriesInstanceUID = study, series
        answers: list[Any] = []
        try:
            answers = list(call(asked, *more, model))
        except (ValueError, RuntimeError) as error:
            if keeper.problem is None:
                raise _no_service(where, "C-GET or C-MOVE", error) from None
        if keeper.problem is not None:
            raise keeper.problem
        status = answers[-1][0] if answers else None
        if not status or status.Status != 0:
            code = f"0x{status.Status:04X}" if status else "no answer"
            action = "For C-MOVE the archive has to know this machine's title and port."
            raise DicomError(Problem(where, f"sending failed ({code})", "every object", action))


def _no_service(where: str, what: str, error: Exception) -> DicomError:
    text = " ".join(str(error).split())[:120]
    return DicomError(Problem(where, f"offers no {what} ({text})", "this service", "Ask for it."))
