"""The self-contained HTML report of a case: sections in order, one template each."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files

from markupsafe import Markup

import abscope
from abscope.case.checks.finding import CheckFinding
from abscope.case.clock import Clock
from abscope.case.reader import LocatedCase
from abscope.report.dose_figures import DoseMaterial
from abscope.report.expectation_figure import expectation_figures
from abscope.report.figures import figures
from abscope.report.fit_material import FitMaterial, fit_figures
from abscope.report.material import Material, Section
from abscope.report.palette import page_rules
from abscope.report.parts import parts, report_templates
from abscope.report.sections.blood import blood
from abscope.report.sections.conflicts import conflicts
from abscope.report.sections.dose import dose_section
from abscope.report.sections.expectation import expectation
from abscope.report.sections.explain import explain_section
from abscope.report.sections.fit import fit_section, profiles_section
from abscope.report.sections.gaps import care, gaps
from abscope.report.sections.lesions import lesions
from abscope.report.sections.observations import adverse_events, lymphocytes, symptoms
from abscope.report.sections.outcomes import outcomes
from abscope.report.sections.provenance import provenance
from abscope.report.sections.radiotherapy import radiotherapy
from abscope.report.sections.response import abscopal, responses
from abscope.report.sections.summary import summary
from abscope.report.sections.timeline import timeline_section
from abscope.report.sections.treatment import treatment
from abscope.report.sections.whatif import whatif_section

__all__ = ["SECTIONS", "build_report"]

#: The sections of the report in reading order; None is a section the case has no use for.
SECTIONS: tuple[Callable[[Material], Section | None], ...] = (
    summary, timeline_section, abscopal, responses, lesions, radiotherapy, dose_section,
    treatment, lymphocytes, blood, expectation, symptoms, adverse_events, outcomes, conflicts,
    gaps, care, provenance,
)  # fmt: skip


def build_report(
    located: LocatedCase,
    findings: tuple[CheckFinding, ...],
    *,
    dose: DoseMaterial | None = None,
    fit: FitMaterial | None = None,
) -> str:
    """Return the report of a case as one HTML text that needs nothing else to be shown.

    ``findings`` come from `abscope.case.checks`, ``dose`` from `abscope.report.dose_figures`,
    ``fit`` from `abscope.report.fit_material`. The text depends on the case, its file, these two
    and the version of abscope only: the same input gives the same report.
    """
    material = Material(located, findings, Clock(located.case), dose)
    drawn_of_dose = dose.figures if dose is not None else {}
    found = {
        **figures(located.case, assessment=material.assessment, forecast=material.forecast),
        **expectation_figures(located.case, material.expectation),
        **drawn_of_dose,
        **(fit_figures(located.case, fit) if fit is not None else {}),
    }
    return (
        report_templates()
        .get_template("report.html")
        .render(
            {
                "missing": material.missing,
                "case": located.case,
                "sections": parts(material, _sections(fit), figures=found),
                "style": _style(),
                "version": abscope.__version__,
                "research_use_only": abscope.RESEARCH_USE_ONLY,
            }
        )
    )


def _sections(fit: FitMaterial | None) -> tuple[Callable[[Material], Section | None], ...]:
    """Return the sections with those of a fit after what the model expects."""
    if fit is None:
        return SECTIONS
    place = SECTIONS.index(expectation) + 1
    return (
        *SECTIONS[:place],
        lambda _: fit_section(fit),
        lambda _: profiles_section(fit),
        lambda material: explain_section(material, fit.explanation),
        lambda _: whatif_section(fit.answers),
        *SECTIONS[place:],
    )


@cache
def _style() -> Markup:
    rules = (files("abscope.report") / "templates" / "report.css").read_text(encoding="utf-8")
    return Markup(page_rules() + rules)  # noqa: S704 (our own file)
