"""What-ifs, searches and fits over the API: their lines, their commands, and what is kept."""

import io
import json
import re
import time
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace

import pytest

from abscope.case.shelf import open_case
from abscope.case.template import template
from abscope.decide.scenario_text import parse_scenario
from abscope.errors import UsageError
from abscope.web.changes import change_lines, changes_command, changes_python, scenario_of_lines
from abscope.web.fits import kept_fit
from abscope.web.optimizing import (
    SearchAsked,
    check_search,
    search_command,
    search_python,
    suggestions,
)
from web_server import HERE, client_of

CASE = "fong2025-melanoma"
QUESTION = {
    "goals": ["response", "lymphocytes@0.1"],
    "vary": ["rt.RT2a.dose: 2 to 8 Gy by 2", "rt.RT2a.fractions: 1 to 3"],
    "limits": ["total RT2a <= 24 Gy"],
    "evaluations": 8,
}


def test_lines_of_change_are_those_of_a_scenario() -> None:
    lines = ("set rt.RT2a: 3 x 8 Gy", "add rt others 4 x 1 Gy", "shift pembrolizumab +7d")
    assert change_lines(scenario_of_lines(lines)) == lines
    scenario = parse_scenario(sets=["rt.RT2a: 3 x 8 Gy"], drops=[], adds=[], shifts=[])
    assert change_lines(scenario) == lines[:1]


@pytest.mark.parametrize("run", [None, Path("my runs/one")])
def test_commands_say_where_the_draws_come_from_and_python_compiles(run: Path | None) -> None:
    words = "--prior" if run is None else "--run 'my runs/one'"
    asked = SearchAsked(("control",), ("others.dose: 0 to 2 Gy",), ("total <= 40 Gy",))
    for command in (
        changes_command(CASE, ["drop RT2a"], run),
        changes_command(CASE, [], run),
        search_command(CASE, asked, run),
    ):
        assert command.endswith(words)
    for text in (
        changes_python(CASE, ["drop RT2a"], run),
        changes_python(CASE, [], run),
        search_python(CASE, asked, run),
    ):
        compile(text, "python", "exec")


def test_the_python_of_a_page_prints_the_numbers_of_the_page(tmp_path: Path) -> None:
    """Low end, median and high end of what was delivered, of the changes and of the difference."""
    client = client_of(tmp_path)
    root, asked = f"/api/v1/library/{CASE}/what-if", {"change": "set rt.RT2a: 3 x 8 Gy"}
    while (answer := client.get(root, params=asked).json())["found"] is None:
        assert answer["ok"]
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(answer["python"], "python", "exec"), {})
    shown = answer["found"]["rows"][0]["change_frac"][-1]
    numbers = [
        shown[who][end]
        for who in ("delivered", "scenario", "difference")
        for end in ("low", "median", "high")
    ]
    numbers += [shown["better_frac"], shown["equal_frac"], shown["draws"]]
    found = [float(x) for x in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", printed.getvalue())]
    assert found == pytest.approx(numbers, rel=2e-6)


def test_every_line_that_the_form_offers_can_be_read() -> None:
    case = open_case(CASE).case
    offered = suggestions(case)
    assert len(offered["vary"]) > 4
    for _, line in offered["vary"]:
        check_search(case, SearchAsked(("control",), (line,)))
    limits = tuple(line for _, line in offered["limits"])
    assert len(check_search(case, SearchAsked(("size",), (offered["vary"][0][1],),
                                              limits)).limits) == len(limits)  # fmt: skip


def test_every_wrong_line_of_a_search_is_named_at_once() -> None:
    case = open_case(CASE).case
    with pytest.raises(UsageError) as held:
        check_search(case, SearchAsked(("speed",), ("rt.RT9.dose: 1 to 2 Gy",), ("x <= 1",)))
    assert len(held.value.problems) == 3


def test_a_search_goes_from_its_question_to_a_front(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    root = f"/api/v1/library/{CASE}/optimize"
    wrong = client.post(root, json={**QUESTION, "limits": ["total RT9 <= 4 Gy"]})
    assert (wrong.status_code, wrong.json()["ok"]) == (400, False)
    begun = client.post(root, json=QUESTION)
    assert begun.status_code == 202
    job = begun.json()["job"]
    assert client.post(root, json=QUESTION).json()["job"]["id"] == job["id"]
    address = {
        "goal": QUESTION["goals"], "vary": QUESTION["vary"], "limit": QUESTION["limits"],
        "evaluations": 8,
    }  # fmt: skip
    for _ in range(600):
        answer = client.get(root, params=address).json()
        if answer["job"]["state"] not in ("waiting", "running"):
            break
        time.sleep(0.1)
    found = answer["found"]
    assert found["chosen"]
    assert {tuple(row["change"]) for row in found["chosen"]} == {
        tuple(text.replace('"', "").removeprefix("--") for text in row["changes"])
        for row in found["chosen"]
    }
    svg = client.get(f"{root}/front.svg", params=address)
    assert svg.text.count("data-point=") == len(found["chosen"])
    assert "As delivered: response" in svg.text
    page = client.get(f"/library/{CASE}/optimize", params=address).text
    assert page.count("data-row=") == len(found["chosen"])
    assert client.get(f"{root}/front.svg", params={"vary": "none"}).status_code == 400


def test_a_fit_that_was_cut_off_is_told_at_the_next_start(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "one-0123456789"
    run.mkdir(parents=True)
    (run / "run.json").write_text(
        json.dumps({"command": "fit", "case_id": "one", "status": "started"}), encoding="utf-8"
    )
    (tmp_path / "one.yaml").write_text(template("one"), encoding="utf-8")
    (told,) = client_of(tmp_path).app.state.rooms.recovered  # type: ignore[attr-defined]
    assert "A fit of one was stopped" in told
    assert "begins anew" in told
    (run / "checkpoint").write_bytes(b"state")
    (told,) = client_of(tmp_path).app.state.rooms.recovered  # type: ignore[attr-defined]
    assert "goes on from its last checkpoint" in told


def test_without_a_kept_fit_its_draws_cannot_be_asked_for(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    answer = client.get(f"/api/v1/library/{CASE}/what-if", params={"draws": "fit"})
    assert answer.status_code == 404
    assert "there is no fit" in answer.json()["error"]
    page = client.get(f"/library/{CASE}/explain", headers={"origin": HERE})
    assert "Fit the case, then explain" in page.text
    place = SimpleNamespace(name="none", revision="0" * 64)
    subject = SimpleNamespace(
        opened=SimpleNamespace(shown=place), variant="", layout=SimpleNamespace(runs=tmp_path)
    )
    assert kept_fit(subject) is None  # type: ignore[arg-type]
