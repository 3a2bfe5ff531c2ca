"""Color roles and their values on light and dark ground, the same in page and figures.

Text and marks reach a contrast of 4.5:1 on their ground. The red, orange, blue and green differ in
lightness as well as in hue, and no figure relies on color alone.
"""

from typing import Literal

__all__ = ["DARK", "LIGHT", "ROLES", "Role", "page_rules"]

Role = Literal[
    "ground", "panel", "band", "rule", "muted", "ink", "in_field", "low_dose", "out_of_field",
    "lymphocytes", "drug", "surgery", "warn",
]  # fmt: skip

LIGHT: dict[Role, str] = {
    "ground": "#fcfcfa",
    "panel": "#ffffff",
    "band": "#f0f2f3",
    "rule": "#ccd3d9",
    "muted": "#56606b",
    "ink": "#1a2026",
    "in_field": "#b3261e",
    "low_dose": "#a35200",
    "out_of_field": "#0a5bb0",
    "lymphocytes": "#0f7347",
    "drug": "#6a3d9a",
    "surgery": "#454f59",
    "warn": "#8a4b00",
}
DARK: dict[Role, str] = {
    "ground": "#12161a",
    "panel": "#191e23",
    "band": "#232a31",
    "rule": "#3b454f",
    "muted": "#a4afba",
    "ink": "#e9edf0",
    "in_field": "#ff8b7b",
    "low_dose": "#ffb35c",
    "out_of_field": "#82bbff",
    "lymphocytes": "#63d29f",
    "drug": "#c9abff",
    "surgery": "#c2cad2",
    "warn": "#ffc266",
}
ROLES: tuple[Role, ...] = tuple(LIGHT)


def page_rules() -> str:
    """Return the style rules of a page: one variable per role, and the classes of the figures."""
    light = "".join(f"--{_css(role)}:{value};" for role, value in LIGHT.items())
    dark = "".join(f"--{_css(role)}:{value};" for role, value in DARK.items())
    classes = "".join(
        f".f-{_css(role)}{{fill:var(--{_css(role)})}}.s-{_css(role)}{{stroke:var(--{_css(role)})}}"
        for role in ROLES
    )
    return (
        f":root{{color-scheme:light dark;{light}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}{classes}"
    )


def _css(role: str) -> str:
    return role.replace("_", "-")
