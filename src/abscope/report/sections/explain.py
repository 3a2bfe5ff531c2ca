"""What the changes were due to, rival explanations, and what can be concluded."""

from abscope.infer.explanation import Explanation
from abscope.infer.questions import answer_words
from abscope.report.explain_words import (
    CAUSE_WORDS,
    MECHANISM_WORDS,
    WORLD_WORDS,
    chance_words,
    family_rows,
    had_drugs,
    homing_words,
    point_words,
    rival_warning,
    score_words,
    share_words,
    source_words,
)
from abscope.report.material import Material, Row, Section, Table

__all__ = ["explain_section"]

_MODES = {
    "lesion": "by perfusion of the lesion",
    "organ": "by perfusion of its organ",
    "presence": "by presence in the organ",
    "bronchial": "as organ, lung on bronchial arteries",
}
#: A mechanism of which this is said of every lesion has no row; so many measurements have one.
_NO_EFFECT = "0 (0 to 0)"
_MEASUREMENTS = 5


def explain_section(material: Material, found: Explanation) -> Section:
    """Return the section of an explanation; its figure is `abscope.report.explain_figure`."""
    told = tuple(source_words(found))
    tables = [_shares(material, found), _responses(material, found), _structures(material, found)]
    tables += [_families(material, found)]
    tables += [_rivals(material, found, name) for name in found.rivals]
    tables += [_left_out(material, found)]
    tables += [_settling(material, found, x.lesion) for x in found.attribution.lesions]
    return Section(
        "explanation",
        "What the changes were due to",
        "tables.html",
        {
            "figure": "attribution",
            "tables": [table for table in tables if table.rows],
            "alerts": [_sentence(text, found.case_id) for text in told if text.startswith("!")],
            "lead": list(found.conclusion.paragraphs),
            "notes": [_sentence(text, found.case_id) for text in told if not text.startswith("!")],
        },
    )


def _sentence(text: str, case_id: str) -> str:
    plain = text.removeprefix("! ").removeprefix(f"{case_id}: ")
    return f"{plain[0].upper()}{plain[1:]}."


def _shares(material: Material, found: Explanation) -> Table:
    causes = [cause for cause in CAUSE_WORDS if cause != "drugs" or had_drugs(found)]
    visit = found.attribution.visits[found.visit]
    rows = []
    for item in found.attribution.lesions:
        shares = item.shares(found.visit)
        rows.append(
            Row(
                material.lesion(item.lesion),
                (
                    point_words(item.total(found.visit)),
                    point_words(item.natural(found.visit)),
                    *(point_words(shares[cause]) for cause in causes),
                    share_words(found, item.lesion),
                ),
            )
        )
    return Table(
        f"Parts of the change until {visit.label}, day {visit.day_d:g}",
        ("Lesion", "In all", "Natural course",
         *(CAUSE_WORDS[cause].capitalize() for cause in causes), "How much is prior"),
        tuple(rows),
        "In % of the diameter at the start: median and 90 % of the draws. Of each draw the parts "
        "add up; what two causes do together is shared evenly among them.",
    )  # fmt: skip


def _responses(material: Material, found: Explanation) -> Table:
    worlds = [x for x in WORLD_WORDS if had_drugs(found) or x not in ("no_drugs", "nothing")]
    rows = tuple(
        Row(
            material.lesion(item.lesion),
            (
                *(chance_words(item.responds(world, found.visit)) for world in worlds),
                chance_words(item.responds("delivered", found.visit, complete=True)),
                chance_words(item.needed(found.visit)),
            ),
        )
        for item in found.attribution.lesions
    )
    return Table(
        "Probability of a response (-30 %) by then",
        ("Lesion", *(WORLD_WORDS[world].capitalize() for world in worlds),
         "Gone, with all that was given", "Radiotherapy was needed, where it responds"),
        rows,
        "In brackets the 90 % interval that the number of draws leaves.",
    )  # fmt: skip


def _structures(material: Material, found: Explanation) -> Table:
    rows = []
    for one in found.structures:
        name = _MODES.get(one.name, one.name)
        if not one.usable:
            rows.append(Row(name, ("these draws do not suit it; fit it by itself",) * 2))
            continue
        rows += [
            Row(
                f"{name}, {material.lesion(lesion)}",
                (point_words(shares["dose_elsewhere"]), chance_words(one.anyway[lesion])),
            )
            for lesion, shares in one.shares.items()
        ]
    over = "; ".join(
        f"{x.lesion}: dose elsewhere {homing_words(found, x.lesion)[0]} %, response without "
        f"radiotherapy {homing_words(found, x.lesion)[1]}"
        for x in found.attribution.lesions
    )
    return Table(
        "The modes of homing side by side",
        ("Homing", "Dose elsewhere", "Response without radiotherapy"),
        tuple(rows),
        f"What decides where T cells stay is not known; the range is part of the doubt. {over}.",
    )


def _families(material: Material, found: Explanation) -> Table:
    names = [item.lesion for item in found.attribution.lesions]
    rows = tuple(Row(row[0], row[1:]) for row in family_rows(found, names))
    return Table(
        "Models of others: volume with radiotherapy over that without",
        ("Model", *(material.lesion(name) for name in names)),
        rows,
        "Median and 90 % of the draws. Their numbers are mostly those of mice: compare the "
        "direction, not the size.",
    )


def _rivals(material: Material, found: Explanation, lesion: str) -> Table:
    told = found.rivals[lesion]
    rows = tuple(
        Row(
            score.text,
            (score_words(score), "no" if not score.separated else "yes"),
        )
        for score in told.scores
    )
    warning = rival_warning(told)
    return Table(
        f"Explanations of {material.lesion(lesion)}",
        ("Explanation", "How well it foretells the record", "Clearly worse"),
        rows,
        f"Of {'; '.join(told.says)}, over {told.draws} draws of the prior. Less than three times "
        f"is no difference.{f' {warning[0].upper()}{warning[1:]}.' if warning else ''}",
    )


def _left_out(material: Material, found: Explanation) -> Table:
    items = found.attribution.lesions
    rows, idle = [], []
    for one in found.left_out:
        name = f"{one.kind} {MECHANISM_WORDS.get(one.name, one.name)}"
        cells = tuple(point_words(one.effect(item.lesion, found.visit)) for item in items)
        if one.kind == "mechanism" and all(cell == _NO_EFFECT for cell in cells):
            idle.append(name.removeprefix("mechanism "))
        else:
            rows.append(Row(name, cells))
    without = f" Without any effect here: {', '.join(idle)}." if idle else ""
    return Table(
        "What each course, drug and mechanism did",
        ("Left out", *(material.lesion(item.lesion) for item in items)),
        tuple(rows),
        "Change of the diameter with it less that without, all else as delivered, in % of the "
        f"diameter at the start. They do not add up: each is the last to be added.{without}",
    )


def _settling(material: Material, found: Explanation, lesion: str) -> Table:
    what = answer_words(target=lesion in found.targets)
    told = found.settling[lesion]
    single = [one for one in told if not one.joint]
    best = (*single[:_MEASUREMENTS], *(one for one in told if one.joint))
    more = len(single) - _MEASUREMENTS
    rows = tuple(
        Row(
            one.text,
            (
                f"{one.explained_frac:.0%} ({one.low_frac:.0%} to {one.high_frac:.0%})",
                f"{one.width_left_frac:.0%}",
            ),
        )
        for one in best
    )
    return Table(
        f"What would have settled {what} for {material.lesion(lesion)}",
        ("Measurement", "Part of the variance it explains", "Width of the interval left"),
        rows,
        f"{more} more measurements would have told less." if more > 0 else "",
    )
