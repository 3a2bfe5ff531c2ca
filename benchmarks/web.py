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

CASE = "fong2025-melanoma"
SLIDER = "set rt.RT2a: {number} x {dose} Gy"


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


def slider(root: str, token: str, *, moves: int) -> dict[str, float]:
    """Return how long a slider takes to its picture, and how a burst of keys ends."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as driver:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = driver.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{root}/library/{CASE}/what-if?token={token}")
        page.wait_for_selector("[data-ask]", timeout=120_000)
        moved = page.evaluate(
            """async (moves) => {
              const ask = document.querySelector("[data-ask]"), out = [];
              const input = document.querySelector("[data-dose]");
              const frame = () => new Promise((done) => requestAnimationFrame(done));
              for (let n = 0; n < moves; n++) {
                input.value = 2.5 + 0.5 * (n % 40);
                const began = performance.now();
                input.dispatchEvent(new Event("input", { bubbles: true }));
                const wanted = document.querySelector("#changes").value;
                while (ask.dataset.shown !== wanted) await frame();
                out.push(performance.now() - began);
              }
              return out;
            }""",
            moves,
        )
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.get_by_label("Fractions", exact=True).first.fill("7")  # nothing of it is known yet
        page.get_by_label("Dose per fraction").first.focus()
        page.keyboard.press("Home")
        page.wait_for_timeout(1500)
        asked.clear()
        for _ in range(20):
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(20)
        last = time.perf_counter()
        page.locator("[data-ask][data-shown*=' 10.5 Gy']").wait_for()
        settled = 1000 * (time.perf_counter() - last)
        browser.close()
    first = moved[: max(moves // 2, 1)]  # later values were asked before and are known
    return {
        "moves": len(first),
        "median_ms": statistics.median(first),
        "p95_ms": sorted(first)[int(0.95 * (len(first) - 1))],
        "burst_keys": 20,
        "burst_requests": len([url for url in asked if "/what-if" in url]),
        "burst_last_value_after_ms": settled,
    }


def main() -> None:
    """Print one JSON object with every number."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--moves", type=int, default=80)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        process, root, token, said = start(Path(folder))
        try:
            began = time.perf_counter()
            get(root, token, "/cases")
            found: dict[str, object] = {
                "cores": os.cpu_count(),
                "load_before": os.getloadavg()[0],
                "cold_start_to_first_page_s": said + time.perf_counter() - began,
            }
            get(root, token, f"/api/v1/library/{CASE}/what-if")
            found["slider"] = slider(root, token, moves=asked.moves)
            found["load"] = load(
                root, token, process.pid, sessions=asked.sessions, seconds=asked.seconds
            )
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
