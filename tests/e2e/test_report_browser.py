"""The report in a real browser: accessible, nothing fetched, nothing wider than the screen."""

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from abscope.case.checks import check_case
from abscope.case.shelf import open_case
from abscope.report.build import build_report

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe_core = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

CASES = ("kim2021-breast", "fong2025-melanoma")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    found = {}
    for name in CASES:
        found[name] = folder / f"{name}.html"
        case = open_case(name)
        page = build_report(case, check_case(case.case))
        found[name].write_text(page, encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


def open_page(browser, path: Path, *, width: int, scheme: str = "light"):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.requests_seen = []
    page.on("request", lambda request: page.requests_seen.append(request.url))
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("name", CASES)
def test_axe_finds_no_violation(browser, pages, name: str, width: int, scheme: str) -> None:
    page = open_page(browser, pages[name], width=width, scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = axe_core.Axe().run(page)
    assert found.response["passes"], "axe ran no rule"
    assert found.violations_count == 0, found.generate_report()
    page.close()


@pytest.mark.parametrize("width", [1280, 768, 400, 320])
@pytest.mark.parametrize("name", CASES)
def test_page_is_never_wider_than_the_screen(browser, pages, name: str, width: int) -> None:
    page = open_page(browser, pages[name], width=width)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_fetched_and_no_script_runs(browser, pages, name: str) -> None:
    page = open_page(browser, pages[name], width=1280)
    assert page.requests_seen == [pages[name].as_uri()]
    assert page.locator("script").count() == 0
    page.close()


@pytest.mark.parametrize(("width", "layout"), [(1280, "wide"), (400, "narrow")])
@pytest.mark.parametrize("name", CASES)
def test_figure_text_is_at_least_11_px(browser, pages, name: str, width: int, layout: str) -> None:
    page = open_page(browser, pages[name], width=width)
    sizes = page.evaluate(
        """() => [...document.querySelectorAll('figure svg')].filter(s => s.clientWidth > 0)
        .flatMap(s => { const k = s.getBoundingClientRect().width / s.viewBox.baseVal.width;
          return [...s.querySelectorAll('text')].map(t => k * t.getAttribute('font-size')) })"""
    )
    shown = page.evaluate(
        """() => [...document.querySelectorAll('figure svg')].filter(s => s.clientWidth > 0)
        .map(s => s.querySelector('title').id)"""
    )
    assert shown, "no figure is shown"
    assert all(f"-{layout}-" in name for name in shown), shown
    assert min(sizes) >= 11
    page.close()


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("name", CASES)
def test_no_two_labels_of_the_timeline_overlap(browser, pages, name: str, width: int) -> None:
    page = open_page(browser, pages[name], width=width)
    clashes = page.evaluate(
        """() => { const svg = [...document.querySelectorAll('#timeline svg')]
            .find(s => s.clientWidth > 0), box = svg.getBoundingClientRect(), bad = [];
          const all = [...svg.querySelectorAll('text')].map(t => [t.textContent,
            t.getBoundingClientRect()]);
          all.forEach(([a, p], i) => {
            if (p.left < box.left - 1 || p.right > box.right + 1) bad.push(['clipped', a]);
            all.slice(i + 1).forEach(([b, q]) => {
              const w = Math.min(p.right, q.right) - Math.max(p.left, q.left),
                    h = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
              if (w > 1 && h > 4) bad.push([a, b]); }); });
          return bad; }"""
    )
    assert clashes == []
    page.close()


@pytest.mark.parametrize("name", CASES)
def test_every_control_is_reached_by_the_keyboard(browser, pages, name: str) -> None:
    page = open_page(browser, pages[name], width=1280)
    wanted = page.evaluate(
        """() => [...document.querySelectorAll('a[href], summary, [tabindex="0"]')]
        .filter(e => e.checkVisibility()).map((e, n) => { e.dataset.n = n; return n; })"""
    )
    reached = []
    for _ in wanted:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("Number(document.activeElement.dataset.n ?? -1)"))
    assert reached == wanted
    assert page.evaluate("document.querySelector('.skip').textContent")
    page.close()


@pytest.mark.parametrize("name", CASES)
def test_landmarks_headings_and_tables_are_in_order(browser, pages, name: str) -> None:
    page = open_page(browser, pages[name], width=1280)
    assert [page.locator(mark).count() for mark in ("header", "nav", "main", "footer", "h1")] == [
        1, 1, 1, 1, 1,
    ]  # fmt: skip
    levels = page.evaluate(
        "() => [...document.querySelectorAll('h1,h2,h3')].map(h => Number(h.tagName[1]))"
    )
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert page.locator("table").count() == page.locator("table > caption").count() > 5
    page.close()


@pytest.mark.parametrize("name", CASES)
def test_print_keeps_every_section_and_the_research_notice(
    browser, pages, name: str, tmp_path: Path
) -> None:
    page = open_page(browser, pages[name], width=1280)
    page.emulate_media(media="print")
    assert page.locator(".research").is_visible()
    assert page.locator("footer strong").is_visible()
    target = tmp_path / "report.pdf"
    page.pdf(path=target, prefer_css_page_size=True)
    assert target.read_bytes().startswith(b"%PDF-")
    page.close()
