"""Random valid cases: every field of every record, with what YAML and people get wrong."""

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel

from abscope.case.facts import Fact, Quantity
from abscope.case.labs import TESTS
from abscope.case.lesion import SiteName
from abscope.case.observation import Lab
from abscope.case.radiotherapy import RTPhase
from abscope.case.record import Case
from abscope.case.therapy import Agent
from abscope.case.timing import When

TRICKY = (
    "yes", "No", "on", "true", "null", "~", "", " ", "2018-04-20", "1e5", "0x1F", "017", "1:20",
    "not reported", "not_seen", "Not Reported ", "=", "<<", ".inf", "-.NaN", "- a", "a: b", "#c",
    "x #c", "'q'", '"', "%d", "@a", "`", "*a", "&a", "!a", "|", ">", "a\nb", "\n", "a\n  b\n",
    " a\n b", "a \nb", "\ttab", "a\tb", "é", "日本", "😀", "\u2028", "\x85", "\x00", "\x7f", "[1]",
    "{a: 1}", "a, b", "1_000", "---", "...", "? a", "12", "-3.5", "\ufeff", "\\", "5 mm",
)  # fmt: skip

texts = st.one_of(
    st.sampled_from(TRICKY),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(["lung", "ECOG 1", "Table 2, p. 4", "the left one"]),
)
#: Numbers that lie in the plausible range of every quantity except a share.
numbers = st.one_of(st.integers(20, 39), st.floats(20, 39, allow_nan=False))
shares = st.floats(0, 1, allow_nan=False)
dates = st.dates().map(lambda day: day.isoformat())
times = st.one_of(
    dates,
    dates.map(lambda text: text[:7]),
    st.integers(1900, 2100),
    st.integers(-400, 4000).map(lambda day: f"day {day}"),
    st.sampled_from(
        ["3 months after RT1.end", "2-4 weeks before I1", "before RT1", "during RT1", "at I1",
         "about 2020-07", "2020-01..2020-03", "36 hours after RT1", "day 3..day 9"]
    ),
)  # fmt: skip
NAMED: dict[str, Any] = {
    "doi": st.just("10.3389/fonc.2021.1"),
    "pmcid": st.just("PMC8245752"),
    "day_zero": st.sampled_from(["2020-01-02", "RT1.start", "RT1", "I1"]),
    "grade": st.integers(0, 5),
    "schema": st.just("abscope-case/1"),
    "fragments_mm": st.lists(numbers, max_size=3),
    "primary_size_mm": st.lists(numbers, max_size=2),
    "members": st.just([]),
}


names = texts.filter(lambda text: text != "")
labs = st.one_of(
    st.fixed_dictionaries(
        {
            "test": st.sampled_from(sorted(TESTS)),
            "value": st.sampled_from([640, 0, "64", "300-600", "< 200", "not reported"]),
            "unit": st.sampled_from(["/mm3", "per_ul"]),
        },
        optional={"lower_limit": st.just(1000), "when": times},
    ),
    st.fixed_dictionaries(
        {"test": st.just("LDH"), "value": st.sampled_from(["310 U/L", "< 5 U/L", "5-9 U/L"])},
        optional={"upper_limit": st.just("250 U/L"), "note": texts},
    ),
    st.fixed_dictionaries({"test": names, "finding": names}),
)
agents = st.one_of(
    st.just("pembrolizumab"),
    st.just("pembrolizumab 200 mg q21d x 6"),
    st.fixed_dictionaries(
        {"name": names, "regimen": st.sampled_from(["3 mg/kg q14d", "1 g daily"])}
    ),
)
schedules = st.sampled_from(
    ["5 x 4.5 Gy daily from 2018-04-20 skip weekends", "22.5 Gy in 5", "1 x 8 Gy from day 3"]
)
_EXPANDED = {
    "start", "end", "dose_per_fraction_gy", "n_fractions_planned", "total_dose_gy", "fractionation",
}  # fmt: skip
_FORMS = ("bare", "missing", "long", "graded", "noted", "conflicting")
_SITES = st.sampled_from(["lung", "liver", "node_axillary", "other"])

Draw = Any


def _fact(draw: Draw, value: Any, *, interval: Any = None) -> Any:
    """One of the forms of a fact: bare, long, missing, conflicting; ``value`` draws a value."""
    form = draw(st.sampled_from(_FORMS if interval is None else (*_FORMS, "interval")))
    extra = draw(st.fixed_dictionaries({}, optional={"loc": texts, "note": texts, "ref": texts}))
    if form == "bare":
        return value()
    if form == "missing":
        return draw(st.sampled_from(["not reported", "not_seen"]))
    if form == "long":
        return {"value": value(), **extra}
    if form == "graded":
        return {"value": value(), "status": draw(st.sampled_from(["derived", "inferred"])), **extra}
    if form == "noted":
        return {"status": "not_reported", **extra}
    if form == "interval":
        return {**interval(), **extra}
    versions = [value(), {"value": value(), "loc": draw(texts)}]
    if interval is not None:
        versions.append(interval())
    preferred = {"value": value()} if draw(st.booleans()) else {}
    return {"versions": versions, **preferred, **extra}


