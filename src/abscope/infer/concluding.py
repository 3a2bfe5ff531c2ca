"""What can be concluded of a case, and no more: per lesion a verdict with its reasons, in words.

A verdict is *cannot tell* unless nothing speaks against it. For a lesion that was no sure target
the question is the abscopal effect; it is *supported* only where the record itself allows it (the
strict call of `abscope.response.abscopal`), the data are foretold clearly better with than without
it, and its share is a shrinkage in every structure of the model. For a target the question is
whether radiotherapy or something else made it shrink. *Against* is what the record or the
comparison of explanations refutes.
"""

import textwrap
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from abscope.case.record import Case
from abscope.catalog import background_rate, spontaneous_regression
from abscope.infer.attribution import Attribution
from abscope.infer.given import grown_under
from abscope.infer.posterior import Posterior
from abscope.infer.questions import answer_frac, answer_words
from abscope.infer.rivals import LesionRivals, Score
from abscope.infer.settling import Measurement
from abscope.infer.spread import Spread, spread_of
from abscope.infer.structures import Structure, anyway_range
from abscope.response.abscopal import AbscopalCall

__all__ = ["Conclusion", "Evidence", "LesionVerdict", "Verdict", "conclude", "points", "signed"]

Verdict = Literal["supported", "against", "cannot_tell"]

