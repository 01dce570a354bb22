"""To which hosts would this work go, so that no core is idle that could compute and no memory is promised twice?

GPUs first, then what the fewest cores can take; the largest hosts first. Among hosts of the same size a hash
decides, one host of each volunteer and of each platform after the other, so that neither who computes nor where goes
together with what is computed. What needs much memory is held back where it would leave cores without any.
"""

import hashlib
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from axiom.domain.planning import Need, Placement, Supply
from axiom.laboratory.planning.rules.free_capacity import (
    FreeCapacity,
    coarsen_seconds,
    compute_free_capacity,
    count_fitting_tasks,
    reserve_capacity,
    why_all_busy,
    why_no_more,
)
from axiom_weigh.amounts import tell_amount

_NOTHING = "nothing more waits that it could take"
_Kind = tuple[Need, float, bool]  # what a task needs, how long it may take, and whether it is for our own hosts alone


@dataclass(kw_only=True, slots=True)
class WaitingWork:
    """So many tasks of one registration that wait."""

    key: tuple[int, int]
    name: str
    tasks: int
    need: Need
    seconds: float = 0.0  # of a reference core, for one of them
    is_ours: bool = False  # for the laboratory's own hosts alone


@dataclass(slots=True)
class FilledHost:
    """A host with what it was given."""

    supply: Supply
    left: FreeCapacity
    tasks: dict[tuple[int, int], int] = field(default_factory=dict)
    memory_mb: int = 0
    gpu_tasks: int = 0

    def room(self, need: Need, seconds: float, deadline: float | None) -> int:
        """How many tasks of it still fit."""
        supply = self.supply
        return count_fitting_tasks(
            self.left, need, cores=supply.cores, is_avx=supply.is_avx, seconds=seconds, deadline=deadline
        )

    @property
    def has_idle(self) -> bool:
        """Has it a core or a GPU with nothing to do?"""
        return self.left.cores > 0 or any(idle > 0 for _, idle in self.left.gpus)

    def may_have(self, is_ours: bool) -> bool:
        """May it have what is for our own hosts alone, or for anybody?"""
        return self.supply.is_ours or not is_ours

    def give(self, work: WaitingWork, need: Need, tasks: int) -> None:
        """So many tasks of this work are for this host, on its GPUs or on its cores, as the need says."""
        reserve_capacity(self.left, need, tasks)
        self.tasks[work.key] = self.tasks.get(work.key, 0) + tasks
        self.memory_mb += self.left.memory_for(need) * tasks
        self.gpu_tasks += tasks if need.gpu else 0


@dataclass(frozen=True, slots=True)
class FilledFleet:
    """All hosts, in the order in which they were filled, and what found no place."""

    hosts: tuple[FilledHost, ...]
    left: tuple[WaitingWork, ...]
    deadline: float | None


def fill_hosts(
    supplies: Sequence[Supply], works: Iterable[WaitingWork], *, deadline: float | None = None
) -> FilledFleet:
    """Deal tasks to hosts, one for each idle core and one for each idle GPU."""
    hosts = [FilledHost(supply=supply, left=compute_free_capacity(supply)) for supply in _in_order(supplies)]
    kinds: dict[_Kind, list[WaitingWork]] = {}
    waiting: list[WaitingWork] = []
    for work in works:
        if work.tasks > 0:
            waiting.append(replace(work))
            for need in work.need.places:  # what GPUs take of a work that cores may have as well is not there for them
                kinds.setdefault((need, coarsen_seconds(work.seconds, deadline), work.is_ours), []).append(waiting[-1])
    order = _scarcest_first(hosts, kinds, deadline)
    for is_held_back in (True, False):
        _deal_all(hosts, [(kind, kinds[kind]) for kind in order], deadline, is_held_back=is_held_back)
    return FilledFleet(
        hosts=tuple(hosts),
        left=tuple({id(work): work for kind in order for work in kinds[kind] if work.tasks > 0}.values()),
        deadline=deadline,
    )


def list_placements(
    filling: FilledFleet, names: Mapping[tuple[int, int], str], awaited: str = ""
) -> tuple[Placement, ...]:
    """What goes where, with why not more; the largest hosts first. `awaited`: what an idle core waits for."""
    nothing = f"{_NOTHING}, and it waits for {awaited}" if awaited else _NOTHING
    return tuple(_placement(host, filling, names, nothing) for host in filling.hosts)


def _placement(host: FilledHost, filling: FilledFleet, names: Mapping[tuple[int, int], str], nothing: str) -> Placement:
    tasks: Counter[str] = Counter()
    for key, amount in host.tasks.items():
        tasks[names[key]] += amount
    return Placement(
        host_id=host.supply.host_id,
        name=host.supply.name,
        cores=host.supply.cores,
        tasks=tuple(sorted(tasks.items())),
        idle_cores=host.left.cores,
        memory_mb=host.memory_mb,
        gpu_tasks=host.gpu_tasks,
        reason=_reason(host, filling) or nothing,
    )


def _reason(host: FilledHost, filling: FilledFleet) -> str:
    """Why it has no more than it has; empty where nothing more waits that it could take."""
    supply = host.supply
    if supply.obstacle:
        return supply.obstacle
    tasks = sum(host.tasks.values())
    if host.left.cores == 0:
        and_gpus = f", and {tell_amount(host.gpu_tasks, 'task')} for its GPUs" if host.gpu_tasks else ""
        return f"each core that was idle has a task{and_gpus}" if tasks else why_all_busy(supply)
    fitting = [work for work in filling.left if host.may_have(work.is_ours) and not work.need.gpu]
    if not fitting:
        return ""
    least = min(fitting, key=lambda work: (work.need.memory_mb, work.seconds, work.key))
    return why_no_more(supply, host.left, least.need, least.seconds, filling.deadline)


