"""RECIST 1.1 for many patients at once: the steps of `target`, `recist`, `best` and `outcome`.

    PD  when S - N >= 5 mm and 5 (S - N) >= N
    PR  when 10 S <= 7 B

S is the sum now, B the baseline sum, N the smallest complete sum so far; all in whole micrometers.
Non-target disease is taken as the reader states it. The image days of single lesions are not known
here, so a progression has the day of its visit. Arrays have the visits first, patients last.
Source: Eisenhauer 2009, doi 10.1016/j.ejca.2008.10.026, sections 4.3 and 4.4, tables 1 to 3.
"""

from dataclasses import dataclass

import numpy as np

from abscope.response.cohort_chunk import Chunk
from abscope.response.cohort_records import (
    RESPONSE_CODES,
    RESPONSES,
    Codes,
    Flags,
    Indices,
    Numbers,
)
from abscope.response.policy import Policy

__all__ = ["PFS_EVENTS", "Endpoints", "VisitCalls", "call_endpoints", "call_visits"]

PFS_EVENTS: tuple[str, ...] = ("progression", "death", "censored")

_CR, _PR, _SD, _NON, _NED, _PD, _NE, _ND, _MISSING = (
    np.int8(RESPONSE_CODES[name])
    for name in ("CR", "PR", "SD", "NON-CR/NON-PD", "NED", "PD", "NE", "ND", "MISSING")
)
_NODE_NORMAL_UM, _GROWTH_UM = 10_000, 5_000
_DIGITS = 9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VisitCalls:
    """Calls of the follow-up visits, (follow-ups, patients); sums in micrometers, -1 for none."""

    target: Codes
    overall: Codes
    baseline_um: Indices
    sum_um: Indices
    nadir_um: Indices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Endpoints:
    """Best responses and times of each patient; NaN where there is no such day or time."""

    best: Codes
    best_d: Numbers
    confirmed_best: Codes
    confirmed_best_d: Numbers
    first_pd_d: Numbers
    ttr_d: Numbers
    dor_d: Numbers
    pfs_event: Codes
    pfs_d: Numbers
    cr_then_pr: Flags


def call_visits(chunk: Chunk, *, policy: Policy) -> VisitCalls:
    """Return target and overall response of every follow-up visit, with sums and nadirs."""
    target_place = chunk.seen[:, 0]
    limit_um = np.where(chunk.node, _NODE_NORMAL_UM - 1, 0)
    sums = np.where(target_place[:, None], chunk.size_um, 0).sum(axis=0, dtype=np.int64)
    missing: Flags = np.logical_or.reduce(target_place[:, None] & ~chunk.seen, axis=0)
    left: Flags = np.logical_or.reduce(
        target_place[:, None] & (chunk.size_um > limit_um[:, None]), axis=0
    )
    has_target: Flags = np.logical_or.reduce(target_place, axis=0)
    visits, patients = chunk.done.shape
    target = np.empty((visits - 1, patients), np.int8)
    overall = np.empty_like(target)
    nadirs = np.empty((visits - 1, patients), np.int64)
    nadir = sums[0].copy()
    cr_before, pr_before = np.zeros(patients, bool), np.zeros(patients, bool)
    for visit in range(1, visits):
        row, now, gap, done = visit - 1, sums[visit], missing[visit], chunk.done[visit]
        nadirs[row] = nadir
        gone = ~left[visit] & ((now == 0) | (not policy.cr_needs_zero_sum))
        target[row] = np.where(has_target, _steps(
            now, baseline=sums[0], nadir=nadir, policy=policy,
            flags=(gap, gone, cr_before, pr_before),
        ), _NED)  # fmt: skip
        overall[row] = _combine(target[row], chunk.nontarget[visit], chunk.new[visit])
        target[row, ~done] = overall[row, ~done] = _ND
        np.minimum(nadir, now, out=nadir, where=done & ~gap)
        pr_before |= target[row] <= _PR
        cr_before |= overall[row] == _CR
    nadirs[:, ~has_target] = -1
    sums[:, ~has_target] = -1
    sums[1:][missing[1:] | ~chunk.done[1:]] = -1
    return VisitCalls(
        target=target, overall=overall, baseline_um=sums[0], sum_um=sums[1:], nadir_um=nadirs
    )


def _steps(
    now: Indices,
    *,
    baseline: Indices,
    nadir: Indices,
    policy: Policy,
    flags: tuple[Flags, Flags, Flags, Flags],
) -> Codes:
    """Return the target response by the last of the steps, from the weakest, that applies."""
    missing, gone, cr_before, pr_before = flags
    rise = now - nadir
    grown = (rise >= _GROWTH_UM) & (5 * rise >= nadir)
    out = np.full(now.shape, _SD, np.int8)
    if policy.pr_carry_forward:
        out[pr_before] = _PR
    out[10 * now <= 7 * baseline] = _PR
    out[grown] = _PD
    if policy.cr_then_pr == "PD":
        out[cr_before] = _PD
    out[gone] = _CR
    partial = np.where(grown, _PD, _NE) if policy.partial_sum_pd else _NE
    np.copyto(out, partial, where=missing)
    return out


def _combine(target: Codes, nontarget: Codes, new: Flags) -> Codes:
    out = np.where(target == _NED, nontarget, target)
    out[(target == _CR) & (nontarget != _CR) & (nontarget != _NED)] = _PR
    out[new | (target == _PD) | (nontarget == _PD)] = _PD
    return out


