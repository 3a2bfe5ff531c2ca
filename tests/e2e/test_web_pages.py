"""The pages in a real browser, as a person walks them: every page, form, edit, import, sliders."""

import re
import shutil
import time
from collections.abc import Iterator

import pytest

from abscope.case.shelf import library_text
from abscope.case.template import template
from web_server import Served, serving
from web_visit import Visit

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe_core = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

CASES = ("kim2021-breast", "fong2025-melanoma")
STEPS = (
    "timeline", "dose", "response", "blood", "expectation", "explain", "what-if", "optimize",
    "report",
)  # fmt: skip
#: A question whose search is quick: few treatments, and the fewest that can be asked for.
QUICK = (
    "goal=response&goal=lymphocytes@0.1&vary=rt.RT2a.dose: 2 to 8 Gy by 2"
    "&vary=rt.RT2a.fractions: 1 to 5&evaluations=16"
)
#: Most bytes that a page may weigh, with everything it loads, without pictures of dose.
PAGE_BYTES = 300_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("project")
    (folder / "mine.yaml").write_text(template("mine"), encoding="utf-8")
    with serving(folder) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, server: Served) -> Iterator[Visit]:
    made = Visit(browser, server)
    yield made
    made.close()


def ready(page, step: str) -> None:
    """Wait until a page that works in the background shows what it found."""
    if step == "what-if":
        page.wait_for_selector("[data-ask]", timeout=60_000)


@pytest.mark.parametrize("name", CASES)
def test_every_page_can_be_walked_by_its_links(visit: Visit, name: str) -> None:
    page = visit.page
    page.get_by_role("link", name=name).click()
    for step in STEPS:
        page.locator(f".steps a[href$='/{step}']").click()
        ready(page, step)
        assert page.url.split("?")[0].endswith(f"/library/{name}/{step}")
        assert page.locator("main h1").count() == 1
        assert page.locator(".steps [aria-current=page]").count() == 1
        assert page.get_by_text("Research use only").first.is_visible()
        assert page.locator(".problems").count() == 0
        page.get_by_text("Without a browser").click()
        assert "abscope" in page.locator(".copies pre").first.inner_text()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
def test_no_page_has_an_axe_violation_or_is_too_wide(
    browser, server: Served, width: int, scheme: str
) -> None:
    visit = Visit(browser, server, width=width, scheme=scheme)
    case = "/library/fong2025-melanoma" if scheme == "light" else "/library/kim2021-breast"
    paths = [f"{case}/{step}" for step in STEPS]
    paths += ["/cases", "/new", "/cases/mine/edit", "/cases/mine/history", "/nothing-here"]
    paths += [f"{case}/timeline?mark=imaging.0"]
    found = {}
    for path in paths:
        page = visit.go(path)
        ready(page, path.rpartition("/")[2])
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        page.wait_for_load_state("networkidle")
        result = axe_core.Axe().run(page)
        assert result.response["passes"], "axe ran no rule"
        if result.violations_count:
            found[path] = result.generate_report()[:1500]
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found[f"{path} is wide"] = wide
    assert found == {}
    visit.close()


def test_every_page_is_light_and_asks_no_other_host(visit: Visit) -> None:
    page, answers, found = visit.page, [], {}
    page.on("requestfinished", lambda request: answers.append(request))
    cache = visit.context.new_cdp_session(page)
    cache.send("Network.setCacheDisabled", {"cacheDisabled": True})
    for step in STEPS:
        answers.clear()
        page.goto(f"{visit.server.root}/library/kim2021-breast/{step}")
        ready(page, step)
        page.wait_for_load_state("networkidle")
        found[step] = sum(one.sizes()["responseBodySize"] for one in answers)
    assert {step: size for step, size in found.items() if not 5_000 < size <= PAGE_BYTES} == {}


