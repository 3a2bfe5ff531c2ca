"""One fraction as the blood meets it: which part of which compartment gets which dose, and when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.blood.dose_checks import dose_problems, window_problems
from abscope.blood.doses import BodyDose, CompartmentDose
from abscope.blood.network import Network
from abscope.errors import ModelError, Problem

__all__ = ["Beam", "Delivery", "Doses", "deliver", "deliver_beams", "deliver_body"]

#: Dose per fraction by compartment: one uniform dose (Gy) each, or histograms.
Doses = Mapping[str, float] | Iterable[CompartmentDose]


@dataclass(frozen=True, slots=True)
class Beam:
    """One beam of a fraction: when it is on (s from the start) and the dose that it gives."""

    start_s: float
    duration_s: float
    doses: Doses


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """One fraction on a network: m windows with the beam on, p parts of the compartments.

    Part j is ``part_frac[j]`` of the blood of compartment ``part_compartment[j]`` (p,) and would
    get ``dose_gy[w, j]`` (m, p) if it stayed there during window w, at a constant rate. Every
    compartment has at least one part; the shares of its parts add up to 1.
    """

    network: Network
    start_s: NDArray[np.float64]
    duration_s: NDArray[np.float64]
    part_compartment: NDArray[np.intp]
    part_frac: NDArray[np.float64]
    dose_gy: NDArray[np.float64]

    @property
    def organ_mean_gy(self) -> NDArray[np.float64]:
        """Mean dose of each compartment in each window (m, n) in Gy."""
        out = np.zeros((self.duration_s.size, len(self.network.names)))
        np.add.at(out.T, self.part_compartment, (self.dose_gy * self.part_frac).T)
        return out

    @property
    def mixed(self) -> "Delivery":
        """The same fraction with every compartment at its mean dose: perfect mixing inside."""
        count = len(self.network.names)
        return Delivery(
            self.network,
            self.start_s,
            self.duration_s,
            np.arange(count),
            np.ones(count),
            self.organ_mean_gy,
        )

    @property
    def uniform(self) -> bool:
        """Whether no compartment has parts of different dose."""
        return self.part_frac.size == len(self.network.names)


def deliver(
    network: Network,
    doses: Doses,
    *,
    windows_s: Sequence[tuple[float, float]],
    unlisted_gy: float | None = None,
) -> Delivery:
    """Return a fraction whose dose is given at one constant rate while the beam is on.

    ``windows_s`` has (start, duration) of each window in s; the dose is shared between windows by
    their duration. Doses are per fraction. A compartment without a dose takes ``unlisted_gy``;
    None refuses it, because an organ that nobody looked at is not an organ without dose. A tumor
    compartment without a dose of its own takes that of its host. Raises ModelError with every
    problem: an unknown or repeated compartment, negative or impossible doses, zero beam time.

    >>> from abscope.blood.circulation import reference_network
    >>> body = reference_network("male")
    >>> fraction = deliver(body, {"liver": 2.0}, windows_s=[(0, 120)], unlisted_gy=0)
    >>> round(float(fraction.organ_mean_gy[0] @ body.volume_frac), 6)
    0.2
    """
    listed = _listed(doses)
    if problems := window_problems(windows_s):
        raise ModelError(problems)
    total_s = sum(duration for _, duration in windows_s)
    beams = [
        Beam(
            start,
            duration,
            [
                CompartmentDose(
                    dose.compartment,
                    np.asarray(dose.dose_per_fraction_gy) * (duration / total_s),
                    dose.volume_frac,
                )
                for dose in listed
            ],
        )
        for start, duration in windows_s
    ]
    if problems := dose_problems(network, listed, unlisted_gy=unlisted_gy):
        raise ModelError(problems)
    share = (
        None if unlisted_gy is None else [unlisted_gy * beam.duration_s / total_s for beam in beams]
    )
    return _joined(network, beams, unlisted_gy=share)


def deliver_body(
    network: Network,
    body: BodyDose,
    *,
    beam_on_time_s: float,
    unlisted_gy: float | None = None,
    n_levels: int | None = None,
) -> Delivery:
    """Return one fraction of a body dose, given at one constant rate.

    Pools that are no compartment of the network are left out. A compartment that the body dose
    lacks is refused unless ``unlisted_gy`` says its dose. ``n_levels`` joins the dose levels of a
    compartment to so many (`abscope.blood.doses.CompartmentDose.coarse`), which keeps every mean.
    Raises ModelError as `deliver` does.
    """
    doses = [part for part in body.compartments if part.compartment in network.names]
    if n_levels is not None:
        doses = [part.coarse(n_levels) for part in doses]
    return deliver(network, doses, windows_s=[(0.0, beam_on_time_s)], unlisted_gy=unlisted_gy)


def deliver_beams(
    network: Network, beams: Sequence[Beam], *, unlisted_gy: float | None = None
) -> Delivery:
    """Return a fraction of beams with different doses, one after the other.

    ``unlisted_gy`` is the dose per beam of the compartments that a beam does not list, as in
    `deliver`. A compartment with a histogram needs the same bins (``volume_frac``, in the same
    order: the same blood) in every beam. Raises ModelError with every problem.
    """
    problems = window_problems([(beam.start_s, beam.duration_s) for beam in beams])
    listed = [Beam(beam.start_s, beam.duration_s, _listed(beam.doses)) for beam in beams]
    for number, beam in enumerate(listed, start=1):
        found = dose_problems(network, tuple(_listed(beam.doses)), unlisted_gy=unlisted_gy)
        problems += [
            Problem(
                f"beam {number}: {problem.where}", problem.what, problem.expected, problem.action
            )
            for problem in found
        ]
    if problems:
        raise ModelError(problems)
    share = None if unlisted_gy is None else [unlisted_gy] * len(listed)
    return _joined(network, listed, unlisted_gy=share)


def _listed(doses: Doses) -> list[CompartmentDose]:
    if isinstance(doses, Mapping):
        return [
            CompartmentDose(name, np.array([dose], dtype=float), np.ones(1))
            for name, dose in doses.items()
        ]
    return list(doses)


def _joined(
    network: Network, beams: Sequence[Beam], *, unlisted_gy: list[float] | None
) -> Delivery:
    rest = unlisted_gy if unlisted_gy is not None else [0.0] * len(beams)
    by_name = [{dose.compartment: dose for dose in _listed(beam.doses)} for beam in beams]
    order = sorted(range(len(beams)), key=lambda number: beams[number].start_s)
    compartment, frac, columns, problems = [], [], [], []
    for row, (name, host) in enumerate(zip(network.names, network.host, strict=True)):
        doses = [table.get(name, table.get(host)) for table in by_name]
        bins = [np.asarray(dose.volume_frac, float) for dose in doses if dose is not None]
        shares = bins[0] if bins else np.ones(1)
        if any(other.shape != shares.shape or not np.allclose(other, shares) for other in bins[1:]):
            what = f"the dose of {name} has other bins in another beam"
            action = "Give the same volume_frac, in the same order, in every beam."
            problems.append(Problem("beams", what, "the same parts of the blood", action))
            continue
        kept = shares > 0
        column = np.array(
            [
                np.full(shares.shape, rest[number])
                if dose is None
                else np.asarray(dose.dose_per_fraction_gy, float)
                for number, dose in enumerate(doses)
            ]
        )
        compartment += [row] * int(kept.sum())
        frac.append(shares[kept] / shares[kept].sum())
        columns.append(column[order][:, kept])
    if problems:
        raise ModelError(problems)
    return Delivery(
        network,
        np.array([beams[number].start_s for number in order], dtype=float),
        np.array([beams[number].duration_s for number in order], dtype=float),
        np.array(compartment, dtype=np.intp),
        np.concatenate(frac),
        np.concatenate(columns, axis=1),
    )
