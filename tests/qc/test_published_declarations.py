"""The declared published models against twins written from the print by somebody else.

Rung: independent implementation. Tolerance 1e-4 of each value: the twins integrate with LSODA at
1e-9 to 1e-10, the kernels at 1e-8; sites differ by 3e-5 because recruits travel 40 s.
"""

import numpy as np
import pytest

from abscope.model.drug_covariates import half_lives_d, patient_kinetics
from abscope.model.published.friedrich import run_friedrich
from abscope.model.published.serre import run_serre
from published_runs import FIVE_BY_TWO, levels, mice, sites
from qc.slow_friedrich import friedrich
from qc.slow_published import antibody, half_life, kosinsky, kuznetsov_two_sites, serre

CLOSE = 1e-4
NAMES = {"cl": "clearance", "vc": "central", "q": "exchange", "vp": "peripheral", "vmax": "vmax",
         "km": "km", "emax": "emax", "t50": "t50", "hill": "hill"}  # fmt: skip


def slow_values(model: str) -> dict[str, float]:
    found = patient_kinetics(model)
    return {short: found[name] for short, name in NAMES.items() if name in found}


@pytest.mark.parametrize("injections", [(), (7.0, 9.0, 11.0, 14.0, 16.0, 18.0, 21.0, 23.0, 25.0)])
def test_kosinsky(injections: tuple[float, ...]) -> None:
    days = (7.0, 9.5, 14.0, 20.0, 30.0, 50.0)
    slow = kosinsky(dict(FIVE_BY_TWO), injections, days)
    # the twin gives 444 nmol/L at once: in 3 mL
    fast = mice(days, fractions=FIVE_BY_TWO, injections=injections, dose=444.0 * 0.003)
    assert fast["volume"][0] == pytest.approx(slow, rel=CLOSE)


@pytest.mark.parametrize(("first", "kept"), [(0.5, 0.0), (0.7, 0.0), (0.5, 1.0)])
def test_sites(first: float, kept: float) -> None:
    shares = (1.0, 0.0) if kept == 1.0 else (first, first)
    slow = kuznetsov_two_sites(shares, 800.0)
    fast = sites([800.0], taken=[first, 1.0 - first], kept=kept)["tumor_seen"][0, 0]
    assert fast == pytest.approx(slow, rel=CLOSE)


@pytest.mark.parametrize("coverage", [0.0, 0.3, 1.0])
def test_serre(coverage: float) -> None:
    dose = np.zeros((61, 100))
    dose[10, : round(100 * coverage)] = 10.0
    assert run_serre(dose_gy=dose)["volume"] == pytest.approx(serre(coverage, 60), rel=1e-9)


@pytest.mark.parametrize(
    ("fractions", "drug"), [((), ()), ((1.0, 2.0, 3.0), ()), (range(1, 10), ((1.0, 20.0),))]
)
def test_friedrich(fractions: object, drug: tuple[tuple[float, float], ...]) -> None:
    days = (5.0, 10.0, 20.0, 40.0)
    given = [float(day) for day in fractions]  # type: ignore[attr-defined]
    slow = friedrich(given, drug[0] if drug else None, days)
    fast = run_friedrich(fraction_days_d=given, drug_days_d=drug, horizon_d=41.0)["abscopal"]
    assert fast[[50, 100, 200, 400]] == pytest.approx(slow, rel=CLOSE)


@pytest.mark.parametrize(
    "model", ["pembrolizumab-elassaiss-schaap2017", "nivolumab-bajaj2017", "durvalumab-baverel2018"]
)
def test_drugs(model: str) -> None:
    days = tuple(float(day) for day in range(7, 200, 7))
    slow = antibody(slow_values(model), {14.0 * k: 240.0 for k in range(6)}, days)
    fast = levels(model, amount_mg=240.0, every_d=14.0, doses=6, days=days)["concentration"][0]
    assert fast == pytest.approx(slow, rel=CLOSE)


def test_half_lives() -> None:
    for model in ("pembrolizumab-ahamadi2017", "atezolizumab-stroh2017"):
        fast = half_lives_d(patient_kinetics(model))[1]
        assert fast == pytest.approx(half_life(slow_values(model)), rel=1e-12)
