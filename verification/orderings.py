"""Published orderings and cases beside the anchors: what the center of the prior and cases give.

    python verification/orderings.py

The last table of docs/explanation/calibration.md. Volumes are in mL, out of field after 180 days,
unless it says otherwise; lesions of 30, 5 and 5 mL in muscle, lung and liver, the first is treated.
"""

import numpy as np

from abscope.case.shelf import open_case
from abscope.engine.simulation import Trajectories
from abscope.model.batch import CoreOptions
from abscope.model.expectation import Expectation, ExpectationOptions, expect_case
from abscope.model.expectation_rows import switches_without
from abscope.model.patient import BinnedDose, Fraction, Infusion, LesionStart, Patient
from abscope.model.routes import Homing
from abscope.model.run import simulate_patients
from abscope.model.switches import Switches
from abscope.model.untreated import grows_untreated

__all__ = ["change_of", "outside_ml"]

_LESIONS = (("muscle", 30.0), ("lung", 5.0), ("liver", 5.0))
_PLANS = {"8 x 3": (3, 8.0), "6 x 5": (5, 6.0), "20 x 1": (1, 20.0), "none": (0, 1.0)}
_LAST_D = 180.0
_AMOUNT_MG = {"pembrolizumab": (200.0, 9), "ipilimumab": (210.0, 4)}


def _patient(
    n: int, dose: BinnedDose, *, agent: str, lesions: tuple[tuple[str, float], ...], nodes_gy: float
) -> Patient:
    amount, times = _AMOUNT_MG.get(agent, (0.0, 0))
    return Patient(
        id="center",
        sex="female",
        weight_kg=70.0,
        lesions=tuple(LesionStart(id=f"l{k}", compartment=o, volume_ml=v)
                      for k, (o, v) in enumerate(lesions)),
        fractions=tuple(
            Fraction(day_d=3.0 + k, course="c", lesions={"l0": dose}, blood_gy=0.05,
                     lymphoid_gy=0.1, nodes_gy=nodes_gy)
            for k in range(n)
        ),
        infusions=tuple(
            Infusion(day_d=21.0 * k, agent=agent, amount_mg=amount, duration_d=1 / 48)
            for k in range(times)
        ),
        start_d=0.0,
        horizon_d=_LAST_D + 1.0,
    )  # fmt: skip


def _run(
    n: int, dose_gy: float, *, agent: str = "pembrolizumab", treated_frac: float = 1.0,
    lesions: tuple[tuple[str, float], ...] = _LESIONS, options: CoreOptions | None = None,
) -> Trajectories:  # fmt: skip
    shares = np.array([1.0 - treated_frac, treated_frac])
    one = _patient(
        n, BinnedDose(np.array([0.0, dose_gy]), shares), agent=agent, lesions=lesions, nodes_gy=0.3
    )
    return simulate_patients([one], observe_at_d=[0.0, 90.0, _LAST_D], options=options)


def outside_ml(
    plan: str, *, agent: str = "pembrolizumab", treated_frac: float = 1.0, off: str = ""
) -> float:
    """Return the volume (mL) out of field after 180 days; ``off`` names a mechanism."""
    n, dose = _PLANS[plan]
    options = CoreOptions(switches=Switches(**dict.fromkeys(off.split(), False)))
    found = _run(n, dose, agent=agent, treated_frac=treated_frac, options=options)
    return float(found["volume_ml"][0, -1, 1:].sum())


def _walker(first: str, second: str) -> tuple[float, float]:
    """Return the other lesion after 90 and 180 days (mL), the first is treated, 20 mL each."""
    homing: Homing = "organ"
    found = _run(
        3, 8.0, lesions=((first, 20.0), (second, 20.0)), options=CoreOptions(homing=homing)
    )
    return tuple(found["volume_ml"][0, 1:, 1].tolist())


def change_of(found: Expectation, lesion: int, day_d: float) -> tuple[float, float, float]:
    """Return median and 90 % band of the change of diameter (share) on the day nearest to one."""
    k = int(np.argmin(np.abs(np.nanmedian(np.atleast_2d(found.days_d), axis=0) - day_d)))
    band = found.lesions[lesion].change_frac
    return tuple(float(getattr(band, name)[k]) for name in ("median", "low", "high"))


def _case(name: str, day_d: float, *, off: str = "", draws: int = 100) -> None:
    options = ExpectationOptions(draws=draws)
    if off:
        options = ExpectationOptions(draws=draws, switches=switches_without((off,)))
    found = expect_case(open_case(name).case, options=options)
    print(f"{name} without {off or 'nothing'}:")
    for k, lesion in enumerate(found.lesions):
        middle, low, high = change_of(found, k, day_d)
        print(f"  {lesion.label}: {middle:+.0%} ({low:+.0%} to {high:+.0%})")
    days = np.nanmedian(np.atleast_2d(found.days_d), axis=0)
    k = int(np.argmin(np.abs(days - 104.0)))
    counts = [float(getattr(found.alc_per_ul, name)[k]) for name in ("median", "low", "high")]
    print("  lymphocytes on day {:.0f}: {:.0f} ({:.0f} to {:.0f})".format(days[k], *counts))


def main() -> None:
    """Print the numbers."""
    for agent in ("pembrolizumab", "ipilimumab", "no drug"):
        print(agent, {plan: round(outside_ml(plan, agent=agent), 1) for plan in _PLANS})
    for off in ("trex1", "trex1 scar", "innate_signal"):
        print("without", off, {plan: round(outside_ml(plan, off=off), 1) for plan in _PLANS})
    print("half of the lesion", round(outside_ml("8 x 3", treated_frac=0.5), 1))
    for first, second in (("lung", "muscle"), ("muscle", "lung")):
        print(f"{first} treated, {second}", [round(v, 1) for v in _walker(first, second)])
    _case("kim2021-breast", 90.0)
    _case("kim2021-breast", 90.0, off="immune-kill")
    _case("fong2025-melanoma", 148.0)
    _case("fong2025-melanoma", 148.0, off="low-dose-stroma")
    from abscope.model.from_case import patients_of

    for name in ("kim2021-breast", "fong2025-melanoma"):
        draws = patients_of(open_case(name).case, draws=400, seed=1)
        for mode in ("lesion", "organ", "presence", "bronchial"):
            shrink = ~grows_untreated(draws, options=CoreOptions(homing=mode))
            print(f"{name}, {mode}: a lesion shrinks untreated in {shrink.mean():.1%} of draws")


if __name__ == "__main__":
    main()