def _in_order(supplies: Sequence[Supply]) -> list[Supply]:
    """The largest first; among equals one of each volunteer and of each platform after the other, as a hash says."""
    drawn = sorted(supplies, key=lambda supply: _hash(supply.host_id))
    of_volunteer: Counter[str] = Counter()
    of_platform: Counter[str] = Counter()
    ranked = []
    for place, supply in enumerate(drawn):
        ranked.append((-supply.cores, of_volunteer[supply.volunteer], of_platform[supply.platform], place, supply))
        of_volunteer[supply.volunteer] += 1
        of_platform[supply.platform] += 1
    ranked.sort(key=lambda row: row[:4])
    return [row[4] for row in ranked]


def _hash(host_id: int) -> bytes:
    return hashlib.blake2b(str(host_id).encode(), digest_size=8).digest()


def _scarcest_first(
    hosts: Sequence[FilledHost], kinds: Mapping[_Kind, Sequence[WaitingWork]], deadline: float | None
) -> list[_Kind]:
    """In which order kinds are dealt: for our own hosts alone, for GPUs, then what fits on the fewest cores.

    Of GPUs, what nothing else can compute comes before what cores may have as well.
    """
    places, is_bound = {}, {}
    hosts = [host for host in hosts if host.has_idle]
    for kind, works in kinds.items():
        need, seconds, is_ours = kind
        places[kind] = sum(host.room(need, seconds, deadline) for host in hosts if host.may_have(is_ours))
        is_bound[kind] = any(work.need.gpu for work in works)
    return sorted(
        kinds,
        key=lambda kind: (not kind[2], not kind[0].gpu, not is_bound[kind], places[kind], -kind[0].memory_mb),
    )


def _deal_all(
    hosts: Sequence[FilledHost],
    kinds: Sequence[tuple[_Kind, list[WaitingWork]]],
    deadline: float | None,
    *,
    is_held_back: bool,
) -> None:
    open_hosts = hosts
    for place, (kind, works) in enumerate(kinds):
        need, seconds, is_ours = kind
        open_hosts = [host for host in open_hosts if host.has_idle]
        later = [other for other in kinds[place + 1 :] if not other[0][0].gpu]
        idle = sum(host.left.cores for host in open_hosts)
        lightest = _lightest(later, idle) if is_held_back and not need.gpu else 0
        lighter = [kind for kind, works in later if kind[0].memory_mb < need.memory_mb and any(w.tasks for w in works)]
        rooms = [
            (host, room)
            for host in open_hosts
            if host.may_have(is_ours)
            and (room := _held_back(host, need, host.room(need, seconds, deadline), lightest, lighter, deadline)) > 0
        ]
        _deal(rooms, works, need)


def _held_back(
    host: FilledHost, need: Need, room: int, lightest: int, lighter: Sequence[_Kind], deadline: float | None
) -> int:
    """No more than leave memory on each further idle core for what is lighter and comes after, and runs there."""
    if not lightest or room <= 0 or need.memory_mb <= lightest:
        return room
    spare = host.left.memory_mb - host.left.cores * lightest
    tasks = max(0, min(room, spare // ((need.memory_mb - lightest) * host.left.cores_for(need))))
    if tasks == room or any(
        host.may_have(ours) and host.room(its, seconds, deadline) for its, seconds, ours in lighter
    ):
        return tasks
    return room


def _deal(rooms: Sequence[tuple[FilledHost, int]], works: Sequence[WaitingWork], need: Need) -> None:
    """In proportion, where not all hosts can be filled; the first of them get what does not divide."""
    deck = _Deck(works, need)
    places = sum(room for _, room in rooms)
    if not deck.left or not places:
        return
    share = min(1.0, deck.left / places)
    rest = []
    for host, room in rooms:
        first = min(deck.left, int(room * share) or 1)
        deck.deal(host, first)
        if room > first:
            rest.append((host, room - first))
    for host, room in rest:
        if not deck.left:
            return
        deck.deal(host, min(deck.left, room))


class _Deck:
    """Works of one kind, from which every host gets a mixture."""

    def __init__(self, works: Sequence[WaitingWork], need: Need) -> None:
        self._need = need
        self._works = deque(work for work in works if work.tasks > 0)
        self.left = sum(work.tasks for work in self._works)

    def deal(self, host: FilledHost, tasks: int) -> None:
        """So many tasks, of each work in proportion to what is left of it; what was dealt from goes to the end."""
        at_first, wanted, passed = self.left, tasks, 0
        while wanted > 0 and passed < len(self._works):
            work = self._works.popleft()
            here = min(work.tasks, wanted, -(-tasks * work.tasks // at_first))
            passed = 0 if here else passed + 1
            if here:
                host.give(work, self._need, here)
                work.tasks -= here
                wanted -= here
            if work.tasks:
                self._works.append(work)
        self.left -= tasks - wanted


def _lightest(later: Sequence[tuple[_Kind, Sequence[WaitingWork]]], idle: int) -> int:
    """Memory that is enough for each of so many cores, by the lightest tasks that come after; 0 where none do."""
    memory_mb = 0
    for (need, _, _), works in sorted(later, key=lambda entry: entry[0][0].memory_mb):
        tasks = sum(work.tasks for work in works)
        memory_mb = need.memory_mb if tasks else memory_mb
        idle -= tasks
        if idle <= 0:
            break
    return memory_mb
