"""Which values may count? Those of the claim's own cohort, sound, of different computations, one a seed."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from axiom_weigh.amounts import tell_amount
from axiom_weigh.evidence.choice_of_statistic import Process, Question
from axiom_weigh.evidence.copied_seeds import set_copies_aside
from axiom_weigh.values import NOT_WAITING, Alarm, Cohort, Force, Observation, Outcome

OUTSIDE = "beyond the bounds that were declared"
NOT_FINITE = "not a finite number"
NO_EVENT = "neither 0 nor 1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sound:
    """What may count, and what was found on the way."""

    question: Question  # without the bounds that a value has shown to be false
    counted: tuple[Observation, ...]  # in issue order, one a seed
    exploratory: tuple[Observation, ...]  # older than the claim
    copied: tuple[float, ...]  # values that are copies of another seed's, and so count as missing
    alarms: tuple[Alarm, ...]
    reasons: tuple[str, ...]
    unasked: int  # replicates of the claim's cohort that it does not speak of


def select_sound_values(question: Question, observations: Sequence[Observation], blocks: int) -> Sound:
    """Leave out what may not count, each with its reason. What is no value stays, as a missing one.

    A replicate is not asked where its event had happened before. That hangs on its own wait alone: those that are asked
    are draws from one law as before, whatever the others did, and an e-value of them keeps its promise at every look.
    """
    confirming = [observation for observation in observations if observation.cohort is Cohort.CONFIRMATORY]
    own = [observation for observation in confirming if observation.is_asked]
    others = (
        [observation for observation in observations if observation.cohort is not Cohort.CONFIRMATORY]
        if len(confirming) < len(observations)
        else []
    )
    older = tuple(_checked(question, other) for other in others)
    checked = [_checked(question, observation) for observation in own]
    seeds = _seeds(checked)
    copied = set_copies_aside(question, seeds)
    gone = [observation for observation in copied.counted if observation.value is None]
    ordered = f"{tell_amount(len(seeds), 'replicate')} of {tell_amount(blocks, 'closed block')}"
    reasons = [f"{ordered}, in the order in which they were issued"]
    unasked = len(confirming) - len(own)
    if unasked:
        reasons.append(f"{unasked} further replicates are not asked: {NOT_WAITING}")
    if older:
        reasons.append(f"{len(older)} values are older than the claim: they are shown, and do not count")
    if repeated := len(own) - len(seeds):
        reasons.append(f"{repeated} further values of the same seeds are left out: a seed counts once")
    if copied.values:
        reasons.append(
            f"{len(copied.values)} values are copies of other seeds', and nothing is concluded until that is explained"
        )
    return Sound(
        question=_with_sound_bounds(question, checked),
        counted=copied.counted,
        exploratory=older,
        copied=copied.values,
        alarms=(*copied.alarms, *_unsound(gone)),
        reasons=(*reasons, *_absences(question, own, gone)),
        unasked=unasked,
    )


def _checked(question: Question, observation: Observation) -> Observation:
    """A time-out takes the value that was declared for it; what cannot be a value is none."""
    if observation.value is None and observation.outcome is Outcome.LATE and question.censored is not None:
        observation = replace(observation, value=question.censored, why_missing="")
    if observation.value is None:
        return observation
    why = no_value(question, observation.value)
    return replace(observation, value=None, why_missing=why) if why else observation


def no_value(question: Question, number: float) -> str:
    """Why this cannot be a value of what is asked; empty where it can."""
    if not math.isfinite(number):
        return NOT_FINITE
    if question.bounds is not None and not question.bounds[0] <= number <= question.bounds[1]:
        return OUTSIDE
    return NO_EVENT if question.process is Process.BERNOULLI and number not in (0.0, 1.0) else ""


def _with_sound_bounds(question: Question, checked: Sequence[Observation]) -> Question:
    """What is missing may lie as far outside as a value that is there. An event has its bounds by what it is."""
    if question.bounds is None or question.process.is_of_events:
        return question
    if all(observation.why_missing != OUTSIDE for observation in checked):
        return question
    return replace(question, bounds=None)


def _seeds(observations: Sequence[Observation]) -> list[Observation]:
    """One observation a seed, in the order in which seeds first appear: its first value, or that it has none."""
    if all(observation.replicate < other.replicate for observation, other in pairwise(observations)):
        return list(observations)  # asked first, since it is so in every table
    first: dict[int, Observation] = {}
    for observation in observations:
        earlier = first.get(observation.replicate)
        if earlier is None or (earlier.value is None and observation.value is not None):
            first[observation.replicate] = observation
    return list(first.values())


def _unsound(gone: Sequence[Observation]) -> list[Alarm]:
    alarms = []
    reasons = Counter(observation.why_missing for observation in gone)
    for why in (OUTSIDE, NOT_FINITE, NO_EVENT):
        if amount := reasons[why]:
            lie = "lie" if why is OUTSIDE else "are"
            alarms.append(Alarm(kind="bounds", force=Force.HOLDS_BACK, text=f"{amount} values {lie} {why}"))
    return alarms


def _absences(question: Question, own: Sequence[Observation], gone: Sequence[Observation]) -> list[str]:
    sentences = []
    if question.censored is not None:
        late = sum(observation.outcome is Outcome.LATE and observation.value is None for observation in own)
        if late:
            sentences.append(
                f"{late} were stopped at their time limit, and count as {question.censored:.4g}, as registered"
            )
    if missing := Counter(observation.why_missing or "no reason given" for observation in gone):
        causes = "; ".join(f"{count} × {why}" for why, count in missing.most_common(3))
        sentences.append(f"{missing.total()} without a value, each counted against every verdict: {causes}")
    return sentences
