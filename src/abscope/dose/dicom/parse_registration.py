"""Spatial Registration: rigid matrices between frames of reference. Parsing process only."""

import numpy as np

from abscope.dose.dicom.datastream import Opened
from abscope.dose.dicom.elements import Elements
from abscope.dose.dicom.instances import RegistrationContent
from abscope.dose.dicom.limits import Limits
from abscope.dose.dicom.rejection import RejectedError
from abscope.dose.geometry.grid import Floats
from abscope.dose.plans import Registration

__all__ = ["parse_registration"]

_TOLERANCE = 1e-3


def parse_registration(opened: Opened, limits: Limits) -> RegistrationContent:
    """Return the matrix of each registered frame into the frame of the object (PS3.3 C.20.2).

    The matrices of one frame are applied in the order in which they stand. Those that are not
    rigid are counted, not returned.
    """
    elements = opened.elements
    target, uid = elements.code("FrameOfReferenceUID"), elements.code("SOPInstanceUID")
    found, dropped = [], 0
    items = elements.items("RegistrationSequence")
    if len(items) > limits.registrations:
        raise RejectedError(
            f"{len(items)} registered frames",
            f"at most {limits.registrations}",
            "Check it, or raise the limit.",
            kind="hostile",
        )
    for item in items:
        source = item.code("FrameOfReferenceUID")
        matrix = _matrix(item)
        if source == target or not source or not target:
            continue
        if matrix is None or not _is_rigid(matrix):
            dropped += 1
        else:
            found.append(Registration(source, target, matrix, uid))
    return RegistrationContent(tuple(found), dropped)


def _matrix(item: Elements) -> Floats | None:
    product: Floats = np.eye(4)
    count = 0
    for registration in item.items("MatrixRegistrationSequence"):
        for step in registration.items("MatrixSequence"):
            numbers = step.numbers("FrameOfReferenceTransformationMatrix")
            if numbers is None or numbers.size != 16:
                return None
            product = np.einsum("ij,jk->ik", numbers.reshape(4, 4), product)
            count += 1
    return product if count and np.isfinite(product).all() else None


def _is_rigid(matrix: Floats) -> bool:
    turn = matrix[:3, :3]
    if float(np.abs(turn).max()) > 2:
        return False
    unit = np.einsum("ji,jk->ik", turn, turn)
    upright = np.einsum("i,i", np.cross(turn[:, 0], turn[:, 1]), turn[:, 2])
    last = np.abs(matrix[3] - (0, 0, 0, 1)).max()
    return bool(np.abs(unit - np.eye(3)).max() < _TOLERANCE and upright > 0 and last < 1e-9)
