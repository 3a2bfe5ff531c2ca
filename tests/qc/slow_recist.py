"""RECIST 1.1 and imRECIST a second time: slow, from the decision tables, without the product.

Reads plain dictionaries, computes in fractions, and answers every question about a visit from the
whole history again. The keys of a patient are made by ``tests/qc/generate.py``:

lesions: id, role (target, non_target), node, size; visits: day, symptoms, markers, said (category
of all non-target disease or None), seen (id -> state, size, pieces, partner, worse, bigger,
treated, on), new (id, sure, measured, node, on); markers, reference, therapy, death, policy.
"""

from fractions import Fraction

GONE_STATES = ("not_imaged", "not_evaluable", "resected")
ORDER = ["CR", "PR", "SD", "NON-CR/NON-PD", "NED", "PD", "NE", "MISSING"]


def number(text):
    return Fraction(str(text))


# --- table 2.1 B: what a lesion adds to the sum -------------------------------------------------


def adds(lesion, visit):
    """Return (value or None, resolved)."""
    entry = visit["seen"].get(lesion["id"])
    if entry is None or entry["state"] in GONE_STATES or entry["state"] == "present":
        return None, False
    state, size = entry["state"], entry.get("size")
    if state == "absent":
        return Fraction(0), True
    if state == "split":
        total = sum((number(piece) for piece in entry["pieces"]), Fraction(0))
        return total, total < 10 if lesion["node"] else total == 0
    if state == "merged":
        if size is not None:
            return number(size), False
        partner = visit["seen"].get(entry["partner"])
        carried = partner and partner["state"] == "merged" and partner.get("size") is not None
        return (Fraction(0), False) if carried else (None, False)
    if state == "too_small":
        value = Fraction(5) if size is None else number(size)
        return value, bool(lesion["node"] and value < 10)
    if size is None:
        return None, False
    value = number(size)
    return value, value < 10 if lesion["node"] else value == 0


def targets(patient):
    return [lesion for lesion in patient["lesions"] if lesion["role"] == "target"]


def nontargets(patient):
    return [lesion for lesion in patient["lesions"] if lesion["role"] == "non_target"]


def treated_by(patient, lesion, k):
    entries = [visit["seen"].get(lesion["id"], {}) for visit in patient["visits"][: k + 1]]
    return any(e.get("treated") or e.get("state") == "resected" for e in entries)


def target_values(patient, k):
    """Return {id: (value or None, resolved)} of the targets at visit k."""
    out = {}
    for lesion in targets(patient):
        value, resolved = adds(lesion, patient["visits"][k])
        if patient["policy"]["treated_target"] == "NE" and treated_by(patient, lesion, k):
            value, resolved = None, False
        out[lesion["id"]] = (value, resolved)
    return out


def known_sum(patient, k):
    return sum((v for v, _ in target_values(patient, k).values() if v is not None), Fraction(0))


def complete(patient, k):
    return all(v is not None for v, _ in target_values(patient, k).values())


def baseline_sum(patient):
    return sum((number(lesion["size"]) for lesion in targets(patient)), Fraction(0))


def table_c(patient, k, *, nadir, cr_before, pr_before):
    """Table 2.1 C for visit k, given N and what came before."""
    if not targets(patient):
        return None
    policy = patient["policy"]
    values = target_values(patient, k)
    now, start = known_sum(patient, k), baseline_sum(patient)
    grown = now - nadir >= 5 and now - nadir >= Fraction(20, 100) * nadir
    if not complete(patient, k):
        return "PD" if grown and policy["partial_sum_pd"] else "NE"
    gone = all(resolved for _, resolved in values.values())
    if gone and (now == 0 or not policy["cr_needs_zero_sum"]):
        return "CR"
    if cr_before and policy["cr_then_pr"] == "PD":
        return "PD"
    if grown:
        return "PD"
    if now <= Fraction(70, 100) * start:
        return "PR"
    if pr_before and policy["pr_carry_forward"]:
        return "PR"
    return "SD"


# --- table 2.1 D: non-target disease, new lesions -----------------------------------------------


def has_nontarget(patient):
    said = any(visit.get("said") for visit in patient["visits"])
    return bool(nontargets(patient)) or patient["markers"] or said


