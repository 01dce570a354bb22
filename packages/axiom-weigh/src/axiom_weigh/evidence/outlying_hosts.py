"""Do values of hosts, or of platforms, lie elsewhere than those of all others, and whose are then not believed?

A replicate depends on its seed and on nothing else, so it cannot matter who computed it: ranks within each design tell.
A value that is not believed counts as missing, and so against every verdict. It may be left out for what it is as long
as nothing is gained by it: the interval is as wide as with the worst values in its place, and a verdict asks that
interval whatever the e-value says; there each loses its own bet as badly as it can.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from axiom_weigh.amounts import tell_amount
from axiom_weigh.statistics import group_differences
from axiom_weigh.values import OUTVOTED, Alarm, Force, Home, Observation

_QUESTIONS = 3  # does a host lie elsewhere, do all hosts together, do platforms?
_EVER = 0.01 / _QUESTIONS  # chance that a sound finding is ever suspected by one of them
_FEW = 2  # groups, of which one can lie apart
# How often chance clusters the values of hosts so, below which they count for less. Less in a table would cost power
# wherever hosts are named that do not matter; as it is, more tables get a false verdict where half of the variance lies
# between few hosts. A laboratory computes one task in ten again elsewhere, which shows by itself whether hosts matter.
_CLUSTERED_IN_A_TABLE, _CLUSTERED = 0.05, 0.01


def compute_rarity_bar(looks: int) -> float:
    """What counts as too seldom, after so many blocks: asked again with every block, it becomes less each time."""
    return _EVER / (max(1, looks) * (max(1, looks) + 1))


class HostValues:
    """The values that are there, each with the hosts that gave it."""

    def __init__(self, counted: Sequence[Observation]) -> None:
        self.known = [observation for observation in counted if observation.value is not None and observation.hosts]
        self.values = [observation.value for observation in self.known if observation.value is not None]
        self.designs = [observation.design for observation in self.known]

    def by_host(self, homes: Collection[int]) -> list[int | None]:
        """The host of each value, where it is one of these and gave the value alone."""
        return [
            observation.hosts[0] if len(observation.hosts) == 1 and observation.hosts[0] in homes else None
            for observation in self.known
        ]

    def by_platform(self, homes: Mapping[int, Home]) -> list[str | None]:
        """The platform on which each value was computed, where it is known and one alone."""
        return [_one_of(observation, homes) for observation in self.known]

    @cached_property
    def scored(self) -> Sequence[group_differences.NormalScores]:
        """Ranked once, for hosts and platforms both."""
        return group_differences.compute_normal_scores(self.values, self.designs)


def apart(
    alone: HostValues, groups: Sequence[int | str | None], least: int
) -> tuple[group_differences.Spread | None, int]:
    """How far groups lie apart that have so many values, and how many groups that are; each value says its group."""
    amounts = Counter(groups)
    telling = {group for group, amount in amounts.items() if group is not None and amount >= least}
    if len(telling) < _FEW:
        return None, len(telling)
    if len(telling) == len(amounts):
        return group_differences.compare_groups(groups, alone.scored), len(telling)
    places = [place for place, group in enumerate(groups) if group in telling]
    among = group_differences.compute_normal_scores(
        [alone.values[place] for place in places], [alone.designs[place] for place in places]
    )
    return group_differences.compare_groups([groups[place] for place in places], among), len(telling)


def _one_of(observation: Observation, homes: Mapping[int, Home]) -> str | None:
    """The platform on which all of it was computed, if there is one."""
    places = observation.platforms(homes)
    first, *others = {places.get(host) for host in observation.hosts}
    return None if others else first


_HOST_SEEDS, _PLATFORM_SEEDS = 3, 5  # a host, and a platform, with fewer values says nothing by itself
_MOST = 0.25  # of all values; of hosts that gave more nobody can tell which side computes otherwise
_OFTEN = 2  # seeds in which a host was outvoted, from which on nothing that it says is believed
_LEFT_OUT = "left out, each counted against every verdict"


@dataclass(frozen=True, kw_only=True, slots=True)
class ScreenedValues:
    """What counts, and what there is to say about hosts and platforms."""

    counted: tuple[Observation, ...]  # those that are not believed without their value; in turns of hosts that cluster
    alarms: tuple[Alarm, ...]
    clustering: float  # how many values of hosts that cluster tell as much as one that is independent
    reasons: tuple[str, ...]


def screen_values(
    counted: Sequence[Observation], homes: Mapping[int, Home], *, looks: int, is_checked: bool = True
) -> ScreenedValues:
    """Leave out who was outvoted again and again, and whose values lie elsewhere; after so many weighed blocks.

    `is_checked`: some of the seeds are computed again elsewhere, as a laboratory has it done.
    """
    liars = _outvoted(counted)
    rest = _without(counted, liars, "its host was outvoted in other seeds")
    first = HostValues(rest)
    odd, alone, others = _elsewhere(rest, first, homes, compute_rarity_bar(looks))
    alarms, gone = _outvoted_alarms(counted, liars), _amount_of_values(rest, odd)
    if gone > _MOST * len(first.values):
        alarms.append(_elsewhere_alarm(odd, Force.HOLDS_BACK, "more must be computed by others"))
        left, alone, others = rest, first, []
    else:
        if odd:
            alarms.append(_elsewhere_alarm(odd, Force.TELLS, f"{tell_amount(gone, 'value')} {_LEFT_OUT}"))
        left = _without(rest, odd, "its host's values lie elsewhere than all others'")
    clustering = _clustering(alone, homes, _CLUSTERED if is_checked else _CLUSTERED_IN_A_TABLE)
    return ScreenedValues(
        counted=_across_hosts(left) if clustering > 1 else left,
        alarms=(*alarms, *others, *_platform_alarms(alone, homes, compute_rarity_bar(looks))),
        clustering=clustering,
        reasons=_clustering_reasons(clustering),
    )


def _across_hosts(counted: Sequence[Observation]) -> tuple[Observation, ...]:
    """The first value of each host, then the second of each: values that are alike shall not be paired."""
    before = Counter[tuple[int, ...]]()
    turns = []
    for observation in counted:
        turns.append(before[observation.hosts])
        before[observation.hosts] += 1
    return tuple(counted[place] for place in sorted(range(len(counted)), key=turns.__getitem__))


def _clustering(alone: HostValues, homes: Mapping[int, Home], seldom: float) -> float:
    """How many values of a host tell as much as one that is independent, if hosts may matter.

    A seed cannot know its host, so they should not. Where they do, fewer values are independent than there are; and of
    few hosts it is little known by how much.
    """
    spread, hosts = apart(alone, alone.by_host(homes), _FEW)
    if spread is None or spread.together >= seldom or spread.clustering <= 1:
        return 1.0
    return spread.clustering * (hosts + 1) / (hosts - 1)


def _platform_alarms(alone: HostValues, homes: Mapping[int, Home], seldom: float) -> list[Alarm]:
    spread, groups = apart(alone, alone.by_platform(homes), _PLATFORM_SEEDS)
    if spread is None or spread.together >= seldom:
        return []
    text = f"the values of {groups} platforms lie further apart than chance allows: they do not compute the same"
    return [Alarm(kind="platforms", force=Force.SUSPENDS, text=text)]


def _outvoted(counted: Sequence[Observation]) -> set[int]:
    """Hosts whose values two others did not confirm, each time alike, in several seeds."""
    alone = Counter(
        observation.hosts[0]
        for observation in counted
        if observation.why_missing == OUTVOTED and len(observation.hosts) == 1
    )
    return {host for host, seeds in alone.items() if seeds >= _OFTEN}


def _elsewhere(
    counted: Sequence[Observation], alone: HostValues, homes: Mapping[int, Home], seldom: float
) -> tuple[list[int], HostValues, list[Alarm]]:
    """The hosts whose values lie elsewhere, what is left without them, and whether that lies too far apart still.

    One after the other: beside a host that is wrong, all others may look odd.
    """
    odd, first = list[int](), len(alone.values)
    while True:
        spread, groups = apart(alone, alone.by_host(homes), _HOST_SEEDS)
        if spread is None:
            return odd, alone, []
        oddest = [host for host in spread.oddest() if isinstance(host, int)]
        if not oddest or spread.chances[oddest[0]] * groups >= seldom:
            break
        odd += oddest
        alone = HostValues(_without(counted, odd, ""))
        if first - len(alone.values) > _MOST * first:
            return odd, alone, []
    if spread.together >= seldom:
        return odd, alone, []
    text = f"the values of {groups} hosts lie further apart than chance allows, and a seed cannot know its host"
    return odd, alone, [Alarm(kind="hosts", force=Force.HOLDS_BACK, text=text)]


def _without(counted: Sequence[Observation], hosts: Collection[int], why: str) -> tuple[Observation, ...]:
    gone = set(hosts)
    if not gone:
        return tuple(counted)
    return tuple(
        [
            replace(observation, value=None, why_missing=why)
            if observation.value is not None and gone & {*observation.hosts}
            else observation
            for observation in counted
        ]
    )


def _amount_of_values(counted: Sequence[Observation], hosts: Collection[int]) -> int:
    """How many values these hosts gave, alone or with others."""
    return sum(
        observation.value is not None and not set(hosts).isdisjoint(observation.hosts) for observation in counted
    )


def _clustering_reasons(clustering: float) -> tuple[str, ...]:
    if clustering <= 1:
        return ()
    return (f"values of one host are somewhat alike, so {clustering:.3g} values are taken for one",)


def _outvoted_alarms(counted: Sequence[Observation], liars: Collection[int]) -> list[Alarm]:
    if not liars:
        return []
    others = tell_amount(_amount_of_values(counted, liars), "other value")
    text = f"{_named(liars)} was outvoted in several seeds: {others} {_LEFT_OUT}"
    return [Alarm(kind="hosts", force=Force.TELLS, text=text, hosts=tuple(sorted(liars)))]


def _elsewhere_alarm(odd: Collection[int], force: Force, follows: str) -> Alarm:
    text = f"the values of {_named(odd)} lie elsewhere than all others', and a seed cannot know its host: {follows}"
    return Alarm(kind="hosts", force=force, text=text, hosts=tuple(sorted(odd)))


def _named(hosts: Collection[int]) -> str:
    return f"host {', '.join(map(str, sorted(hosts)))}"
