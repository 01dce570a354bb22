"""Does an experiment cost one kind of host another share than its file declares, and who says so?

Declared seconds hold on the reference core, and a host's speed over all that it computes. What is left lies between an
experiment and a kind of host: its instructions, its caches, its GPU. Each host has one voice, which begins where the
others are and is moved a little by each of its tasks. Voices are pulled together as Huber does it, so that how far away
one is does not matter, and with what is declared as one voice more. Where there are several hosts, none weighs more
than the others and that together: then no host, whatever it says, moves the factor by more than `APART` from where the
others agree.

The factor decides how much work a host gets for the seconds that it asks for, and what its client is told. It moves no
ticket's limits: a late cell counts against its claim, so evidence must not depend on what other hosts said.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from axiom.domain.costs import Cost, CostFit, HostCostReport
from axiom.domain.fleet import Host
from axiom.limits import hosts as limits
from axiom_weigh.amounts import tell_amount

LEAST, MOST = 0.1, 10.0  # times what is declared
APART = 0.25  # in logarithms: a voice further away pulls no harder
LEAST_CELLS = 2  # of a task: a single one says more about starting and compiling than about the experiment
_DECLARED = 2.0  # tasks that what is declared weighs as
_MOST_WEIGHT = 10.0  # tasks that a host's voice weighs as: ten hosts with a task each say as much as one with a hundred
_MEMORY = 20  # tasks that it rests on, so that it follows what changes
_STEP = math.log(2)  # a single task moves no voice further
_LEAST_SECONDS = 1.0  # a shorter task says more about starting than about computing
_NOTHING = 1e-9  # a pull as small as this is rounding
_MODEL_LENGTH = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class CostUpdate:
    """What is known after one more task, and why."""

    fit: CostFit
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FittedCost:
    """What a fit comes to, and why."""

    cost: Cost
    reason: str


def class_of_host(host: Host, gpu: str = "") -> str:
    """The kind of host that it is to a task on its processor, or on its GPU of this kind."""
    platform = host.platform
    if not gpu:
        return str(platform)
    name = next((device.model for device in host.capacity.gpus if device.kind == gpu), "")
    model = re.sub(r"[^a-z0-9]+", "-", f"{gpu} {name}".lower()).strip("-")[:_MODEL_LENGTH]
    return f"{platform.system}-{platform.processor}-{model}"


def refit_cost(fit: CostFit, *, host_id: int, cells: int, expected_seconds: float, spent_seconds: float) -> CostUpdate:
    """Decide what one more valid task of a host changes.

    Expected is what is declared, over the host's speed; 0 where that is not known yet.
    """
    if not expected_seconds > 0:
        return CostUpdate(fit=fit, reason="nothing was expected of the task, so it says nothing of the cost")
    if not _LEAST_SECONDS <= spent_seconds < math.inf:
        return CostUpdate(fit=fit, reason=f"{spent_seconds:g} seconds say more about starting than about computing")
    if cells < LEAST_CELLS:
        return CostUpdate(fit=fit, reason="a single cell says more about its own config than about the experiment")
    others = [voice for voice in fit.voices if voice.host_id != host_id]
    before = next((voice for voice in fit.voices if voice.host_id == host_id), None)
    tasks, word = (before.tasks, before.log_ratio) if before else (0, _between(fit.voices))
    log_ratio = _within(math.log(spent_seconds / expected_seconds), -math.log(MOST), math.log(MOST))
    word += _within(log_ratio - word, -_STEP, _STEP) / min(tasks + 1, _MEMORY)
    voice = HostCostReport(host_id=host_id, tasks=tasks + 1, log_ratio=word)
    return CostUpdate(
        fit=CostFit(tasks=fit.tasks + 1, voices=(*others[1 - limits.COST_HOSTS :], voice)),
        reason=f"task {voice.tasks} of the host took {math.exp(log_ratio):.2f} times what was expected; "
        f"its voice is {math.exp(word):.2f} now",
    )


def cost_of_fit(fit: CostFit) -> FittedCost:
    """Decide by what a host's expected seconds are multiplied: 1 until enough tasks of this kind of host are valid."""
    if fit.tasks < limits.COST_TASKS:
        waits = f"{tell_amount(fit.tasks, 'task')} of the {limits.COST_TASKS} from which on a fit counts"
        return FittedCost(cost=Cost(), reason=f"what is declared holds: {waits}")
    factor = _within(math.exp(_between(fit.voices)), LEAST, MOST)
    says = f"it takes {factor:.2f} times what is declared, by {fit.tasks} tasks of"
    if len(fit.voices) == 1:
        alone = fit.voices[0].host_id
        return FittedCost(
            cost=Cost(factor=factor, host_id=alone),
            reason=f"{says} a single host, for which alone this holds until another one is heard",
        )
    most = " or more" if len(fit.voices) == limits.COST_HOSTS else ""
    return FittedCost(cost=Cost(factor=factor), reason=f"{says} {len(fit.voices)}{most} hosts")


def describe_cost_fit(host_class: str, fit: CostFit) -> dict[str, object]:
    """What is known of one kind of host, as pages and commands show it."""
    weighed = cost_of_fit(fit)
    return {
        "hosts": host_class,
        "tasks": fit.tasks,
        "factor": weighed.cost.factor,
        "only_host": weighed.cost.host_id,
        "reason": weighed.reason,
    }


def _between(voices: Sequence[HostCostReport]) -> float:
    """The logarithm on which all pulls cancel; where they do along a stretch, that nearest to what is declared."""
    weights = [min(voice.tasks, _MOST_WEIGHT) for voice in voices]
    total = _DECLARED + sum(weights)
    is_alone = len(voices) == 1
    pulls = [(0.0, _DECLARED)]
    for voice, weight in zip(voices, weights, strict=True):
        pulls.append((voice.log_ratio, weight if is_alone else min(weight, total - weight)))

    def pulled(at: float) -> float:
        pull = 0.0
        for word, weight in pulls:  # spelt out: each task of a new host pays for this
            away = word - at
            pull += weight * (APART if away > APART else max(away, -APART))
        return pull

    # The sum falls from word to word along straight lines; it is looked up on which of them it passes zero.
    bends = sorted({word + side for word, _ in pulls for side in (-APART, APART)})
    above = bisect_left(bends, True, key=lambda at: pulled(at) <= _NOTHING)
    low, high = bends[above - 1], bends[above]
    left, right = pulled(low), pulled(high)
    if right < -_NOTHING:
        return low + (high - low) * left / (left - right)
    # A host that weighs as much as the others together may lie so far from them that all between is zero.
    beyond = bisect_left(bends, True, lo=above, key=lambda at: pulled(at) < -_NOTHING)
    return _within(0.0, high, bends[beyond - 1])


def _within(number: float, low: float, high: float) -> float:
    return min(high, max(low, number))