def test_a_mark_of_the_timeline_opens_its_fact_by_mouse_and_keyboard(visit: Visit) -> None:
    page = visit.go("/library/kim2021-breast/timeline")
    page.locator("svg[data-live]:visible [data-path='labs.0']").first.click()
    panel = page.locator("#fact")
    panel.get_by_text("kim2021-breast.yaml:").wait_for()
    assert "lymphocytes" in panel.inner_text()
    assert "stated" in panel.inner_text()
    assert "mark=labs.0" in page.url
    page.locator("svg[data-live]:visible [tabindex='0']").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    panel.locator("h2", has_not_text="labs").wait_for()
    link = page.url
    page = visit.go(link.removeprefix(visit.server.root))
    assert page.locator("#fact h2").inner_text()


def test_the_cursor_names_the_day_under_it(visit: Visit) -> None:
    page = visit.go("/library/fong2025-melanoma/timeline")
    svg = page.locator("svg[data-live]:visible").first
    low, high, left, right = map(float, svg.get_attribute("data-axis").split())
    box = svg.bounding_box()
    scale = box["width"] / page.evaluate("s => s.viewBox.baseVal.width", svg.element_handle())
    zero = left + (0 - low) / (high - low) * (right - left)
    page.mouse.move(box["x"] + zero * scale, box["y"] + 120)
    assert page.locator(".cursor-text").text_content() in ("day 0", "day 1", "day −1")


def test_a_new_case_is_made_by_the_form(visit: Visit) -> None:
    page = visit.go("/new")
    page.get_by_role("button", name="Make the case").click()
    assert "is missing" in page.locator(".problems").inner_text()
    page.get_by_label("Identifier").first.fill("by-form")
    page.get_by_label("Title").fill("Two lung nodules after radiotherapy of one")
    page.get_by_label("What the record does not mention").select_option("not_reported")
    for n, (site, side) in enumerate((("lung", "left"), ("lung", "right"))):
        row = page.get_by_role("group", name=f"Lesion {n + 1}")
        row.get_by_label("Identifier").fill(f"L{n + 1}")
        row.get_by_label("Site", exact=True).select_option(site)
        row.get_by_label("Side", exact=True).select_option(side)
    course = page.get_by_role("group", name="Course 1")
    course.get_by_label("Identifier").fill("RT1")
    course.get_by_label("Of its first phase").fill("RT1a")
    course.get_by_label("Lesions that were treated").fill("L1")
    course.get_by_label("Schedule").fill("3 x 800 Gy daily from 2021-03-05")
    page.get_by_role("button", name="Make the case").click()
    assert "Is the value in cGy?" in page.locator(".problems").inner_text()
    assert page.locator("[aria-invalid]").count() == 1
    page.locator("[aria-invalid]").fill("3 x 8 Gy daily from 2021-03-05")
    page.get_by_role("button", name="Make the case").click()
    page.wait_for_url("**/cases/by-form/timeline")
    assert "3 × 8 Gy" in page.locator("#timeline").inner_text()


def test_a_broken_file_is_refused_with_its_lines(visit: Visit) -> None:
    page = visit.go("/cases")
    broken = (
        template("broken")
        .replace("site: lung", "site: lungs")
        .replace("age_years: 61", "age_years: 610")
    )
    file = {"name": "broken.yaml", "mimeType": "text/yaml", "buffer": broken.encode()}
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Import").click()
    words = page.locator(".problems").inner_text()
    assert re.search(r"broken\.yaml:\d+:\d+", words)
    assert "lungs" in words
    assert "610" in words
    assert page.get_by_role("link", name="broken").count() == 0
    fine = {"name": "kim.yaml", "mimeType": "text/yaml", "buffer": library_text(CASES[0]).encode()}
    page.set_input_files("input[type=file]", fine)
    page.get_by_role("button", name="Import").click()
    page.wait_for_url("**/cases/kim/timeline")


