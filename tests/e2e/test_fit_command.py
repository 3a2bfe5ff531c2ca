"""``abscope fit`` and ``abscope rerun``: a run that is kept, repeated, cut off, and wrong uses."""

import json
from pathlib import Path

import pytest

from abscope.cli.progress import told
from ended import Call

CASE = "fong2025-melanoma"
SMALL = ("--chains", "2", "--draws", "20", "--warmup", "10")


def test_a_fit_that_did_not_converge_says_so_first(kept: Path) -> None:
    """Forty draws of two chains are far too few, and the first line says it."""
    results = json.loads((kept / "results.json").read_text(encoding="utf-8"))
    assert results["converged"] is False
    assert any("effective draws" in why for why in results["why_not"])
    assert results["interval"] == {"kind": "equal tails", "quantiles": [0.05, 0.5, 0.95]}
    said = (kept.parent / "said").read_text(encoding="utf-8")
    assert said.splitlines()[0].startswith(f"! {CASE}: the fit did not converge")
    for text in ("of the prior is left", "before the data", "prior left", "--json has them"):
        assert text in said
    assert all(len(line) < 200 for line in said.splitlines())
    again = {one["says"]: one for one in results["recorded_again"]}
    assert any(one["unit"] == "mm" and one["low"] < one["high"] for one in again.values())
    assert any(one["chance_frac"] is not None for one in again.values())
    for text in results["recorded_again_says"]:
        assert f"Recorded again over its draws: {text}" in said


def test_a_run_made_again_gives_the_same_numbers(kept: Path, inside: Call) -> None:
    before = {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()}
    done = inside("rerun", str(kept))
    assert done.status == 0, done.out
    assert "values are the same" in done.out
    assert {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()} == before


