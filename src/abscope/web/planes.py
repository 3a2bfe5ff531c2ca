"""The slices of the dose page: which lesions can be shown, and one plane as a picture."""

from dataclasses import replace
from typing import Any, Literal

from abscope.errors import Problem, UsageError
from abscope.web.dosing import DoseRead

__all__ = ["Orientation", "plane_choices", "plane_svg"]

Orientation = Literal["axial", "coronal", "sagittal"]
_FIXED: dict[Orientation, int] = {"axial": 2, "coronal": 1, "sagittal": 0}


def plane_choices(read: DoseRead) -> list[dict[str, Any]]:
    """Return the lesions and courses to choose from; per plane the lowest, own and highest mm."""
    from abscope.dose.slices import shown_span

    found = []
    for view in read.views:
        low_mm, high_mm = shown_span(view.source, center_mm=view.center_mm)
        choice: dict[str, Any] = {
            "lesion": view.lesion, "course": view.course, "title": view.title,
        }  # fmt: skip
        for name, axis in _FIXED.items():
            choice[name] = [round(x) for x in (low_mm[axis], view.center_mm[axis], high_mm[axis])]
        found.append(choice)
    return found


def plane_svg(
    read: DoseRead,
    chosen: tuple[str, str],
    orientation: Orientation,
    *,
    at_mm: float | None,
    window_hu: tuple[float, float],
) -> str:
    """Return one plane through a lesion in a course; without a position, through its middle."""
    from abscope.dose.slices import dose_slice
    from abscope.report.dose_picture import DosePicture, plane_scene

    view = next((one for one in read.views if (one.lesion, one.course) == chosen), None)
    if view is None:
        raise UsageError(
            Problem(
                "lesion", f"there is no picture of lesion {chosen[0][:40]} in course "
                f"{chosen[1][:40]}", "a lesion with a region", "Choose one of the list.",
            )
        )  # fmt: skip
    center = list(view.center_mm)
    if at_mm is not None:
        center[_FIXED[orientation]] = at_mm
    middle = (center[0], center[1], center[2])
    item = dose_slice(view.source, center_mm=middle, orientation=orientation)
    picture = DosePicture(view.name, view.title, view.focus, (item,), view.tags)
    return plane_scene(replace(picture, window_hu=window_hu)).svg("auto")
