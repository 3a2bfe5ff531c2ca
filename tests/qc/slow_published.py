"""Published models written once more from their equations, in plain SciPy and NumPy, no engine.

Each function returns plain numbers; nothing of the product is imported. Equations and values:
Kuznetsov 1994 (BIOMD0000000762); Kosinsky 2018 (J Immunother Cancer 6:17; BIOMD0000000863 with
the repair read as U/tau, because its tau is a time); Serre 2016 (Cancer Res 76:4931) as Cho 2023
(Phys Med Biol 68:165010) coded it; population pharmacokinetics of checkpoint inhibitors.
"""

import math

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

KUZNETSOV = {
    "s": 1.3e4, "p": 0.1245, "g": 2.019e7, "m": 3.422e-10, "d": 0.0412, "a": 0.18, "b": 2.0e-9,
    "n": 1.101e-7,
}  # fmt: skip

KOSINSKY = {
    "r": 0.4, "tv_max": 2500.0, "d0": 0.01, "k_ln": 279.0, "s_l": 8.89, "k_pro": 3.0, "k_dif": 3.2,
    "k_el": 0.2, "k_apo": 2.0, "e": 0.001, "k_pdl_half": 478.0, "k_pdl": 1.0, "k_tcd": 0.2,
    "s_r": 30.5, "alpha": 0.146, "delta": 19.0, "tau": 0.02, "mu": 0.1725, "ka": 8.0,
    "k_mab": 0.15, "kd": 30.0, "tv0": 15.0, "mab0": 444.0,
}  # fmt: skip

SERRE = {
    "alpha_t": 0.05, "ratio_t": 4.4, "alpha_l": 0.182, "beta_l": 0.143, "doubling": 3.2,
    "half_life": 15.0, "rho": 0.5, "psi": 300.0, "omega": 0.135, "kappa": 1.1, "t0": 0.03,
    "day": 10, "gy": 10.0, "delay": 3.0, "delay_sd": 1.5,
}  # fmt: skip


def kuznetsov_equilibria(values=KUZNETSOV):
    """Return (tumor cells, effector cells) of every equilibrium, the tumor-free one first."""
    s, p, g, m, d, a, b, n = (values[key] for key in "spgmdabn")

    def effectors(tumor):
        return a * (1 - b * tumor) / n

    def balance(tumor):
        e = effectors(tumor)
        return s + p * e * tumor / (g + tumor) - m * e * tumor - d * e

    grid = np.geomspace(1e3, 1 / b * (1 - 1e-9), 4000)
    signs = [balance(t) for t in grid]
    roots = [
        brentq(balance, lo, hi, xtol=1e-6, rtol=1e-13)
        for lo, hi, y0, y1 in zip(grid, grid[1:], signs, signs[1:], strict=False)
        if y0 * y1 < 0
    ]
    return [(0.0, s / d), *((root, effectors(root)) for root in roots)]


def kuznetsov_two_sites(shares, until, values=KUZNETSOV, start=(3.2e5, 5e6)):
    """Return the tumor cells of two sites at day ``until``, which share their recruits.

    ``shares[i]`` is the share that site 0 gets of the effectors recruited by site i.
    """
    s, p, g, m, d, a, b, n = (values[key] for key in "spgmdabn")

    def slope(_, y):
        e, t = y[:2], y[2:]
        recruits = p * e * t / (g + t)
        to_first = shares[0] * recruits[0] + shares[1] * recruits[1]
        arriving = np.array([to_first, recruits.sum() - to_first])
        return np.concatenate([s + arriving - m * e * t - d * e, a * t * (1 - b * t) - n * e * t])

    y0 = np.array([start[0], start[0], start[1], start[1]])
    found = solve_ivp(slope, (0, until), y0, method="LSODA", rtol=1e-10, atol=1e-3)
    return found.y[2:, -1]


