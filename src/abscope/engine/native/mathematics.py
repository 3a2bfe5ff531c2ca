"""exp, log and power as a kernel's text, for numbers of any kind: the text below is compiled.

Largest errors seen over their range (tests hold them): exp 1.5e-15 relative, log 4.5e-16 relative
or absolute where the result is below 1, power 1.5e-15 times (1 + |e log x|) relative. exp is 0
below -708.1 and infinite above 709.78; log is NaN below 0; power is 0 at and below 0.

The polynomials interpolate at the nodes of Chebyshev on the interval that is left after the whole
powers of two are taken out; their errors are below 2.2e-17. They are summed in pairs, so that a
processor has several products to work on at a time.
"""

__all__ = ["MATHEMATICS"]

#: (e^r - 1 - r)/r^2 for |r| <= log(2)/2
_EXP = (
    0.5000000000000001, 0.16666666666666669, 0.04166666666662413, 0.008333333333330062,
    0.0013888888917213717, 0.00019841269863053618, 2.4801521295954376e-05,
    2.7557268459997064e-06, 2.7620088445409746e-07, 2.510038549551032e-08,
)  # fmt: skip
#: (2^r - 1 - r log 2)/r^2 for |r| <= 1/2
_EXP2 = (
    0.24022650695910075, 0.05550410866482158, 0.009618129107618665, 0.0013333558146423213,
    0.00015403530424776529, 1.5252733820795803e-05, 1.3215451633221434e-06,
    1.0178067267449427e-07, 7.070977866508138e-09, 4.45410341058704e-10,
)  # fmt: skip
#: (log m - 2 s)/s^3 in s^2, s = (m - 1)/(m + 1), for m between the roots of 1/2 and 2
_LOG = (
    0.666666666666667, 0.3999999999989889, 0.28571428626253836, 0.22222211089379496,
    0.1818289243253687, 0.15331611722055008, 0.14617807153417325,
)  # fmt: skip
#: the same of the logarithm to base 2
_LOG2 = (
    0.961796693925976, 0.5770780163541346, 0.41219858389847885, 0.3205987379521345,
    0.2623236444673447, 0.22118982877237345, 0.21087275307216716,
)  # fmt: skip


def _pairs(coefficients: tuple[float, ...], x: str) -> str:
    """Return the lines that set p to the polynomial in x."""
    terms = [repr(c) for c in coefficients]
    lines, power, level = [], x, 0
    while len(terms) > 1:
        new = []
        for k in range(0, len(terms) - 1, 2):
            new.append(f"p{level}_{k}")
            lines.append(f"    {new[-1]} = fused({terms[k + 1]}, {power}, {terms[k]})")
        terms = new + terms[len(terms) // 2 * 2 :]
        level += 1
        if len(terms) > 1:
            lines.append(f"    {x}{level} = {power} * {power}")
            power = f"{x}{level}"
    return "\n".join([*lines, f"    p = {terms[0]}"])


#: log 2 stands in two parts, the first with trailing zeros, so that n times it is exact;
#: 2^n is made of 2 and 2^(n-1), which is a normal number for every n that is left, or 0
MATHEMATICS = f"""
def exp(x):
    y = pick(x > 709.79, 709.79, x)
    y = pick(y < -708.5, -708.5, y)
    n = nearest(y * 1.4426950408889634)
    r = fused(n, -6.93145751953125e-1, y)
    r = fused(n, -1.42860682030941723212e-6, r)
{_pairs(_EXP, "r")}
    p = strict_sum(fused(r * r, p, r), 1.0)
    return (p + p) * two_to(n - 1.0)

def log(x):
    e = exponent_of(x)
    f = strict_sum(mantissa_of(x), -1.0)
    s = f / strict_sum(f, 2.0)
    z = s * s
{_pairs(_LOG, "z")}
    low = fused(e, 1.42860682030941723212e-6, s * z * p)
    result = fused(e, 6.93145751953125e-1, strict_sum(s + s, low))
    below = pick(x < 0.0, NAN, pick(x > -1.0, -INFINITE, NAN))
    return pick(x > 0.0, result, below)

def power(x, y):
    positive = pick(x > 1e-300, x, 1.0)
    f = strict_sum(mantissa_of(positive), -1.0)
    s = f / strict_sum(f, 2.0)
    z = s * s
{_pairs(_LOG2, "z")}
    t = y * fused(fused(z, p, 2.8853900817779268), s, exponent_of(positive))
    t = pick(t > 1024.0, 1024.0, t)
    t = pick(t < -1022.0, -1022.0, t)
    n = nearest(t)
    r = strict_difference(t, n)
{_pairs(_EXP2, "r")}
    p = fused(r, fused(r, p, 0.6931471805599453), 1.0)
    return pick(x > 1e-300, (p + p) * two_to(n - 1.0), 0.0)
"""
