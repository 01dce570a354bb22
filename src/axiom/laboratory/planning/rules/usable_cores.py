"""On how many cores could each candidate be computed, whatever they have in hand?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from axiom.domain.planning import Need, Supply
from axiom.laboratory.planning.rules.candidates import Candidate
from axiom.laboratory.planning.rules.free_capacity import (
    FreeCapacity,
    coarsen_seconds,
    compute_free_capacity,
    count_fitting_tasks,
    why_no_more,
)
from axiom_weigh.grouping import group_pairs

_Key = tuple[int, int]
_Size = tuple[Need, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class UsableCores:
    """The cores of a fleet, and how many of them each candidate can use."""

    cores: int  # with GPUs, of which each takes a task beside
    own: int  # of them, those of the laboratory's own hosts, without GPUs
    by_key: Mapping[_Key, int] | None = None  # None: every core can take anything
    obstacles: Mapping[_Key, str] = field(default_factory=dict)  # why none can
    ours: Mapping[_Key, int] = field(default_factory=dict)  # the part of `by_key` that is the laboratory's own

    def cores_for(self, key: _Key) -> int:
        """How many cores could compute tasks of a candidate at once."""
        return self.cores if self.by_key is None else self.by_key.get(key, 0)

    def ours_for(self, key: _Key) -> int:
        """How many of them the laboratory's own hosts could."""
        return self.own if self.by_key is None else self.ours.get(key, 0)


def count_usable_cores(
    candidates: Sequence[Candidate],
    supplies: Sequence[Supply],
    *,
    cores: int,
    ours: int | None = None,
    deadline: float | None = None,
) -> UsableCores:
    """Look at every host as if it had nothing in hand.

    Without hosts every core can take anything; so many of them are `ours`, or all where nobody says how many.
    """
    free = [(supply, _empty(supply)) for supply in supplies if not supply.obstacle and supply.most_tasks != 0]
    if not supplies:
        return UsableCores(cores=max(0, cores), own=max(0, cores if ours is None else ours))
    sizes = group_pairs(
        ((candidate.need, coarsen_seconds(candidate.costs, deadline)), candidate) for candidate in candidates
    )
    by_key: dict[_Key, int] = {}
    by_us: dict[_Key, int] = {}
    obstacles: dict[_Key, str] = {}
    most: dict[bool, list[int]] = {False: [0] * len(free), True: [0] * len(free)}  # on cores, and on GPUs beside
    for (need, seconds), alike in sizes.items():
        rooms = [0] * len(free)
        for place in need.places:
            here = [
                count_fitting_tasks(
                    left, place, cores=supply.cores, is_avx=supply.is_avx, seconds=seconds, deadline=deadline
                )
                for supply, left in free
            ]
            if place.cores > 1:
                here = [room * left.cores_for(place) for (_, left), room in zip(free, here, strict=True)]
            most[place.gpu] = [max(before, room) for before, room in zip(most[place.gpu], here, strict=True)]
            rooms = [before + room for before, room in zip(rooms, here, strict=True)]
        for candidate in alike:
            by_key[candidate.key] = sum(rooms)
            by_us[candidate.key] = sum(room for (supply, _), room in zip(free, rooms, strict=True) if supply.is_ours)
            if not any(rooms):
                obstacles[candidate.key] = _obstacle(free, need, seconds, deadline)
    own = sum(supply.cores for supply, _ in free if supply.is_ours)
    return UsableCores(cores=sum(map(sum, most.values())), own=own, by_key=by_key, obstacles=obstacles, ours=by_us)


def _empty(supply: Supply) -> FreeCapacity:
    free = replace(supply, busy_cores=0, busy_gpus=0, used_memory_mb=0, in_hand_seconds=0.0, most_tasks=None)
    return compute_free_capacity(free)


def _obstacle(free: Sequence[tuple[Supply, FreeCapacity]], need: Need, seconds: float, deadline: float | None) -> str:
    """Why no host takes a task, told of the largest as an example."""
    if not free:
        return "no host has a core at the moment"
    supply, left = max(free, key=lambda entry: (entry[0].memory_mb, entry[0].cores, -entry[0].host_id))
    why = why_no_more(supply, left, need, seconds, deadline)
    return f"no host can take a task of it; of host {supply.name}, for one: {why}"