def call_endpoints(chunk: Chunk, calls: VisitCalls, *, policy: Policy) -> Endpoints:
    """Return best and confirmed best response, progression, time to and duration of response."""
    days_d, overall = chunk.days_d[1:], calls.overall
    kept = _kept(chunk, overall)
    answers = np.where(kept, overall, _ND)
    responded = answers <= _PR
    confirmed = _confirmed(answers, days_d, policy=policy)
    late = np.round(days_d, _DIGITS) >= policy.min_sd_d
    early = _PD if policy.early_sd == "PD" else _NE
    plain = np.where(((answers == _SD) | (answers == _NON)) & ~late, early, answers)
    strict = np.where(responded & ~confirmed, np.where(late, _SD, _NE), plain)
    best, best_d = _first_best(plain, kept, days_d)
    confirmed_best, confirmed_best_d = _first_best(strict, kept, days_d)
    first_pd_d = _first_day(answers == _PD, days_d)
    pfs_event, pfs_end_d = _pfs(chunk, answers, first_pd_d, policy=policy)
    start_d = _first_day(confirmed if policy.confirmation else responded, days_d)
    return Endpoints(
        best=best,
        best_d=best_d,
        confirmed_best=confirmed_best,
        confirmed_best_d=confirmed_best_d,
        first_pd_d=first_pd_d,
        ttr_d=np.round(start_d, _DIGITS),
        dor_d=np.round(pfs_end_d - start_d, _DIGITS),
        pfs_event=pfs_event,
        pfs_d=np.round(pfs_end_d, _DIGITS),
        cr_then_pr=_query(answers),
    )


def _kept(chunk: Chunk, overall: Codes) -> Flags:
    """Return which visits count: done, before a new therapy, up to and including the first PD."""
    kept = chunk.done[1:] & ~(chunk.days_d[1:] >= chunk.new_therapy_d)
    progressed = np.zeros(kept.shape[1], bool)
    for row in range(kept.shape[0]):
        kept[row] &= ~progressed
        progressed |= kept[row] & (overall[row] == _PD)
    return kept


def _confirmed(answers: Codes, days_d: Numbers, *, policy: Policy) -> Flags:
    """Return which CR and PR are confirmed; see `abscope.response.best.confirmation`."""
    out = np.zeros(answers.shape, bool)
    for first in range(len(answers)):
        who = np.flatnonzero(answers[first] <= _PR)
        if not who.size:
            continue
        complete = answers[first, who] == _CR
        open_, proven = np.ones(who.size, bool), np.zeros(who.size, bool)
        cr_between = np.zeros(who.size, bool)
        n_ne, n_sd = np.zeros(who.size, np.int64), np.zeros(who.size, np.int64)
        for later in range(first + 1, len(answers)):
            found = answers[later, who]
            n_ne += found == _NE
            n_sd += found == _SD
            cr_between |= found == _CR
            fault = np.where(
                complete,
                (found != _CR) & (found != _NE) & (found != _ND),
                (found == _NON) | (found == _PD) | (found == _NED)
                | (cr_between & (found == _PR)) | (n_sd > int(policy.accept_sd_between)),
            )  # fmt: skip
            open_ &= ~fault & (n_ne <= policy.max_ne_between)
            wanted = (found == _CR) | (~complete & (found == _PR))
            span_d = np.round(days_d[later, who] - days_d[first, who], _DIGITS)
            proven |= open_ & wanted & (span_d >= policy.confirmation_interval_d)
            open_ &= ~proven
        out[first, who] = proven
    return out


def _first_best(answers: Codes, kept: Flags, days_d: Numbers) -> tuple[Codes, Numbers]:
    """Return the best of the visits that count and its earliest day; MISSING without a visit."""
    ranked = np.where(kept, answers, _MISSING)
    best = ranked.min(axis=0, initial=len(RESPONSES) - 1).astype(np.int8)
    return best, _first_day(kept & (ranked == best), days_d)


def _first_day(which: Flags, days_d: Numbers) -> Numbers:
    """Return the day of the first visit that is marked, NaN where none is."""
    out = np.full(which.shape[1], np.nan)
    for row in reversed(range(len(which))):
        np.copyto(out, days_d[row], where=which[row])
    return out


def _last_day(which: Flags, days_d: Numbers) -> Numbers:
    out = np.full(which.shape[1], np.nan)
    for row in range(len(which)):
        np.copyto(out, days_d[row], where=which[row])
    return out


def _pfs(
    chunk: Chunk, answers: Codes, first_pd_d: Numbers, *, policy: Policy
) -> tuple[Codes, Numbers]:
    """Return the event of progression-free survival and its day, counted from day 0."""
    evaluable = (answers != _NE) & (answers != _ND) & (answers != _PD)
    last_d = _last_day(evaluable, chunk.days_d[1:])
    last_d[np.isnan(last_d)] = 0.0
    progressed = ~np.isnan(first_pd_d)
    death_d, therapy_d = chunk.death_d, chunk.new_therapy_d
    died = ~progressed & ~np.isnan(death_d) & ~(death_d >= therapy_d)
    end_d = np.where(progressed, first_pd_d, np.where(died, death_d, last_d))
    event = np.where(progressed, 0, np.where(died, 1, 2)).astype(np.int8)
    if policy.pfs_max_gap_d is not None:
        too_late = np.round(end_d - last_d, _DIGITS) > policy.pfs_max_gap_d
        event[too_late], end_d[too_late] = 2, last_d[too_late]
    return event, end_d


def _query(answers: Codes) -> Flags:
    """Return whose record has a PR after a CR among the visits that count."""
    complete, query = np.zeros(answers.shape[1], bool), np.zeros(answers.shape[1], bool)
    for found in answers:
        query |= complete & (found == _PR)
        complete |= found == _CR
    return query
