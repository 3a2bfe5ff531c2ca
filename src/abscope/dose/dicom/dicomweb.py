"""Fetching from and sending to an archive over DICOMweb (QIDO, WADO, STOW)."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from abscope.dose.dicom.pacs import (
    Inbox,
    PacsOptions,
    PacsQuery,
    Received,
    check_door,
    check_query,
    inbox,
    missing_extra,
    no_match,
    sources,
)
from abscope.dose.findings import DoseFinding
from abscope.errors import DicomError, Problem, UsageError

__all__ = ["fetch_dicomweb", "send_dicomweb"]

_CHUNK = 1 << 20
#: An answer to a query or to a sending is a list of identifiers; a longer one is something else.
_ANSWER_BYTES = 64 * 2**20
_WHOLE = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_CONNECT = "Is the server running, and are address and port right?"


def fetch_dicomweb(
    url: str,
    folder: str | Path,
    *,
    query: PacsQuery,
    options: PacsOptions | None = None,
) -> Received:
    """Fetch the planning objects of one study or patient into a new folder, and return it.

    ``url`` is the root of the service, for example ``http://localhost:8042/dicom-web``. Redirects
    are never followed. Raises UsageError for a query that names nobody, a folder that exists, a
    wrong address or the missing extra; DicomError where the archive is unreachable, refuses, has no
    match, or sends too much. Then no folder is left.
    """
    options = options or PacsOptions()
    check_query(query)
    client, accepted = _client(url, options)
    with inbox(folder, options) as box:
        for study, series in _series(url, client, query):
            _asked(url, partial(_take, url, client, study, series, box))
    return Received(Path(folder), box.n_objects, box.n_bytes, accepted)


def send_dicomweb(
    url: str, *paths: str | Path, options: PacsOptions | None = None
) -> tuple[DoseFinding, ...]:
    """Send files to an archive (STOW-RS) and return what was accepted with a reason.

    Raises UsageError where a file is missing, DicomError where the archive does not take them all.
    """
    from pydicom import dcmread

    listed = sources(paths)
    client, accepted = _client(url, options or PacsOptions())
    answer = _asked(url, lambda: client.store_instances([dcmread(path) for path in listed]))
    failed = len(answer.get("FailedSOPSequence") or ())
    if failed:
        what = f"did not take {failed} of {len(listed)} objects"
        raise DicomError(Problem(url, what, "all of them", "See the log of the archive."))
    return accepted


def _client(url: str, options: PacsOptions) -> tuple[Any, tuple[DoseFinding, ...]]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise UsageError(
            Problem(
                "--url",
                "is no address of a DICOMweb service",
                "http://localhost:PORT/PATH or https://HOST/PATH, without a password in it",
                "Check the address.",
            )
        )
    accepted = check_door(
        url,
        host=parts.hostname,
        encrypted=parts.scheme == "https",
        options=options,
        token_used=True,
    )
    try:
        from dicomweb_client.api import DICOMwebClient
    except ImportError:
        raise missing_extra("DICOMweb") from None
    session = _session(url, options)
    client = DICOMwebClient(url.rstrip("/"), session=session, timeout=options.timeout_s)
    client.set_http_retry_params(retry=False)
    return client, accepted


def _session(url: str, options: PacsOptions) -> Any:
    """Return a session that follows no redirect, reads no proxy or password from the environment,
    and stops reading an answer that is too long."""
    import requests

    class Guarded(requests.Session):
        def send(self, request: Any, **settings: Any) -> Any:
            whole = not settings.get("stream")
            settings |= {"allow_redirects": False, "stream": True}
            response = super().send(request, **settings)
            if response.is_redirect or 300 <= response.status_code < 400:
                response.close()
                to = urlsplit(response.headers.get("location", "")).hostname or "another place"
                raise DicomError(
                    Problem(
                        url,
                        f"redirects to {to}",
                        "an answer: redirects are not followed",
                        "Give the address of the service itself.",
                    )
                )
            if whole:
                _read(url, response)
            return response

    session = Guarded()
    session.trust_env = False
    session.verify = options.ca_file or True
    if options.token:
        session.headers["Authorization"] = f"Bearer {options.token}"
    return session


def _read(url: str, response: Any) -> None:
    held = bytearray()
    for chunk in response.iter_content(_CHUNK):
        held += chunk
        if len(held) > _ANSWER_BYTES:
            response.close()
            what = f"answers with more than {_ANSWER_BYTES} bytes"
            raise DicomError(Problem(url, what, "a list of series", "Is it a DICOMweb service?"))
    response._content, response._content_consumed = bytes(held), True


def _series(url: str, client: Any, query: PacsQuery) -> list[tuple[str, str]]:
    """Return study and series of everything that matches."""
    found: list[tuple[str, str]] = []
    for modality in query.modalities:
        filters = {"Modality": modality}
        if query.patient_id:
            filters["PatientID"] = query.patient_id
        if query.study_uid:
            filters["StudyInstanceUID"] = query.study_uid
        answer = _asked(url, partial(client.search_for_series, search_filters=filters))
        for item in answer:
            study = _value(item, "0020000D") or query.study_uid
            series = _value(item, "0020000E")
            if study and series and _value(item, "00080060") in ("", modality):
                found.append((study, series))
    if not found:
        raise no_match(url, query)
    return list(dict.fromkeys(found))


def _value(row: Any, tag: str) -> str:
    """Return the first value of an element of DICOM JSON, '' where there is none."""
    values = row.get(tag, {}).get("Value") or [""]
    return str(values[0])


def _take(url: str, client: Any, study: str, series: str, box: Inbox) -> None:
    """Stream one series into the inbox, part by part, without reading what is in the parts."""
    place = f"{client.base_url}/studies/{_plain(url, study)}/series/{_plain(url, series)}"
    with client._session.get(
        place, headers={"Accept": _WHOLE}, stream=True, timeout=client._timeout
    ) as response:
        response.raise_for_status()
        kind = response.headers.get("content-type", "")
        mark = next(
            (p.partition("=")[2].strip().strip('"') for p in kind.split(";")
             if p.strip().lower().startswith("boundary=")), "",
        )  # fmt: skip
        if not kind.lower().startswith("multipart/related") or not mark:
            expected = "multipart/related with a boundary"
            raise DicomError(
                Problem(url, f"answers with '{kind[:60]}'", expected, "Is it a DICOMweb service?")
            )
        for part in _parts(url, response.iter_content(_CHUNK), mark.encode(), box):
            box.begin().write_bytes(part)


def _parts(url: str, chunks: Iterator[bytes], mark: bytes, box: Inbox) -> Iterator[bytes]:
    """Yield the body of each part of a multipart message; holds one part at a time."""
    end = b"\r\n--" + mark
    held, start, closed = bytearray(b"\r\n"), 0, False
    first = True
    for chunk in chunks:
        box.count(len(chunk))
        held += chunk
        while (at := held.find(end, max(start - len(end) - 2, 0))) >= 0 and not closed:
            if len(held) < at + len(end) + 2:
                break
            if not first:
                yield _body(url, bytes(held[:at]))
            first = False
            closed = held[at + len(end) : at + len(end) + 2] == b"--"
            del held[: at + len(end)]
            start = 0
        start = len(held)
    if not closed:
        what = "ended in the middle of an answer"
        raise DicomError(Problem(url, what, "every object in full", "Try again."))


def _body(url: str, part: bytes) -> bytes:
    head, gap, body = part.partition(b"\r\n\r\n")
    if not gap or len(head) > 8192:
        what = "sends a part without a header"
        raise DicomError(Problem(url, what, "DICOM objects", "Is it a DICOMweb service?"))
    return body


def _plain(url: str, uid: str) -> str:
    """Return a UID as it may stand in an address."""
    if not 0 < len(uid) <= 64 or set(uid) - set("0123456789."):
        what = "answers with an identifier that is no UID"
        raise DicomError(Problem(url, what, "digits and dots", "Is it a DICOMweb service?"))
    return uid


def _asked(url: str, call: Callable[[], Any]) -> Any:
    """Return what a call to the archive returns; every failure becomes one line about it."""
    import requests

    try:
        return call()
    except requests.exceptions.SSLError as error:
        raise _failed(url, f"its certificate is not trusted ({_short(error)})", "ca_file") from None
    except requests.exceptions.Timeout:
        raise _failed(url, "does not answer in time", "a longer timeout") from None
    except requests.exceptions.ConnectionError:
        what = "cannot be reached"
        raise DicomError(Problem(url, what, "a DICOMweb service", _CONNECT)) from None
    except requests.exceptions.HTTPError as error:
        code = error.response.status_code if error.response is not None else 0
        words = {401: "wants a valid token", 403: "forbids it", 404: "has no such service"}
        raise _failed(url, f"{words.get(code, 'refuses')} (HTTP {code})", "an answer") from None
    except (requests.exceptions.RequestException, ValueError, AttributeError, TypeError) as error:
        what = f"gives an answer that cannot be read ({_short(error)})"
        raise DicomError(Problem(url, what, "DICOMweb", "Is it a DICOMweb service?")) from None


def _failed(url: str, what: str, expected: str) -> DicomError:
    return DicomError(Problem(os.fspath(url), what, expected, "Ask who runs the archive."))


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
