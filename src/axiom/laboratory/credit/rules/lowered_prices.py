"""Is a version paid for less than it declares? Volunteers' computers say so together; none can raise a price."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from axiom.domain.costs import HostCostReport
from axiom.limits import credit as credit_limits
from axiom.limits import hosts as host_limits
from axiom_weigh.amounts import tell_amount

ROOM = math.log(
    1.5
)  # between what the median volunteer says and the price: for chance, and for the time that starting takes


@dataclass(frozen=True, kw_only=True, slots=True)
class PaidShare:
    """The share of its declared seconds that an experiment is paid for, and why not all of them."""

    share: float = 1.0
    reason: str = ""


def compute_paid_shares(voices: Iterable[tuple[int, int, HostCostReport]]) -> dict[int, PaidShare]:
    """Decide which experiments are paid for less than they declare, from all voices with experiment and volunteer.

    A host tells how an experiment compares with the others that it computes, so its own speed does not matter. A
    volunteer has one word, the median of their hosts, and the median volunteer decides. Hosts can only lower a price,
    and for everybody alike.
    """
    ratios: dict[tuple[int, int], dict[int, float]] = defaultdict(dict)  # by volunteer and host, then by experiment
    tasks = Counter[int]()
    for experiment_id, volunteer_id, voice in voices:
        ratios[volunteer_id, voice.host_id][experiment_id] = voice.log_ratio
        tasks[experiment_id] += voice.tasks
    words: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (volunteer_id, _), by_experiment in ratios.items():
        if len(by_experiment) > 1:
            usual = median(by_experiment.values())
            for experiment_id, log_ratio in by_experiment.items():
                words[experiment_id][volunteer_id].append(log_ratio - usual)
    shares = {
        experiment_id: _paid_share([median(of_hosts) for of_hosts in by_volunteer.values()])
        for experiment_id, by_volunteer in words.items()
        if len(by_volunteer) >= credit_limits.COST_VOLUNTEERS and tasks[experiment_id] >= host_limits.COST_TASKS
    }
    return {experiment_id: share for experiment_id, share in shares.items() if share.share < 1}


def _paid_share(words: Sequence[float]) -> PaidShare:
    says = median(words)
    return PaidShare(
        share=math.exp(says + ROOM),
        reason=f"{tell_amount(len(words), 'volunteer')} take {math.exp(says):.2f} times that, beside other experiments",
    )
