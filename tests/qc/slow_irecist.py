"""iRECIST a second time: the state table of 2.2, slow, without the product.

Every visit is judged by replaying the whole history: ``replay(patient, k)`` returns the state that
visit k finds. Decisions where the table is silent are listed in ``tests/qc/README.md``.
"""

from fractions import Fraction

from qc.slow_recist import (
    adds,
    baseline_sum,
    complete,
    confirmed,
    has_nontarget,
    known_sum,
    new_entry,
    new_ids,
    new_is_gone,
    nontargets,
    progression_days,
    table_c,
    table_d,
    table_e,
    target_values,
    targets,
)

GRADE = {"PD": 0, "SD": 1, "PR": 2, "CR": 3}
WITH_I = {
    "CR": "iCR", "PR": "iPR", "SD": "iSD", "NON-CR/NON-PD": "NON-iCR/NON-iUPD",
    "NE": "NE", "NED": "NED",
}  # fmt: skip
I_ORDER = ["iCR", "iPR", "iSD", "NON-iCR/NON-iUPD", "NED", "iCPD", "iUPD", "NE", "MISSING"]
WITHOUT_I = {v: k for k, v in WITH_I.items()}


def irecist(patient):
    rows = []
    for k in range(len(patient["visits"])):
        if rows and rows[-1]["overall"] in ("iCPD", None):
            rows.append({"day": patient["visits"][k]["day"], "overall": None, "used": False})
        else:
            rows.append(judge(patient, k, rows))
    return rows


def open_block(rows):
    """Return the index of the iUPD that opened the block still open, or None."""
    opened = None
    for k, row in enumerate(rows):
        if row["overall"] == "iUPD" and opened is None:
            opened = k
        elif row["overall"] in ("iCR", "iPR", "iSD", "NON-iCR/NON-iUPD", "NED"):
            opened = None
    return opened


def new_target_sizes(patient, names, k):
    out = {}
    for name in names:
        entry = new_entry(patient, name)
        if entry["measured"]:
            out[name] = adds({"id": name, "node": entry["node"]}, patient["visits"][k])[0]
    return out


def seen_new(patient, k):
    """New lesions known by visit k and not shown to be gone at it."""
    known = [n for n, j in new_ids(patient).items() if j <= k]
    return [n for n in known if not new_is_gone(patient, n, k)]


def judge(patient, k, rows):
    visit, policy = patient["visits"][k], patient["policy"]
    used = [j for j, row in enumerate(rows) if row["used"]]
    sums = [baseline_sum(patient)] + [known_sum(patient, j) for j in used if complete(patient, j)]
    cr_before = any(rows[j]["overall"] == "iCR" for j in used)
    pr_before = any(rows[j]["target"] in ("CR", "PR") for j in used)
    target = table_c(patient, k, nadir=min(sums), cr_before=cr_before, pr_before=pr_before)
    nontarget = table_d(patient, k, cr_before=cr_before)
    there = seen_new(patient, k)
    familiar = set().union(*[rows[j]["there"] for j in used]) if used else set()
    fresh = [name for name in there if name not in familiar]
    groups = set()
    if target == "PD":
        groups.add("T")
    if nontarget == "PD":
        groups.add("NT")
    if fresh:
        groups.add("NL")
    days = progression_days(patient, k, target, nontarget, fresh, cr_before)
    row = {
        "day": visit["day"], "target": target, "nontarget": nontarget, "there": set(there),
        "groups": groups, "used": True, "pd_day": min(days) if days else None,
    }  # fmt: skip
    first = open_block(rows)
    if first is None:
        row["overall"] = "iUPD" if groups else plain(patient, target, nontarget, there)
        return row
    begin = rows[first]
    if visit["day"] - begin["day"] < policy["irecist_min_d"] - policy["irecist_variance_d"]:
        if visit["symptoms"] and fresh:
            row["overall"] = "iCPD"
        else:
            row["overall"], row["used"] = "iUPD", False
        return row
    if grows(patient, k, first, begin, fresh) or groups - begin["groups"]:
        row["overall"] = "iCPD"
    elif table_e(target, nontarget, False) == "NE":
        row["overall"], row["used"] = "NE", False
    elif undone(patient, k, begin, row):
        row["overall"] = plain(patient, target, nontarget, there)
    else:
        row["overall"] = "iUPD"
    return row


