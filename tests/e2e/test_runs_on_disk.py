"""Runs that rest on a kept fit, and every folder that is none: one clear line."""

import json
import resource
import shutil
from pathlib import Path

import pytest

from ended import Call

CASE = "fong2025-melanoma"
FEW = ("--draws", "30")
ASKED = {
    "explain": ("--lesion", "M12"),
    "whatif": ("--set", "rt.RT2: 5 x 1 Gy"),
    "optimize": (
        "--vary",
        "rt.RT2.dose: 1 to 4 Gy by 1",
        "--evaluations",
        "8",
        "--goal",
        "size",
        "--goal",
        "lymphocytes@0.1",
    ),
}


def changed(kept: Path, folder: Path, **record: object) -> Path:
    """Return a copy of a fit with other values in its record."""
    shutil.copytree(kept, folder)
    place = folder / "run.json"
    place.write_text(json.dumps({**json.loads(place.read_text()), **record}))
    return folder


def test_a_kept_fit_has_draws_hashes_versions_and_its_figure(kept: Path) -> None:
    record = json.loads((kept / "run.json").read_text(encoding="utf-8"))
    assert record["seed"] == 1
    assert {"abscope", "catalog", "numpy"} <= set(record["versions"])
    assert set(record["inputs"]) == {"inputs/case.yaml"}
    figure = f"figures/{CASE}-fit"
    assert {"draws.nc", "results.json", f"{figure}.svg", f"{figure}.png"} <= set(record["outputs"])
    assert (kept / f"{figure}.svg").stat().st_size > 2000


@pytest.mark.parametrize("command", ASKED)
def test_what_rests_on_a_fit_says_first_that_it_did_not_converge_and_is_made_again(
    kept: Path, inside: Call, tmp_path: Path, command: str
) -> None:
    if command == "optimize":
        pytest.importorskip("optuna", reason="the extra abscope[optimize] is not installed")
    run = tmp_path / "deep" / "run"
    done = inside(command, CASE, "--run", kept, *ASKED[command], *FEW, "--out", run)
    assert done.status == 0, done.err
    assert done.out.startswith(f"! {CASE}: the fit did not converge; its numbers are not an answer")
    text = [line for line in done.out.splitlines() if line[:2] in ("! ", "- ")]
    assert max(map(len, text)) <= 100
    assert (run / "inputs" / "fit" / "draws.nc").read_bytes() == (kept / "draws.nc").read_bytes()
    assert len(list((run / "figures").glob("*.svg"))) == 1
    again = inside("rerun", run)
    assert again.status == 0, again.out
    assert "values are the same" in again.out


def test_a_fit_of_another_version_is_refused_and_can_be_compared_still(
    kept: Path, inside: Call, tmp_path: Path
) -> None:
    now = json.loads((kept / "run.json").read_text())["versions"]
    for name in ("abscope", "catalog"):
        old = changed(kept, tmp_path / name, versions={**now, name: "old"})
        done = inside("whatif", CASE, "--run", old, "--drop", "RT2", *FEW)
        assert done.status == 2
        assert f"was made with {name} old" in done.err
        assert done.err.count("\n") == 1
    run = tmp_path / "asked"
    assert inside("whatif", CASE, "--run", kept, "--drop", "RT2", *FEW, "--out", run).status == 0
    for place in (run / "run.json", run / "inputs" / "fit" / "run.json"):
        record = json.loads(place.read_text())
        place.write_text(json.dumps({**record, "versions": {**now, "catalog": "old"}}))
    record = json.loads((run / "run.json").read_text())
    assert inside("rerun", run).status == 2
    assert inside("rerun", run, "--any-version").status == 2  # the fit is not what went in
    import hashlib

    inner = (run / "inputs" / "fit" / "run.json").read_bytes()
    record["inputs"]["inputs/fit/run.json"] = hashlib.sha256(inner).hexdigest()
    (run / "run.json").write_text(json.dumps(record))
    done = inside("rerun", run, "--any-version")
    assert (done.status, "values are the same" in done.out) == (0, True), done.err


def _damaged(kept: Path, folder: Path) -> dict[str, tuple[Path, str]]:
    """Return folders that are no run by what is wrong, with what has to be said."""
    empty = folder / "empty-file"
    empty.write_bytes(b"")
    (folder / "bare").mkdir()
    cut, gone, draws = (folder / name for name in ("cut", "gone", "draws"))
    for place in (cut, gone, draws):
        shutil.copytree(kept, place)
    (cut / "run.json").write_text((kept / "run.json").read_text()[:100])
    (gone / "draws.nc").unlink()
    (draws / "draws.nc").write_bytes((kept / "draws.nc").read_bytes()[:1000])
    (folder / "list").mkdir()
    (folder / "list" / "run.json").write_text("[1, 2]")
    return {
        "missing": (folder / "nowhere", "there is no such folder"),
        "empty file": (empty, "is a file"),
        "directory": (folder / "bare", "is not the folder of a run"),
        "cut record": (cut, "is not JSON, or a part of it"),
        "list": (folder / "list", "is not JSON, or a part of it"),
        "format": (changed(kept, folder / "f", format="abscope-run/9"), "abscope-run/9"),
        "fields": (changed(kept, folder / "x", more=1), "fields that do not fit"),
        "values": (changed(kept, folder / "v", options=[1]), "fields that do not fit"),
        "draws missing": (gone, "draws.nc: cannot be read"),
        "draws cut": (draws, "draws.nc: changed after the run"),
        "cut off": (changed(kept, folder / "c", status="started"), "cut off"),
    }


def test_what_is_no_run_is_one_clear_line(kept: Path, inside: Call, tmp_path: Path) -> None:
    for wrong, (place, told) in _damaged(kept, tmp_path).items():
        for arguments in (
            ("whatif", CASE, "--run", place, "--drop", "RT2"),
            ("explain", CASE, "--run", place),
            ("report", CASE, "--run", place, "-o", tmp_path / "x.html"),
            ("rerun", place),
        ):
            if arguments[0] == "rerun" and wrong.startswith("draws"):
                continue
            done = inside(*arguments)
            assert done.status == 2, (wrong, arguments, done)
            assert done.out == ""
            assert told in done.err, (wrong, done.err)
            assert done.err.startswith("error: ")
            assert done.err.count("\n") == 1, done.err
    assert not (tmp_path / "x.html").exists()


def test_a_full_disk_leaves_nothing_half_written(inside: Call, tmp_path: Path) -> None:
    asked = ("whatif", CASE, "--prior", "--draws", "8", "--drop", "RT2")
    assert inside(*asked).status == 0
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for out in (("--out", tmp_path / "run"), ("--figures", tmp_path / "figures")):
        resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, hard))
        try:
            done = inside(*asked, *out)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert done.status == 2
        assert "cannot be written (File too large)" in done.err
        assert done.err.count("\n") == 1
        assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_used_is_told_before_the_fit(
    kept: Path, inside: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*arguments: object, **options: object) -> None:
        raise AssertionError("a fit was begun")

    monkeypatch.setattr("abscope.infer.fitting.fit_case", never)
    for command, asked in ASKED.items():
        done = inside(command, CASE, *asked, "--out", kept)
        assert done.status == 2
        assert "holds a run of 'abscope fit'" in done.err
    done = inside("explain", CASE, "--lesion", "M99", "--out", tmp_path / "new")
    assert "there is no lesion 'M99'" in done.err
    assert not (tmp_path / "new").exists()
