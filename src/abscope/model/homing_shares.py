"""Which share of the homing T cells the lesions of a case reach at the start, by mode of homing.

The share of a lesion is omega of `abscope.model.routes`, with the volumes and the capture of the
draw. A group of lesions is drawn as members, each with a volume of its own; a draw has as many as
it drew, so a member has a share in the draws that have it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.model.patient import Patient
from abscope.model.routes import Homing, lodging, omega

__all__ = ["MemberShare", "Shares", "mean_shares", "member_shares", "shares_by_mode"]

#: Mode -> one row of shares (lesions,) per patient.
Shares = Mapping[str, list[Floats]]


@dataclass(frozen=True, slots=True)
class MemberShare:
    """A member of a group: in how many draws it is, and its mean share in those, by mode."""

    member: str
    n_draws: int
    share_frac: dict[str, float]


def shares_by_mode(patients: Sequence[Patient]) -> dict[str, list[Floats]]:
    """Return the share of homing T cells by lesion of every patient at the start, in every mode."""
    return {mode: _shares(patients, mode) for mode in get_args(Homing)}


def mean_shares(shares: Shares, mine: Sequence[Sequence[int]]) -> dict[str, float]:
    """Return the mean share by mode of the lesions at the places ``mine`` of each patient."""
    return {
        mode: float(
            np.mean([sum(row[k] for k in own) for row, own in zip(rows, mine, strict=True)])
        )
        for mode, rows in shares.items()
    }


def member_shares(
    patients: Sequence[Patient], shares: Shares, mine: Sequence[Sequence[int]]
) -> tuple[MemberShare, ...]:
    """Return the members of a lesion of the record one by one, nothing for a single lesion."""
    if max(map(len, mine)) < 2:
        return ()
    found: dict[str, list[tuple[int, int]]] = {}
    for draw, places in enumerate(mine):
        for place in places:
            found.setdefault(patients[draw].lesions[place].id, []).append((draw, place))
    return tuple(
        MemberShare(
            name,
            len(at),
            {
                mode: float(np.mean([rows[draw][place] for draw, place in at]))
                for mode, rows in shares.items()
            },
        )
        for name, at in sorted(found.items(), key=lambda item: int(item[0].rpartition(".")[2]))
    )


def _shares(patients: Sequence[Patient], mode: Homing) -> list[Floats]:
    alike: dict[tuple[str | None, tuple[str, ...]], list[int]] = {}
    for k, patient in enumerate(patients):
        organs = tuple(lesion.compartment for lesion in patient.lesions)
        alike.setdefault((patient.sex, organs), []).append(k)
    out: dict[int, Floats] = {}
    for (sex, organs), rows in alike.items():
        volume = np.array([[lesion.volume_ml for lesion in patients[k].lesions] for k in rows])
        capture = np.array([[patients[k].parameters["capture"]] for k in rows])
        lodged = lodging(organs, volume_ml=volume, mode=mode, sex=sex)  # type: ignore[arg-type]
        kept = np.broadcast_to(capture, volume.shape)
        share = omega(lodged, capture_frac=kept, sex=sex)  # type: ignore[arg-type]
        out.update(zip(rows, share, strict=True))
    return [out[k] for k in range(len(patients))]
