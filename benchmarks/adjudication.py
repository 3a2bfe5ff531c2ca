"""How fast a cohort is adjudicated, beside the record path and pyrecist (PyPI, MIT).

    python benchmarks/adjudication.py                        # 1,000,000 x 12 x 5
    python benchmarks/adjudication.py --patients 20000       # a quick look

One process, one machine, one run of the script: the ratios are what counts. The cohort path and the
record path do the whole of RECIST 1.1 (target, non-target, new lesions, overall, best, confirmed
best, PFS); pyrecist does the target response of each visit, so it is compared on that alone, on the
first patients of the same cohort. The record path judges whose answer is right.
"""

import argparse
import contextlib
import io
import os
import platform
import resource
import statistics
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from abscope.response.cohort import CohortReading, adjudicate_cohort
from abscope.response.cohort_records import RESPONSE_CODES, RESPONSES, Cohort
from abscope.response.outcome import Outcome, outcome
from abscope.response.policy import Policy
from abscope.response.recist import RecistReading, assess
from abscope.response.records import LesionBaseline, Measurement, NewLesion, PatientRecord, Visit

CODE = RESPONSE_CODES
BLOCK = 10_000


@dataclass(frozen=True)
class Timing:
    """Seconds of several runs over a number of patients."""

    name: str
    patients: int
    runs_s: tuple[float, ...]

    @property
    def median_s(self) -> float:
        return statistics.median(self.runs_s)

    @property
    def per_patient_s(self) -> float:
        return self.median_s / self.patients


# ---- a synthetic cohort --------------------------------------------------------------------------


def synthesize(shape: tuple[int, int, int], *, seed: int, missing_frac: float) -> Cohort:
    """Return a made-up cohort: lesions shrink and regrow, sizes are read to 0.1 mm.

    Sizes follow B (exp(-d t) + exp(g t) - 1) with rates of each patient and lesion, 6 % of reading
    noise, 0 below 2 mm. Of the visits 2 % are not done, of the readings ``missing_frac`` is not
    evaluable.
    """
    patients, visits, lesions = shape
    arrays: dict[str, Any] = {
        "diameters_mm": np.empty((patients, visits, lesions)),
        "is_node": np.empty((patients, lesions), bool),
        "nontarget": np.empty((patients, visits), np.int8),
        "new_lesion": np.empty((patients, visits), bool),
        "days_d": np.empty((patients, visits)),
    }
    for low in range(0, patients, BLOCK):
        part = slice(low, min(low + BLOCK, patients))
        size = (part.stop - low, visits, lesions)
        made = _block(np.random.default_rng([seed, low]), size, missing_frac)
        for name, values in made.items():
            arrays[name][part] = values
    return Cohort(**arrays, sizes_checked=True)


def _block(
    rng: np.random.Generator, size: tuple[int, int, int], missing_frac: float
) -> dict[str, Any]:
    n, visits, lesions = size
    days = np.arange(visits) * 56.0 + np.round(rng.uniform(-4, 4, (n, visits)))
    days[:, 0] = -7
    node = rng.random((n, lesions)) < 0.2
    baseline = np.where(node, 15.0, 10.0) + rng.gamma(2.0, 9.0, (n, lesions))
    decay = np.where(rng.random(n) < 0.3, rng.gamma(2.0, 0.012, n), 0.0008)[:, None, None]
    growth = rng.gamma(1.0, 0.0011, (n, 1, lesions))
    time_d = (days - days[:, :1])[:, :, None]
    true = baseline[:, None] * (np.exp(-decay * time_d) + np.exp(growth * time_d) - 1)
    sizes = np.round(np.minimum(true * (1 + 0.06 * rng.standard_normal(true.shape)), 500.0), 1)
    sizes[sizes < 2] = 0.0
    sizes[:, 0] = np.round(baseline, 1)
    missing = rng.random(sizes.shape) < missing_frac
    missing[:, 0] = False
    undone = rng.random((n, visits)) < 0.02
    undone[:, 0] = False
    sizes[missing | undone[:, :, None]] = np.nan
    days[undone] = np.nan
    names = ("CR", "NON-CR/NON-PD", "PD", "NE")
    codes = np.array([CODE[name] for name in names], np.int8)
    nontarget = rng.choice(codes, (n, visits), p=[0.2, 0.76, 0.02, 0.02])
    nontarget[:, 0] = CODE["NON-CR/NON-PD"]
    nontarget[undone] = CODE["NE"]
    nontarget[rng.random(n) < 0.4] = CODE["NED"]
    new = (rng.random((n, visits)) < 0.03) & ~undone
    new[:, 0] = False
    return {
        "diameters_mm": sizes, "is_node": node, "nontarget": nontarget, "new_lesion": new,
        "days_d": days,
    }  # fmt: skip


