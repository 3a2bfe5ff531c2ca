from abscope.engine.declaration import Body, Parameter, State, System
from abscope.engine.equations import equations
from abscope.engine.functions import named, power
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