def test_a_run_that_differs_or_is_of_another_version_is_told(inside: Call, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    few = ("--prior", "--draws", "8", "--seed", "1")
    assert inside("whatif", CASE, "--drop", "RT2", "--out", str(copy), *few).status == 0
    record = json.loads((copy / "run.json").read_text())
    record["versions"]["numpy"] = "1.0.0"
    (copy / "run.json").write_text(json.dumps(record))
    done = inside("rerun", str(copy))
    assert done.status == 2
    assert "was made with numpy 1.0.0" in done.err
    assert "--any-version" in done.err
    record["seed"], record["options"]["arguments"][-1] = 2, "2"
    (copy / "run.json").write_text(json.dumps(record))
    done = inside("rerun", str(copy), "--any-version", "--json")
    assert done.status == 1
    assert done.json["ok"] is False
    assert done.json["differences"][0]["place"].startswith("results.")


def test_a_fit_that_was_cut_off_goes_on_to_the_same_draws(
    kept: Path, inside: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C after step 20 of 30: the checkpoint of step 10 is there, and the end is the same."""
    folder = tmp_path / "cut"
    steps = []

    def cut(label: str):
        class Told:
            def __enter__(self):
                def tell(done: int, total: int) -> None:
                    steps.append(done)
                    if done == 20:
                        raise KeyboardInterrupt

                return tell

            def __exit__(self, *reason: object) -> None:
                return None

        return Told()

    with monkeypatch.context() as patched:
        patched.setattr("abscope.cli.fit.told", cut)
        done = inside("fit", CASE, *SMALL, "--out", str(folder))
    assert done.status == 130
    assert steps[-1] == 20
    assert (folder / "checkpoint").is_file()
    assert not (folder / "results.json").exists()
    refused = inside("rerun", str(folder))
    assert refused.status == 2
    assert "cut off" in refused.err
    again = inside("fit", CASE, *SMALL, "--out", str(folder))
    assert again.status == 0
    assert (folder / "draws.nc").read_bytes() == (kept / "draws.nc").read_bytes()
    assert not (folder / "checkpoint").exists()


def test_wrong_uses_are_told_before_anything_runs(kept: Path, inside: Call, tmp_path: Path) -> None:
    lost = tmp_path / "lost"
    for arguments, expected in (
        (("fit", CASE, *SMALL, "--out", str(kept)), "holds a run of 'abscope fit'"),
        (("fit", CASE, "--chains", "1"), "expected 2 or more"),
        (("fit", CASE, "--draws", "0", "--warmup", "0"), "expected 20 or more"),
        (("fit", CASE, "--homing", "nowhere"), "nowhere"),
        (("fit", CASE, "--without", "gravity"), "gravity"),
        (("fit", "golden2013-series"), ""),
        (("fit", CASE, *SMALL, "--out", str(tmp_path / "a" / "file" / "b")), ""),
        (("rerun", str(lost)), "there is no such folder"),
        (("rerun", str(tmp_path)), "not the folder of a run"),
    ):
        (tmp_path / "a").mkdir(exist_ok=True)
        (tmp_path / "a" / "file").write_text("x")
        done = inside(*arguments)
        assert done.status != 0, arguments
        assert expected in done.err
        assert done.err.startswith("error: ")
    assert not lost.exists()


def test_a_profile_is_shown_and_pairs_that_are_told_as_one_are_named(
    inside: Call, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    done = inside("fit", CASE, *SMALL, "--profile", "growth", "--out", str(folder))
    assert done.status == 0, done.err
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    (profile,) = results["profiles"]
    assert (profile["name"], profile["unit"], profile["converged"]) == ("growth", "1/d", True)
    assert profile["deviates"][0] == -3.0
    assert len(profile["values"]) == 13
    assert profile["values"] == sorted(profile["values"])
    growth = next(one for one in results["quantities"] if one["name"] == "growth")
    assert profile["values"][6] == pytest.approx(growth["before"][1], rel=0.5)
    best = max(profile["log_posterior"])
    assert best > results["best"]["log_posterior"] - 0.5, "more quantities move: no worse a point"
    assert max(profile["without_prior"]) == 0.0
    low, high = profile["interval_95"]
    assert low in profile["values"]
    assert high is None
    pairs = {frozenset((one["first"], one["second"])): one for one in results["confounded"]}
    both = pairs[frozenset(("parameter naive_pool", "parameter expansion"))]
    assert both["exactly"]
    assert both["cosine"] > 0.9999
    assert both["says"] in done.out
    assert "Profile of growth (growth rate of all lesions)" in done.out
    assert f"95 % without its prior: from {low:.3g}, no upper end" in done.out
    assert (folder / "figures" / f"{CASE}-profiles.png").stat().st_size > 5000
    page = tmp_path / "report.html"
    done = inside("report", CASE, "--run", str(folder), "-o", str(page))
    assert done.status == 0, done.err
    text = page.read_text(encoding="utf-8")
    assert ">Single quantities</h2>" in text
    assert f"95 %: from {low:.3g}" in text
    assert "Recorded again over its draws: " in text


def test_a_profile_of_nothing_is_refused_before_the_chains_begin(inside: Call) -> None:
    done = inside("fit", CASE, "--profile", "grwth")
    assert done.status == 2
    assert "no reading depends on 'grwth'" in done.err
    assert "Did you mean 'growth'?" in done.err


def test_progress_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with told("fit") as tell:
        tell(1, 2)
    assert capsys.readouterr().err == ""


def test_the_report_shows_the_fit_its_causes_and_what_else_could_have_been_done(
    kept: Path, inside: Call, tmp_path: Path
) -> None:
    page, figures = tmp_path / "report.html", tmp_path / "figures"
    done = inside("report", CASE, "--run", str(kept), "-o", str(page), "--figures", str(figures))
    assert done.status == 0, done.err
    text = page.read_text(encoding="utf-8")
    for heading in (
        "What the data say", "What the changes were due to",
        "What another treatment would have done",
    ):  # fmt: skip
        assert f">{heading}</h2>" in text
    assert "The fit did not converge" in text
    for name in ("fit", "attribution", "what-if"):
        assert (figures / f"{CASE}-{name}.svg").stat().st_size > 2000
    other = inside("report", "kim2021-breast", "--run", str(kept), "-o", str(tmp_path / "x.html"))
    assert other.status == 2
    assert "or of another case" in other.err
    assert not (tmp_path / "x.html").exists()
