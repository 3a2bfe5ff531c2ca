"""The pages' templates, with the report's macros beside them and what every page shows."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request

import abscope
from abscope.report.palette import page_rules
from abscope.web.store.atomic import digest

__all__ = ["asset", "render", "style"]


def render(request: Request, name: str, values: Mapping[str, Any]) -> str:
    """Return a page as HTML."""
    shared = {
        "version": abscope.__version__,
        "research_use_only": abscope.RESEARCH_USE_ONLY,
        "path": request.url.path,
        "query": dict(request.query_params),
        "user": getattr(request.state, "user", ""),
        "asset": asset,
        "crumbs": None,
    }
    return _templates().get_template(name).render({**shared, **values})


@cache
def style() -> str:
    """Return the style sheet: colors by role, the rules of the report, those of the pages."""
    report = (files("abscope.report") / "templates" / "report.css").read_text(encoding="utf-8")
    own = (files("abscope.web") / "static" / "pages.css").read_text(encoding="utf-8")
    return f"{page_rules()}\n{report}\n{own}"


@cache
def asset(name: str) -> str:
    """Return the address of a static file, which changes with its content."""
    if name == "style.css":
        return f"/static/style.css?{digest(style())[:10]}"
    data = (files("abscope.web") / "static").joinpath(*name.split("/")).read_bytes()
    return f"/static/{name}?{digest(data)[:10]}"


@cache
def _templates() -> Environment:
    return Environment(
        loader=ChoiceLoader(
            [
                PackageLoader("abscope.web", "templates"),
                PackageLoader("abscope.report", "templates"),
            ]
        ),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
    )
