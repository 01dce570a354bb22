"""What should not be, if the values are what they are said to be? Each alarm says why, and what it does.

A replicate depends on its seed and on nothing else, so it cannot matter who computed it. Where values of a host or of a
platform lie elsewhere among all, something is wrong there. Such a question is asked again with every block, so what
counts as too seldom becomes less each time: over all looks together a sound finding is suspected once in a hundred.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

from axiom.decisions.concluding import ENOUGH
from axiom.domain.findings import Agreements, Alarm, Force, Home, Observation
from axiom.statistics import ranks
from axiom.statistics.sequential import bernoulli_log_e

_EVER = 0.005  # chance that a sound finding is ever suspected by one kind of question
_HOST_SEEDS, _PLATFORM_SEEDS = 3, 5  # a host or platform with fewer values says nothing by itself
_MANY_MISSING, _MOST_MISSING = 0.2, 0.5
_DISPUTED = 0.1  # share of the seeds computed again of which hosts say different things, above which nothing is ordered
_FEW = 2


def alarms(
    counted: Sequence[Observation], homes: Mapping[int, Home], agreements: Sequence[Agreements], *, looks: int
) -> tuple[Alarm, ...]:
    """Everything that should not be; `looks` is how many blocks have been weighed so far."""
    rarely = _EVER / (max(1, looks) * (max(1, looks) + 1))
    alone = _Alone(counted)
    found = [
        *_hosts(alone, homes, rarely),
        *_platforms(alone, homes, rarely),
        *_duplicates(agreements),
        *_missing(counted),
    ]
    return tuple(found)


class _Alone:
    """The values that are there, each with the hosts that gave it."""

    def __init__(self, counted: Sequence[Observation]) -> None:
        known = [(one.value, one.hosts, one.design) for one in counted if one.value is not None and one.hosts]
        self.values = [value for value, _, _ in known]
        self.hosts = [hosts for _, hosts, _ in known]
        self.designs = [design for _, _, design in known]

    @cached_property
    def scored(self) -> Sequence[ranks.Scored]:
        """Ranked once, for hosts and platforms both."""
        return ranks.scored(self.values, self.designs)


def _hosts(alone: _Alone, homes: Mapping[int, Home], rarely: float) -> list[Alarm]:
    """On ranks within each design, since designs may well differ."""
    spread, groups = _apart(alone, {host: host for host in homes}, _HOST_SEEDS)
    if spread is None:
        return []
    odd = sorted(host for host, chance in spread.each.items() if chance * groups < rarely and isinstance(host, int))
    if odd:
        listed = ", ".join(map(str, odd))
        text = f"the values of host {listed} lie elsewhere than all others', and a seed cannot know its host"
        return [Alarm(kind="hosts", force=Force.SUSPENDS, text=text, hosts=tuple(odd))]
    if spread.together < rarely:
        text = f"the values of {groups} hosts lie further apart than chance allows, and a seed cannot know its host"
        return [Alarm(kind="hosts", force=Force.HOLDS_BACK, text=text)]
    return []


def _platforms(alone: _Alone, homes: Mapping[int, Home], rarely: float) -> list[Alarm]:
    places = {host: home.platform for host, home in homes.items()}
    spread, groups = _apart(alone, places, _PLATFORM_SEEDS)
    if spread is None or spread.together >= rarely:
        return []
    text = f"the values of {groups} platforms lie further apart than chance allows: they do not compute the same"
    return [Alarm(kind="platforms", force=Force.SUSPENDS, text=text)]


def _apart(alone: _Alone, group_of: Mapping[int, int | str], least: int) -> tuple[ranks.Spread | None, int]:
    """How far groups lie apart that have so many values, and how many groups that are."""
    groups = [group_of.get(hosts[0]) if len(hosts) == 1 else _one_of(hosts, group_of) for hosts in alone.hosts]
    amounts = Counter(groups)
    telling = {group for group, amount in amounts.items() if group is not None and amount >= least}
    if len(telling) < _FEW:
        return None, len(telling)
    if len(telling) == len(amounts):
        return ranks.apart(groups, alone.scored), len(telling)
    places = [place for place, group in enumerate(groups) if group in telling]
    among = ranks.scored([alone.values[place] for place in places], [alone.designs[place] for place in places])
    return ranks.apart([groups[place] for place in places], among), len(telling)


def _one_of(hosts: Sequence[int], group_of: Mapping[int, int | str]) -> int | str | None:
    """The group to which all these hosts belong, if there is one."""
    first, *others = {group_of.get(host) for host in hosts}
    return None if others else first


def _duplicates(agreements: Sequence[Agreements]) -> list[Alarm]:
    disputed = sum(one.disputed for one in agreements)
    again = disputed + sum(one.agreed for one in agreements)
    if not disputed:
        return []
    pairs = "; ".join(f"{one.disputed} on {' and '.join(one.platforms)}" for one in agreements if one.disputed)
    is_many = disputed >= _FEW and disputed > _DISPUTED * again
    return [
        Alarm(
            kind="duplicates",
            force=Force.SUSPENDS if is_many else Force.HOLDS_BACK,
            text=f"{disputed} of {again} duplicates disagree ({pairs})",
        )
    ]


def _missing(counted: Sequence[Observation]) -> list[Alarm]:
    """What is missing is weighed at its worst already; so many missing means that something does not work."""
    gone, whole = sum(one.value is None for one in counted), len(counted)
    text = f"{gone} of {whole} replicates have no value"
    if _surely_more(gone, whole, _MOST_MISSING):
        return [Alarm(kind="missing", force=Force.SUSPENDS, text=f"{text}: this does not work as it is")]
    return [Alarm(kind="missing", force=Force.TELLS, text=text)] if _surely_more(gone, whole, _MANY_MISSING) else []


def _surely_more(amount: int, whole: int, share: float) -> bool:
    """At every look together, is more than this share missing?"""
    return amount > whole * share and bernoulli_log_e(amount, whole, share) >= math.log(ENOUGH)
