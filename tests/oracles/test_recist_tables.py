"""Every row of the truth tables of the criteria (rung: published tables).

The tables lie under tests/data/response with their source in the first line; the copies beside the
repository, where there are any, have to be the same.
"""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from abscope.errors import ProtocolError
from abscope.response.best import TimePoint, best_response, cr_then_pr, progress_after_cr
from abscope.response.coding import code_lesion, code_lesions, treated_until
from abscope.response.eligibility import eligibility
from abscope.response.policy import Policy
from abscope.response.recist import assess, overall_response
from abscope.response.records import LesionBaseline, Measurement, Visit, mm
from records_of import lesion, record, seen, visit

DATA = Path(__file__).parents[1] / "data" / "response"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "response"
NAMES = sorted(path.name for path in DATA.glob("*.csv"))


def table(name):
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# source: ")
    rows = list(csv.DictReader(lines[1:]))
    assert rows
    return rows


@pytest.mark.parametrize("name", NAMES)
def test_our_copy_is_the_shared_table(name):
    other = SHARED / name
    if not other.is_file():
        pytest.skip(f"{other} is not here")
    ours = (DATA / name).read_text(encoding="utf-8").splitlines()[1:]
    assert ours == other.read_text(encoding="utf-8").splitlines()


def test_all_sixty_overall_responses():
    rows = table("overall_tpr_table.csv")
    assert len(rows) == 60
    for row in rows:
        target = row["target"] if row["target_disease_at_baseline"] == "Y" else None
        nontarget = row["nontarget"] if row["nontarget_disease_at_baseline"] == "Y" else None
        got = overall_response(target, nontarget, new_lesion=row["new_lesion"] == "Y")
        assert got == row["overall"], row


#: case -> the lesion and what the visit finds, as the column follow_up_state says in words
FOLLOW_UP = {
    "L01": (lesion("x", 20), seen("x", "12.0")),
    "L02": (lesion("x", 20), seen("x", "3.4")),
    "L03": (lesion("x", 20), seen("x", "too_small")),
    "L04": (lesion("x", 20), seen("x", "absent")),
    "L05": (lesion("x", 20, node=True), seen("x", "14.0", node=True)),
    "L06": (lesion("x", 20, node=True), seen("x", "9.9", node=True)),
    "L07": (lesion("x", 20, node=True), seen("x", "absent")),
    "L08": (lesion("x", 20), seen("x", "not_imaged")),
    "L09": (lesion("x", 20), Measurement(lesion="x", state="split", fragments_mm=("8.0", "6.0"))),
    "L10": (
        lesion("x", 20),
        Measurement(lesion="x", state="merged", merged_with="y", diameter_mm=mm("30.0")),
    ),
    "L13": (lesion("x", 20), seen("x", "9.0")),
}
AT_BASELINE = {
    "L14": lesion("x", 12, node=True),
    "L15": lesion("x", 9, node=True),
    "L16": LesionBaseline(id="x", role="target", kind="bone_lytic", soft_tissue_mm=mm(18)),
    "L17": lesion("x", 30, kind="bone_blastic"),
    "L18": lesion("x", 30, previously_irradiated=True, progressed_since=False),
}


def test_every_lesion_coding_case():
    rows = {row["case"]: row for row in table("lesion_coding_cases.csv")}
    assert set(rows) == {*FOLLOW_UP, *AT_BASELINE, "L11", "L12"}
    for case, (target, found) in FOLLOW_UP.items():
        row = rows[case]
        slices = mm(row["slice_mm"]) if row["slice_mm"] else None
        found = Measurement(
            **{name: getattr(found, name) for name in found.__slots__} | {"slice_mm": slices}
        )
        got = code_lesion(target, visit=visit(42, found))
        want = Decimal(row["contribution_mm"]) if row["contribution_mm"] else None
        assert got.value_mm == want, case
        assert row["counts_as_resolved"] in ("", "Y" if got.resolved else "N"), case
        assert row["flag"] in (("NE",) if want is None else got.flags or ("",)), case
    for case, target in AT_BASELINE.items():
        got = eligibility(target)
        want = Decimal(rows[case]["contribution_mm"]) if rows[case]["contribution_mm"] else None
        assert (got.size_mm, got.flag) == (want, rows[case]["flag"]), case


def test_local_treatment_cases_l11_and_l12():
    target = lesion("x", 20)
    for found, kept in (
        (seen("x", 12, treated_locally=True), Decimal(12)),
        (seen("x", "resected"), None),
    ):
        at = Visit(id="v", day_d=42, measurements=(found,))
        treated = treated_until([at])
        assert treated == {"x"}
        for policy, value in ((Policy(), kept), (Policy(treated_target="NE"), None)):
            (got,) = code_lesions([target], visit=at, policy=policy, treated=treated)
            assert got.value_mm == value
            assert "LOCAL_TX" in got.flags


def test_partner_of_a_merged_lesion_adds_nothing_and_is_linked():
    one, two = lesion("x", 20), lesion("y", 15)
    at = visit(
        42,
        Measurement(lesion="x", state="merged", merged_with="y", diameter_mm=mm("30.0")),
        Measurement(lesion="y", state="merged", merged_with="x"),
    )
    got = code_lesions([one, two], visit=at, policy=Policy())
    assert [c.value_mm for c in got] == [30, 0]
    assert not any(c.resolved for c in got)


