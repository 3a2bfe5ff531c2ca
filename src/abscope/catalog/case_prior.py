"""What stands in for facts that a record does not tell when a case becomes a virtual patient."""

from abscope.catalog.entries import Parameter, load, look_up

__all__ = ["case_prior", "usual_infusion"]

_WHERE = "catalog/case_prior.toml"


def case_prior(name: str) -> Parameter:
    """Return one prior: ``value`` is its middle, ``low`` to ``high`` holds 95 % of it.

    Raises ModelError for a name that is not in ``case_prior.toml``.

    >>> case_prior("size_unknown").value
    25.0
    """
    return look_up(name, entries=load("case_prior"), where=_WHERE)


def usual_infusion(agent: str) -> tuple[Parameter, Parameter] | None:
    """Return the labeled dose (mg or mg per kg) and interval (d) of an agent; None where unknown.

    >>> usual_infusion("pembrolizumab")[0].value
    200.0
    """
    entries = load("case_prior")
    names = (f"{agent}-dose", f"{agent}-interval")
    if not all(name in entries for name in names):
        return None
    return entries[names[0]], entries[names[1]]
