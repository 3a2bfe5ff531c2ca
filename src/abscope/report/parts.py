"""Parts of the report as HTML, for the report itself and for the pages that show one part each."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from abscope.report.figures import Figure
from abscope.report.material import Material, Section

__all__ = ["Part", "drawings", "parts", "report_templates"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part: what it is called in addresses, its heading, and its body as HTML."""

    id: str
    title: str
    body: Markup


def parts(
    material: Material,
    sections: Iterable[Callable[[Material], Section | None]],
    *,
    figures: Mapping[str, Figure],
) -> tuple[Part, ...]:
    """Return the parts of a case in the order given; one the case has no use for is left out."""
    shared = {"drawings": drawings(figures), "missing": material.missing}
    found = []
    for make in sections:
        section = make(material)
        if section is None:
            continue
        plain = {"figure_name": section.context.get("figure"), "alerts": (), "lead": ()}
        context = {**plain, **section.context}
        context.pop("figure", None)
        body = report_templates().get_template(section.template).render({**shared, **context})
        found.append(Part(section.id, section.title, Markup(body)))  # noqa: S704 (our templates)
    return tuple(found)


def drawings(figures: Mapping[str, Figure]) -> dict[str, dict[str, object]]:
    """Return the figures as SVG inside a page, wide and narrow, with their captions."""
    return {
        name: {
            "wide": Markup(drawn.wide.svg("page")),  # noqa: S704 (escaped by abscope.report.svg)
            "narrow": Markup(drawn.narrow.svg("page")),  # noqa: S704
            "caption": drawn.caption,
        }
        for name, drawn in figures.items()
    }


@cache
def report_templates() -> Environment:
    """Return the templates of the report, which escape what they show."""
    return Environment(
        loader=PackageLoader("abscope.report", "templates"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=False,
    )
