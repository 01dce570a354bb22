"""A fleet as a person sees it: hosts of one size together, with what they do and why some of their cores are idle."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from axiom.domain.planning import FleetClass, IdleReason, Placement, Supply
from axiom_weigh.grouping import group_pairs

_Size = tuple[int, int]


def list_fleet_classes(
    supplies: Sequence[Supply], placements: Iterable[Placement], busy: Mapping[int, Mapping[str, int]]
) -> tuple[FleetClass, ...]:
    """Hosts by their cores and GPUs, the largest first; `busy` says which tasks each host has, by experiment."""
    placed = {placement.host_id: placement for placement in placements}
    by_size = group_pairs(((supply.cores, sum(gpu.count for gpu in supply.gpus)), supply) for supply in supplies)
    return tuple(_class(size, by_size[size], placed, busy) for size in sorted(by_size, reverse=True))


def _class(
    size: _Size,
    hosts: Sequence[Supply],
    placed: Mapping[int, Placement],
    busy: Mapping[int, Mapping[str, int]],
) -> FleetClass:
    now: Counter[str] = Counter()
    planned: Counter[str] = Counter()
    idle_hosts: Counter[str] = Counter()
    idle_cores: Counter[str] = Counter()
    on_gpus = 0
    for host in hosts:
        now.update(share_busy_cores(busy.get(host.host_id, {}), host.busy_cores))
        placement = placed.get(host.host_id)
        left = host.cores - host.busy_cores if placement is None else placement.idle_cores
        if placement is not None:
            planned.update(dict(placement.tasks))
            on_gpus += placement.gpu_tasks
        if left > 0:
            why = (placement.reason if placement else "") or host.obstacle or "nothing of what is planned goes there"
            idle_hosts[why] += 1
            idle_cores[why] += left
    return FleetClass(
        cores=size[0],
        gpus=size[1],
        memory_mb=min(host.memory_mb for host in hosts),
        hosts=len(hosts),
        busy=_most_first(now),
        planned=_most_first(planned),
        gpu_tasks=on_gpus,
        idle_cores=idle_cores.total(),
        reasons=tuple(
            IdleReason(reason=why, hosts=idle_hosts[why], cores=cores) for why, cores in _most_first(idle_cores)
        ),
    )


def share_busy_cores(tasks: Mapping[str, int], cores: int) -> dict[str, int]:
    """How many of so many busy cores compute what, where a host has more tasks in hand than cores: by their shares."""
    total = sum(tasks.values())
    if total <= cores:
        return dict(tasks)
    shares = {name: cores * amount / total for name, amount in tasks.items()}
    counts = {name: int(share) for name, share in shares.items()}
    left = cores - sum(counts.values())
    for name in sorted(shares, key=lambda name: (counts[name] - shares[name], name))[:left]:
        counts[name] += 1
    return {name: amount for name, amount in counts.items() if amount}


def _most_first(counted: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))
