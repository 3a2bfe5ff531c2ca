"""Random patients for the product and its slow twin: one seed, one patient, both forms.

``patient(seed)`` draws a plain dictionary that the twin reads; ``to_record`` and ``to_policy`` turn
it into what the product reads. Sizes are drawn with one decimal around the limits that matter (5
mm, 10 mm, 20 %, 30 %), states and flags with a probability high enough that every step of every
table is met.
"""

import random
from decimal import Decimal

from abscope.response.policy import Policy
from abscope.response.records import (
    LesionBaseline,
    Measurement,
    NewLesion,
    PatientRecord,
    Visit,
)

__all__ = ["patient", "to_policy", "to_record"]

FACTORS = (0.3, 0.5, 0.69, 0.7, 0.71, 0.85, 0.9, 1.0, 1.0, 1.05, 1.1, 1.19, 1.2, 1.25, 1.5)


def patient(seed):
    """Return one random patient as a plain dictionary."""
    draw = random.Random(seed)
    style = draw.choice(["calm", "wild", "shrinking", "pseudo"])
    lesions = [_lesion(draw, f"T{i}", "target") for i in range(draw.choice([0, 1, 1, 2, 2, 3, 5]))]
    lesions += [_lesion(draw, f"N{i}", "non_target") for i in range(draw.choice([0, 0, 1, 1, 2]))]
    markers = draw.random() < 0.1
    sizes = {lesion["id"]: lesion["size"] for lesion in lesions}
    visits, new, day = [], {}, draw.choice([0, 0, -7])
    for _ in range(draw.choice([0, 1, 3, 4, 5, 6, 8])):
        day += draw.choice([14, 21, 26, 27, 28, 30, 42, 42, 56, 60])
        visits.append(_visit(draw, day, style, lesions, sizes, new, markers))
    last = visits[-1]["day"] if visits else 0
    return {
        "lesions": lesions,
        "visits": visits,
        "markers": markers,
        "reference": draw.choice([0, 0, 0, 3]),
        "therapy": draw.choice([None, None, None, last, last // 2 + 1]),
        "death": draw.choice([None, None, last + 1, last + 40]),
        "policy": _policy(draw),
    }


def _lesion(draw, name, role):
    node = draw.random() < 0.35
    size = draw.choice([15, 16, 18, 20, 27, 30.5]) if node else draw.choice([10, 12, 14, 25, 31.2])
    return {"id": name, "role": role, "node": node, "size": str(Decimal(str(size)))}


def _visit(draw, day, style, lesions, sizes, new, markers):
    seen = {}
    for lesion in lesions:
        entry = _entry(draw, day, style, lesion, sizes)
        if entry is not None:
            seen[lesion["id"]] = entry
    _maybe_merge(draw, lesions, seen)
    fresh = []
    for name, lesion in new.items():
        if draw.random() < 0.85:
            entry = _new_entry(draw, style, lesion, name, sizes)
            seen[name] = entry
        if lesion["open"] and draw.random() < 0.5:
            lesion["open"] = False
            sure = draw.choice(["unequivocal", "dismissed"])
            fresh.append(_new(name, sure, lesion, None))
    if draw.random() < {"calm": 0.06, "wild": 0.2, "shrinking": 0.05, "pseudo": 0.2}[style]:
        name = f"X{len(new)}"
        sure = draw.choice(["unequivocal", "unequivocal", "equivocal"])
        lesion = {"node": draw.random() < 0.3, "measured": draw.random() < 0.6}
        lesion["open"] = sure == "equivocal"
        new[name] = lesion
        sizes[name] = "15.0" if lesion["node"] else "12.0"
        fresh.append(_new(name, sure, lesion, draw.choice([None, None, day - 2])))
        seen[name] = {"state": "measured", "size": sizes[name]}
    said = None
    if not any(lesion["role"] == "non_target" for lesion in lesions) and draw.random() < 0.05:
        said = draw.choice(["CR", "NON-CR/NON-PD", "PD", "NE"])
    return {
        "day": day,
        "symptoms": draw.random() < 0.25,
        "markers": draw.choice([True, True, False, None]) if markers else None,
        "said": said,
        "seen": seen,
        "new": fresh,
    }


def _new(name, sure, lesion, on):
    plain = {"id": name, "sure": sure, "on": on}
    return plain | {"measured": lesion["measured"], "node": lesion["node"]}


def _entry(draw, day, style, lesion, sizes):
    name, roll = lesion["id"], draw.random()
    entry = {"treated": draw.random() < 0.02}
    if roll < 0.02:
        return None
    if roll < 0.06:
        return entry | {"state": draw.choice(["not_imaged", "not_evaluable"])}
    if roll < 0.065:
        return entry | {"state": "resected"}
    gone = 0.35 if style == "shrinking" else 0.08
    if roll < 0.065 + gone:
        sizes[name] = "0"
        return entry | {"state": "absent"}
    if roll < 0.12 + gone:
        size = draw.choice([None, "4.0"])
        sizes[name] = "5.0"
        return entry | {"state": "too_small", "size": size}
    if roll < 0.14 + gone:
        return entry | {"state": "split", "pieces": [sizes[name], "3.0"]}
    if lesion["role"] == "non_target":
        worse = (
            draw.random() < {"calm": 0.03, "wild": 0.15, "shrinking": 0.01, "pseudo": 0.15}[style]
        )
        entry |= {"worse": worse, "bigger": draw.random() < (0.6 if worse else 0.1)}
        if draw.random() < 0.6:
            return entry | {"state": "present"}
    size = _grow(draw, style, sizes[name])
    sizes[name] = size
    if draw.random() < 0.05:
        entry["on"] = day - draw.choice([1, 3])
    return entry | {"state": "measured", "size": size}


def _grow(draw, style, size):
    number = Decimal(size)
    if style == "shrinking":
        factor = draw.choice(FACTORS[:8])
    elif style == "calm":
        factor = draw.choice(FACTORS[4:12])
    else:
        factor = draw.choice(FACTORS)
    number = number * Decimal(str(factor)) if number else Decimal(draw.choice(["0", "4", "6"]))
    return str(number.quantize(Decimal("0.1")))


def _new_entry(draw, style, lesion, name, sizes):
    roll = draw.random()
    if roll < 0.2:
        sizes[name] = "6.0"
        return {"state": "absent"}
    if roll < 0.25:
        return {"state": "not_imaged"}
    if not lesion["measured"]:
        return {"state": "present", "bigger": draw.random() < 0.2}
    sizes[name] = _grow(draw, style, sizes[name])
    return {"state": "measured", "size": sizes[name]}


def _maybe_merge(draw, lesions, seen):
    pair = [x for x in lesions if x["role"] == "target" and not x["node"] and x["id"] in seen][:2]
    if len(pair) == 2 and draw.random() < 0.03:
        first, second = pair[0]["id"], pair[1]["id"]
        size = draw.choice(["30.0", "30.0", None])
        seen[first] = {"state": "merged", "partner": second, "size": size}
        seen[second] = {"state": "merged", "partner": first}


def _policy(draw):
    def rarely(usual, other):
        return other if draw.random() < 0.15 else usual

    return {
        "pr_carry_forward": rarely(False, True),
        "cr_then_pr": rarely("PD", "as_observed"),
        "treated_target": rarely("keep", "NE"),
        "early_sd": rarely("NE", "PD"),
        "min_sd_d": rarely(42, 56),
        "confirmation": rarely(True, False),
        "confirmation_interval_d": rarely(28, 14),
        "max_ne_between": rarely(1, 0),
        "accept_sd_between": rarely(False, True),
        "partial_sum_pd": rarely(True, False),
        "cr_needs_zero_sum": rarely(False, True),
        "pfs_max_gap_d": rarely(None, 70),
        "irecist_min_d": 28,
        "irecist_max_d": 56,
        "irecist_variance_d": rarely(0, 2),
        "irecist_reset": rarely("improvement", "any_non_pd"),
        "irecist_growth_mm": rarely("5", "4"),
    }


def to_policy(plain):
    """Return the policy of a plain patient for the product."""
    switches = dict(plain["policy"])
    switches["irecist_growth_mm"] = Decimal(switches["irecist_growth_mm"])
    return Policy(**switches)


def to_record(plain, subject="S"):
    """Return a plain patient as the record that the product reads."""
    kinds = {lesion["id"]: lesion["node"] for lesion in plain["lesions"]}
    for visit in plain["visits"]:
        kinds |= {new["id"]: new["node"] for new in visit["new"]}
    start = plain["visits"][0]["day"] - 14 if plain["visits"] else 0
    return PatientRecord(
        subject=subject,
        lesions=tuple(_to_lesion(lesion) for lesion in plain["lesions"]),
        visits=tuple(_to_visit(k, visit, kinds) for k, visit in enumerate(plain["visits"])),
        reference_d=plain["reference"],
        baseline_d=start,
        markers_elevated=plain["markers"],
        death_d=plain["death"],
        new_therapy_d=plain["therapy"],
        sizes_checked=True,
    )


def _axis(node):
    return "short_axis_mm" if node else "diameter_mm"


def _to_lesion(lesion):
    size = {_axis(lesion["node"]): Decimal(lesion["size"])}
    kind = "node" if lesion["node"] else "soft_tissue"
    return LesionBaseline(id=lesion["id"], role=lesion["role"], kind=kind, **size)


def _to_visit(k, visit, kinds):
    found = []
    for name, entry in visit["seen"].items():
        size = entry.get("size")
        found.append(
            Measurement(
                lesion=name,
                state=entry["state"],
                fragments_mm=tuple(Decimal(piece) for piece in entry.get("pieces", ())),
                merged_with=entry.get("partner"),
                unequivocal_growth=bool(entry.get("worse")),
                increased=bool(entry.get("bigger")),
                treated_locally=bool(entry.get("treated")),
                day_d=entry.get("on"),
                **({} if size is None else {_axis(kinds[name]): Decimal(size)}),
            )
        )
    return Visit(
        id=f"V{k + 1}",
        day_d=visit["day"],
        measurements=tuple(found),
        new_lesions=tuple(
            NewLesion(
                id=new["id"],
                certainty=new["sure"],
                measured=new["measured"],
                kind="node" if new["node"] else "soft_tissue",
                day_d=new["on"],
            )
            for new in visit["new"]
        ),
        for_symptoms=visit["symptoms"],
        markers_normal=visit["markers"],
        stated_nontarget=visit["said"],
    )
