"""The server when it is attacked by its own description, and when it is stopped hard."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from abscope.case.template import template
from web_server import HERE, Served, client_of, serving

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

#: A question of which the template of a case has everything, by body and by address.
_LINE = "rt.RT1.dose: 2 to 8 Gy by 2"
SEARCH_BODY = {"goals": ["response"], "vary": [_LINE], "limits": [], "evaluations": 8}
SEARCH = {"goal": ["response"], "vary": [_LINE], "evaluations": 8}


def test_no_request_that_the_description_allows_ends_in_a_500(tmp_path: Path) -> None:
    from hypothesis import HealthCheck, Phase, given, settings

    client = client_of(tmp_path)
    client.post("/api/v1/cases", json={"name": "one", "text": template("one")})
    schema = schemathesis.openapi.from_dict(client.get("/api/v1/openapi.json").json())
    asked, taken = 0, set[tuple[str, int]]()
    for operation in schema.get_all_operations():
        found = operation.ok()

        @settings(
            max_examples=5, derandomize=True, database=None, deadline=None,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=found.as_strategy())
        def attack(case) -> None:
            nonlocal asked
            asked += 1
            if case.method == "GET" and case.path.endswith(("/blood", "/what-if", "/explain")):
                # of a name that is there, so that the model is asked, too
                case.path_parameters |= {"shelf": "cases", "name": "one"}
            if case.path.endswith(("/optimize", "/explain")) and asked % 2:
                # half of them get past their question, so that the search runs, too
                case.path_parameters |= {"shelf": "cases", "name": "one"}
                case.query = {"source": "prior"} if case.path.endswith("/explain") else SEARCH
                case.body = SEARCH_BODY if case.method == "POST" else case.body
            given = case.as_transport_kwargs(base_url=HERE)
            answer = client.request(
                given["method"], given["url"], params=given.get("params"),
                json=given.get("json"), headers={"origin": HERE},
            )  # fmt: skip
            taken.add((case.path.rpartition("/")[2], answer.status_code))
            assert answer.status_code < 500, (given["method"], given["url"], answer.text[:400])
            if answer.headers["content-type"].startswith("application/json"):
                assert answer.json()["ok"] == (answer.status_code < 400)

        attack()
    assert asked > 60
    assert {("optimize", 202), ("optimize", 200), ("explain", 202)} <= taken


def _ask(server: Served, method: str, path: str, body: object = None) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{server.root}/api/v1{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"authorization": f"Bearer {server.token}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def test_a_hard_stop_during_edits_loses_nothing_that_was_saved(tmp_path: Path) -> None:
    text = template("one")
    sent: list[str] = [text]
    answered: list[str] = []

    def edit(server: Served, revision: str) -> None:
        while True:
            sent.append(f"{text}# edit {len(sent)}\n")
            body = {"text": sent[-1], "revision": revision}
            try:
                revision = _ask(server, "PUT", "/cases/one", body)["revision"]
            except OSError:  # the server was stopped under it
                return
            answered.append(sent[-1])

    with serving(tmp_path) as server:
        _ask(server, "POST", "/cases", {"name": "one", "text": text})
        revision = _ask(server, "GET", "/cases/one")["revision"]
        draft = {"text": text + "# typed, not saved\n", "revision": revision}
        _ask(server, "PUT", "/cases/one/drafts/" + "0" * 16, draft)
        editor = threading.Thread(target=edit, args=(server, revision))
        editor.start()
        time.sleep(1.0)
        server.process.kill()
        editor.join(timeout=30)
        assert not editor.is_alive()
    assert len(answered) > 2
    held = (tmp_path / "one.yaml").read_text(encoding="utf-8")
    assert held in (answered[-1], sent[-1]), "the last that was answered, or the one on its way"
    with serving(tmp_path) as server:
        assert any("typed" in line for line in server.words if line.startswith("recovered:"))
        assert _ask(server, "GET", "/cases/one")["text"] == held
        versions = _ask(server, "GET", "/cases/one/history")["versions"]
        assert len(versions) >= len(answered) + 1
        assert {version["state"] for version in versions} <= {"saved", "interrupted"}
        assert _ask(server, "GET", "/audit")["broken_at"] is None


def test_a_hard_stop_during_a_fit_is_told_and_the_fit_goes_on(tmp_path: Path) -> None:
    where = "/library/fong2025-melanoma/explain?source=fit"
    with serving(tmp_path) as server:
        job = _ask(server, "POST", where)["job"]
        end = time.monotonic() + 60
        while not list(tmp_path.glob("runs/*/run.json")) and time.monotonic() < end:
            time.sleep(0.05)
        server.process.kill()
        server.process.wait(timeout=20)
    (run,) = (tmp_path / "runs").iterdir()
    assert json.loads((run / "run.json").read_text(encoding="utf-8"))["status"] == "started"
    text = (run / "inputs" / "case.yaml").read_text(encoding="utf-8")
    with serving(tmp_path) as server:
        told = [line for line in server.words if line.startswith("recovered:")]
        assert any("fit of fong2025-melanoma was stopped before its end" in line for line in told)
        assert text == _ask(server, "GET", "/library/fong2025-melanoma")["text"]
        again = _ask(server, "POST", where)["job"]
        assert again["id"] != job["id"]
        assert again["state"] in ("waiting", "running")
        stopped = _ask(server, "POST", f"/jobs/{again['id']}/cancel")["job"]
        assert (stopped["state"], stopped["words"]) == ("cancelled", "stopped")
        server.process.kill()


def test_an_unsafe_address_and_a_taken_port_are_refused(tmp_path: Path) -> None:
    import subprocess
    import sys

    def start(*more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "abscope", "serve", str(tmp_path), *more],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    done = start("--host", "0.0.0.0")
    assert done.returncode == 2
    assert "can be reached from other machines" in done.stderr
    with serving(tmp_path) as server:
        port = server.root.rpartition(":")[2]
        done = start("--port", port)
        assert done.returncode == 2
        assert "cannot be taken" in done.stderr


def test_a_stop_does_not_wait_for_long_work(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        _ask(server, "POST", "/library/kim2021-breast/explain?source=fit")
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(timeout=40) == 0


def test_a_program_reads_the_address_as_one_json_object(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "abscope", "serve", str(tmp_path), "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            text += process.stdout.readline()
        process.send_signal(signal.SIGINT)
    told = json.loads(text)
    assert told["ok"]
    assert told["recovered"] == []
    assert told["project"] == str(tmp_path)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/cases\?token=[\w-]+", told["url"])
    assert process.returncode == 0