def test_two_tabs_that_edit_one_case_lose_nothing(browser, server: Served) -> None:
    one, two = Visit(browser, server), Visit(browser, server)
    for visit, words in ((one, "# from one\n"), (two, "# from two\n")):
        page = visit.go("/cases/mine/edit")
        area = page.locator("textarea[name=text]")
        area.fill(area.input_value() + words)
    one.page.keyboard.press("Control+s")
    one.page.wait_for_url("**/cases/mine/timeline")
    two.page.keyboard.press("Control+s")
    two.page.get_by_role("heading", name="Two edits of mine").wait_for()
    assert "+# from two" in two.page.locator(".diff").inner_text()
    assert "-# from one" in two.page.locator(".diff").inner_text()
    two.page.get_by_role("button", name="Save this text").click()
    two.page.wait_for_url("**/cases/mine/timeline")
    page = two.go("/cases/mine/history")
    rows = page.locator("tbody tr").all_inner_texts()
    assert len(rows) == 3, "the first text, that of one, that of two"
    page.get_by_role("link", name="2", exact=True).click()
    assert "from one" in page.locator(".diff").inner_text()
    one.close()
    two.close()


def test_the_editor_shows_problems_by_line_and_keeps_a_draft(visit: Visit) -> None:
    page = visit.go("/cases/mine/edit")
    area = page.locator("textarea[name=text]")
    text = area.input_value()
    area.fill(text.replace("age_years: 61", "age_years: -1\n  name: Jane Doe"))
    page.get_by_role("button", name=re.compile(r"^Line \d+")).first.wait_for()
    page.get_by_text("Draft kept").wait_for()
    draft = page.url
    assert "name" in page.locator("[data-found]").inner_text()
    page = visit.go(draft.removeprefix(visit.server.root))
    assert "age_years: -1" in page.locator("textarea[name=text]").input_value()
    assert "did not save" in page.locator("main").inner_text()


def test_a_name_in_a_field_is_flagged(visit: Visit) -> None:
    page = visit.go("/cases/mine/edit")
    area = page.locator("textarea[name=text]")
    area.fill(
        area.input_value().replace(
            "title: Melanoma", "title: Mrs. Smith born on 3 May 1960, melanoma"
        )
    )
    page.locator("[data-found]").get_by_text("looks as if it held").first.wait_for()


def test_sliders_move_by_mouse_and_keyboard_and_the_last_value_wins(visit: Visit) -> None:
    page = visit.go("/library/fong2025-melanoma/what-if")
    ready(page, "what-if")
    slider = page.get_by_label("Dose per fraction").first
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
        time.sleep(0.02)
    wanted = "set rt.RT2a: 5 x 12 Gy"
    assert page.locator("#changes").input_value() == wanted
    page.locator(f"[data-ask][data-shown='{wanted}']").wait_for()
    assert "5 x 12 Gy" in page.locator("[data-sentence]").inner_text()
    assert "90 %" in page.locator("[data-sentence]").inner_text()
    assert page.locator("[data-table] tbody tr").count() > 2
    box = page.get_by_label("Fractions", exact=True).first.bounding_box()
    page.mouse.click(box["x"] + 3, box["y"] + box["height"] / 2)
    page.locator("[data-ask][data-shown*=' 1 x 12 ']").wait_for()
    page.wait_for_url("**change=set+rt.RT2a**")
    page.get_by_text("Without a browser").click()
    command = page.locator(".copies pre").first.inner_text()
    assert command == "abscope whatif fong2025-melanoma --set 'rt.RT2a: 1 x 12 Gy' --prior"
    page.locator("#changes").fill("set rt.RT9: 3 x 8 Gy")
    page.locator("[data-wrong]").get_by_text("RT9").wait_for()
    page.get_by_role("button", name="As delivered").click()
    assert page.locator("[data-verdict]").inner_text() == "As delivered"


def test_the_last_value_wins_within_two_runs_of_a_slow_model(visit: Visit) -> None:
    visit.page.add_init_script("""(() => {
      const fetched = window.fetch; window.asked = [];
      window.fetch = async (address, ...more) => {
        if (!String(address).includes("/what-if?")) return fetched(address, ...more);
        window.asked.push(String(address));
        const answer = await fetched(address, ...more);
        await new Promise((done) => setTimeout(done, 200));
        return answer;
      };
    })()""")
    page = visit.go("/library/kim2021-breast/what-if")
    ready(page, "what-if")
    page.locator("[data-phase='RT1b']").get_by_label("Dose per fraction").focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(20)
    before = page.evaluate("window.asked.length")
    page.locator("[data-ask][data-shown='set rt.RT1b: 5 x 15 Gy']").wait_for()
    asked = page.evaluate("window.asked")
    assert len(asked) - before <= 1, "the run in flight, and one more"
    assert len(asked) < 20
    assert "15+Gy" in asked[-1]


