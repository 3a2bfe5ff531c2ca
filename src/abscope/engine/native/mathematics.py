"""exp, log and power as a kernel's text, for numbers of any kind: the text below is compiled.

Largest errors seen over their range (tests hold them): exp 1.5e-15 relative, log 4.5e-16 relative
or absolute where the result is below 1, power 1.5e-15 times (1 + |e log x|) relative. exp is 0
below -708 and infinite above 709.78; log is NaN below 0; power is 0 at and below 0.
"""

from math import factorial

__all__ = ["MATHEMATICS"]

_SERIES = "\n".join(f"    p = p * r + {1.0 / factorial(k)!r}" for k in range(11, -1, -1))
_ODD = "\n".join(f"    p = p * z + {1.0 / k!r}" for k in range(17, 1, -2))

#: log 2 stands in two parts, the first with trailing zeros, so that n times it is exact
MATHEMATICS = f"""
def exp(x):
    y = pick(x < 709.782712893384, x, 709.782712893384)
    y = pick(y > -708.0, y, -708.0)
    n = nearest(y * 1.4426950408889634)
    r = strict_difference(y, n * 6.93145751953125e-1)
    r = strict_difference(r, n * 1.42860682030941723212e-6)
    p = r * {1.0 / factorial(13)!r} + {1.0 / factorial(12)!r}
{_SERIES}
    half = nearest(n * 0.5)
    result = p * two_to(half) * two_to(n - half)
    result = pick(x > 709.782712893384, INFINITE, result)
    result = pick(x < -708.0, 0.0, result)
    return pick(absolute(x) >= 0.0, result, x)

def log(x):
    e = exponent_of(x)
    m = mantissa_of(x)
    small = m < 0.7071067811865476
    m = pick(small, m + m, m)
    e = pick(small, e - 1.0, e)
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = z * {1.0 / 21!r} + {1.0 / 19!r}
{_ODD}
    low = strict_sum(2.0 * s * z * p, e * 1.42860682030941723212e-6)
    result = strict_sum(e * 6.93145751953125e-1, strict_sum(2.0 * s, low))
    below = pick(x < 0.0, NAN, pick(x > -1.0, -INFINITE, NAN))
    return pick(x > 0.0, result, below)

def power(x, y):
    positive = pick(x > 1e-300, x, 1.0)
    return pick(x > 1e-300, exp(y * log(positive)), 0.0)
"""
