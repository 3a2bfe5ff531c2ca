"""Fetching and sending against a real Orthanc on this machine, and every way it can go wrong."""

import hashlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("dicomweb_client", reason="the extra pacs is not installed")
pytest.importorskip("pynetdicom", reason="the extra pacs is not installed")

from abscope.cli.app import run
from abscope.dose.dicom.dicomweb import fetch_dicomweb, send_dicomweb
from abscope.dose.dicom.dimse import fetch_dimse, send_dimse
from abscope.dose.dicom.pacs import PacsOptions, PacsQuery, Received
from abscope.dose.dicom.write import Filing, synthetic_subject
from abscope.dose.dicom.write_dose import DoseReferences, write_dose
from abscope.dose.dicom.write_structures import write_structures
from abscope.dose.geometry.grid import DoseGrid, Grid
from abscope.dose.structures import Contour, Roi, StructureSet
from abscope.errors import AbscopeError, DicomError, UsageError

ORTHANC = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
PLUGINS = [
    path
    for folder in ("/usr/share/orthanc/plugins", "/usr/lib/orthanc")
    for path in sorted(Path(folder).glob("libOrthancDicomWeb.so*"))
][:1]
ABSENT = "Orthanc with its DICOMweb plugin is not installed (apt: orthanc orthanc-dicomweb)"
NAME = "PACSTEST"
QUERY = PacsQuery(patient_id=f"SYNTHETIC-{NAME}")
QUICK = PacsOptions(timeout_s=5.0)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass(frozen=True)
class Archive:
    url: str
    port: int
    move_port: int


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """A real Orthanc with storage of its own; ended by its own process number."""
    if not ORTHANC or not PLUGINS:
        pytest.skip(ABSENT)
    folder = tmp_path_factory.mktemp("orthanc")
    web, dicom, move = free_port(), free_port(), free_port()
    settings = {
        "Name": "abscope test", "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"), "RemoteAccessAllowed": False,
        "HttpServerEnabled": True, "HttpPort": web, "AuthenticationEnabled": False,
        "DicomServerEnabled": True, "DicomPort": dicom, "DicomAet": "ORTHANC",
        "DicomCheckCalledAet": True, "DicomAlwaysAllowFind": True, "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowMove": True, "Plugins": [str(PLUGINS[0])],
        "DicomModalities": {"abscope": ["ABSCOPE", "127.0.0.1", move]},
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [str(ORTHANC), str(folder / "orthanc.json")], stdout=log, stderr=log
        )
    try:
        for _ in range(200):
            if process.poll() is not None:
                raise RuntimeError((folder / "log").read_text()[-2000:])
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{web}/system", timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield Archive(f"http://127.0.0.1:{web}/dicom-web", dicom, move)
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A dose of 1.3 MB and a structure set, as abscope writes them."""
    folder = tmp_path_factory.mktemp("objects")
    subject = synthetic_subject(NAME, date="20000103")
    affine = np.diag((2.0, 2.0, 1.0, 1.0))
    grid = Grid(affine, np.arange(40) * 2.0, 90, 90)
    dose = DoseGrid(grid, np.linspace(0, 30, 40 * 90 * 90).reshape(40, 90, 90), "1.2.3.4")
    square = np.array([[10.0, 10, 4], [30, 10, 4], [30, 30, 4], [10, 30, 4]])
    regions = StructureSet("1.2.3.5", "1.2.3.4", (Roi(1, "L01", (Contour(square),), "GTV"),), 2.0)
    paths = folder / "dose.dcm", folder / "structures.dcm"
    write_dose(paths[0], dose, subject=subject, filing=Filing("dose", uid="1.2.3.6"),
               refers=DoseReferences(("1.2.3.7",)))  # fmt: skip
    write_structures(paths[1], regions, subject=subject, filing=Filing("regions"))
    return paths


@pytest.fixture(scope="module")
def stored(archive: Archive, objects: tuple[Path, Path]) -> Archive:
    send_dicomweb(archive.url, objects[0], options=QUICK)
    send_dimse(("127.0.0.1", archive.port), objects[1], called_ae="ORTHANC", options=QUICK)
    return archive


def content(path: Path) -> tuple[str, str]:
    """The identity of an object, and a digest of its pixels or its contour points."""
    from pydicom import dcmread

    found = dcmread(path)
    if "PixelData" in found:
        data = bytes(found.PixelData)
    else:
        data = str(found.ROIContourSequence[0].ContourSequence[0].ContourData).encode()
    return str(found.SOPInstanceUID), hashlib.sha256(data).hexdigest()


def assert_same(received: Received, objects: tuple[Path, Path]) -> None:
    files = sorted(received.folder.iterdir())
    assert [path.name for path in files] == ["000001.dcm", "000002.dcm"]
    assert {content(path) for path in files} == {content(path) for path in objects}
    assert received.n_objects == 2
    assert received.n_bytes > 1_290_000
    assert received.findings == ()


def test_dicomweb_brings_back_what_was_sent(
    stored: Archive, objects: tuple[Path, Path], tmp_path: Path
) -> None:
    assert_same(fetch_dicomweb(stored.url, tmp_path / "a", query=QUERY, options=QUICK), objects)


def test_c_get_brings_back_what_was_sent(
    stored: Archive, objects: tuple[Path, Path], tmp_path: Path
) -> None:
    place = ("127.0.0.1", stored.port)
    found = fetch_dimse(place, tmp_path / "a", called_ae="ORTHANC", query=QUERY, options=QUICK)
    assert_same(found, objects)


def test_c_move_brings_back_what_was_sent(
    stored: Archive, objects: tuple[Path, Path], tmp_path: Path
) -> None:
    place = ("127.0.0.1", stored.port)
    options = PacsOptions(timeout_s=5.0, move_port=stored.move_port)
    found = fetch_dimse(place, tmp_path / "a", called_ae="ORTHANC", query=QUERY, options=options)
    assert_same(found, objects)


def test_a_study_is_found_by_its_uid_and_only_the_modalities_asked_for(
    stored: Archive, tmp_path: Path
) -> None:
    study = synthetic_subject(NAME, date="20000103").elements["StudyInstanceUID"]
    query = PacsQuery(study_uid=study, modalities=("RTSTRUCT",))
    place = ("127.0.0.1", stored.port)
    web = fetch_dicomweb(stored.url, tmp_path / "a", query=query, options=QUICK)
    dimse = fetch_dimse(place, tmp_path / "b", called_ae="ORTHANC", query=query, options=QUICK)
    assert (web.n_objects, dimse.n_objects) == (1, 1)


LIMITS = (
    (PacsOptions(timeout_s=2.0, max_bytes=1_000_000), "more than 1000000 bytes"),
    (PacsOptions(timeout_s=2.0, max_objects=1), "more than 1 objects"),
)


@pytest.mark.parametrize(("options", "words"), LIMITS)
@pytest.mark.parametrize("way", ["web", "dimse"])
def test_what_is_too_large_is_refused_and_leaves_no_folder(
    stored: Archive, tmp_path: Path, options: PacsOptions, words: str, way: str
) -> None:
    with pytest.raises(DicomError, match=words):
        fetch(way, stored, tmp_path / "a", query=QUERY, options=options)
    assert list(tmp_path.iterdir()) == []


def fetch(
    way: str, archive: Archive, folder: Path, *, query: PacsQuery, options: PacsOptions = QUICK
) -> Received:
    if way == "web":
        return fetch_dicomweb(archive.url, folder, query=query, options=options)
    place = ("127.0.0.1", archive.port)
    return fetch_dimse(place, folder, called_ae="ORTHANC", query=query, options=options)


@pytest.mark.parametrize("way", ["web", "dimse"])
def test_no_match_is_said(stored: Archive, tmp_path: Path, way: str) -> None:
    with pytest.raises(DicomError, match="has no series that matches"):
        fetch(way, stored, tmp_path / "a", query=PacsQuery(patient_id="NOBODY"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("way", ["web", "dimse"])
def test_an_existing_folder_is_kept(stored: Archive, tmp_path: Path, way: str) -> None:
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(UsageError, match="already exists"):
        fetch(way, stored, tmp_path, query=QUERY)
    assert (tmp_path / "mine").read_text() == "kept"


def test_a_wrong_title_is_told_from_an_archive_that_is_not_there(
    stored: Archive, tmp_path: Path
) -> None:
    place = ("127.0.0.1", stored.port)
    with pytest.raises(DicomError, match=r"rejects the association \(Called AE title not rec"):
        fetch_dimse(place, tmp_path / "a", called_ae="WRONG", query=QUERY, options=QUICK)


def test_an_archive_that_does_not_know_the_receiver_says_so(
    stored: Archive, tmp_path: Path
) -> None:
    options = PacsOptions(timeout_s=5.0, move_port=free_port(), calling_ae="STRANGER")
    place = ("127.0.0.1", stored.port)
    with pytest.raises(DicomError, match="has to know this machine's title and port"):
        fetch_dimse(place, tmp_path / "a", called_ae="ORTHANC", query=QUERY, options=options)
    assert list(tmp_path.iterdir()) == []


def test_an_address_without_the_service_is_told(stored: Archive, tmp_path: Path) -> None:
    url = stored.url.replace("dicom-web", "nothing-here")
    with pytest.raises(DicomError, match=r"no such service \(HTTP 404\)"):
        fetch_dicomweb(url, tmp_path / "a", query=QUERY, options=QUICK)


def test_an_archive_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    port = free_port()
    with pytest.raises(DicomError, match="cannot be reached") as web:
        fetch_dicomweb(f"http://127.0.0.1:{port}/x", tmp_path / "a", query=QUERY, options=QUICK)
    with pytest.raises(DicomError, match="cannot be reached") as dimse:
        fetch_dimse(("127.0.0.1", port), tmp_path / "a", called_ae="X", query=QUERY, options=QUICK)
    assert "\n" not in str(web.value) + str(dimse.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "query",
    [PacsQuery(), PacsQuery(patient_id="*"), PacsQuery(patient_id="A", modalities=())],
    ids=["nobody", "everybody", "nothing"],
)
def test_whole_archives_are_never_asked_for(tmp_path: Path, query: PacsQuery) -> None:
    with pytest.raises(UsageError):
        fetch_dicomweb("http://127.0.0.1:1/x", tmp_path / "a", query=query)
    with pytest.raises(UsageError):
        fetch_dimse(("127.0.0.1", 1), tmp_path / "a", called_ae="X", query=query)


def codes(error: pytest.ExceptionInfo[AbscopeError]) -> set[str]:
    return {problem.path for problem in error.value.problems}


def test_another_machine_needs_encryption_and_a_token(tmp_path: Path) -> None:
    url = "http://pacs.invalid/dicom-web"
    with pytest.raises(DicomError, match="unencrypted") as first:
        fetch_dicomweb(url, tmp_path / "a", query=QUERY, options=QUICK)
    assert codes(first) == {"pacs-plain", "pacs-no-token"}
    with pytest.raises(DicomError) as second:
        fetch_dicomweb(url.replace("http", "https"), tmp_path / "a", query=QUERY, options=QUICK)
    assert codes(second) == {"pacs-no-token"}
    reasons = {"pacs-plain": "tunnel of the hospital", "pacs-no-token": "the tunnel asks"}
    with pytest.raises(DicomError, match="cannot be reached"):
        fetch_dicomweb(url, tmp_path / "a", query=QUERY,
                       options=PacsOptions(timeout_s=5.0, accepted=reasons))  # fmt: skip


def test_the_token_shows_in_no_text() -> None:
    assert "secret" not in repr(PacsOptions(token="secret"))


class Hostile(http.server.BaseHTTPRequestHandler):
    """Answers that no archive should give, by path."""

    def do_GET(self) -> None:
        kind, body, code = "application/dicom+json", b"[]", 200
        if "redirect" in self.path:
            self.send_response(302)
            self.send_header("Location", "http://198.51.100.1/steal")
            self.end_headers()
            return
        if "torn" in self.path and "/series/" in self.path:
            kind = "multipart/related; boundary=b"
            body = b"--b\r\nContent-Type: application/dicom\r\n\r\nabc"
        elif "nonsense" in self.path:
            kind, body = "text/html", b"<html>"
        else:
            uid = "../../etc" if "traverse" in self.path else "1.2.3"
            rows = {"0020000D": {"vr": "UI", "Value": ["1.2"]},
                    "0020000E": {"vr": "UI", "Value": [uid]}}  # fmt: skip
            body = json.dumps([rows]).encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Stay quiet."""