def first_patients(cohort: Cohort, count: int, *, targets_only: bool = False) -> Cohort:
    """Return the first patients, on request with nothing but their targets."""
    part = slice(0, count)
    few = replace(
        cohort,
        diameters_mm=cohort.diameters_mm[part], is_node=cohort.is_node[part],
        nontarget=cohort.nontarget[part], new_lesion=cohort.new_lesion[part],
        days_d=cohort.days_d[part],
    )  # fmt: skip
    if not targets_only:
        return few
    return replace(
        few,
        nontarget=np.full_like(few.nontarget, CODE["NED"]),
        new_lesion=np.zeros_like(few.new_lesion),
    )


def to_record(cohort: Cohort, place: int) -> PatientRecord:
    """Return one patient as the record path reads it."""
    sizes, node = cohort.diameters_mm[place], cohort.is_node[place]
    axis = ["short_axis_mm" if flag else "diameter_mm" for flag in node]
    kind = ["node" if flag else "soft_tissue" for flag in node]
    lesions = tuple(
        LesionBaseline(id=f"T{k}", role="target", kind=kind[k], **{axis[k]: sizes[0, k]})
        for k in range(len(node))
    )
    visits, known = [], False
    for v in range(1, len(sizes)):
        if np.isnan(cohort.days_d[place, v]):
            continue
        found = [
            Measurement(lesion=f"T{k}", state="not_evaluable")
            if np.isnan(sizes[v, k])
            else Measurement(lesion=f"T{k}", **{axis[k]: sizes[v, k]})
            for k in range(len(node))
        ]
        here = bool(cohort.new_lesion[place, v])
        if known:
            found.append(Measurement(lesion="X", state="present" if here else "absent"))
        fresh = (NewLesion(id="X"),) if here and not known else ()
        known = known or here
        code = RESPONSES[cohort.nontarget[place, v]]
        visits.append(
            Visit(
                id=f"V{v}", day_d=float(cohort.days_d[place, v]), measurements=tuple(found),
                new_lesions=fresh, stated_nontarget=None if code == "NED" else code,
            )
        )  # fmt: skip
    return PatientRecord(
        subject=str(place), lesions=lesions, visits=tuple(visits), sizes_checked=True,
        baseline_d=float(cohort.days_d[place, 0]),
    )  # fmt: skip


# ---- the three that are timed --------------------------------------------------------------------


def timed(name: str, patients: int, runs: int, work: Callable[[], Any]) -> tuple[Timing, Any]:
    """Return the seconds of each run and what the last one gave."""
    seconds, result = [], None
    for _ in range(runs):
        result = None
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return Timing(name, patients, tuple(seconds)), result


Pair = tuple[RecistReading, Outcome]


def read_records(records: list[PatientRecord], policy: Policy) -> list[Pair]:
    pairs = []
    for record in records:
        reading = assess(record, policy)
        pairs.append((reading, outcome(record, reading)))
    return pairs


def require_same(reading: CohortReading, pairs: list[Pair]) -> None:
    """Stop where the two paths of this package give another answer; a fast wrong one is no use."""
    for row, (visits, result) in enumerate(pairs):
        ours = [RESPONSES[code] for code in reading.overall[row] if RESPONSES[code] != "ND"]
        ours += [RESPONSES[reading.best[row]], RESPONSES[reading.confirmed_best[row]]]
        theirs = [call.overall for call in visits.visits]
        theirs += [result.best.response, result.confirmed_best.response]
        if ours != theirs:
            raise SystemExit(f"patient {row}: cohort {ours}, record {theirs}")


def write_for_peer(cohort: Cohort, path: Path) -> None:
    """Write the target sizes as the CSV that pyrecist reads; a missing size is an empty field."""
    lines = ["patient_id,study_date,measurement,lesion_label_alias,lesion_category"]
    for place, sizes in enumerate(cohort.diameters_mm):
        for v, day_d in enumerate(cohort.days_d[place]):
            if np.isnan(day_d):
                continue
            day = date(2020, 1, 31) + timedelta(days=int(day_d))
            for k, size in enumerate(sizes[v]):
                text = "" if np.isnan(size) else repr(float(size))
                lines.append(f"{place},{day:%Y%m%d},{text},L{k},target")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_by_peer(path: Path) -> Callable[[], Any]:
    """Return a call of pyrecist on a file that it has read already; its reading is not timed."""
    from pyrecist.assessment import Evaluator
    from pyrecist.data import Reader

    reader = Reader()
    reader.read_measurements(str(path))

    def work() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it divides by a sum of 0
            return Evaluator(reader).evaluate_recist()

    return work


# ---- where the peer differs ----------------------------------------------------------------------


def differences(pairs: list[Pair], table: Any) -> tuple[Counter[str], int, int]:
    """Return the visits at which pyrecist differs by kind, those it answered, and all visits."""
    kinds: Counter[str] = Counter()
    answered = total = 0
    groups = table.groupby("patient_id")["classification"]
    by_patient = {int(place): list(rows) for place, rows in groups}
    for place, (reading, _) in enumerate(pairs):
        complete = earlier = progressed = False
        for call, theirs in zip(reading.visits, by_patient.get(place, []), strict=True):
            total += 1
            target = call.target
            assert target is not None
            if theirs is None or theirs != theirs:
                kinds["no answer after its first PD, which was none"] += not progressed
            else:
                answered += 1
                if theirs != target.response:
                    kinds[_kind(target, theirs, complete=complete, earlier=earlier)] += 1
                    earlier = True
            complete = complete or target.response == "CR"
            progressed = progressed or target.response == "PD"
    return kinds, answered, total


