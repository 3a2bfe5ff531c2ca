"""How fast and how steady the pages are: cold start, slider to picture, many sessions at once.

    python benchmarks/web.py            # all of it, some minutes
    python benchmarks/web.py --seconds 10 --sessions 5

A slider is moved in a real Chromium; the time runs from the key press to the frame that shows the
new numbers. The load is as many sessions as asked for that move a slider over HTTP on loopback,
each with one question in flight, and read a page now and then.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

CASE = "fong2025-melanoma"
SLIDER = "set rt.RT2a: {number} x {dose} Gy"
#: The founding cases with the phase whose sliders are moved.
FOUNDING = {"fong2025-melanoma": "RT2a", "kim2021-breast": "RT1b"}


def start(folder: Path) -> tuple["subprocess.Popen[str]", str, str, float]:
    """Return the server, its root and token, and how long it took to say so (s)."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "abscope", "serve", str(folder), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"open (https?://[^/]+)/\S*token=(\S+)", line):
            return process, found[1], found[2], time.perf_counter() - began
    raise SystemExit("the server did not start")


def get(root: str, token: str, path: str) -> bytes:
    """Return what an address answers; raises where it is an error."""
    request = urllib.request.Request(root + path, headers={"authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def resident_mb(process_id: int) -> float:
    """Return the memory of a process in MB; NaN where the system does not tell."""
    try:
        text = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    except OSError:
        return float("nan")
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    return int(found[1]) / 1000 if found else float("nan")


def load(root: str, token: str, server: int, *, sessions: int, seconds: float) -> dict[str, float]:
    """Return what many sessions that move a slider see."""
    ends = time.monotonic() + seconds
    times: list[float] = []
    errors: list[str] = []
    memory: list[tuple[float, float]] = []

    def session(seed: int) -> None:
        chance = random.Random(seed)
        while time.monotonic() < ends:
            change = SLIDER.format(number=chance.randint(1, 10), dose=chance.randint(1, 12))
            path = f"/api/v1/library/{CASE}/what-if?change={urllib.parse.quote(change)}"
            if chance.random() < 0.1:
                path = f"/library/{CASE}/{chance.choice(('timeline', 'response', 'what-if'))}"
            began = time.perf_counter()
            try:
                body = get(root, token, path)
                if path.startswith("/api") and not json.loads(body)["ok"]:
                    errors.append(path)
            except OSError as error:
                errors.append(f"{path}: {error}")
            times.append(time.perf_counter() - began)

    threads = [threading.Thread(target=session, args=(n,)) for n in range(sessions)]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    while time.monotonic() < ends:
        memory.append((time.monotonic() - began, resident_mb(server)))
        time.sleep(max(seconds / 60, 0.1))
    for thread in threads:
        thread.join()
    half = [mb for at, mb in memory if at >= seconds / 2]
    return {
        "sessions": sessions,
        "seconds": seconds,
        "requests": len(times),
        "errors": len(errors),
        "median_ms": 1000 * statistics.median(times),
        "memory_at_half_mb": half[0],
        "memory_at_end_mb": half[-1],
        "growth_in_second_half_percent": 100 * (half[-1] / half[0] - 1),
    }


#: Runs in the page: moves a slider to values not asked before, and waits for each picture.
MOVES = """async ([phase, moves]) => {
  const ask = document.querySelector("[data-ask]"), out = [];
  const input = document.querySelector(`[data-phase="${phase}"] [data-dose]`);
  // after the next frame is painted: a message that was sent in the frame comes after its paint
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(0);
  }));
  const shown = (wanted) => new Promise((done) => {
    if (ask.dataset.shown === wanted) { done(); return; }
    const seen = new MutationObserver(() => {
      if (ask.dataset.shown === wanted) { seen.disconnect(); done(); }
    });
    seen.observe(ask, { attributes: true, attributeFilter: ["data-shown"] });
  });
  for (let n = 0; n < moves; n++) {
    input.value = 2.5 + 0.5 * n;
    const began = performance.now();
    input.dispatchEvent(new Event("input", { bubbles: true }));
    const wanted = document.querySelector("#changes").value;
    await shown(wanted);
    await painted();
    out.push(performance.now() - began);
  }
  return out;
}"""
#: Runs before the page: tells when questions are asked, and makes the model slower where told so.
SLOWER = """(() => {
  const fetched = window.fetch; window.asked = []; window.slower_ms = 0;
  window.fetch = async (address, ...more) => {
    if (!String(address).includes("/what-if?")) return fetched(address, ...more);
    window.asked.push(performance.now());
    const answer = await fetched(address, ...more);
    await new Promise((done) => setTimeout(done, window.slower_ms));
    return answer;
  };
})()"""


def slider(root: str, token: str, case: str, *, rounds: int) -> dict[str, object]:
    """Return how long a slider takes to its picture, and how bursts of keys end."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    phase = FOUNDING[case]
    with sync_playwright() as driver:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = driver.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.add_init_script(SLOWER)
        page.goto(f"{root}/library/{case}/what-if?token={token}")
        page.wait_for_selector("[data-ask]", timeout=120_000)
        row = page.locator(f"[data-phase='{phase}']")
        times: list[float] = []
        for n in range(rounds):  # another number of fractions makes all values new
            row.get_by_label("Fractions", exact=True).fill(str(6 + n))
            page.wait_for_timeout(700)
            times += page.evaluate(MOVES, [phase, 24])
        bursts = [burst(page, row, number=12 + n, slower_ms=ms) for n, ms in enumerate((0, 200))]
        browser.close()
    return {
        "moves": len(times),
        "median_ms": statistics.median(times),
        "p95_ms": sorted(times)[int(0.95 * (len(times) - 1))],
        "worst_ms": max(times),
        "burst": bursts[0],
        "burst_of_a_model_slower_by_200_ms": bursts[1],
    }


def burst(page: "Page", row: "Locator", *, number: int, slower_ms: int) -> dict[str, object]:
    """Return what 20 key presses, 20 ms apart, ask of the model, and when the last is shown."""
    page.evaluate("window.slower_ms = 0")
    row.get_by_label("Fractions", exact=True).fill(str(number))
    row.get_by_label("Dose per fraction").focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(1500)
    page.evaluate(f"window.asked = []; window.slower_ms = {slower_ms}")
    for _ in range(20):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(20)
    last = page.evaluate("performance.now()")
    page.locator("[data-ask][data-shown*=' 10.5 Gy']").wait_for()
    shown = page.evaluate("performance.now()")
    asked = page.evaluate("window.asked")
    return {
        "questions": len(asked),
        "questions_after_the_last_key": len([at for at in asked if at > last]),
        "last_value_after_ms": shown - last,
    }


def main() -> None:
    """Print one JSON object with every number."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=4, help="of 24 moves of a slider")
    parser.add_argument("--only", choices=("slider", "load"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        process, root, token, said = start(Path(folder))
        try:
            began = time.perf_counter()
            get(root, token, "/cases")
            found: dict[str, object] = {
                "cores": os.cpu_count(),
                "load_before": os.getloadavg()[0],
                "from_start_to_its_words_s": said,
                "cold_start_to_first_page_s": said + time.perf_counter() - began,
            }
            if asked.only != "load":
                for case in FOUNDING:
                    get(root, token, f"/api/v1/library/{case}/what-if")
                    found[case] = slider(root, token, case, rounds=asked.rounds)
            if asked.only != "slider":
                get(root, token, f"/api/v1/library/{CASE}/what-if")
                found["load"] = load(
                    root, token, process.pid, sessions=asked.sessions, seconds=asked.seconds
                )
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
