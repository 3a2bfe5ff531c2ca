"""Findings for a person: one line per rule, nothing lost that differs."""

from abscope.dose.brief import brief_findings
from abscope.dose.findings import DoseFinding


def few(name: str, voxels: int) -> DoseFinding:
    return DoseFinding(
        "few-dose-voxels", "warning", f"region {name}", f"covers {voxels} voxels",
        "50 or more", "Its D98 rests on interpolation.", brief=str(voxels),
    )  # fmt: skip


def test_one_finding_stands_as_it_is() -> None:
    assert brief_findings([few("a", 3)]) == (f"warning: {few('a', 3)}",)
    assert brief_findings([]) == ()


def test_many_regions_are_one_line_with_their_values() -> None:
    (line,) = brief_findings([few("a", 3), few("b", 7), few("a", 4), few("a", 3)])
    assert line.startswith("warning: 2 regions cover fewer than 50 voxels")
    assert line.endswith(": a 3 and 4; b 7")


def test_a_long_list_is_cut_and_says_so() -> None:
    (line,) = brief_findings([few(f"n{n}", n) for n in range(45)])
    assert "45 regions" in line
    assert line.endswith("n39 39; and 5 more (--json has all)")


def test_what_differs_in_words_or_reason_stays_apart() -> None:
    one = DoseFinding("patient", "refused", "x", "2 patients", "one", "Look.", accepted="test name")
    two = DoseFinding("patient", "refused", "y", "2 patients", "one", "Look.", accepted="other")
    assert brief_findings([one, two]) == (f"accepted: {one}", f"accepted: {two}")
    plans = [
        DoseFinding("approval", "warning", name, "not approved", "APPROVED", "Ask.")
        for name in ("plan 1", "plan 2")
    ]
    (line,) = brief_findings(plans)
    assert line == "warning: plan 1, plan 2: not approved; expected APPROVED. Ask."
