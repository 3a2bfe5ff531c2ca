"""What the report says, for the founding cases and for cases that are bare, huge or hostile."""

import html
import re

import pytest

import abscope
from abscope.case.checks.finding import CheckFinding
from abscope.case.record import Statement
from abscope.case.shelf import library_names, open_case
from abscope.report.build import build_report
from report_cases import BARE, HOSTILE, dated, located


def words(text: str) -> str:
    """The text a reader sees, on one line."""
    body = re.sub(r"<style>.*?</style>", " ", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def finding(what: str = "the title is <odd>") -> CheckFinding:
    statements = (Statement(text="said here", loc="p. 9"),)
    return CheckFinding(
        "a-check", "warning", ("title",), what, "another", "Change it.", statements=statements
    )


@pytest.mark.parametrize("name", library_names())
def test_every_library_case_is_reported_and_repeats_exactly(name: str) -> None:
    case = open_case(name)
    text = build_report(case, ())
    assert text == build_report(case, ())
    assert text.count(abscope.RESEARCH_USE_ONLY) == 2
    assert html.escape(case.case.title, quote=False) in text.replace("&#39;", "'")
    assert "None" not in words(text)


@pytest.mark.parametrize("name", ["kim2021-breast", "fong2025-melanoma"])
def test_every_discrepancy_is_shown_with_statements_effect_and_handling(name: str) -> None:
    case = open_case(name)
    seen = words(build_report(case, ()))
    assert len(case.case.discrepancies) > 20
    for item in case.case.discrepancies:
        for text in (item.effect, item.handling, *(s.text for s in item.statements)):
            assert " ".join(text.split()) in seen


def test_doses_of_the_breast_case_stand_in_the_table() -> None:
    """Closed form, the numbers of the issue: 22.5 Gy in 5, 25 in 5 and 30 in 5."""
    seen = words(build_report(open_case("kim2021-breast"), ()))
    for number in ("32.625", "27.1875", "56.25", "33.75", "37.5", "31.25", "66.6667", "48", "54"):
        assert f" {number} " in seen


def test_doses_of_the_melanoma_case_stand_in_the_table() -> None:
    """Closed form: 10 Gy in 5 has BED10 12 and, at every alpha/beta, EQD2 10."""
    seen = words(build_report(open_case("fong2025-melanoma"), ()))
    assert " 10 5 2 derived 12 10 " in seen or " 10 5 2 12 10 " in seen


def test_both_pain_baselines_and_both_fraction_counts_are_shown() -> None:
    text = build_report(open_case("kim2021-breast"), ())
    seen = words(text)
    assert "6 or 8 of 10" in seen
    assert "fractions delivered: 4 or 5" in seen
    assert "The laboratory's lower limit of normal: not reported" in seen


def test_findings_of_the_checks_are_shown_with_their_place() -> None:
    seen = words(build_report(located(dated()), (finding(),)))
    assert "a-check the title is <odd> said here place in the source: p. 9" in seen
    assert "another Change it. test.yaml:" in seen


def test_report_needs_nothing_from_outside_and_runs_no_script() -> None:
    text = build_report(open_case("kim2021-breast"), ())
    assert "default-src 'none'" in text
    assert "<script" not in text
    assert not re.search(r'(?:src|href)="(?!#)', text)
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", text)


def test_bare_case_says_that_everything_is_unknown() -> None:
    seen = words(build_report(located(BARE), ()))
    assert "not in the parts of the source that were read" in seen
    assert "No radiotherapy is on record" in seen
    assert "That is not the same as none" in seen


def test_age_takes_the_right_article_and_the_death_its_cause() -> None:
    seen = words(build_report(located(dated()), ()))
    assert "An 81-year-old man had lung cancer." in seen
    assert "The patient died in Feb 2019 (cause: disease)." in seen


def test_hostile_text_stays_text_in_every_field() -> None:
    plain = dated()
    plain["title"] = HOSTILE
    plain["source"] = {"citation": HOSTILE, "note": HOSTILE, "url": HOSTILE}
    plain["lesions"][0].update(name=HOSTILE, note=HOSTILE, fate=HOSTILE)
    plain["rt_courses"][0].update(technique=HOSTILE, note=HOSTILE)
    plain["rt_courses"][0]["phases"][0].update(name=HOSTILE, note=HOSTILE)
    plain["systemic_therapy"][0]["agents"][0]["name"] = HOSTILE
    plain["imaging"][0].update(text=HOSTILE, stated_response=HOSTILE)
    plain["symptoms"][0].update(scale=HOSTILE, where=HOSTILE, note=HOSTILE)
    plain["adverse_events"][0].update(term=HOSTILE, attribution=HOSTILE)
    plain["outcomes"][0].update(value=HOSTILE, cause=HOSTILE)
    plain["procedures"][0]["name"] = HOSTILE
    plain["discrepancies"][0].update(topic=HOSTILE, effect=HOSTILE)
    text = build_report(located(plain), (finding(HOSTILE),))
    assert "<script" not in text
    assert text.count("</svg>") == text.count("<svg ")
    assert text.count("</title>") == text.count("<title")
    assert words(text).count("肺") > 10
    text.encode("utf-8")


def test_very_long_names_are_kept_in_full_in_the_text_alternative() -> None:
    plain = dated()
    name = "pneumonoultramicroscopic " * 40
    plain["procedures"][0]["name"] = name
    plain["systemic_therapy"][0]["agents"][0]["name"] = "x" * 3000
    text = build_report(located(plain), ())
    assert name.strip() in words(text)
    assert "x" * 3000 in text


def test_ten_thousand_lesions_are_counted_and_capped() -> None:
    plain = dated()
    plain["lesions"] += [{"id": f"X{n}", "site": "lung"} for n in range(10_000)]
    plain["imaging"][0]["findings"] += [
        {"lesion": f"X{n}", "change": "present"} for n in range(10_000)
    ]
    case = located(plain)
    text = build_report(case, ())
    seen = words(text)
    assert "The first 200 of 10 002 lesions are listed" in seen
    assert "lung (9802)" in seen
    assert len(text) < 3_000_000


def test_unlisted_lesions_of_findings_are_named() -> None:
    plain = dated()
    plain["imaging"][0]["findings"].append({"lesion": "L9", "change": "new"})
    assert "does not list: L9" in words(build_report(located(plain), ()))
