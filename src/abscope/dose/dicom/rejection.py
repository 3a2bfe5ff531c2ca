"""Why one file was turned away, in the parts that every message has."""

from dataclasses import dataclass

__all__ = ["Rejected", "RejectedError"]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that was not taken in.

    ``kind`` is 'foreign' (not DICOM at all), 'damaged', 'hostile' (over a limit) or 'lost' (its
    parser crashed, hung or ran out of memory).
    """

    kind: str
    what: str
    expected: str
    action: str


class RejectedError(Exception):
    """Raised while one file is parsed; never leaves the reader."""

    def __init__(self, what: str, expected: str, action: str, *, kind: str = "damaged") -> None:
        super().__init__(what)
        self.rejected = Rejected(kind, what, expected, action)
