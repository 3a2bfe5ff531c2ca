"""What every section of the report is made from, and what a section is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from abscope.blood.case_forecast import case_forecast_or_none
from abscope.blood.forecast import Forecast
from abscope.case.checks.finding import CheckFinding
from abscope.case.clock import Clock, Span
from abscope.case.facts import Fact
from abscope.case.reader import LocatedCase
from abscope.case.record import Case
from abscope.case.timing import Absolute, When
from abscope.model.expectation import Expectation, expectation_or_none
from abscope.report.times import span_words
from abscope.report.words import MISSING_WORDS, Said, join, said
from abscope.response.assessment import CaseAssessment, assess_case

if TYPE_CHECKING:  # it is made from sections' neighbors, which import this module
    from abscope.report.dose_figures import DoseMaterial

__all__ = ["Cell", "Material", "Row", "Section", "Table"]


@dataclass(frozen=True)
class Material:
    """The case with its clock, the findings of its checks and the words for what is missing.

    ``dose`` is what DICOM objects say of its lesions, None where none were given.
    """

    located: LocatedCase
    findings: tuple[CheckFinding, ...]
    clock: Clock = field(repr=False)
    dose: "DoseMaterial | None" = field(default=None, repr=False)

    @property
    def case(self) -> Case:
        """The case that is reported."""
        return self.located.case

    @property
    def missing(self) -> str:
        """How a field that the record does not mention is put to a reader."""
        return MISSING_WORDS[self.case.default_missing]

    @cached_property
    def assessment(self) -> CaseAssessment:
        """The calls of the response room, made once for all sections."""
        return assess_case(self.case)

    @cached_property
    def forecast(self) -> Forecast | None:
        """The lymphocytes from dose to count; None without a usable fraction or any count."""
        return case_forecast_or_none(self.case)

    @cached_property
    def expectation(self) -> Expectation | None:
        """What the model expects of the lesions; None where there is nothing to simulate."""
        planned = self.dose.planned if self.dose is not None else None
        return expectation_or_none(self.case, doses=planned)

    def say(self, fact: Fact[Any] | None, unit: str = "") -> Said:
        """Return a fact as text, or why there is none."""
        return said(fact, missing=self.case.default_missing, unit=unit)

    def when(self, fact: Fact[When] | None) -> tuple["Cell", ...]:
        """Return a time as written and, on a second line, as days of the axis."""
        written = said(fact, missing=self.case.default_missing)
        if written.missing:
            return (written,)
        absolute = (
            all(isinstance(x.expression, Absolute) for x in fact.candidates) if fact else False
        )
        days = self.days(self.clock.fact(fact), dates=not absolute)
        return (written,) if days.text == written.text else (written, days)

    def days(self, span: Span | None, *, dates: bool = True) -> Said:
        """Return a span of days as a remark, with calendar dates where they add something."""
        return Said(span_words(span, self.clock, dates=dates), missing=True)

    def lesion(self, name: str) -> str:
        """Return a lesion as identifier and label: ``L02 thoracic spine``."""
        lesion = self.case.lesions_by_id.get(name)
        if lesion is None:
            return f"{name} (not listed)"
        return name if lesion.label == name else f"{name} {lesion.label}"


#: What stands in one cell of a table: text, a value with its status, or several lines of these.
Cell = str | Said | tuple["Cell", ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its header cell, and one cell per further column."""

    head: Cell
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption; ``note`` says what it leaves out or what its numbers rest on."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""
    numeric: frozenset[int] = frozenset()

    @property
    def dense(self) -> "Table":
        """The table without columns in which nothing is known; the note names them."""
        empty = [
            n
            for n in range(1, len(self.columns))
            if all(_unknown(r.cells[n - 1]) for r in self.rows)
        ]
        if not empty or len(self.rows) < 2:
            return self
        kept = [n for n in range(len(self.columns)) if n not in empty]
        words = join(self.columns[n].lower() for n in empty)
        note = f"{self.note} {self._missing(empty[0])} in every row: {words}.".strip()
        return Table(
            self.caption,
            tuple(self.columns[n] for n in kept),
            tuple(Row(r.head, tuple(r.cells[n - 1] for n in kept if n)) for r in self.rows),
            note,
            frozenset(kept.index(n) for n in self.numeric if n in kept),
        )

    def _missing(self, column: int) -> str:
        cell = self.rows[0].cells[column - 1]
        while isinstance(cell, tuple):
            cell = cell[0]
        text = cell.text if isinstance(cell, Said) else cell
        return text[0].upper() + text[1:]


def _unknown(cell: Cell) -> bool:
    if isinstance(cell, tuple):
        return bool(cell) and all(_unknown(part) for part in cell)
    if not isinstance(cell, Said):
        return cell == ""
    return cell.missing and not cell.note and cell.text in MISSING_WORDS.values()


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report: a heading, the template that lays it out, what the template shows."""

    id: str
    title: str
    template: str
    context: Mapping[str, object] = field(default_factory=dict)
