"""The shapes of what the API takes and gives, as its OpenAPI description shows them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "ERRORS",
    "Answer",
    "DraftText",
    "Failure",
    "Fault",
    "NewCase",
    "SavedText",
    "Search",
    "Text",
]

_TEXT = Annotated[str, Field(max_length=10_000_000)]
_REVISION = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]


class Fault(BaseModel):
    """One thing that is wrong, in four parts and with the field of the record."""

    where: str
    what: str
    expected: str
    action: str
    path: str = ""


class Failure(BaseModel):
    """The answer where something is wrong; ``status`` is that of HTTP."""

    ok: bool
    error: str
    errors: list[Fault]
    status: int


class Answer(BaseModel):
    """The answer where all is well, with more keys by address."""

    model_config = ConfigDict(extra="allow")

    ok: bool
    status: int
    errors: list[Fault]


class Text(BaseModel):
    """The text of a case file; ``name`` stands for the file in messages."""

    text: _TEXT
    name: Annotated[str, Field(max_length=200)] = "case.yaml"


class NewCase(BaseModel):
    """A new case: its name in the project, and its text."""

    name: Annotated[str, Field(max_length=80)]
    text: _TEXT
    note: Annotated[str, Field(max_length=500)] = ""


class SavedText(BaseModel):
    """A text to save; ``revision`` is the digest of the text that it was begun from."""

    text: _TEXT
    revision: _REVISION
    note: Annotated[str, Field(max_length=500)] = ""


class DraftText(BaseModel):
    """A text on its way, kept under the key of its editor."""

    text: _TEXT
    revision: _REVISION


_LINES = Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=20)]


class Search(BaseModel):
    """What to search: lines as `abscope optimize` takes them after --goal, --vary and --limit."""

    goals: _LINES = ["control"]
    vary: _LINES
    limits: _LINES = []
    evaluations: Annotated[int, Field(ge=8, le=4000)] = 240
    draws: Literal["prior", "fit"] = "prior"


def _failure(meaning: str) -> dict[str, Any]:
    return {"model": Failure, "description": meaning}


#: What every address may answer instead.
ERRORS: dict[int | str, dict[str, Any]] = {
    400: _failure("The request asks for what cannot be done."),
    401: _failure("No valid session: give the token as `Authorization: Bearer TOKEN`."),
    403: _failure("Another page, or a change without an origin."),
    404: _failure("There is no such thing."),
    409: _failure("Somebody else saved in the meantime; `theirs` and `revision` hold it."),
    413: _failure("Too large."),
    421: _failure("The Host header is not a name of this server."),
    422: _failure("The content has problems."),
}
