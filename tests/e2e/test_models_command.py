"""``abscope models``: the list, one model in text and JSON, and wrong names."""

from ended import Call


def test_list_has_every_model_with_its_source(inside: Call) -> None:
    done = inside("models", "--json")
    rows = done.json["models"]
    names = [row["name"] for row in rows]
    assert len(names) == len(set(names)) >= 14
    assert names[0] == "abscope-core"
    assert {"kosinsky2018", "friedrich2022", "pembrolizumab-ahamadi2017"} <= set(names)
    assert all(row["source"] and row["title"] and row["scope"] for row in rows)


def test_one_model_has_equations_numbers_and_departures(inside: Call) -> None:
    done = inside("models", "kosinsky2018")
    assert (done.status, done.err) == (0, "")
    assert r"\frac{2 \alpha b U^{2}}{\delta^{2} \tau}" in done.out
    assert (
        "departure: The public file (BIOMD0000000863) repairs breaks at the rate tau U" in done.out
    )
    facts = inside("models", "kosinsky2018", "--json").json["model"]
    numbers = {row["name"]: row for row in facts["parameters"]}
    assert (numbers["half_antigen"]["value"], numbers["half_antigen"]["unit"]) == (8.89, "uL")
    assert numbers["half_antigen"]["low"] < 8.89 < numbers["half_antigen"]["high"]
    assert [row["name"] for row in facts["states"]][:3] == ["tumor", "doomed", "breaks"]
    assert [event["name"] for event in facts["events"]] == ["fraction", "injection"]


def test_a_model_in_steps_is_printed_like_any_other(inside: Call) -> None:
    facts = inside("models", "friedrich2022", "--json").json["model"]
    assert facts["kind"] == "a map in steps"
    assert r"$$ \mu_2 = a_{2}" in facts["equations"]


def test_a_wrong_name_tells_the_nearest_and_ends_with_2(inside: Call) -> None:
    done = inside("models", "kosinski")
    assert (done.status, done.out) == (2, "")
    assert "Did you mean kosinsky2018?" in done.err
    assert inside("models", "pembrolizumab", "--json").json["status"] == 2
    assert "Known: " in inside("models", "xyzzyx").err


def test_the_list_needs_neither_numba_nor_sympy(started: Call) -> None:
    done = started("models", PYTHONPROFILEIMPORTTIME="1")
    assert done.status == 0
    loaded = {line.rpartition("|")[2].strip() for line in done.err.splitlines()}
    assert "abscope.model.registry" in loaded
    assert not loaded & {"numba", "sympy", "scipy"}
