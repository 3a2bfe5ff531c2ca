"""Agreement of readers."""

import pytest

from abscope.io.sdtm import read_sdtm
from abscope.response.agreement import cohens_kappa, reader_agreement
from sdtm_sample import rows, write_csv


def test_kappa_by_hand() -> None:
    """50 grants of two readers, 20 yes-yes and 15 no-no: observed 0.7, by chance 0.5."""
    pairs = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}
    assert cohens_kappa(pairs) == (0.7, 0.5, 0.4)


def test_kappa_at_its_ends() -> None:
    assert cohens_kappa({("a", "a"): 3, ("b", "b"): 1})[2] == 1.0
    assert cohens_kappa({("a", "b"): 1, ("b", "a"): 1})[2] == -1.0
    assert cohens_kappa({("a", "a"): 5}) == (1.0, 1.0, None)
    with pytest.raises(ValueError, match="at least one pair"):
        cohens_kappa({})


def test_readers_of_a_submission(tmp_path) -> None:  # type: ignore[no-untyped-def]
    tables = read_sdtm(write_csv(tmp_path, rows()))
    (found,) = reader_agreement(tables.responses)
    assert found.readers == ("INVESTIGATOR", "READER 1")
    assert found.pairs == {("NE", "PD"): 1, ("PR", "PR"): 1}
    assert (found.n_visits, found.n_single, found.observed_frac) == (2, 0, 0.5)
    assert reader_agreement(tables.responses, test="TRGRESP") == ()
