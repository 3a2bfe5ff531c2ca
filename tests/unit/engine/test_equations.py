import pytest

from abscope.engine.declaration import Body, Event, Field, Parameter, Replicate, State, System
from abscope.engine.equations import equations
from abscope.engine.functions import exp, named, power
from engine_systems import closed, kuznetsov


def test_rates_are_printed_with_their_symbols():
    text = equations(kuznetsov())
    assert r"\frac{\mathrm{d}T}{\mathrm{d}t}" in text
    assert "| $T$ | `t` | cell | tumor cells |" in text
    assert "## Observed" not in text


def test_replicates_carry_an_index_and_totals_a_sum():
    text = equations(closed())
    assert "## Each lesion $i$" in text
    assert r"\frac{\mathrm{d}V_{i}}{\mathrm{d}t}" in text
    assert r"\mathrm{burden} = \sum_i \left(V_{i}\right)" in text
    assert "## Event cut" in text
    assert r"V_{i} \leftarrow" in text
    assert "| $g_{i}$ | `g` | 1/d | growth |" in text
    assert "1.0" not in text


def test_a_named_part_has_an_equation_of_its_own():
    text = equations(_clash())
    assert r"$$ \kappa = E {\left(\frac{E}{E_{50}}\right)}^{n} $$" in text
    assert r"\frac{\mathrm{d}E}{\mathrm{d}t} = - E \kappa" in text


@pytest.mark.parametrize(
    ("left", "printed"),
    [
        (lambda a, b, k: (exp(-k * a) + exp(-k * b)) / 2.0,
         r"\frac{1}{2} \sum_{k=1}^{2} \left(e^{- d_{k,i} k}\right)"),
        (lambda a, b, k: (exp(1.0 - k * a) + exp(1.0 - k * b)) / 2.0,
         r"\frac{1}{2} \sum_{k=1}^{2} \left(e e^{- d_{k,i} k}\right)"),
        (lambda a, b, k: (exp(-k * a) + exp(-2.0 * k * b)) / 2.0,
         r"0.5 e^{- d_{1,i} k} + 0.5 e^{- 2 d_{2,i} k}"),
    ],
)  # fmt: skip
def test_a_mean_over_numbered_parts_is_printed_as_one(left, printed):
    """The same expression of every part is a mean; two different ones are written out."""
    cut = Event(
        name="cut",
        meaning="A cut",
        replicate_fields=tuple(Field(f"d_{n}", "mL", "d", f"d_{{{n}}}") for n in (1, 2)),
        replicate=lambda x, body, p, e: {"v": x.v * named("m", left(e.d_1, e.d_2, p.k))},
    )
    system = System(
        name="parts",
        body=Body(
            states=(),
            rates=lambda body, total, p: {},
            parameters=(Parameter("k", "1/mL", "k", "k"),),
        ),
        replicate=Replicate(
            name="lesion",
            states=(State("v", "mL", "volume", "V"),),
            parameters=(Parameter("g", "1/d", "growth", "g"),),
            rates=lambda x, body, p: {"v": x.g * x.v},
        ),
        events=(cut,),
    )
    (line,) = (line for line in equations(system).splitlines() if line.startswith("$$ m ="))
    assert line == f"$$ m = {printed} $$"


def _clash():
    """A state and a parameter with one LaTeX symbol stay two quantities."""

    def rates(body, total, p):
        kill = named(r"\kappa", p.rate * power(body.e / p.half, p.n))
        return {"e": -kill * body.e}

    return System(
        name="named",
        body=Body(
            states=(State("e", "mg", "amount", "E"),),
            rates=rates,
            parameters=(
                Parameter("half", "mg", "half", "E_{50}"),
                Parameter("n", "1", "power", "n"),
                Parameter("rate", "1/d", "rate", "E"),
            ),
        ),
    )
