"""The pages for people."""

from fastapi import APIRouter

from abscope.web.pages import asking, case_pages, editing, entrance, explaining, optimizing, shelf

__all__ = ["router"]

router = APIRouter()
for _part in (
    entrance.router,
    shelf.router,
    editing.router,
    asking.router,
    explaining.router,
    optimizing.router,
    case_pages.router,
):
    router.include_router(_part)