def _kind(target: Any, theirs: str, *, complete: bool, earlier: bool) -> str:
    if target.response == "CR":
        return f"complete response called {theirs}"
    if not target.complete:
        return f"target not evaluable: {target.response} called {theirs} from the rest"
    if complete and target.response == "PD":
        return f"disease back after a complete response called {theirs}"
    rise, nadir = target.sum_mm - target.nadir_mm, target.nadir_mm
    if 5 * rise == nadir or rise == 5 or 10 * target.sum_mm == 7 * target.baseline_mm:
        return f"sum exactly on a limit: {target.response} called {theirs}"
    if earlier:
        return f"follows from an earlier difference: {target.response} called {theirs}"
    return f"other: {target.response} called {theirs}"


# ---- the report ----------------------------------------------------------------------------------


def machine() -> str:
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        found = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((x.partition(":")[2].strip() for x in found if "model name" in x), model)
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({model}), {platform.system()}, Python "
        f"{platform.python_version()}, numpy {np.__version__}; load before the start {load:.1f}"
    )


def peak_gb() -> float:
    """Peak memory of this process so far (GB); the cohort itself counts."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def line(timing: Timing) -> str:
    spread = f"{min(timing.runs_s):.2f} to {max(timing.runs_s):.2f}"
    rate = timing.patients / timing.median_s
    return (
        f"| {timing.name} | {timing.patients:,} | {len(timing.runs_s)} | {timing.median_s:.2f} "
        f"({spread}) | {rate:,.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the adjudication of a cohort.")
    parser.add_argument("--patients", type=int, default=1_000_000)
    parser.add_argument("--visits", type=int, default=12)
    parser.add_argument("--lesions", type=int, default=5)
    parser.add_argument("--sample", type=int, default=1000, help="patients of the slow ones")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--missing", type=float, default=0.015, help="fraction of sizes")
    parser.add_argument("--seed", type=int, default=3)
    given = parser.parse_args()
    print(f"{date.today().isoformat()}; {machine()}\n")
    cohort = synthesize(
        (given.patients, given.visits, given.lesions), seed=given.seed, missing_frac=given.missing
    )
    before_gb = peak_gb()
    shape = " x ".join(f"{length:,}" for length in cohort.shape)
    cores = len(os.sched_getaffinity(0))
    timings = []
    for threads in sorted({1, cores}):
        name = f"cohort path, {threads} thread{'s' if threads > 1 else ''}"
        timing, reading = timed(
            name, given.patients, given.runs,
            lambda threads=threads: adjudicate_cohort(cohort, threads=threads),
        )  # fmt: skip
        timings.append(timing)
    after_gb = peak_gb()
    few = min(given.sample, given.patients)
    records = [to_record(cohort, place) for place in range(few)]
    timing, pairs = timed("record path", few, given.runs, lambda: read_records(records, Policy()))
    timings.append(timing)
    require_same(reading, pairs)
    carried = Policy(pr_carry_forward=True)
    bare = first_patients(cohort, few, targets_only=True)
    judged = read_records([to_record(bare, place) for place in range(few)], carried)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "targets.csv"
        write_for_peer(bare, path)
        with contextlib.redirect_stdout(io.StringIO()):
            work = read_by_peer(path)
        timing, table = timed(
            f"pyrecist {version('pyrecist')}, targets only", few, given.runs, work
        )
        timings.append(timing)
    report(shape, timings, (before_gb, after_gb), reading, differences(judged, table))


def report(
    shape: str,
    timings: list[Timing],
    memory_gb: tuple[float, float],
    reading: CohortReading,
    peer: tuple[Counter[str], int, int],
) -> None:
    fastest = min(timings[:-2], key=lambda timing: timing.median_s)
    print(f"Cohort: {shape} (patients x visits x lesions)\n")
    print("| what | patients | runs | seconds, median (range) | patients per s |")
    print("|---|---|---|---|---|")
    for timing in timings:
        print(line(timing))
    print(f"\nPeak memory: {memory_gb[1]:.2f} GB ({memory_gb[0]:.2f} GB once the cohort was made)")
    for other in timings[-2:]:
        ratio = other.per_patient_s / fastest.per_patient_s
        print(f"Per patient, {fastest.name} is {ratio:,.0f} times as fast as {other.name}")
    counts = reading.counts()
    print(f"Patients {counts['patients']}, best {counts['best']}")
    kinds, answered, total = peer
    print(
        f"\npyrecist beside the record path: {total:,} visits, {answered:,} answered "
        f"(it stops at its first PD), {kinds.total():,} differ"
    )
    print("| what differs | visits |\n|---|---|")
    for kind, count in kinds.most_common():
        if count:
            print(f"| {kind} | {count:,} |")


if __name__ == "__main__":
    main()
