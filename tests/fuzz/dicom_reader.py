"""Damage DICOM files in many ways and read them: nothing but a study or a DicomError may come out.

    python tests/fuzz/dicom_reader.py --n 100000 --seed 1

Each mutation has its own seed, so that ``--only 4711`` repeats one. A mutated file is read together
with the clean other objects of its case, so that linking and checks run too. Reported as failures:
any other exception, a parser that was lost (crash, over 5 s, over 1 GiB), and memory of this
process over 1 GB.
"""

import argparse
import random
import resource
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from abscope.dose.dicom import Limits
from abscope.dose.dicom.elements import TAGS
from abscope.dose.dicom.folder import Listing, SourceFile
from abscope.dose.dicom.instances import Instance
from abscope.dose.dicom.reading import study_of
from abscope.dose.dicom.rejection import Rejected
from abscope.dose.dicom.sandbox import Sandbox
from abscope.errors import DicomError
from dicom_case import case_dose_gy, case_grid
from dicom_phantom import (
    BIG,
    DEFLATED,
    EXPLICIT,
    RLE,
    Curve,
    roi_of,
    sphere,
    write_ct,
    write_dose,
    write_plan,
    write_record,
    write_registration,
    write_structures,
)

ACCEPT_ALL = dict.fromkeys(
    ("unreadable", "patient", "frame-of-reference", "dose-level", "dose-units", "dose-type",
     "frame-missing"), "fuzzing",
)  # fmt: skip
LENGTHS = (0, 1, 3, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
NUMBERS = (
    b"NaN",
    b"-inf",
    b"1e999",
    b"-0",
    b"1e-400",
    b"9e14",
    b"9e307",
    b"",
    b"\\\\",
    b"9" * 16,
    b"-1",
    b"0.0",
)
OPENED = b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
CLOSED = b"\xfe\xff\x0d\xe0\0\0\0\0"
TAG_BYTES = [
    ((tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little"))
    for tag in (*TAGS.values(), 0x7FE00010)
]
LIMITS = Limits(time_s=5.0, memory_bytes=1 << 30)
MOST_MEMORY_KB = 1_000_000


def seeds(folder: Path) -> tuple[list[Path], list[Path]]:
    """Write small objects of every kind and coding; return them and the clean companions."""
    dose, grid = case_dose_gy(), case_grid()
    fine = [0.0, 1.0, 2.0, 3.0]
    curves = [Curve(1, fine, [5.0, 5.0, 2.0, 0.0], mean=1.9, maximum=3.0)]
    rois = [sphere("GTV", (0, 0, 0), 6.0, spacing_mm=3.0), roi_of("nichts", [], number=2)]
    clean = [
        write_dose(folder / "dose.dcm", dose, grid, curves=curves, fraction_group=1, beams=[1]),
        write_structures(folder / "structures.dcm", rois, image_uids=["ct 0", "ct 1"]),
        write_plan(folder / "plan.dcm"),
    ]
    more = [
        write_dose(folder / "big.dcm", dose[:2], _short(grid), syntax=BIG, uid="b"),
        write_dose(folder / "deflated.dcm", dose, grid, syntax=DEFLATED, uid="d"),
        write_dose(folder / "rle.dcm", dose[:3], _short(grid, 3), syntax=RLE, uid="r"),
        write_dose(folder / "explicit.dcm", dose[:2], _short(grid), syntax=EXPLICIT, uid="e"),
        write_structures(folder / "structures2.dcm", rois, syntax=EXPLICIT, uid="s"),
        write_plan(folder / "ion.dcm", ion=True, syntax=EXPLICIT, uid="i"),
        write_record(folder / "record.dcm"),
        write_registration(
            folder / "reg.dcm", np.eye(4), source_frame="frame", target_frame="other"
        ),
        *write_ct(folder / "ct", np.zeros((2, 6, 6)), _small(grid)),
    ]
    shared = Path(__file__).parents[3] / "shared" / "data" / "dicom" / "pydicom_rt"
    return [*clean, *more, *sorted(shared.glob("*.dcm"))], clean


def _short(grid, planes=2):
    return type(grid)(grid.affine, grid.offsets_mm[:planes], grid.rows, grid.columns)


def _small(grid):
    return type(grid)(grid.affine, grid.offsets_mm[:2], 6, 6)


def _places(raw: bytes, chance: random.Random) -> int:
    """Return where an element of the allow-list begins, or anywhere."""
    for _ in range(8):
        found = raw.find(chance.choice(TAG_BYTES), chance.randrange(len(raw)) // 2)
        if found >= 0:
            return found
    return chance.randrange(len(raw))


def _flip(raw: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 8)):
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)


def _overwrite(raw: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(raw))
    raw[place : place + chance.choice((1, 2, 4, 64))] = chance.randbytes(chance.choice((1, 2, 4)))


def _cut(raw: bytearray, chance: random.Random) -> None:
    del raw[chance.randrange(len(raw)) :]


def _lie(raw: bytearray, chance: random.Random) -> None:
    place = _places(raw, chance) + chance.choice((4, 6, 8))
    length = chance.choice((*LENGTHS, chance.randrange(1 << 16)))
    size = chance.choice((2, 4))
    raw[place : place + size] = (length % (1 << 8 * size)).to_bytes(size, "little")


def _swap(raw: bytearray, chance: random.Random) -> None:
    one, two = _places(raw, chance), _places(raw, chance)
    raw[one : one + 4], raw[two : two + 4] = raw[two : two + 4], raw[one : one + 4]


def _retag(raw: bytearray, chance: random.Random) -> None:
    place = _places(raw, chance)
    raw[place : place + 4] = chance.choice(TAG_BYTES)


def _nest(raw: bytearray, chance: random.Random) -> None:
    depth = chance.choice((1, 2, 15, 200))
    tag = chance.choice(TAG_BYTES)
    head = tag + chance.choice((b"SQ\0\0", b"")) + b"\xff\xff\xff\xff"
    place = _places(raw, chance)
    raw[place:place] = (head + OPENED) * depth + (CLOSED * depth if chance.random() < 0.5 else b"")


def _repeat(raw: bytearray, chance: random.Random) -> None:
    one, two = sorted((_places(raw, chance), _places(raw, chance)))
    piece = bytes(raw[one : min(two, one + 4096)])
    raw[one:one] = piece * chance.choice((1, 2, 30))


def _drop(raw: bytearray, chance: random.Random) -> None:
    one = _places(raw, chance)
    del raw[one : one + chance.choice((1, 2, 4, 8, 100))]


def _digits(raw: bytearray, chance: random.Random) -> None:
    digits = [k for k in range(132, len(raw)) if 48 <= raw[k] <= 57]
    if digits:
        place = chance.choice(digits)
        value = chance.choice(NUMBERS)
        raw[place : place + len(value)] = value


def _retype(raw: bytearray, chance: random.Random) -> None:
    place = _places(raw, chance) + 4
    raw[place : place + 2] = chance.choice((b"SQ", b"UN", b"OB", b"US", b"DS", b"FD", b"AT", b"PN"))


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip, _overwrite, _cut, _lie, _swap, _retag, _nest, _repeat, _drop, _digits, _retype,
)  # fmt: skip


def mutated(raw: bytes, chance: random.Random) -> bytes:
    """Return a damaged file; half of the deflated ones are damaged before they are packed."""
    begin = 144 + int.from_bytes(raw[140:144], "little")
    inside = b"1.2.840.10008.1.2.1.99" in raw[:400] and chance.random() < 0.7
    body = bytearray(zlib.decompress(raw[begin:], -15) if inside else raw)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        if body:
            chance.choice(MUTATIONS)(body, chance)
    if not inside:
        return bytes(body)
    engine = zlib.compressobj(1, zlib.DEFLATED, -15)
    return raw[:begin] + engine.compress(bytes(body)) + engine.flush()


class Remembering(Sandbox):
    """A sandbox that parses the clean companions once and counts what was lost."""

    def __init__(self, clean: Sequence[Path]) -> None:
        super().__init__(LIMITS, salt=b"fuzzing", images=True)
        self.lost: list[str] = []
        self.memory = {path: super(Remembering, self).parse(path) for path in clean}

    def parse(self, path: Path) -> Instance | Rejected:
        if path in self.memory:
            return self.memory[path]
        found = super().parse(path)
        if isinstance(found, Rejected) and found.kind == "lost":
            self.lost.append(found.what)
        return found


def run(n: int, *, seed: int, only: int | None = None) -> tuple[Counter[str], list[str]]:
    """Read ``n`` damaged files; return how often each outcome came, and every failure."""
    outcomes, failures = Counter[str](), list[str]()
    with tempfile.TemporaryDirectory(dir=_memory_folder()) as folder:
        files, clean = seeds(Path(folder) / "seeds")
        raws = [(path, path.read_bytes()) for path in files]
        target = Path(folder) / "mutated.dcm"
        with Remembering(clean) as sandbox:
            for index in range(n) if only is None else (only,):
                if index and index % 10_000 == 0:
                    sys.stderr.write(f"{index} read, {len(failures)} failures\n")
                chance = random.Random(f"{seed} {index}")
                origin, raw = chance.choice(raws)
                target.write_bytes(mutated(raw, chance))
                others = [SourceFile(path, path.name) for path in clean if path != origin]
                listing = Listing("fuzz", (SourceFile(target, "mutated.dcm"), *others))
                try:
                    study = study_of(listing, sandbox, accepted=ACCEPT_ALL, images=True)
                    codes = {item.code for item in study.findings}
                    outcomes["left out" if "unreadable" in codes else "read"] += 1
                except DicomError as error:
                    outcomes["refused"] += 1
                    if any("\n" in str(problem) for problem in error.problems):
                        failures.append(f"{index} {origin.name}: a message of several lines")
                except Exception:  # noqa: BLE001 - this is what is looked for
                    failures.append(f"{index} {origin.name}: {traceback.format_exc()}")
                if sandbox.lost:
                    failures.append(f"{index} {origin.name}: {sandbox.lost.pop()}")
    return outcomes, failures


def peak_memory_kb() -> int:
    """Return the most memory that this process or one of its children has ever held (kB).

    Its own is VmHWM: ``ru_maxrss`` would count the memory of the process that started it.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    own = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def _memory_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> int:
    """Run from the command line; exit code 1 where something failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    began = time.perf_counter()
    warnings.simplefilter("error")
    outcomes, failures = run(options.n, seed=options.seed, only=options.only)
    if (peak := peak_memory_kb()) > MOST_MEMORY_KB:
        failures.append(f"peak memory {peak} kB")
    outcomes["peak_mb"] = peak // 1000
    report = [
        f"{options.n} mutations, seed {options.seed}, {time.perf_counter() - began:.0f} s",
        str(dict(outcomes)),
        *failures[:50],
        f"{len(failures)} failures",
    ]
    sys.stdout.write("\n".join(report) + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
