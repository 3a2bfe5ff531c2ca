"""Where printed kernels are kept: a folder of the user, safe when several processes start at once.

A kernel is a Python file named by what it was printed from. It is written under another name and
moved into place, so a reader sees the whole file or none; Numba keeps the machine code beside it.
"""

import contextlib
import hashlib
import importlib.util
import os
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path
from types import ModuleType

__all__ = [
    "cache_folder",
    "kept",
    "kernel_key",
    "load_kernel",
    "load_unkept",
    "module_name",
    "write_kept",
    "write_kernel",
]

#: what compiles a kernel that LLVM does not get from `abscope.engine.native`
_NUMBA = ("numba", "llvmlite", "numpy")
_warned = False


def cache_folder() -> Path:
    """Return the folder of the kernels: ABSCOPE_CACHE, else the cache folder of the platform."""
    if stated := os.environ.get("ABSCOPE_CACHE"):
        return Path(stated) / "kernels"
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "abscope" / "kernels"


@cache
def _engine_mark(made_by: tuple[str, ...]) -> str:
    """Return a hash of the engine's own source and of the packages that compile it."""
    from importlib.metadata import version

    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted((*folder.glob("*.py"), *folder.glob("native/*.py"))):
        digest.update(path.read_bytes())
    for package in made_by:
        digest.update(f"{package} {version(package)};".encode())
    return digest.hexdigest() + f" {sys.version_info[:2]}"


def kernel_key(
    fingerprint: str, method: str, numbers: str, *, made_by: tuple[str, ...] = _NUMBA
) -> str:
    """Return the name of a kernel: equal for equal mathematics, method, numbers and versions.

    ``made_by`` are the packages whose versions count.
    """
    text = f"{fingerprint} {method} {numbers} {_engine_mark(made_by)}"
    return f"{method}_{numbers}_{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def kept(key: str, suffix: str = ".py") -> Path | None:
    """Return the file of a kernel that is in the cache, or None."""
    path = cache_folder() / f"{key}{suffix}"
    return path if path.is_file() else None


def write_kept(key: str, text: str | bytes, suffix: str) -> Path:
    """Keep a text or some bytes whole or not at all; return the file. Raises OSError."""
    folder = cache_folder()
    path, temporary = folder / f"{key}{suffix}", None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".part-", suffix=suffix)
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode() if isinstance(text, str) else text)
        # Numba trusts its machine code while the time of the text is the same: every process that
        # writes this text gives it the same time.
        os.utime(temporary, (1_000_000_000, 1_000_000_000))
        os.replace(temporary, path)
    except OSError:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise
    return path


def write_kernel(key: str, text: str | bytes, suffix: str = ".py") -> Path | None:
    """Keep a kernel; return its file, or None (with one warning) where it cannot."""
    global _warned
    try:
        return write_kept(key, text, suffix)
    except OSError as error:
        if not _warned:
            _warned = True
            warnings.warn(
                f"compiled models cannot be kept in {cache_folder()} ({error}): each start "
                "compiles again. Set ABSCOPE_CACHE to a folder that can be written.",
                RuntimeWarning,
                stacklevel=2,
            )
        return None


def module_name(key: str) -> str:
    """Return the name under which a kernel is a module."""
    return f"abscope_kernel_{key}"


def load_kernel(key: str, path: Path) -> ModuleType:
    """Return the kernel in a file as a module."""
    name = module_name(key)
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def load_unkept(key: str, text: str) -> ModuleType:
    """Return a kernel that could not be kept; it is compiled anew in each process."""
    name = module_name(key)
    if name in sys.modules:
        return sys.modules[name]
    module = ModuleType(name)
    sys.modules[name] = module
    exec(compile(text.replace("cache=True", "cache=False"), name, "exec"), module.__dict__)  # noqa: S102
    return module
