"""Surgery and transfusions of a record as the model takes them."""

from collections.abc import Sequence
from dataclasses import dataclass

from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.model.case_frame import CaseFrame
from abscope.model.case_lesions import DrawnLesion
from abscope.model.patient import Resection

__all__ = ["Procedures", "procedures_of"]

_ENDING = ("resection", "ablation")


@dataclass(frozen=True, slots=True, eq=False)
class Procedures:
    """Lesions that are taken out, each on the day of the same place, and remarks in words."""

    cut: tuple[DrawnLesion, ...]
    cut_d: tuple[float, ...]
    unknowns: tuple[str, ...]

    def resections(self, draw: int, *, from_d: float, to_d: float) -> tuple[Resection, ...]:
        """Return the resections of a draw between two days."""
        return tuple(
            Resection(day_d=day, lesion=member)
            for day, item in zip(self.cut_d, self.cut, strict=True)
            if from_d <= day <= to_d
            for member in item.members(draw)
        )


def procedures_of(
    case: Case, clock: Clock, frame: CaseFrame, lesions: Sequence[DrawnLesion]
) -> Procedures:
    """Return what the procedures of a case do in the model.

    A transfusion on record changes no count: red cells come without leukocytes, their volume is
    balanced within a day, and the record has no place for a number of cells. It is told.
    """
    cut: list[DrawnLesion] = []
    days: list[float] = []
    told = []
    for procedure in case.procedures:
        if procedure.kind == "transfusion":
            told.append(
                f"{procedure.id}: a transfusion, taken as one without leukocytes, which changes no "
                "count of the model"
            )
        span = clock.fact(procedure.when)
        if procedure.kind not in _ENDING or span is None or span.middle_d is None:
            continue
        if span.high_d > frame.start.high_d:
            mine = [item for item in lesions if item.lesion.id in procedure.lesions]
            cut += mine
            days += [span.middle_d] * len(mine)
    return Procedures(tuple(cut), tuple(days), tuple(told))
