"""The table of best responses: iRECIST endpoints, options, warnings and refused rows."""

from datetime import date, timedelta

import pytest

from abscope.errors import ProtocolError
from abscope.response.timepoint_rows import Assessment
from abscope.response.timepoints import TableOptions, best_table, numeric_code

DAY0 = date(2020, 1, 1)
I = TableOptions(criteria="iRECIST")  # noqa: E741


def rows(*responses, step=42, subject="s"):
    return [
        Assessment(subject, DAY0 + timedelta(days=step * (k + 1)), response)
        for k, response in enumerate(responses)
    ]


def table(*responses, options=None, step=42):
    return best_table(rows(*responses, step=step), reference={"s": DAY0}, options=options)


def get(found, parameter):
    one = found.value("s", parameter)
    return one.value, None if one.date is None else (one.date - DAY0).days


def test_irecist_endpoints_of_a_confirmed_progression():
    found = table("iSD", "iUPD", "iPR", "iUPD", "NE", "iUPD", "iCPD", "iCR", options=I)
    assert get(found, "ICPD") == ("Y", 168), "first iUPD of the block that iCPD closes"
    assert get(found, "IUPD") == ("N", None)
    assert get(found, "IRSP") == ("Y", 126)
    assert get(found, "ICRSP") == ("N", None)
    assert get(found, "ICB") == ("Y", 42)
    assert get(found, "IBOR") == ("iPR", 126)
    assert get(found, "ICBOR") == ("iSD", 42)
    assert (get(found, "IBCP"), get(found, "ICBCP")) == (("Y", 126), ("N", None))
    assert found.excluded == ("s: after iCPD at 2020-10-21",)
    assert (found.n_in, found.n_counted, len(found.excluded)) == (8, 7, 1)


def test_iupd_carries_the_last_date_as_the_anchor_does_or_the_first():
    responses = ("iSD", "iUPD", "iUPD", "NE")
    assert get(table(*responses, options=I), "IUPD") == ("Y", 126)
    first = TableOptions(criteria="iRECIST", iupd_date="first")
    assert get(table(*responses, options=first), "IUPD") == ("Y", 84)
    assert get(table("iUPD", "iCPD", options=I), "IBOR") == ("iCPD", 42)


def test_icpd_without_iupd_is_dropped_with_a_warning_or_kept():
    dropped = table("iCPD", options=I)
    assert get(dropped, "IBOR") == ("MISSING", None)
    assert dropped.warnings == ("s: iCPD without an iUPD before it, dropped",)
    kept = table("iCPD", options=TableOptions(criteria="iRECIST", icpd_without_iupd="keep"))
    assert (get(kept, "IBOR"), get(kept, "ICPD")) == (("iCPD", 42), ("Y", 42))
    assert kept.warnings == ("s: iCPD without an iUPD before it, kept",)
    assert get(table("iPR", "iCPD", options=I), "IBOR") == ("iPR", 42)


def test_cr_then_something_else():
    found = table("CR", "SD", step=20)
    assert get(found, "CBOR") == ("NE", 20)
    read = table("CR", "SD", step=20, options=TableOptions(cr_then_pr="PD"))
    assert (get(read, "CBOR"), get(read, "PD")) == (("PD", 40), ("Y", 40))


def test_new_therapy_cuts_and_counts_add_up():
    found = best_table(
        rows("SD", "PR", "PR"), reference={"s": DAY0}, new_therapy={"s": DAY0 + timedelta(84)}
    )
    assert get(found, "BOR") == ("SD", 42)
    assert (found.n_in, found.n_counted, len(found.excluded)) == (3, 1, 2)


def test_rows_need_not_be_sorted():
    given = rows("SD", "PR", "PR", "PD")
    same = best_table(reversed(given), reference={"s": DAY0})
    assert same.endpoints == best_table(given, reference={"s": DAY0}).endpoints


def test_subjects_without_a_visit():
    found = best_table(rows("SD"), reference={"s": DAY0}, subjects=["t", "s"])
    assert found.value("t", "BOR").value == "MISSING"
    assert found.endpoints[0].subject == "t"
    with pytest.raises(KeyError):
        found.value("u", "BOR")


def test_all_refused_rows_at_once():
    """SIG-2 and SIG-4: a value that the criteria do not have, and two records on one date."""
    given = [*rows("PR", "iCR", "pd"), Assessment("s", DAY0 + timedelta(42), "SD", "visits.csv:9")]
    with pytest.raises(ProtocolError) as caught:
        best_table(given, reference={})
    text = str(caught.value)
    assert "response 'iCR' is not one of RECIST; expected one of PD, NON-CR/NON-PD, SD" in text
    assert "Did you mean PD?" in text
    assert "visits.csv:9" in text
    assert "has PR, SD on 2020-02-12" in text
    assert len(caught.value.problems) == 3


def test_worst_of_a_day_is_an_explicit_choice():
    given = [*rows("PR"), *rows("SD")]
    found = best_table(given, reference={"s": DAY0}, options=TableOptions(same_day="worst"))
    assert get(found, "BOR") == ("SD", 42)
    assert found.warnings == ("s: PR, SD on 2020-02-12, SD is taken",)
    assert (found.n_in, found.n_counted, len(found.excluded)) == (2, 1, 1)


def test_no_rows_and_no_reference_are_errors():
    """SIG-3: nothing passed the filter."""
    with pytest.raises(ProtocolError, match="no rows"):
        best_table([], reference={})
    with pytest.raises(ProtocolError, match="no reference date"):
        best_table(rows("SD"), reference={})
    with pytest.raises(ProtocolError, match="date is '2020-01-01'"):
        best_table([Assessment("s", "2020-01-01", "SD")], reference={"s": DAY0})


def test_numeric_codes_have_their_own_order_per_criteria():
    assert numeric_code("NE", criteria="RECIST") == 6
    assert numeric_code("iCPD", criteria="iRECIST") == 6
    assert numeric_code("iCR", criteria="RECIST") is None
