"""Which values may count? Those of the claim's own cohort, sound, of different computations, one a seed."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

from axiom_weigh.amounts import tell_amount
from axiom_weigh.evidence.choice_of_statistic import Process, Question
from axiom_weigh.statistics.clones import HARDLY, equal_values, few_equal_values, group_alike_seeds
from axiom_weigh.values import COARSE, EVERY_NUMBER, NOT_WAITING, Alarm, Cohort, Force, Observation, Outcome

COPIED = "its numbers are another seed's"
OUTSIDE = "beyond the bounds that were declared"
NOT_FINITE = "not a finite number"
NO_EVENT = "neither 0 nor 1"
_NAMED = 3  # seeds that a sentence names
_A_FEW, _MANY = 2, 0.05  # seeds, and the share of all, of which a part repeats others
_ENOUGH = 8  # seeds of a design that all agree, from which on this says something


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
    copies, clone_alarms = _clones(seeds)
    steady = _steady_rows(question, [seed for seed in seeds if seed.replicate not in copies])
    if question.process is Process.RANKS:  # a difference of two arms that hardly varies is one draw, with noise
        copies |= {seed.replicate for row in steady if not _are_equal(row) for seed in row[1:]}
    counted = tuple(_without_copies(seeds, copies) if copies else seeds)
    different = [seed for seed in seeds if seed.replicate not in copies]
    gone = [observation for observation in counted if observation.value is None]
    ordered = f"{tell_amount(len(seeds), 'replicate')} of {tell_amount(blocks, 'closed block')}"
    reasons = [f"{ordered}, in the order in which they were issued"]
    unasked = len(confirming) - len(own)
    if unasked:
        reasons.append(f"{unasked} further replicates are not asked: {NOT_WAITING}")
    if older:
        reasons.append(f"{len(older)} values are older than the claim: they are shown, and do not count")
    if repeated := len(own) - len(seeds):
        reasons.append(f"{repeated} further values of the same seeds are left out: a seed counts once")
    if copies:
        reasons.append(
            f"{len(copies)} values are copies of other seeds', and nothing is concluded until that is explained"
        )
    return Sound(
        question=_with_sound_bounds(question, checked),
        counted=counted,
        exploratory=older,
        copied=tuple([seed.value for seed in seeds if seed.replicate in copies and seed.value is not None]),
        alarms=(
            *clone_alarms,
            *_constant(question, different),
            *_steady_alarms(question, steady),
            *_repeating(different),
            *_unsound(gone),
        ),
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
    if question.bounds is None or question.process is Process.BERNOULLI:
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


def _clones(seeds: Sequence[Observation]) -> tuple[set[int], list[Alarm]]:
    """Replicates whose numbers repeat another seed's to the last digit, but for the first of each group.

    Where everything that was measured has a fingerprint, that is compared; where only the value is known, values. In
    one arm alone the seed may have been unused, though the value differs: there they are compared beforehand.

    They may be equal for a good reason, as runs that are stuck at the loss of chance. So a copy does not vanish from
    what is weighed: until it is explained it counts as a missing value does, against every verdict.
    """
    measured = [seed for seed in seeds if seed.value is not None and seed.outcome is not Outcome.LATE]
    marks = {
        observation.replicate: mark
        for observation in measured
        if (mark := observation.fingerprint) and mark[: len(COARSE)] != COARSE
    }
    bare = [observation for observation in measured if not observation.fingerprint]
    values = [observation.value for observation in bare if observation.value is not None]
    numbers = [observation.replicate for observation in bare]
    groups = [*group_alike_seeds(marks), *equal_values(numbers, values)]
    copies = {number for group in groups for number in group[1:]}
    parts = _many(
        [
            observation
            for observation in measured
            if observation.repeats.startswith(EVERY_NUMBER) and observation.replicate not in copies
        ],
        measured,
    )
    few = few_equal_values(numbers, values) if not (groups or parts) else ()
    alarms = [_clone_alarm(groups, {seed.replicate: seed for seed in seeds})] if groups else []
    alarms += [_part_alarm(parts)] if parts else []
    alarms += [_few_alarm(few)] if few else []
    return copies | {observation.replicate for observation in parts}, alarms


def _many(repeating: list[Observation], among: Sequence[Observation]) -> list[Observation]:
    """Those, where they are not a few that may agree by chance, as numbers of single precision do now and then."""
    return repeating if len(repeating) >= max(_A_FEW, _MANY * len(among)) else []


def _without_copies(seeds: Sequence[Observation], copies: Set[int]) -> list[Observation]:
    return [replace(seed, value=None, why_missing=COPIED) if seed.replicate in copies else seed for seed in seeds]


def _constant(question: Question, counted: Sequence[Observation]) -> list[Alarm]:
    """Designs in which every seed gave the same, in numbers too coarse to make copies of them.

    That may be so: what was asked of all may be easy, or may never happen. A seed that is not used looks like it too.
    """
    if question.process is Process.BERNOULLI:
        return []
    rows: dict[str, list[str | float]] = {}
    for observation in counted:
        if (
            observation.value is not None
            and observation.outcome is not Outcome.LATE
            and observation.fingerprint != COARSE
        ):
            rows.setdefault(observation.design, []).append(observation.fingerprint or observation.value)
    same = [len(row) for row in rows.values() if len(row) >= _ENOUGH and all(mark == row[0] for mark in row)]
    if not same:
        return []
    text = f"{sum(same)} seeds gave the very same numbers, design by design, so it is not sure that seeds were used"
    return [Alarm(kind="constant", force=Force.HOLDS_BACK, text=text)]


def _steady_rows(question: Question, counted: Sequence[Observation]) -> list[list[Observation]]:
    """Designs in which the value hardly varies from seed to seed, though the computations differ."""
    if question.process is Process.BERNOULLI:
        return []
    rows: dict[str, list[Observation]] = {}
    for observation in counted:
        if (
            observation.value is not None
            and observation.outcome is not Outcome.LATE
            and observation.fingerprint[: len(COARSE)] != COARSE
        ):
            rows.setdefault(observation.design, []).append(observation)
    return [row for row in rows.values() if len(row) >= _ENOUGH and _hardly_varies(row)]


def _hardly_varies(row: Sequence[Observation]) -> bool:
    values = [observation.value for observation in row if observation.value is not None]
    size, spread = max(map(abs, values)), max(values) - min(values)
    if size == 0 or spread > HARDLY * size:
        return False
    return len({observation.fingerprint or observation.value for observation in row}) > 1


def _are_equal(row: Sequence[Observation]) -> bool:
    return all(observation.value == row[0].value for observation in row)


def _steady_alarms(question: Question, steady: Sequence[Sequence[Observation]]) -> list[Alarm]:
    """A number that is written into the file looks like this, with noise of no size or without.

    A count may be the same for all seeds, so that is only told; nothing that is measured varies by less than a
    hundred-thousandth, so that holds the grade back, and of a difference of two arms nothing is concluded.
    """
    if not steady:
        return []
    force, kind = Force.TELLS, "steady"
    if not all(map(_are_equal, steady)):
        is_difference = question.process is Process.RANKS
        force, kind = (Force.SUSPENDS, "clones") if is_difference else (Force.HOLDS_BACK, "steady")
    seeds = sum(map(len, steady))
    text = f"the value hardly varies over {seeds} seeds: a number that is written into the file looks like this"
    return [Alarm(kind=kind, force=force, text=text)]


def _repeating(counted: Sequence[Observation]) -> list[Alarm]:
    """Replicates of which a single measure is that of another seed. It may have few values to choose from."""
    part = _many(
        [
            observation
            for observation in counted
            if observation.repeats and not observation.repeats.startswith(EVERY_NUMBER)
        ],
        counted,
    )
    if not part:
        return []
    text = (
        f"{len(part)} seeds gave a number that another one had given before (replicate "
        f"{part[0].replicate} the {part[0].repeats}), as happens where a measure takes few values or ignores its seed"
    )
    return [Alarm(kind="repeats", force=Force.TELLS, text=text)]


def _repeats_text(part: Sequence[Observation]) -> str:
    return f"{len(part)} seeds gave numbers of others (replicate {part[0].replicate}: {part[0].repeats})"


def _part_alarm(parts: Sequence[Observation]) -> Alarm:
    return Alarm(
        kind="clones",
        force=Force.SUSPENDS,
        text=f"{_repeats_text(parts)}, so it is not sure that seeds were used there, and only the first counts",
        hosts=tuple(sorted({host for observation in parts for host in observation.hosts})),
    )


def _few_alarm(groups: Sequence[Sequence[int]]) -> Alarm:
    """A few equal numbers of many digits. A number that is computed from two counts agrees by chance."""
    listed = ", ".join(map(str, groups[0][:_NAMED]))
    more = f", as have {len(groups) - 1} further groups," if len(groups) > 1 else ""
    text = f"replicates {listed} have different seeds and the very same number{more} as one made of two counts may be"
    return Alarm(kind="repeats", force=Force.HOLDS_BACK, text=text)


def _clone_alarm(groups: Sequence[Sequence[int]], places: Mapping[int, Observation]) -> Alarm:
    group = max(groups, key=len)
    more = f" and {len(group) - _NAMED} more" if len(group) > _NAMED else ""
    listed = ", ".join(map(str, group[:_NAMED]))
    return Alarm(
        kind="clones",
        force=Force.SUSPENDS,
        text=f"replicates {listed}{more} have different seeds and gave the very same numbers, so only the first counts",
        hosts=tuple(sorted({host for copies in groups for number in copies for host in places[number].hosts})),
    )


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
