"""Worlds of hosts, through the laboratory's own weighing: who computes a seed, what they say of it, who checks it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np

from axiom.domain.work import Agreement, ComparedTask, Reproduction
from axiom.laboratory.findings.rules.reproduction import ReproducedCell, count_agreements
from axiom.limits import tasks as limits
from axiom.rules.hosts.outvoted_hosts import BARRED_AT
from axiom.rules.tasks.recheck_rate import check_rate
from axiom_weigh.evidence.platforms import ON_ONE_PLATFORM
from axiom_weigh.evidence.seeds_computed_again import checks_wanted
from axiom_weigh.values import OUTVOTED, Evidence, Grade, Home, Observation, Surroundings
from error_rates.laws import CONTRAST
from error_rates.pipeline import BLOCK, granted, looks
from error_rates.processes import EFFECTS

_HOSTS, _SEEDS = 20, 320
STRONG = (Grade.STRONG, Grade.DEFINITIVE)

Happenings = Mapping[str, bool]  # what was so of a stream, at any block
Play = Callable[[np.random.Generator], Happenings]
_SurroundingsAfter = Callable[[int], Surroundings]  # after so many seeds
_Says = Callable[[int, int], float]  # a host, of a seed


class Checks(StrEnum):
    """How values are checked."""

    GRANTED = "nothing is computed again; it is taken that all agree"
    SOME = "some seeds are computed again by a stranger, and twenty before Strong"
    WATCH = "the same; outvoted hosts are watched, then barred"


class Kept(StrEnum):
    """Where values are kept."""

    TABLE = "in a table that names hosts"
    UNNAMED = "in a table without hosts"
    LABORATORY = "in a laboratory; some seeds are computed again"


@dataclass(frozen=True, kw_only=True)
class _World:
    """Which host computes each seed, and what a host says of a seed."""

    homes: Mapping[int, Home]
    hosts: Sequence[int]
    says: _Says
    estimand: Mapping[str, Any] = field(default_factory=lambda: CONTRAST)


def league(hosts: int, volunteers: int, checks: Checks) -> Play:
    """So many hosts, of so many volunteers, return each value without its sign. There is no effect."""

    def play(rng: np.random.Generator) -> Happenings:
        values = rng.normal(size=_SEEDS)
        homes = _strangers() | {host: _home(host, volunteer=host % volunteers) for host in range(hosts)}
        world = _World(
            homes=homes,
            hosts=rng.integers(_HOSTS, size=_SEEDS).tolist(),
            says=lambda host, seed: float(abs(values[seed]) if host < hosts else values[seed]),
        )
        return _happenings(_lived(rng, world, checks))

    return play


def far_out(rng: np.random.Generator) -> Happenings:
    """One host in ten returns values 10,000 times as large, with any sign. There is an effect of one deviation."""
    values = rng.normal(1.0, 1.0, _SEEDS // 2)
    far = values * rng.choice([-1e4, 1e4], len(values))
    world = _World(
        homes=_strangers(),
        hosts=rng.integers(_HOSTS, size=len(values)).tolist(),
        says=lambda host, seed: float(far[seed] if host < _HOSTS // 10 else values[seed]),
    )
    return {f"decided by {len(values)}": any(evidence.verdict in EFFECTS for evidence in _followed(world))}


def two_platforms(checks: Checks) -> Play:
    """Values lie one deviation too low on one platform and too high on the other, which takes over little by little."""

    def play(rng: np.random.Generator) -> Happenings:
        values = rng.normal(size=_SEEDS)
        is_second = rng.random(_SEEDS) < np.linspace(0.0, 1.0, _SEEDS)
        world = _World(
            homes=_strangers("linux", "windows"),
            hosts=(2 * rng.integers(_HOSTS // 2, size=_SEEDS) + is_second).tolist(),
            says=lambda host, seed: float(values[seed] + (1.0 if host % 2 else -1.0)),
        )
        return _happenings(_lived(rng, world, checks))

    return play


def one_platform(rng: np.random.Generator) -> Happenings:
    """All hosts have the platform on which values lie one deviation too high."""
    values = rng.normal(1.0, 1.0, 4 * BLOCK)
    hosts = rng.integers(_HOSTS, size=len(values)).tolist()
    world = _World(homes=_strangers(), hosts=hosts, says=lambda _, seed: float(values[seed]))
    weighings = list(_checked(rng, world, with_watch=True))
    return {"its badge is there": all(f"{ON_ONE_PLATFORM} linux" in evidence.flags for evidence in weighings)}


def one_draw(noise: float) -> Play:
    """One computation stands under all seeds, with a little noise."""

    def play(rng: np.random.Generator) -> Happenings:
        values = rng.normal() * (1.0 + noise * rng.normal(size=2 * BLOCK))
        hosts = rng.integers(_HOSTS, size=len(values)).tolist()
        world = _World(homes=_strangers(), hosts=hosts, says=lambda _, seed: float(values[seed]))
        return _happenings(_lived(rng, world, Checks.GRANTED))

    return play


def clustered(kind: str, correlation: float, *, per_host: int = 0, kept: Kept) -> Play:
    """Values of a host are alike. There is no effect.

    A host computes so many seeds one after the other; where no number is said, 20 hosts share the seeds.
    """

    def play(rng: np.random.Generator) -> Happenings:
        hosts = np.arange(_SEEDS) // per_host if per_host else rng.integers(_HOSTS, size=_SEEDS)
        says = (_events if kind == "proportion" else _numbers)(rng, correlation)
        world = _World(
            homes={} if kept is Kept.UNNAMED else _strangers(hosts=int(hosts.max()) + 1),
            hosts=hosts.tolist(),
            says=says,
            estimand={**CONTRAST, "kind": kind, "null": 0.5 if kind == "proportion" else 0.0},
        )
        if kept is Kept.LABORATORY:
            weighings = _checked(rng, world, with_watch=False)
            return {
                "called an effect, no alarm": any(
                    evidence.verdict in EFFECTS and not evidence.alarms for evidence in weighings
                )
            }
        weighings = _followed(world, lambda _: Surroundings(is_registered=False))
        return {"called an effect": any(evidence.verdict in EFFECTS for evidence in weighings)}

    return play


def _events(rng: np.random.Generator, correlation: float) -> _Says:
    both = (1.0 / correlation - 1.0) / 2.0
    chances, drawn = rng.beta(both, both, _SEEDS), rng.random(_SEEDS)
    return lambda host, seed: float(drawn[seed] < chances[host])


def _numbers(rng: np.random.Generator, correlation: float) -> _Says:
    of_hosts, of_seeds = rng.normal(0.0, correlation**0.5, _SEEDS), rng.normal(0.0, (1.0 - correlation) ** 0.5, _SEEDS)
    return lambda host, seed: float(of_hosts[host] + of_seeds[seed])


def _strangers(*platforms: str, hosts: int = _HOSTS) -> dict[int, Home]:
    """Hosts of as many volunteers, on these platforms in turn, or on one."""
    names = platforms or ("linux",)
    return {host: _home(host, host, names[host % len(names)]) for host in range(hosts)}


def _home(host: int, volunteer: int, platform: str = "linux") -> Home:
    return Home(host_id=host, volunteer_id=volunteer, platform=platform, is_ours=False)


def _followed(world: _World, surroundings_after: _SurroundingsAfter = granted) -> Iterator[Evidence]:
    """The evidence of each block."""
    return looks(
        world.estimand, _observations(world), verdicts=EFFECTS, homes=world.homes, surroundings_after=surroundings_after
    )


def _observations(world: _World, gone: Collection[int] = ()) -> list[Observation]:
    """What hosts say of each seed; values of seeds that are gone were outvoted."""
    return [
        _gone(seed, host) if seed in gone else Observation(replicate=seed, value=world.says(host, seed), hosts=(host,))
        for seed, host in enumerate(world.hosts)
    ]


def _gone(seed: int, host: int) -> Observation:
    return Observation(replicate=seed, value=None, hosts=(host,), why_missing=OUTVOTED)


def _lived(rng: np.random.Generator, world: _World, checks: Checks) -> Iterator[Evidence]:
    """With or without checks."""
    return _followed(world) if checks is Checks.GRANTED else _checked(rng, world, with_watch=checks is Checks.WATCH)


def _checked(rng: np.random.Generator, world: _World, *, with_watch: bool) -> Iterator[Evidence]:
    """The same, where seeds are computed again by a volunteer who is drawn from all others, as often as a server does.

    Of a finding that could be Strong but for that, as many more as are wanted are computed again before the next block.

    With the server's watch a host that was outvoted has each of its tasks checked, and nothing more after the second
    time: another host, drawn by lot, computes what would have been its own.
    """
    cells, odd, hosts = list[ReproducedCell](), Counter[int](), list(world.hosts)
    compared: dict[int, list[ComparedTask]] = {host: [] for host in world.homes}
    for seed in range(len(hosts)):
        if with_watch and odd[hosts[seed]] >= BARRED_AT:
            others = [host for host in world.homes if odd[host] < BARRED_AT]
            if not others:
                del hosts[seed:]
                break
            hosts[seed] = int(rng.choice(others))
        host = hosts[seed]
        rate = check_rate(1, compared[host][: limits.COMPARISONS_LOOKED_AT], is_watched=with_watch and odd[host] > 0)
        if rng.random() < 1.0 / rate.one_in:
            again = _recompute(rng, world, seed, host)
            cells += again
            odd.update(_outvoted(again, host))
            for opponent, agreement in _agreements_of(again, host).items():
                compared[opponent].insert(0, ComparedTask(experiment_id=1, agreement=agreement))

    def surroundings_after(seeds: int) -> Surroundings:
        return Surroundings(agreements=count_agreements(cell for cell in cells if cell.replicate < seeds))

    lived = replace(world, hosts=hosts)
    observations = _observations(lived, {cell.replicate for cell in cells if cell.confirms})
    for evidence in looks(
        world.estimand, observations, verdicts=EFFECTS, homes=world.homes, surroundings_after=surroundings_after
    ):
        yield evidence
        seeds = evidence.blocks * BLOCK
        outvoted = sum(observation.why_missing == OUTVOTED for observation in observations[:seeds])
        unchecked = sorted(set(range(seeds)) - {cell.replicate for cell in cells})
        for seed in rng.permutation(unchecked).tolist()[: checks_wanted(evidence, outvoted)]:
            again = _recompute(rng, lived, seed, hosts[seed])
            cells += again
            if any(cell.confirms for cell in again):
                observations[seed] = _gone(seed, hosts[seed])


def _agreements_of(again: Sequence[ReproducedCell], first: int) -> dict[int, Agreement]:
    """What a check has shown of each host that took part."""
    hosts = [first, *(cell.opinion - 1 for cell in again)]
    odd = _outvoted(again, first)
    agreed = Agreement.AGREES if len(again) == 1 or odd else Agreement.DIFFERS
    return {host: Agreement.DIFFERS if host in odd else agreed for host in hosts}


def _outvoted(again: Sequence[ReproducedCell], first: int) -> list[int]:
    """The one of three who stands alone: the first, or the second where the third says what the first says."""
    if len(again) == 1:
        return []
    second, third = again
    if third.confirms:
        return [first]
    return [second.opinion - 1] if third.reproduction is Reproduction.EXACT else []


def _recompute(rng: np.random.Generator, world: _World, seed: int, first: int) -> list[ReproducedCell]:
    """Another host computes a seed, and a third one does if the two do not agree."""
    second = _another(rng, world.homes, [first])
    values = [world.says(host, seed) for host in (first, second)]
    if values[0] == values[1]:
        return [_compared(world.homes, seed, (first, second), is_same=True)]
    third = _another(rng, world.homes, [first, second])
    decides = world.says(third, seed)
    confirms = second + 1 if decides == values[1] else 0
    return [
        _compared(world.homes, seed, (first, second), is_same=False),
        _compared(world.homes, seed, (first, third), is_same=decides == values[0], confirms=confirms),
    ]


def _compared(
    homes: Mapping[int, Home], seed: int, hosts: tuple[int, int], *, is_same: bool, confirms: int = 0
) -> ReproducedCell:
    """A host computes a seed once, so its number tells its task."""
    left, right = sorted(homes[host].platform for host in hosts)
    return ReproducedCell(
        replicate=seed,
        platforms=(left, right),
        reproduction=Reproduction.EXACT if is_same else Reproduction.DISPUTED,
        opinion=hosts[1] + 1,
        confirms=confirms,
    )


def _another(rng: np.random.Generator, homes: Mapping[int, Home], hosts: Sequence[int]) -> int:
    """A host of a volunteer who has none of these, each volunteer as likely as the others."""
    volunteers = {homes[host].volunteer_id for host in hosts}
    volunteer = rng.choice(sorted({home.volunteer_id for home in homes.values()} - volunteers))
    return int(rng.choice([host for host, home in homes.items() if home.volunteer_id == volunteer]))


def _happenings(weighings: Iterable[Evidence]) -> Happenings:
    """Is an effect claimed at any block, and is it ever Strong?"""
    is_claimed = False
    for evidence in weighings:
        is_claimed = is_claimed or evidence.verdict in EFFECTS
        if evidence.grade in STRONG:
            return {"called an effect": True, "Strong": True}
    return {"called an effect": is_claimed, "Strong": False}