def test_a_search_shows_a_front_and_loads_a_plan(visit: Visit) -> None:
    page = visit.go("/library/fong2025-melanoma/optimize")
    page.get_by_text("Lines that can be added").first.click()
    page.get_by_role("button", name="days between fractions of RT2a").click()
    assert "rt.RT2a.spacing: 1 to 7 d" in page.get_by_label("To vary").input_value()
    page.get_by_label("Limits to keep").fill("total RT9 <= 40")
    page.get_by_role("button", name="Search").click()
    assert "'RT9' is no course" in page.locator(".problems").inner_text()
    page.get_by_label("Limits to keep").fill("total RT2a <= 24 Gy")
    page.get_by_label("Treatments to try").fill("4000")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("progressbar").wait_for()
    assert "limit=total+RT2a" in page.url
    page.get_by_role("button", name="Cancel").click()
    page.locator("[data-words]").get_by_text("stopped").wait_for()
    page = visit.go(f"/library/fong2025-melanoma/optimize?{QUICK}")
    page.get_by_role("button", name="Search").click()
    points = page.locator("svg[data-live]:visible [data-point]")
    points.first.wait_for(timeout=60_000)
    assert page.locator("tr[data-row]").count() == points.count() > 1
    page.get_by_text("Without a browser").click()
    command = page.locator(".copies pre").first.inner_text()
    assert command.startswith("abscope optimize fong2025-melanoma --goal response --goal lymph")
    assert command.endswith("--evaluations 16 --prior")
    with page.expect_download() as held:
        page.get_by_role("link", name="Figure front as SVG").click()
    assert held.value.suggested_filename == "fong2025-melanoma-front.svg"
    found = {}
    for scheme, width in (("light", 1280), ("dark", 400)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        result = axe_core.Axe().run(page)
        if result.violations_count:
            found[scheme] = result.generate_report()[:1500]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert found == {}
    page.set_viewport_size({"width": 1280, "height": 900})
    points.first.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("tr.chosen").get_attribute("data-row") == "2"
    wanted = page.locator("tr[data-row='2'] a").get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url("**/what-if?draws=prior&change=*")
    assert page.url.endswith(wanted)
    page.locator("[data-ask][data-shown^='set rt.RT2a: ']").wait_for(timeout=60_000)
    assert page.locator("#changes").input_value().startswith("set rt.RT2a: ")


def test_a_fit_is_begun_shows_how_far_it_is_and_is_cancelled(visit: Visit) -> None:
    page = visit.go("/library/fong2025-melanoma/explain")
    page.get_by_role("button", name="Fit the case").click()
    page.get_by_role("progressbar").wait_for()
    assert "source=fit" in page.url
    page.get_by_role("button", name="Cancel").click()
    page.locator("[data-words]").get_by_text("stopped").wait_for()
    page.reload()
    assert page.get_by_role("progressbar").count() == 0


def test_the_report_prints(visit: Visit) -> None:
    page = visit.go("/library/kim2021-breast/report")
    frame = page.frame_locator("iframe.report")
    frame.get_by_role("heading", name="The case in brief").wait_for()
    page.evaluate(
        "document.querySelector('iframe.report').contentWindow.print = () => { window.printed = 1 }"
    )
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed") == 1
    alone = visit.go("/library/kim2021-breast/report.html")
    assert alone.pdf()[:5] == b"%PDF-"


def test_downloads_and_the_glossary(visit: Visit) -> None:
    page = visit.go("/library/kim2021-breast/response")
    with page.expect_download() as held:
        page.get_by_role("link", name="visits, CSV").click()
    assert held.value.suggested_filename == "kim2021-breast-visits.csv"
    term = page.locator("button.term").first
    term.focus()
    assert len(page.locator("[role=tooltip]").inner_text()) > 20
    page.keyboard.press("Escape")
    assert page.locator("[role=tooltip]").is_hidden()
