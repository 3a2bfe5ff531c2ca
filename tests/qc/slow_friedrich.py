"""Friedrich, Scholz and Durante 2022 once more: two tumors, a signal, delayed effectors, by Euler.

Equations as in the public app of the group (Int J Radiat Oncol Biol Phys 2022), step 0.1 d, with
its conventions at a step: what is convolved ends two steps back, counts are kept from falling below
zero. Its factor ``korr`` only undoes a loss of digits in the normalization of one kernel; here the
kernel is normalized by quadrature instead.
"""

import math

import numpy as np
from scipy.integrate import quad

VALUES = {
    "a1": 2.5, "b1": 0.45, "a2": 1.2, "b2": 0.4, "amp": 0.5, "fc1": 0.02, "fc1_drug": 0.6,
    "fc4": 0.1254, "lam": 0.30, "rho": 0.30, "psi": 14.0, "mu_l": -0.15, "g": 0.63, "k_rad": 0.10,
    "fr": 0.2, "s_t": 0.5, "a_l": 0.2, "b_l": 0.14, "tumor": 1e5, "cells": 100.0, "dose": 2.0,
}  # fmt: skip


def kernel(k1, k2, k3):
    """Return the release density over time: zero at 0 and from 1/k1 on, with integral 1."""

    def shape(t):
        return (1 - (k1 * t) ** k3) * (1 - math.exp(-k2 * t)) if t < 1 / k1 else 0.0

    norm = quad(shape, 0, 1 / k1, epsabs=0, epsrel=1e-12)[0]
    return lambda t: shape(t) / norm


def friedrich(fractions, drug, days, values=VALUES, step=0.1):
    """Return the cells of the unirradiated tumor on ``days``; ``drug`` is (start, end) or None."""
    v, n = values, round(max(days) / step) + 1
    t = np.arange(n) * step
    hits = np.zeros(n, dtype=int)
    for day in fractions:
        hits[math.floor(day / step)] += 1
    where = np.flatnonzero(hits)
    late = kernel(0.5, 0.2, 20)
    dying = kernel(min(max(0.04 * v["dose"], 1 / 7), 0.5), 0.2, 2.8)
    lag = np.array([late(x) for x in t])
    die = np.array([dying(x) for x in t])
    left = np.array([1 - quad(dying, 0, x, limit=200)[0] if x < 7.01 else 0.0 for x in t])
    ln_gy = v["fr"] * v["dose"]
    s_l = max(math.exp(-v["a_l"] * v["dose"] - v["b_l"] * v["dose"] ** 2), 0.001)
    s_ln = max(math.exp(-v["a_l"] * ln_gy - v["b_l"] * ln_gy**2), 0.001)
    treated = (t > drug[0]) & (t <= drug[1]) if drug else np.zeros(n, dtype=bool)
    kill = np.where(treated, v["fc1_drug"], v["fc1"])
    given = np.cumsum(hits)
    t1, tm, t2, a, l, lm, lg, growth = (np.zeros(n) for _ in range(8))  # noqa: E741 (its letter)
    t1[0] = t2[0] = v["tumor"]
    l[0] = lg[0] = v["cells"]
    mu1, mu2 = (v[f"a{k}"] / (v["tumor"] / 1e6) ** v[f"b{k}"] for k in (1, 2))
    a[0] = v["rho"] * 2 * v["tumor"] / (v["lam"] + mu1 + v["lam"] + mu2) * 2
    for i in range(1, n):
        p, back = i - 1, i - 2
        fc1 = kill[back] if back >= 0 else v["fc1"]
        made = 0.0
        if i >= 2:
            weights = v["fc4"] * s_ln ** given[:p] * a[:p]
            made = step * float(lag[:p] @ weights[::-1])
        total = t1[p] + tm[p]
        m1 = v["a1"] / (total / 1e6) ** v["b1"] if total > 0 else 0.0
        m2 = v["a2"] / (t2[p] / 1e6) ** v["b2"] if t2[p] > 0 else 0.0
        past = where[where <= back]
        ago = back - past
        hit = (1 - v["s_t"]) * t1[past] * np.exp(growth[p] - growth[past])
        hit_l = (1 - s_l) * l[past] * np.exp(v["mu_l"] * ago * step)
        new = [
            t1[p] + step * (m1 * t1[p] - fc1 * (l[p] + lm[p])) - hits[p] * (1 - v["s_t"]) * t1[p],
            tm[p] + hits[p] * (1 - v["s_t"]) * t1[p]
            + step * float((hit * (m1 * left[ago] - die[ago])).sum()),
            t2[p] + step * (m2 * t2[p] - fc1 * v["amp"] * lg[p]),
            a[p] + step * (v["rho"] * (t1[p] + t2[p]) - v["lam"] * a[p]
                           + v["psi"] * float((hit * die[ago]).sum())),
            l[p] + step * ((v["mu_l"] - fc1) * l[p] + v["g"] * made) - hits[p] * (1 - s_l) * l[p],
            lm[p] + hits[p] * (1 - s_l) * l[p] - step * fc1 * lm[p]
            + step * float((hit_l * (v["mu_l"] * left[ago] - die[ago])).sum()),
            lg[p] + step * (v["mu_l"] * lg[p] + (1 - v["g"]) * made) - hits[p] * v["k_rad"] * lg[p],
        ]  # fmt: skip
        t1[i], tm[i], t2[i], a[i], l[i], lm[i], lg[i] = (max(0.0, x) for x in new)
        growth[i] = growth[p] + step * m1
    return [float(t2[round(day / step)]) for day in days]