@pytest.fixture(scope="module")
def hostile() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("redirect", r"redirects to 198\.51\.100\.1"),
        ("torn", "ended in the middle"),
        ("nonsense", "cannot be read"),
        ("traverse", "no UID"),
    ],
)
def test_a_hostile_archive_is_refused(hostile: str, tmp_path: Path, path: str, words: str) -> None:
    with pytest.raises(DicomError, match=words):
        fetch_dicomweb(f"{hostile}/{path}", tmp_path / "a", query=QUERY, options=QUICK)
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['dicomweb_client'] = sys.modules['pynetdicom'] = None\n"
        "sys.modules['dicomweb_client.api'] = None\n"
        "from abscope.dose.dicom.dicomweb import fetch_dicomweb\n"
        "from abscope.dose.dicom.dimse import fetch_dimse\n"
        "from abscope.dose.dicom.pacs import PacsQuery\n"
        "from abscope.errors import UsageError\n"
        "q = PacsQuery(patient_id='A')\n"
        "for call in (lambda: fetch_dicomweb('http://localhost:1/x', 'out', query=q),\n"
        "             lambda: fetch_dimse(('localhost', 1), 'out', called_ae='X', query=q)):\n"
        "    try: call()\n"
        "    except UsageError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True,
        check=True, env={**os.environ, "PYTHONWARNINGS": "error"},
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all("pip install 'abscope[pacs]'" in text for text in lines)


@pytest.mark.parametrize("way", ["web", "dimse"])
def test_the_commands_send_and_fetch(
    archive: Archive,
    objects: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    way: str,
) -> None:
    """Through ``abscope send`` and ``abscope fetch``: as many objects come back, and are read."""
    place = [archive.url] if way == "web" else [f"127.0.0.1:{archive.port}"]
    title = [] if way == "web" else ["--aet", "ORTHANC"]
    assert run(["send", *place, *map(str, objects), *title]) == 0
    assert capsys.readouterr().out == f"{place[0]}: took 2 objects\n"
    folder = tmp_path / "export"
    fetched = ["fetch", *place, str(folder), "--patient", QUERY.patient_id, *title, "--json"]
    assert run(fetched) == 0
    assert json.loads(capsys.readouterr().out)["n_objects"] == 2
    assert len(list(folder.iterdir())) == 2
    assert run(fetched) == 2
    assert "already exists" in capsys.readouterr().out