def _pair(row):
    first = 60.0 if row["min_sd_met"] != "N" else 5.0
    gap = 30.0 if row["interval_ok"] == "Y" else 7.0
    return [TimePoint("a", first, row["first"]), TimePoint("b", first + gap, row["next"])]


@pytest.mark.parametrize(
    "row", table("confirmation_pairs.csv"), ids=lambda r: f"{r['first']}-{r['next']}"
)
def test_every_confirmation_pair(row):
    policy = Policy()
    points = progress_after_cr(_pair(row), as_=policy.cr_then_pr)
    got = best_response(points, reference_d=0, policy=policy, confirm=True)
    assert got.response == row["confirmed_bor"]
    anchor = best_response(_pair(row), reference_d=0, policy=policy, confirm=True).response
    assert anchor == ("NE" if "the anchor gives NE" in row["note"] else row["confirmed_bor"])


def test_signal_1_flags_the_complete_response_and_the_partial_one_after_it():
    row = next(r for r in table("data_error_signals.csv") if r["case"] == "SIG-1")
    flagged = []
    for patient in row["rows"].split(";"):
        name, _, visits = patient.partition(":")
        points = []
        for k, item in enumerate(visits.split("|")):
            response, day = item.split()
            points.append(TimePoint(day, float(k), response))
        flagged += [(name, p.response, p.visit) for p in cr_then_pr(points)]
    assert flagged == [("2", "CR", "2020-02-16"), ("2", "PR", "2020-03-30")]
    assert "patient 2 CR 2020-02-16 and PR 2020-03-30" in row["expected"]


def _sum_record(subject):
    cells = {}
    for row in table("adtr_lesion_cases.csv"):
        if row["subject"] == subject:
            node = row["location"] == "LYMPH NODE"
            # the perpendicular of a node is its short axis, and the size that counts
            if row["parameter"].startswith("NLDIAM" if node else "LDIAM"):
                cells.setdefault(row["visit"], {})[row["lesion"]] = (row["value_mm"], node)
    rows = [r for r in table("adtr_sdiam_cases.csv") if r["subject"] == subject]
    first = rows[0]
    lesions = [lesion(name, size, node=node) for name, (size, node) in cells["BASELINE"].items()]
    visits = [
        visit(
            float(row["day"]),
            *(
                seen(name, *(("absent",) if float(size) == 0 else (size,)), node=node)
                for name, (size, node) in cells[row["visit"]].items()
            ),
        )
        for row in rows[1:]
    ]
    return rows, record(lesions, visits, baseline_d=float(first["day"]), subject=subject)


@pytest.mark.parametrize("subject", sorted({r["subject"] for r in table("adtr_sdiam_cases.csv")}))
def test_target_sums_nadirs_and_progression_of_adtr(subject):
    rows, patient = _sum_record(subject)
    calls = assess(patient).visits
    assert len(calls) == len(rows) - 1 > 0
    for row, call in zip(rows[1:], calls, strict=True):
        target = call.target
        assert target.sum_mm == Decimal(row["sum_mm"])
        assert target.baseline_mm == Decimal(row["baseline_mm"])
        assert target.nadir_mm == Decimal(row["nadir_mm"])
        assert target.change_from_nadir_mm == Decimal(row["change_from_nadir_mm"])
        assert target.complete == (row["complete"] == "Y")
        assert (target.response == "PD") == (row["pd_flag"] == "Y")
        for mine, theirs in (
            (target.change_from_nadir_percent, row["pct_change_from_nadir"]),
            (target.change_from_baseline_percent, row["pct_change_from_baseline"]),
        ):
            if theirs:
                assert abs(mine - Decimal(theirs)) <= Decimal("0.00005")
            else:
                assert mine is None
        judged = {c.lesion for c in target.contributions if c.value_mm is not None}
        assert judged == set(row["lesions_assessed"].split(", "))


def test_a_node_of_7_mm_is_a_complete_response_unless_the_policy_wants_a_zero_sum():
    """Subject 1015, week 9: the anchor's ADTR does not call it CR (its quirk Q3)."""
    _, patient = _sum_record("01-701-1015")
    assert assess(patient).visits[-1].target_response == "CR"
    quirk = assess(patient, Policy(cr_needs_zero_sum=True))
    assert quirk.visits[-1].target_response == "PR"


def test_an_incomplete_sum_can_be_progression():
    """Subject 1028, week 6: 110 mm of 4 of 5 lesions after 91 mm (the anchor's Q4)."""
    _, patient = _sum_record("01-701-1028")
    assert assess(patient).visits[1].target.rule == "C1-PD"
    assert assess(patient, Policy(partial_sum_pd=False)).visits[1].target_response == "NE"


def test_wrong_stated_response_names_the_valid_ones():
    patient = record([lesion("T", 20)], [visit(42, seen("T", 10), stated_overall="iCR")])
    with pytest.raises(ProtocolError, match=r"'iCR'.*one of CR, PR, SD"):
        assess(patient)