#: A share of less than this of the diameter is no effect (half of a reader's error).
_NO_EFFECT_FRAC = -0.05
#: A response that comes anyway with more than this probability needs no radiotherapy.
_ANYWAY_FRAC = 0.2
#: Below this the model does not bring the response about at all.
_FORETOLD_FRAC = 0.05
#: Readings that the best explanation makes less probable than this are explained by none.
_UNEXPECTED_FRAC = 0.01
#: A short sentence has so many reasons, and so many letters of a claim.
_BRIEF, _BRIEF_LETTERS = 2, 60


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a conclusion is drawn from; the fields are those of `explanation.Explanation`."""

    case: Case
    posterior: Posterior | None
    attribution: Attribution
    visit: int
    structures: tuple[Structure, ...]
    rivals: Mapping[str, LesionRivals]
    settling: Mapping[str, tuple[Measurement, ...]]
    call: AbscopalCall
    focus: str
    targets: frozenset[str]


@dataclass(frozen=True, slots=True)
class LesionVerdict:
    """The verdict on one lesion; ``target`` says which question was asked."""

    lesion: str
    target: bool
    verdict: Verdict
    reasons: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return the verdict as a sentence."""
        what = "radiotherapy" if self.target else "an abscopal effect"
        if self.verdict == "supported":
            return f"{self.lesion}: {what} as the cause is supported"
        if self.verdict == "against":
            return f"{self.lesion}: the case speaks against {what} as the cause"
        return f"{self.lesion}: this case cannot tell whether {what} was the cause"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The verdicts, that on the focus first, and what is said of them in a report.

    ``paragraphs`` are of the record and the model, of each verdict, of what would have settled it
    and of the article; ``claims`` are what the authors say beside the verdicts, in short.
    """

    verdicts: tuple[LesionVerdict, ...]
    paragraphs: tuple[str, ...]
    claims: tuple[str, ...]

    def short(self, lesions: Collection[str]) -> tuple[str, ...]:
        """Return the sentences that judge: verdicts on ``lesions`` with few reasons, and claims."""
        mine = (one for one in self.verdicts if one.lesion in lesions)
        return (*(_sentence(one, most=_BRIEF) for one in mine), *self.claims)

    @property
    def paragraph(self) -> str:
        """Return all that is said as one paragraph."""
        return " ".join(self.paragraphs)


def conclude(evidence: Evidence) -> Conclusion:
    """Return what can be concluded."""
    names = [item.lesion for item in evidence.attribution.lesions]
    names.sort(key=lambda name: name != evidence.focus)
    verdicts = tuple(_verdict(evidence, name) for name in names)
    parts = (
        (*_record(evidence), *_model(evidence)),
        *((_sentence(one),) for one in verdicts),
        (*_settled(evidence), *_claims(evidence, verdicts)),
    )
    told = tuple(" ".join(part) for part in parts if part)
    return Conclusion(verdicts, told, tuple(_claims(evidence, verdicts, brief=True)))


def _sentence(one: LesionVerdict, *, most: int | None = None) -> str:
    reasons = one.reasons
    if most is not None and len(reasons) > most:
        reasons = (*reasons[:most], f"and {len(reasons) - most} more")
    return f"{one.text}{': ' if reasons else ''}{'; '.join(reasons)}."


def points(spread: Spread | None) -> str:
    """Return a spread of a change in points of the first diameter: ``-31 (-60 to -5)``."""
    if spread is None:
        return "not known"
    low, middle, high = (signed(x) for x in (spread.low_frac, spread.median_frac, spread.high_frac))
    return f"{middle} ({low} to {high})"


def signed(change_frac: float) -> str:
    """Return a change in points, with its sign: ``-31``."""
    number = round(100.0 * change_frac)
    return f"{number:+d}" if number else "0"


def _verdict(evidence: Evidence, lesion: str) -> LesionVerdict:
    target = lesion in evidence.targets
    against = list(_against(evidence, lesion, target))
    if against:
        return LesionVerdict(lesion, target, "against", tuple(against))
    doubts = tuple(_doubts(evidence, lesion, target))
    return LesionVerdict(lesion, target, "cannot_tell" if doubts else "supported", doubts)


def _against(evidence: Evidence, lesion: str, target: bool) -> Iterator[str]:
    if evidence.posterior is not None and not evidence.posterior.diagnosis.converged:
        return
    told = evidence.rivals.get(lesion)
    if told is not None and not told.rough:
        with_it = next((x for x in told.scores if x.world == "delivered"), None)
        best = told.scores[0]
        if with_it is not None and with_it.separated and best.world in _without(target):
            yield f"the record is foretold better by {best.text}"


def _without(target: bool) -> tuple[str, ...]:
    """Return the explanations that do without the effect that is asked for."""
    without = ("no_radiotherapy", "nothing")
    return without if target else (*without, "no_dose_elsewhere")


def _doubts(evidence: Evidence, lesion: str, target: bool) -> Iterator[str]:
    patients, fitted = evidence.attribution.patients, evidence.posterior is not None
    grown = grown_under(evidence.case, patients, lesion, fitted=fitted)
    if grown is not None:
        yield grown
    if not target:
        yield from _of_the_record(evidence, lesion)
    yield from _of_the_rivals(evidence, lesion, target)
    yield from _of_the_model(evidence, lesion, target)
    if evidence.posterior is None:
        yield "nothing was fitted to it"
    elif not evidence.posterior.diagnosis.converged:
        yield "the fit did not converge"


def _of_the_record(evidence: Evidence, lesion: str) -> Iterator[str]:
    mine = next((x for x in evidence.call.candidates if x.lesion == lesion), None)
    if mine is not None and mine.path.response == "NE":
        yield "the record does not tell whether it responded"
    elif mine is None or mine.strict is None:
        yield "the record shows no response of it"
    elif mine.strict != "yes":
        why = [*mine.obstacles, *(x.text for x in mine.rivals if x.kind == "rival")]
        why += [] if mine.exposure.exposure == "out_of_field" else list(mine.exposure.reasons)
        yield from [text.removeprefix(f"{lesion}: ") for text in dict.fromkeys(why)][:2]


def _of_the_rivals(evidence: Evidence, lesion: str, target: bool) -> Iterator[str]:
    told = evidence.rivals.get(lesion)
    if told is None:
        yield "no reading after the treatment can be compared with explanations"
        return
    if told.foretold_frac is not None and told.foretold_frac < _UNEXPECTED_FRAC:
        yield f"no explanation of the model expects the record ({told.foretold_frac:.1g})"
    without = [score for score in told.open if score.world in _without(target)]
    if without:
        yield f"the record is foretold about as well by {without[0].text} ({_factor(without[0])})"
    alone = next((score for score in told.scores if score.world == "no_own_dose"), None)
    if not target and alone is not None and alone.separated:
        yield f"without the dose in the lesion itself it is foretold worse ({_factor(alone)})"


def _factor(score: Score) -> str:
    factor = 10.0**score.behind_log10
    return f"a factor of {factor:.1f} between them" if factor > 1.0 else "it is the best of all"


def _of_the_model(evidence: Evidence, lesion: str, target: bool) -> Iterator[str]:
    item = evidence.attribution.by_lesion[lesion]
    delivered = item.responds("delivered", evidence.visit)
    if delivered is not None and delivered.probability_frac < _FORETOLD_FRAC:
        yield f"the model hardly brings the response about ({delivered.probability_frac:.0%})"
    over = anyway_range(evidence.structures, lesion)
    most = over.high_frac if over is not None else 0.0
    if target and most > _ANYWAY_FRAC:
        yield f"it would have responded without radiotherapy with probability up to {most:.0%}"
    effect = spread_of(answer_frac(item, evidence.visit, target=target))
    highs = [] if effect is None else [effect.high_frac]
    if not target:
        shares = [one.shares[lesion]["dose_elsewhere"] for one in evidence.structures if one.usable]
        highs += [share.high_frac for share in shares if share is not None]
    if highs and max(highs) > _NO_EFFECT_FRAC:
        told = points(effect)
        yield f"{answer_words(target=target)} may be nothing: {told} points of the diameter"


def _record(evidence: Evidence) -> Iterator[str]:
    call = evidence.call
    said = {
        "yes": "yes", "possible_confounded": "possible but confounded", "no": "no",
        "cannot_judge": "cannot be judged",
    }  # fmt: skip
    yield (
        f"By the record alone the abscopal call is '{said[call.strict]}' (strict) and "
        f"'{said[call.field_only]}' (by the words of the source), with dose evidence "
        f"{call.evidence}."
    )


def _model(evidence: Evidence) -> Iterator[str]:
    item, visit = evidence.attribution.by_lesion[evidence.focus], evidence.visit
    shares = item.shares(visit)
    when = evidence.attribution.visits[visit]
    anyway = item.responds("no_radiotherapy", visit)
    yield (
        f"In the model {item.lesion} changed by {points(item.total(visit))} % of its diameter "
        f"until {when.label} (day {when.day_d:g}; median and 90 % of "
        f"{evidence.attribution.draws} draws): {points(item.natural(visit))} by its natural "
        f"course, {points(shares['own_dose'])} by the dose in itself, "
        f"{points(shares['dose_elsewhere'])} by dose elsewhere, {points(shares['drugs'])} by "
        f"drugs, {points(shares['lymphocyte_dose'])} by the loss of lymphocytes."
    )
    if anyway is not None:
        over = anyway_range(evidence.structures, evidence.focus)
        modes = ""
        if over is not None:
            modes = f" ({over.low_frac:.0%} to {over.high_frac:.0%} over the modes of homing)"
        yield (
            f"It would have responded without radiotherapy with probability "
            f"{anyway.probability_frac:.0%}{modes}."
        )
    yield from _rates(evidence)


def _rates(evidence: Evidence) -> Iterator[str]:
    """Return what is published of causes that no world of the model holds."""
    tumor = evidence.case.diagnosis.tumor_type
    known = spontaneous_regression(tumor.value) if tumor is not None and tumor.value else None
    if known is not None:
        told = f"{known.value:.1%} of patients" if known.unit == "frac" else (
            f"{known.value:g} published cases, no rate")  # fmt: skip
        yield f"Spontaneous regression is known in this tumor ({told})."
    if tumor is not None and tumor.value == "melanoma" and evidence.case.systemic_therapy:
        rate = background_rate("pseudoprogression_melanoma")
        yield f"Pseudoprogression, which the model does not have, is seen in {rate.value:.1%}."


def _settled(evidence: Evidence) -> Iterator[str]:
    found = [x for x in evidence.settling.get(evidence.focus, ()) if not x.joint]
    best = found[0] if found else None
    what = answer_words(target=evidence.focus in evidence.targets)
    if best is None or best.low_frac <= 0.0:
        yield f"No single measurement that was considered would have settled {what}."
        return
    yield (
        f"Of single measurements {best.text} would have told most of {what}: "
        f"{best.explained_frac:.0%} of its variance."
    )


def _claims(
    evidence: Evidence, verdicts: tuple[LesionVerdict, ...], *, brief: bool = False
) -> Iterator[str]:
    """Return the claims of the authors beside the verdicts."""
    for claim in evidence.case.author_claims:
        if claim.abscopal == "not_mentioned":
            continue
        wanted = claim.abscopal == "claimed"
        short = [x.lesion for x in verdicts if x.verdict != "supported" and x.target is not wanted]
        text = claim.text.rstrip(".")
        if brief:
            text = textwrap.shorten(text, _BRIEF_LETTERS, placeholder=" ...")
        if short:
            cause = "an abscopal effect" if wanted else "radiotherapy"
            yield (
                f"The authors say: '{text}'; where this names {cause} as the cause of what "
                f"{', '.join(short)} did, it is more than the data allow."
            )
        else:
            yield f"The authors say: '{text}'; the data do not contradict it."