def grows(patient, k, first, begin, fresh):
    visit, five = patient["visits"][k], Fraction(str(patient["policy"]["irecist_growth_mm"]))
    if "T" in begin["groups"]:
        then = {n: v for n, (v, _) in target_values(patient, first).items() if v is not None}
        now = [v for n, (v, _) in target_values(patient, k).items() if n in then and v is not None]
        if sum(now, Fraction(0)) >= sum(then.values(), Fraction(0)) + five:
            return True
    if "NT" in begin["groups"] and any(
        visit["seen"].get(lesion["id"], {}).get("bigger") for lesion in nontargets(patient)
    ):
        return True
    if "NL" in begin["groups"]:
        if fresh:
            return True
        then = new_target_sizes(patient, begin["there"], first)
        then = {n: v for n, v in then.items() if v is not None}
        now = new_target_sizes(patient, then, k)
        if then and sum((v for v in now.values() if v is not None), Fraction(0)) >= (
            sum(then.values(), Fraction(0)) + five
        ):
            return True
        for name in begin["there"]:
            loose = not new_entry(patient, name)["measured"]
            if loose and visit["seen"].get(name, {}).get("bigger"):
                return True
    return False


def undone(patient, k, begin, row):
    if row["target"] == "PD" or row["nontarget"] == "PD":
        return False
    if "NT" in begin["groups"] and row["nontarget"] == "NE":
        return False
    if patient["policy"]["irecist_reset"] == "any_non_pd":
        return True
    now, then = GRADE.get(row["target"]), GRADE.get(begin["target"])
    better = now is not None and then is not None and now > then
    back = "NT" in begin["groups"]
    cleared = "NL" in begin["groups"] and not row["there"]
    return better or back or cleared


def plain(patient, target, nontarget, there):
    answer = table_e(target, nontarget, False)
    if there and answer == "CR":
        answer = "PR" if targets(patient) else "NON-CR/NON-PD"
    if there and answer == "NED":
        answer = "NON-CR/NON-PD"
    assert answer != "NED" or not has_nontarget(patient)
    return WITH_I[answer]


def block_of_event(rows):
    """Return the row whose date is the date of iPFS, or None."""
    if any(row["overall"] == "iCPD" for row in rows):
        cut = next(k for k, row in enumerate(rows) if row["overall"] == "iCPD")
        first = open_block(rows[:cut])
    else:
        first = open_block(rows)
    return None if first is None else rows[first]


def eligible(patient, rows):
    keep = [row for row in rows if row["overall"] is not None]
    if patient["therapy"] is not None:
        keep = [row for row in keep if row["day"] < patient["therapy"]]
    return keep


def ipfs(patient, rows):
    rows = eligible(patient, rows)
    row = block_of_event(rows)
    gap = patient["policy"]["pfs_max_gap_d"]
    last = patient["reference"]
    for other in rows:
        if row is not None and other is row:
            break
        if other["overall"] != "NE":
            last = other["day"]
    if row is not None:
        late = gap is not None and row["pd_day"] - last > gap
        return ("censored", last) if late else ("progression", row["pd_day"])
    therapy, death = patient["therapy"], patient["death"]
    if death is not None and (therapy is None or death < therapy):
        late = gap is not None and death - last > gap
        return ("censored", last) if late else ("death", death)
    return "censored", last


def ibest(patient, rows, *, confirm):
    rows, policy = eligible(patient, rows), patient["policy"]
    bare = [{"day": r["day"], "overall": WITHOUT_I.get(r["overall"], r["overall"])} for r in rows]
    found = [("MISSING", None)]
    for k, row in enumerate(rows):
        late = row["day"] - patient["reference"] >= policy["min_sd_d"]
        what = row["overall"]
        if what in ("iCR", "iPR"):
            if not confirm or confirmed(bare, k, policy):
                found.append((what, row["day"]))
            found.append(("iSD" if late else "NE", row["day"]))
        elif what in ("iSD", "NON-iCR/NON-iUPD") and not late:
            found.append(("iUPD" if policy["early_sd"] == "PD" else "NE", row["day"]))
        else:
            found.append((what, row["day"]))
    return min(found, key=lambda pair: (I_ORDER.index(pair[0]), pair[1] or 0))


def ifirst_response(patient, rows):
    rows, policy = eligible(patient, rows), patient["policy"]
    bare = [{"day": r["day"], "overall": WITHOUT_I.get(r["overall"], r["overall"])} for r in rows]
    for k, row in enumerate(rows):
        if row["overall"] in ("iCR", "iPR") and (
            not policy["confirmation"] or confirmed(bare, k, policy)
        ):
            return row["day"]
    return None