def kosinsky(fractions, antibody_days, days, values=KOSINSKY):
    """Return the total tumor volume (uL) on each of ``days``; ``fractions`` is day -> Gy."""
    v = values

    def slope(_, y):
        tv, dead, u, nt, dt, pd, depot, mab = y
        kq = 0.2 * v["alpha"] / (v["tau"] * v["delta"] ** 2) * u * u
        release = v["mu"] * dead / (tv + dead) + v["e"] * dt + v["d0"]
        antigen = release**2 / (release**2 + v["k_tcd"] ** 2) * (tv + dead)
        iar = (1 - pd / (1 + mab / v["kd"])) * (1 - antigen / (antigen + v["s_r"]))
        loss = (v["e"] * dt + v["d0"] + kq) * tv
        return [
            v["r"] * tv * (1 - tv / v["tv_max"]) - loss,
            kq * tv - v["mu"] * dead,
            -u / v["tau"],
            v["k_ln"] * antigen / (antigen + v["s_l"])
            + iar * nt * (v["k_pro"] - v["k_dif"])
            - v["k_el"] * nt,
            iar * v["k_dif"] * nt - v["k_apo"] * dt,
            v["k_pdl"] * (dt / (v["k_pdl_half"] + dt) - pd),
            -v["ka"] * depot,
            v["ka"] * depot - v["k_mab"] * mab,
        ]

    y, now, seen = np.array([v["tv0"], 0, 0, 0, 0, 0, 0, 0], dtype=float), 0.0, {}
    for stop in sorted({*fractions, *antibody_days, *days}):
        if stop > now:
            run = solve_ivp(slope, (now, stop), y, method="LSODA", rtol=1e-9, atol=1e-10,
                            max_step=0.5)  # fmt: skip
            y, now = run.y[:, -1].copy(), stop
        if stop in days:
            seen[stop] = y[0] + y[1]
        if stop in fractions:
            left = math.exp(-v["alpha"] * fractions[stop])
            y[1] += y[0] * (1 - left)
            y[0] *= left
            y[2] += v["delta"] * fractions[stop]
        if stop in antibody_days:
            y[6] += v["mab0"]
    return [seen[day] for day in days]


def serre(coverage, until, values=SERRE, boxes=100):
    """Return the total volume (mL) day by day; ``coverage`` (0..1) of the volume gets the dose."""
    v = values
    weights = np.array(
        [
            math.exp(-(((k - v["delay"]) / v["delay_sd"]) ** 2) / 2)
            / (v["delay_sd"] * math.sqrt(2 * math.pi))
            for k in range(until + 1)
        ]
    )
    weights[0] = 1 - weights[1:].sum()
    hit = np.where(np.arange(boxes) < round(boxes * coverage), v["gy"], 0.0)
    hazard = v["alpha_t"] * hit * (1 + hit / v["ratio_t"])
    lethal_l = v["alpha_l"] * hit + v["beta_l"] * hit**2
    fade = 1 - 0.5 ** (1 / v["half_life"])
    grow = math.log(2) / v["doubling"]
    t, dead = np.full(boxes, v["t0"] / boxes), np.zeros(boxes)
    trig, lym, z = np.ones(boxes), np.zeros(boxes), 0.0
    volumes = [t.sum()]
    for day in range(until):
        s_t = np.exp(-hazard * (weights[day - v["day"]] if day >= v["day"] else 0.0))
        s_l = np.exp(-lethal_l) if day == v["day"] else np.ones(boxes)
        eps = 0.999 * math.tanh(float(((1 - s_t) * t).sum() / (t + dead).sum()))
        dead = (1 - fade) * dead + (1 - s_t) * t + s_t * t * math.exp(grow) * (1 - math.exp(-z))
        t = t * s_t * math.exp(grow - z)
        trig = (s_l / s_t * trig + (1 - trig) * fade) * (1 - eps)
        lym = (1 - fade) * s_l * lym + v["rho"] * t + v["psi"] * eps * trig * t
        total = lym.sum()
        z = v["omega"] * total / (1 + v["kappa"] * t.sum() ** (2 / 3) * total)
        volumes.append(t.sum() + dead.sum())
    return volumes


def antibody(pk, doses, days):
    """Return the serum level (mg/L) of a two-compartment drug on ``days``; ``doses`` is day -> mg.

    ``pk`` has cl, vc, q, vp (L/d and L), and may have emax, t50, hill (clearance that changes with
    time) and vmax, km (saturable clearance, mg/d and mg/L). Doses go in at once.
    """

    def slope(t, y):
        change = pk.get("emax", 0.0) * t ** pk.get("hill", 1.0) if t > 0 else 0.0
        if change:
            change /= pk["t50"] ** pk["hill"] + t ** pk["hill"]
        c = y[0] / pk["vc"]
        out = pk["cl"] * math.exp(change) * c
        if "vmax" in pk:
            out += pk["vmax"] * c / (pk["km"] + c)
        swap = pk["q"] * (c - y[1] / pk["vp"])
        return [-out - swap, swap]

    y, now, seen = np.zeros(2), 0.0, {}
    for stop in sorted({*doses, *days}):
        if stop > now:
            y = solve_ivp(slope, (now, stop), y, method="LSODA", rtol=1e-10, atol=1e-10).y[:, -1]
            now = stop
        if stop in days:
            seen[stop] = y[0] / pk["vc"]
        if stop in doses:
            y = np.add(y, [doses[stop], 0.0])
    return [seen[day] for day in days]


def half_life(pk, clearance_factor=1.0):
    """Return the terminal half-life (d) of a linear two-compartment drug."""
    k10, k12, k21 = pk["cl"] * clearance_factor / pk["vc"], pk["q"] / pk["vc"], pk["q"] / pk["vp"]
    b = k10 + k12 + k21
    return math.log(2) / ((b - math.sqrt(b * b - 4 * k10 * k21)) / 2)