def _interval(draw: Draw, number: Any) -> Any:
    low, middle, high = sorted([draw(number), draw(number), draw(number)])
    both = {"low": low, "high": high}
    return draw(st.sampled_from([both, {"low": low}, {"high": high}, {**both, "value": middle}]))


def _value(draw: Draw, annotation: Any, name: str) -> Any:
    if name in NAMED:
        return draw(NAMED[name])
    if annotation is SiteName:
        return draw(_SITES)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _value(draw, arguments[0], name)
    if origin is Literal:
        return draw(st.sampled_from(arguments))
    if origin in (Union, types.UnionType):
        kinds = [kind for kind in arguments if kind is not type(None)]
        return _value(draw, draw(st.sampled_from(kinds)) if len(kinds) > 1 else kinds[0], name)
    if origin is tuple:
        least = 1 if name in ("phases", "agents", "statements") else 0
        return [
            _value(draw, arguments[0], name)
            for _ in range(least + draw(st.sampled_from([0, 1, 0])))
        ]
    simple = {str: texts, bool: st.booleans(), int: st.integers(1, 200), float: numbers}
    return draw(simple[annotation]) if annotation in simple else _model(draw, annotation, name)


def _model(draw: Draw, model: type[BaseModel], name: str) -> Any:
    if model is When:
        return draw(times)
    if issubclass(model, Quantity):
        number = shares if name.endswith("_frac") else numbers
        return _fact(draw, lambda: draw(number), interval=lambda: _interval(draw, number))
    if issubclass(model, Fact):
        inner = model.model_fields["value"].annotation
        return _fact(draw, lambda: _value(draw, inner, name))
    if model is Lab:
        return draw(labs)
    if model is Agent and draw(st.booleans()):
        return draw(agents)
    if model is Agent:
        return _record(draw, Agent) | {"name": draw(names)}
    if model is RTPhase and draw(st.booleans()):
        phase = _record(draw, RTPhase)
        kept = {key: item for key, item in phase.items() if key not in _EXPANDED}
        return kept | {"schedule": draw(schedules)}
    return _record(draw, model)


def _record(draw: Draw, model: type[BaseModel], *, always: tuple[str, ...] = ()) -> dict[str, Any]:
    """Draw the required fields of a record and a few of the others."""
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    optional = [key for key, field in fields.items() if not field.is_required()]
    few = draw(st.lists(st.sampled_from(optional), max_size=4)) if optional else []
    return {
        key: _value(draw, field.annotation, key)
        for key, field in fields.items()
        if field.is_required() or key in few or key in always
    }


_PREFIXES = {"lesions": "L", "rt_courses": "RT", "systemic_therapy": "S", "procedures": "P",
             "imaging": "I", "discrepancies": "D"}  # fmt: skip
_LESION_LISTS = ("targets", "targets_uncertain", "lesions_uncertain", "not_assessed", "lesions")


def _joined(node: Any, *, key: str = "", top: bool = False) -> Any:
    """Let every reference lead to the first lesion, course or scan."""
    if isinstance(node, list):
        if key in _LESION_LISTS and not top:
            return ["L1" for _ in node]
        if key in ("same_volume_as", "ongoing_during"):
            return ["RT1" for _ in node]
        return [_joined(item, key=key) for item in node]
    if not isinstance(node, dict):
        return {"lesion": "L1", "merged_with": "L1", "relative_to": "I1"}.get(key, node)
    return {name: _joined(item, key=name, top=key == "case") for name, item in node.items()}


def _numbered(plain: dict[str, Any]) -> dict[str, Any]:
    out = _joined(plain, key="case")
    out["id"] = "generated-1"
    for room, prefix in _PREFIXES.items():
        for number, item in enumerate(out.get(room, ()), start=1):
            item["id"] = f"{prefix}{number}"
            for index, phase in enumerate(item.get("phases", ())):
                phase["id"] = f"{prefix}{number}p{index}"
    return out


@st.composite
def plain_cases(draw: Draw) -> dict[str, Any]:
    """Return a whole case as a YAML file holds it."""
    rooms = ("lesions", "rt_courses", "imaging")
    plain = _record(draw, Case)
    for room in rooms:
        kind = get_args(Case.model_fields[room].annotation)[0]
        plain[room] = [_model(draw, kind, room) for _ in range(draw(st.integers(1, 2)))]
    return _numbered(plain)


def cases() -> Any:
    """Return a strategy of whole valid cases."""
    return plain_cases().map(Case.model_validate)
