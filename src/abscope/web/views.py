"""The pages of a case: what each shows of the report, and how to get the same without a browser."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abscope.web.store.project import Shown

if TYPE_CHECKING:
    from abscope.report.figures import Figure
    from abscope.report.material import Material
    from abscope.report.parts import Part

__all__ = ["STEPS", "Step", "case_argument", "command", "python", "step_figures", "step_parts"]


@dataclass(frozen=True, slots=True)
class Step:
    """One page of a case in the order of use."""

    id: str
    title: str
    says: str


#: The pages in the order of use; each is an address below the case.
STEPS = (
    Step("timeline", "Timeline", "What happened, on one axis"),
    Step("dose", "Dose", "What each lesion was given"),
    Step("response", "Response", "What the scans say, with reasons"),
    Step("blood", "Blood", "Lymphocytes, measured and expected"),
    Step("expectation", "Model", "What the model expects"),
    Step("explain", "Explain", "What it was due to"),
    Step("what-if", "What if", "What another treatment would have done"),
    Step("optimize", "Optimize", "Which treatment no other beats"),
    Step("report", "Report", "Everything, to print or send"),
)

_COMMANDS = {
    "timeline": "abscope report {case} --figures figures",
    "dose": "abscope dose {source} --case {case}",
    "response": "abscope assess {case}",
    "blood": "abscope blood {case}",
    "expectation": "abscope simulate {case}",
    "explain": "abscope explain {case}",
    "report": "abscope report {case} -o {name}.html",
    "edit": "abscope check {case}",
}
_OPEN = "from abscope.case import open_case\n"
_PYTHON = {
    "timeline": "from abscope.report.figures import timeline_figures\n\n"
    'figure = timeline_figures(open_case({case}).case)["timeline"]\nprint(figure.svg())\n',
    "dose": "from pathlib import Path\n\nfrom abscope.dose.survey import survey_dose\n\n"
    "survey = survey_dose(Path({source}), case=open_case({case}).case)\nprint(survey.lesions)\n",
    "response": "from abscope.response.assessment import assess_case\n\n"
    "found = assess_case(open_case({case}).case)\nprint(found.abscopal.strict)\n",
    "blood": "from abscope.blood.case_forecast import forecast_case\n\n"
    "found = forecast_case(open_case({case}).case)\nprint(found.forecast.posterior_counts)\n",
    "expectation": "from abscope.model.expectation import expect_case\n\n"
    "found = expect_case(open_case({case}).case)\nprint(found.lesions[0].change_frac.median)\n",
    "explain": "from abscope.infer.explanation import explain_case\n\n"
    "found = explain_case(open_case({case}).case, None)\nprint(found.conclusion.paragraph)\n",
    "explain-fit": "from pathlib import Path\n\n"
    "from abscope.infer.explanation import ExplainOptions, explain_case\n"
    "from abscope.infer.fit_run import read_fit\n\nlocated = open_case({case})\n"
    "fit = read_fit(Path({run}), text=located.text)\n"
    "options = ExplainOptions(fit=fit.options)\n"
    "found = explain_case(located.case, fit.posterior, options=options)\n"
    "print(found.conclusion.paragraph)\n",
    "report": "from abscope.case.checks import check_case\n"
    "from abscope.report.build import build_report\n\nlocated = open_case({case})\n"
    "print(build_report(located, check_case(located.case)))\n",
    "edit": "from abscope.case.checks import check_case\n\n"
    "print(*check_case(open_case({case}).case), sep='\\n')\n",
}


def case_argument(shown: Shown, folder: str) -> str:
    """Return how the command line names a case: a name of the library, or the path of its file."""
    return shown.name if shown.shelf == "library" else f"{folder}/{shown.file}"


def command(step: str, case: str, *, name: str, source: str = "DIR") -> str:
    """Return the command that gives what a page shows."""
    quoted = {"case": shlex.quote(case), "source": shlex.quote(source), "name": shlex.quote(name)}
    return _COMMANDS[step].format(**quoted)


def python(step: str, case: str, *, source: str = "DIR", run: str = "RUN") -> str:
    """Return the lines of Python that give what a page shows."""
    return _OPEN + _PYTHON[step].format(case=repr(case), source=repr(source), run=repr(run))


def step_figures(step: str, material: "Material") -> "Mapping[str, Figure]":
    """Return the figures of a page by name."""
    from abscope.report import expectation_figure, figures

    case = material.case
    makers: dict[str, Callable[[], Mapping[str, Figure]]] = {
        "timeline": lambda: figures.timeline_figures(case),
        "response": lambda: figures.change_figures(case, material.assessment),
        "blood": lambda: figures.blood_figures(case, material.forecast),
        "expectation": lambda: expectation_figure.expectation_figures(case, material.expectation),
        "dose": lambda: material.dose.figures if material.dose is not None else {},
    }
    return makers[step]() if step in makers else {}


def step_parts(
    step: str, material: "Material", figures: "Mapping[str, Figure]"
) -> "tuple[Part, ...]":
    """Return the parts of the report that a page shows."""
    from abscope.report.parts import parts
    from abscope.report.sections import (
        blood,
        conflicts,
        dose,
        expectation,
        lesions,
        observations,
        outcomes,
        radiotherapy,
        response,
        summary,
        timeline,
        treatment,
    )

    sections = {
        "timeline": (
            summary.summary, timeline.timeline_section, treatment.treatment,
            observations.adverse_events, outcomes.outcomes, conflicts.conflicts,
        ),
        "dose": (dose.dose_section, radiotherapy.radiotherapy),
        "response": (response.abscopal, response.responses, lesions.lesions),
        "blood": (observations.lymphocytes, blood.blood),
        "expectation": (expectation.expectation,),
    }  # fmt: skip
    return parts(material, sections.get(step, ()), figures=figures)
