"""How many combinations case-report, clinic and trial data carry, in the case kim2021-breast.

    python verification/identifiability.py

Every lesion has a size at the first scan and at each later one, lymphocytes are counted on the days
given. The information J^T J is taken at the middle of the prior, so that the sizes themselves do
not matter; a combination counts as carried where its posterior standard deviation is below half of
that of its prior.
"""

import numpy as np

from abscope.case.record import Case
from abscope.case.shelf import open_case
from abscope.infer.case_model import CaseModel, case_model
from abscope.infer.identifiability import Identifiability, identifiability
from abscope.infer.latents import latent_of, smooth_names

__all__ = ["PLANS", "followed", "told_by"]

#: Kind of data -> days of scans after the first, days of lymphocyte counts.
PLANS = {
    "case report": ((90,), (12, 40)),
    "clinic": ((30, 60, 90, 150), (4, 8, 12, 16, 20, 30, 40, 60, 90, 120)),
    "trial": ((14, 28, 42, 60, 90, 110, 130, 150), tuple(range(4, 148, 6))),
}


def followed(scans: tuple[int, ...], counts: tuple[int, ...]) -> Case:
    """Return the founding case with sizes and counts on other days."""
    record = open_case("kim2021-breast").case.to_plain()
    sizes = [{"lesion": lesion["id"], "size_mm": 25.0} for lesion in record["lesions"]]
    first = {"id": "V0", "when": "day -3", "role": "baseline", "findings": sizes}
    later = [
        {"id": f"V{k + 1}", "when": f"day {day}", "role": "follow_up", "findings": sizes}
        for k, day in enumerate(scans)
    ]
    labs = [{"test": "lymphocytes", "when": "day -3", "value": "3300 /mm3"}]
    labs += [{"test": "lymphocytes", "when": f"day {day}", "value": "1000 /mm3"} for day in counts]
    record |= {"imaging": [first, *later], "labs": labs}
    for key in ("discrepancies", "author_claims", "outcomes", "symptoms"):
        record.pop(key, None)
    return Case.model_validate(record)


def told_by(name: str) -> tuple[CaseModel, Identifiability, Identifiability]:
    """Return the model with a kind of data, what is told of all quantities, and of the patient's.

    The second is with the lesions known.
    """
    model = case_model(followed(*PLANS[name]))
    middle = np.zeros(len(model.names))
    places = np.flatnonzero(smooth_names(model, middle))
    found = model.information(model.computed_along(middle[None, :], np.eye(len(middle))[places]))
    latents = tuple(latent_of(model.names[k]) for k in places)
    body = [k for k, one in enumerate(latents) if one.lesion is None]
    mine = identifiability(found.sharp[0][:, body], tuple(latents[k] for k in body))
    return model, identifiability(found.sharp[0], latents), mine


def main() -> None:
    """Print what each kind of data carries."""
    for name in PLANS:
        model, told, mine = told_by(name)
        print(
            f"{name}: {model.data.n_readings} readings; combinations carried "
            f"{told.carried(0.5)} of all, {mine.carried(0.5)} with the lesions known "
            f"({mine.carried(0.8)} below 0.8); alone {', '.join(mine.alone(0.7)) or 'none'}"
        )
        for one in mine.confounded[:6]:
            print(f"  {one.words}")


if __name__ == "__main__":
    main()
