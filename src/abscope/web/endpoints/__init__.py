"""The API for programs, version 1: the same answers as the pages, as JSON."""

from fastapi import APIRouter

from abscope.web.endpoints import cases, project, questions, results

__all__ = ["router"]

router = APIRouter()
for _part in (
    project.router,
    cases.router,
    questions.router,
    results.router,
):  # fixed addresses first
    router.include_router(_part)
