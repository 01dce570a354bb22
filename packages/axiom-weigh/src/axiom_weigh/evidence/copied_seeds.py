"""Do seeds repeat the numbers of others, or hardly vary, so that it is not sure that they were used?"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from axiom_weigh.evidence.choice_of_statistic import Process, Question
from axiom_weigh.statistics.equal_values import HARDLY, equal_values, few_equal_values, group_alike_seeds
from axiom_weigh.values import COARSE, EVERY_NUMBER, Alarm, Force, Observation, Outcome

COPIED = "its numbers are another seed's"
_NAMED = 3  # seeds that a sentence names
_A_FEW, _MANY = 2, 0.05  # seeds, and the share of all, of which a part repeats others
_ENOUGH = 8  # seeds of a design that all agree, from which on this says something


@dataclass(frozen=True, kw_only=True, slots=True)
class CopiedSeeds:
    counted: tuple[Observation, ...]  # all seeds, copies as missing ones
    values: tuple[float, ...]  # of the copies
    alarms: tuple[Alarm, ...]


def set_copies_aside(question: Question, seeds: Sequence[Observation]) -> CopiedSeeds:
    copies, alarms = _find_copies(seeds)
    steady = _list_steady_rows(question, [seed for seed in seeds if seed.replicate not in copies])
    if question.process is Process.RANKS:  # a difference of two arms that hardly varies is one draw, with noise
        copies |= {seed.replicate for row in steady if not _are_equal(row) for seed in row[1:]}
    different = [seed for seed in seeds if seed.replicate not in copies]
    return CopiedSeeds(
        counted=tuple(_count_copies_as_missing(seeds, copies) if copies else seeds),
        values=tuple([seed.value for seed in seeds if seed.replicate in copies and seed.value is not None]),
        alarms=(
            *alarms,
            *_list_constant_alarms(question, different),
            *_list_steady_alarms(question, steady),
            *_list_repeat_alarms(different),
        ),
    )


def _find_copies(seeds: Sequence[Observation]) -> tuple[set[int], list[Alarm]]:
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


def _count_copies_as_missing(seeds: Sequence[Observation], copies: Set[int]) -> list[Observation]:
    return [replace(seed, value=None, why_missing=COPIED) if seed.replicate in copies else seed for seed in seeds]


def _list_constant_alarms(question: Question, counted: Sequence[Observation]) -> list[Alarm]:
    """Designs in which every seed gave the same, in numbers too coarse to make copies of them.

    That may be so: what was asked of all may be easy, or may never happen. A seed that is not used looks like it too.
    """
    if question.process.is_of_events:
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


def _list_steady_rows(question: Question, counted: Sequence[Observation]) -> list[list[Observation]]:
    """Designs in which the value hardly varies from seed to seed, though the computations differ."""
    if question.process.is_of_events:
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


def _list_steady_alarms(question: Question, steady: Sequence[Sequence[Observation]]) -> list[Alarm]:
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


def _list_repeat_alarms(counted: Sequence[Observation]) -> list[Alarm]:
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
