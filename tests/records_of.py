"""Short ways to write records of lesions and visits in tests."""

from abscope.response.records import (
    LesionBaseline,
    Measurement,
    NewLesion,
    PatientRecord,
    Visit,
    mm,
)


def lesion(name, size, *, node=False, role="target", **more):
    axis = {"short_axis_mm": mm(size)} if node else {"diameter_mm": mm(size)}
    kind = more.pop("kind", "node" if node else "soft_tissue")
    return LesionBaseline(id=name, role=role, kind=kind, **axis, **more)


def seen(name, size=None, *, node=False, **more):
    """A measurement; a word instead of a size is a state."""
    if isinstance(size, str) and not size[0].isdigit():
        return Measurement(lesion=name, state=size, **more)
    axis = "short_axis_mm" if node else "diameter_mm"
    return Measurement(lesion=name, **({} if size is None else {axis: mm(size)}), **more)


def visit(day, *found, new=(), **more):
    return Visit(
        id=f"d{day:g}",
        day_d=day,
        measurements=found,
        new_lesions=tuple(NewLesion(id=n) if isinstance(n, str) else n for n in new),
        **more,
    )


def record(lesions, visits, **more):
    more.setdefault("sizes_checked", True)
    return PatientRecord(
        subject=more.pop("subject", "P"), lesions=tuple(lesions), visits=tuple(visits), **more
    )


def sums(baseline, *values, step_d=42):
    """One non-nodal target whose size is the sum."""
    return record(
        [lesion("T", baseline)],
        [visit(step_d * (k + 1), seen("T", value)) for k, value in enumerate(values)],
    )
