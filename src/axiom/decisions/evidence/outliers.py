"""Do values of hosts, or of platforms, lie elsewhere than those of all others? On ranks within each design.

A replicate depends on its seed and on nothing else, so it cannot matter who computed it. Designs may well differ.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

from axiom.domain.findings import Observation
from axiom.statistics import ranks

_QUESTIONS = 3  # does a host lie elsewhere, do all hosts together, do platforms?
_EVER = 0.01 / _QUESTIONS  # chance that a sound finding is ever suspected by one of them
_FEW = 2  # groups, of which one can lie apart


def rarely(looks: int) -> float:
    """What counts as too seldom, after so many blocks: asked again with every block, it becomes less each time."""
    return _EVER / (max(1, looks) * (max(1, looks) + 1))


class Alone:
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


def apart(alone: Alone, group_of: Mapping[int, int | str], least: int) -> tuple[ranks.Spread | None, int]:
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