def table_d(patient, k, *, cr_before):
    if not has_nontarget(patient):
        return None
    visit = patient["visits"][k]
    listed = [lesion for lesion in nontargets(patient) if lesion["id"] in visit["seen"]]
    if not listed and visit.get("said"):
        return visit["said"]
    if not nontargets(patient) and not patient["markers"]:
        return "NE"
    if any(visit["seen"][lesion["id"]].get("worse") for lesion in listed):
        return "PD"
    status = []
    for lesion in nontargets(patient):
        entry = visit["seen"].get(lesion["id"])
        if entry is None or entry["state"] in GONE_STATES:
            status.append("unknown")
        else:
            if entry["state"] == "present":
                gone = False
            else:
                value, gone = adds(lesion, visit)
                gone = gone if value is not None else False
            status.append("gone" if gone else "there")
    if "there" in status and cr_before and patient["policy"]["cr_then_pr"] == "PD":
        return "PD"
    if "unknown" in status:
        return "NE"
    if "there" in status:
        return "NON-CR/NON-PD"
    if patient["markers"] and visit["markers"] is None:
        return "NE"
    if patient["markers"] and not visit["markers"]:
        return "NON-CR/NON-PD"
    return "CR"


def new_ids(patient):
    """Return the new lesions that are real in hindsight, {id: index of the first sight}."""
    first, sure, dropped = {}, set(), set()
    for k, visit in enumerate(patient["visits"]):
        for entry in visit["new"]:
            first.setdefault(entry["id"], k)
            if entry["sure"] == "unequivocal":
                sure.add(entry["id"])
                dropped.discard(entry["id"])
            if entry["sure"] == "dismissed":
                dropped.add(entry["id"])
                sure.discard(entry["id"])
    return {name: k for name, k in first.items() if name in sure}


def new_entry(patient, name):
    return next(e for v in patient["visits"] for e in v["new"] if e["id"] == name)


def new_is_gone(patient, name, k):
    """Whether the visit shows that a new lesion is no longer there."""
    visit = patient["visits"][k]
    if name not in visit["seen"]:
        return False
    value, gone = adds({"id": name, "node": new_entry(patient, name)["node"]}, visit)
    return value is not None and gone


def new_there(patient, k):
    return [n for n, j in new_ids(patient).items() if j <= k and not (new_is_gone(patient, n, k))]


# --- table 2.1 E --------------------------------------------------------------------------------


def table_e(target, nontarget, new):
    if new or target == "PD" or nontarget == "PD":
        return "PD"
    if target is None and nontarget is None:
        return "NED"
    if target is None:
        return nontarget
    if target == "CR":
        return "CR" if nontarget in ("CR", None) else "PR"
    return target


def recist(patient):
    """Return the list of visits as dictionaries."""
    rows = []
    for k, visit in enumerate(patient["visits"]):
        cr_before = any(row["overall"] == "CR" for row in rows)
        pr_before = any(row["target"] in ("CR", "PR") for row in rows)
        sums = [baseline_sum(patient)]
        sums += [known_sum(patient, j) for j in range(k) if complete(patient, j)]
        target = table_c(patient, k, nadir=min(sums), cr_before=cr_before, pr_before=pr_before)
        nontarget = table_d(patient, k, cr_before=cr_before)
        there = new_there(patient, k)
        overall = table_e(target, nontarget, bool(there))
        days = progression_days(patient, k, target, nontarget, there, cr_before)
        rows.append(
            {
                "day": visit["day"],
                "target": target,
                "nontarget": nontarget,
                "new": bool(there),
                "overall": overall,
                "nadir": min(sums),
                "sum": known_sum(patient, k) if complete(patient, k) else None,
                "pd_day": min(days) if days else None,
            }
        )
    return rows


def progression_days(patient, k, target, nontarget, there, cr_before):
    """Return the days of the images that show a progression at visit k."""
    visit, days = patient["visits"][k], []

    def on(name):
        day = visit["seen"].get(name, {}).get("on")
        return visit["day"] if day is None else day

    if target == "PD":
        days += [on(name) for name, (v, _) in target_values(patient, k).items() if v is not None]
    if nontarget == "PD":
        worse = [
            x["id"] for x in nontargets(patient) if visit["seen"].get(x["id"], {}).get("worse")
        ]
        back = []
        for lesion in nontargets(patient):
            entry = visit["seen"].get(lesion["id"])
            if entry and entry["state"] not in GONE_STATES and not adds(lesion, visit)[1]:
                back.append(lesion["id"])
        shown = worse or (back if cr_before else [])
        days += [on(name) for name in shown] or [visit["day"]]
    for name in there:
        entry = new_entry(patient, name)
        here = new_ids(patient)[name] == k and entry.get("on") is not None
        days.append(entry["on"] if here else visit["day"])
    return days


# --- table 2.1 F and G --------------------------------------------------------------------------


def eligible(patient, rows, stop=("PD",)):
    out = []
    for row in rows:
        if patient["therapy"] is not None and row["day"] >= patient["therapy"]:
            break
        out.append(row)
        if row["overall"] in stop:
            break
    return out


