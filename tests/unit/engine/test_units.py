import pytest

from abscope.engine.units import ONE, parse_unit


@pytest.mark.parametrize(("text", "same"), [
    ("", "1"), ("1/d", "d^-1"), ("mg/(kg*d)", "mg/kg/d"), ("mg/kg d", "mg*d/kg"),
    ("Gy^2/Gy", "Gy"), ("1e6/mL", "1000000/mL"), ("cell·d", "d cell"), ("d^0.5*d^0.5", "d"),
    ("m**2", "m^2"),
])  # fmt: skip
def test_texts_that_name_one_unit(text, same):
    assert parse_unit(text).same(parse_unit(same))


@pytest.mark.parametrize(("text", "other"), [
    ("mL", "L"), ("1/d", "d"), ("1e6/mL", "1/mL"), ("Gy", "Gy^2"), ("mg", ""),
])  # fmt: skip
def test_texts_that_name_different_units(text, other):
    assert not parse_unit(text).same(parse_unit(other))


@pytest.mark.parametrize("text", ["/d", "mg/", "(mg", "mg)", "mg^", "d^x", "mg/$", "3 )"])
def test_a_text_that_is_no_unit_is_refused(text):
    with pytest.raises(ValueError, match="unit|bracket"):
        parse_unit(text)


def test_units_multiply_and_print():
    assert str(parse_unit("mg") / parse_unit("L") * parse_unit("L/d")) == "mg/d"
    assert str(parse_unit("1e6*cell/mL") ** 2) == "1e+12*cell^2/mL^2"
    assert str(ONE) == "1"
