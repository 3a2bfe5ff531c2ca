"""Untrusted files are parsed in a process of their own, with a bound on memory and time.

One process serves all files of a source and is started again only after it was lost. A crash, a
hang or a kill is one rejected file. Records come back as ``wire`` messages, so nothing the process
sends is executed. On Linux the process is forked (about 10 ms); elsewhere it is spawned (about
0.5 s), and where the operating system has no address-space limit only the time limit holds.
"""

import multiprocessing
import os
import secrets
import sys
import warnings
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from abscope.dose.dicom.instances import WIRE_TYPES, Instance
from abscope.dose.dicom.limits import Limits
from abscope.dose.dicom.rejection import Rejected, RejectedError
from abscope.dose.dicom.wire import pack, unpack
from abscope.errors import Problem, UsageError

__all__ = ["Sandbox", "StartMethod"]

StartMethod = Literal["fork", "spawn"]

_LONGEST_SALT = 64


class Sandbox:
    """Parses files one after the other in a child process; a context manager.

    ``salt`` (1 to 64 bytes) makes the hashes of patient identifiers; the same salt gives the same
    hash. Without one, a new salt is drawn for each sandbox. ``images`` unpacks the values of
    compressed CT slices. Raises UsageError for another length.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        salt: bytes | None = None,
        images: bool = False,
        start_method: StartMethod | None = None,
    ) -> None:
        if salt is not None and not 1 <= len(salt) <= _LONGEST_SALT:
            raise UsageError(
                Problem("salt", f"has {len(salt)} bytes", f"1 to {_LONGEST_SALT}", "Change it.")
            )
        self.limits = limits
        self._salt = salt or secrets.token_bytes(16)
        forks = sys.platform.startswith("linux")
        self._method: StartMethod = start_method or ("fork" if forks else "spawn")
        self._images = images
        self._process: Any = None
        self._line: Connection | None = None

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def parse(self, path: Path) -> Instance | Rejected:
        """Return what one file holds, or why it was turned away."""
        line = self._line or self._start()
        try:
            line.send_bytes(os.fsencode(path))
            if not line.poll(self.limits.time_s):
                self._stop()
                return _lost(f"parsing took longer than {self.limits.time_s:g} s")
            reply = unpack(line.recv_bytes(), WIRE_TYPES)
        except (EOFError, OSError):
            self._stop()
            return _lost("its parser was lost (a crash, or more memory than allowed)")
        if isinstance(reply, Rejected) and reply.kind == "lost":
            self._stop()
        if not isinstance(reply, Instance | Rejected):
            raise TypeError(f"the parsing process sent {type(reply).__name__}")
        return reply

    def _start(self) -> Connection:
        # imported here, once, so that a forked process imports nothing: it is quick to start
        # again, and no other thread can hold a lock that it waits for
        import pydicom.charset
        import pydicom.encaps
        import pydicom.filereader  # noqa: F401

        import abscope.dose.dicom.parsing  # noqa: F401

        if multiprocessing.current_process().daemon:
            raise UsageError(
                Problem(
                    "the reader",
                    "runs in a worker that may not start a process",
                    "a process that may",
                    "Use concurrent.futures.ProcessPoolExecutor instead of multiprocessing.Pool.",
                )
            )
        context = multiprocessing.get_context(self._method)
        line, far = context.Pipe()
        inherited = line if self._method == "fork" else None
        process = context.Process(  # type: ignore[attr-defined]
            target=_serve,
            args=(far, inherited, self.limits, (self._salt, self._images)),
            daemon=True,
        )
        with warnings.catch_warnings():
            # the child only parses: it takes no lock that another thread may hold
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        far.close()
        self._process, self._line = process, line
        return line

    def _stop(self) -> None:
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.join(0.2)
            if self._process.exitcode is None:
                self._process.kill()
                self._process.join()
            self._process.close()
        self._line = self._process = None


def _lost(what: str) -> Rejected:
    return Rejected(
        "lost",
        what,
        "a file that parses within the limits",
        "Check where it comes from, or raise the limits.",
    )


def _serve(
    line: Connection, inherited: Connection | None, limits: Limits, wanted: tuple[bytes, bool]
) -> None:
    """Answer paths with records until the other end closes."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if inherited is not None:
        inherited.close()
    _confine(limits)
    while True:
        try:
            request = line.recv_bytes()
        except EOFError:
            return
        reply = _answer(Path(os.fsdecode(request)), limits, wanted)
        line.send_bytes(pack(reply))
        if isinstance(reply, Rejected) and reply.kind == "lost":
            return


def _answer(path: Path, limits: Limits, wanted: tuple[bytes, bool]) -> Instance | Rejected:
    from abscope.dose.dicom.parsing import parse_file

    salt, images = wanted
    try:
        return parse_file(path, limits, salt=salt, images=images)
    except RejectedError as error:
        return error.rejected
    except MemoryError:
        return _lost(f"parsing needs more than {limits.memory_bytes >> 20} MiB of memory")
    except Exception as error:  # noqa: BLE001 - the parser of a damaged file may fail in any way
        return Rejected(
            "damaged",
            f"the file cannot be parsed ({type(error).__name__})",
            "a valid DICOM object",
            "Export or copy it again.",
        )


def _confine(limits: Limits) -> None:
    """Bound the memory of this process and make pydicom strict; silence what it logs."""
    import logging

    from pydicom import config

    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    config.settings.reading_validation_mode = config.RAISE
    try:
        import resource
    except ImportError:  # not on Windows: only the time limit holds there
        return
    used = 0
    if sys.platform.startswith("linux"):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        used = pages * resource.getpagesize()
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    bound = used + limits.memory_bytes
    if hard != resource.RLIM_INFINITY:
        bound = min(bound, hard)
    resource.setrlimit(resource.RLIMIT_AS, (bound, hard))