def confirmed(rows, k, policy):
    """Whether row k (CR or PR) is confirmed."""
    first = rows[k]
    wanted = ("CR",) if first["overall"] == "CR" else ("CR", "PR")
    for j in range(k + 1, len(rows)):
        far = rows[j]["day"] - first["day"] >= policy["confirmation_interval_d"]
        if rows[j]["overall"] in wanted and far:
            window = [row["overall"] for row in rows[k + 1 : j + 1]]
            break
    else:
        return False
    if window.count("NE") > policy["max_ne_between"]:
        return False
    if first["overall"] == "CR":
        return set(window) <= {"CR", "NE"}
    allowed = 1 if policy["accept_sd_between"] else 0
    if not set(window) <= {"CR", "PR", "NE", "SD"} or window.count("SD") > allowed:
        return False
    return not ("CR" in window and "PR" in window[window.index("CR") :])


def best(patient, rows, *, confirm):
    policy = patient["policy"]
    found = [("MISSING", None)]
    for k, row in enumerate(rows):
        late = row["day"] - patient["reference"] >= policy["min_sd_d"]
        overall = row["overall"]
        if overall in ("CR", "PR"):
            if not confirm or confirmed(rows, k, policy):
                found.append((overall, row["day"]))
            found.append(("SD" if late else "NE", row["day"]))
        elif overall in ("SD", "NON-CR/NON-PD"):
            found.append((overall if late else policy["early_sd"], row["day"]))
        else:
            found.append((overall, row["day"]))
    return min(found, key=lambda pair: (ORDER.index(pair[0]), pair[1] or 0))


def first_response(patient, rows):
    policy = patient["policy"]
    for k, row in enumerate(rows):
        hit = row["overall"] in ("CR", "PR")
        if hit and (not policy["confirmation"] or confirmed(rows, k, policy)):
            return row["day"]
    return None


def pfs(patient, rows):
    """Return (event or 'censored', day)."""
    last = patient["reference"]
    gap = patient["policy"]["pfs_max_gap_d"]
    for row in rows:
        if row["overall"] == "PD":
            if gap is not None and row["pd_day"] - last > gap:
                return "censored", last
            return "progression", row["pd_day"]
        if row["overall"] != "NE":
            last = row["day"]
    therapy, death = patient["therapy"], patient["death"]
    if death is not None and (therapy is None or death < therapy):
        if gap is not None and death - last > gap:
            return "censored", last
        return "death", death
    return "censored", last


# --- imRECIST -----------------------------------------------------------------------------------


def imrecist(patient):
    """Return the rows of imRECIST; a PD that the next scan does not show is marked void."""
    rows, totals = [], [baseline_sum(patient)]
    for k, visit in enumerate(patient["visits"]):
        parts = [v for v, _ in target_values(patient, k).values()]
        known = [n for n, j in new_ids(patient).items() if j <= k]
        parts += [
            adds({"id": name, "node": new_entry(patient, name)["node"]}, visit)[0]
            for name in known
            if new_entry(patient, name)["measured"]
        ]
        full = all(p is not None for p in parts)
        total = sum((p for p in parts if p is not None), Fraction(0))
        low = min(totals)
        grown = total - low >= 5 and total - low >= low / 5
        nontarget = table_d(patient, k, cr_before=False)
        cleared = all(new_is_gone(patient, name, k) for name in known)
        gone = all(r for _, r in target_values(patient, k).values()) and cleared
        if not parts and nontarget is None:
            answer = "NED" if not known or cleared else "NON-CR/NON-PD"
        elif not full:
            answer = "PD" if grown and patient["policy"]["partial_sum_pd"] else "NE"
        elif gone and nontarget in ("CR", None) and (targets(patient) or nontarget):
            answer = "CR"
        elif grown:
            answer = "PD"
        elif not targets(patient):
            if nontarget == "NE":
                answer = "NE"
            elif nontarget is None and cleared:
                answer = "NED"
            else:
                answer = "NON-CR/NON-PD"
        else:
            answer = "PR" if total <= baseline_sum(patient) * 7 / 10 else "SD"
        if full:
            totals.append(total)
        rows.append({"day": visit["day"], "overall": answer, "pd_day": visit["day"]})
    policy = patient["policy"]
    for k, row in enumerate(rows):
        later = [
            r["overall"]
            for r in rows[k + 1 :]
            if r["day"] - row["day"] >= policy["irecist_min_d"] - policy["irecist_variance_d"]
            and r["overall"] != "NE"
        ]
        row["void"] = row["overall"] == "PD" and bool(later) and later[0] != "PD"
    return rows
