"""Keeps a fleet of 2,330 cores busy for thirty simulated days on maps alone, and tells when each map could be read.

The decisions are the real ones: which tiles are next, how many make a task, how much should wait. The rest plays a
part, and all of it follows from one seed.

hosts      docs/howto/fleet-of-83.json; each core as fast as 0.6 to 1.6 reference cores. A host speaks to the server
           once in 60 to 120 seconds: it reports what is done, and takes tasks until each core has 20 minutes of work,
           or 16 of them wait for it
maps       six, each with some arms. Seconds of a tile are those that trainability declares, and assumptions for the
           others, from half a second to two hours. The border of each arm is a fractal by construction: the quarters
           of a tile through which it passes are 1 to 4 by lot, 2^D on average, for a D from 1.1 to 1.7
orders     once a minute. A replicate is ordered as the laboratory orders it: one task with the tiles of level 0 of all
           arms, or one for each arm where that would be longer than a task should be. Eight are issued at first, and
           eight more of a map whenever all of its are charted, up to 32

What is counted is tiles by arm, replicate and level, and not where they lie. Ends with 0 only if no more than 5 % of
the cores' time is idle on any day, every map whose longest tile takes at most half an hour of a reference core has its
level 0 in eight replicates within the first hour, and no host speaks to the server more than once a minute.

    .venv/bin/python scripts/campaign.d/maps.py --days 3 --seed 2
"""

import argparse
import heapq
import json
import math
import random
import statistics
import sys
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from axiom.decisions.planning.next_tiles import (
    Frontier,
    counted,
    deep_for,
    next_tiles,
    task_length,
    task_sizes,
    tiles_a_task,
    wanted_for,
)
from axiom.limits import tasks as limits
from axiom_catalogue import trainability

FLEET = Path(__file__).resolve().parents[2] / "docs" / "howto" / "fleet-of-83.json"
PER_CORE = 3  # turns of work that should wait, as the laboratory's own setting
MOST_AT_ONCE = 20_000  # tiles of an arm that are looked at in one order
FIRST, MOST_REPLICATES = 8, 32
BUFFER, PER_CORE_IN_HAND = 1_200.0, 16  # seconds for which a host has work, and tasks that wait there at most
MOST_IDLE, HOUR, DAY = 0.05, 3_600.0, 86_400.0
DEEPEST = 22


@dataclass(frozen=True, kw_only=True)
class PlayedMap:
    """A map: the seconds of a tile of each arm, and the level down to which its registered numbers need it."""

    name: str
    seconds: tuple[float, ...]
    charted: int


MAPS = (
    PlayedMap(
        name="trainability",
        seconds=tuple(trainability.experiment.needs.seconds(config) for config in trainability.experiment.sweep),
        charted=trainability.MAP.charted,
    ),
    PlayedMap(name="rounding", seconds=(0.5, 1.0, 10.0, 25.0), charted=5),
    PlayedMap(name="lazy and rich", seconds=(40.0, 60.0, 240.0), charted=3),
    PlayedMap(name="edge of stability", seconds=(120.0, 300.0, 600.0), charted=3),
    PlayedMap(name="double descent", seconds=(200.0, 400.0, 900.0), charted=2),
    PlayedMap(name="grokking", seconds=(1_800.0, 3_600.0, 7_200.0), charted=2),
)


@dataclass(kw_only=True)
class Arm:
    """How far one arm of a map has come, in each replicate."""

    map: PlayedMap
    place: int
    seconds: float
    dimension: float
    open: dict[int, dict[int, int]] = field(default_factory=dict)  # by level, of each replicate
    out: Counter[int] = field(default_factory=Counter)  # by replicate, tiles that registered numbers need and are out
    drawn: Counter[int] = field(default_factory=Counter)  # by level

    def coarsest(self) -> int | None:
        """The coarsest level at which a tile could be computed."""
        return min((level for level, waiting in self.open.items() if waiting), default=None)

    def levels(self, most: int) -> Iterator[tuple[int, int]]:
        """The levels at which tiles could be computed, and how many: the coarsest, so many in all."""
        for level in sorted(self.open):
            tiles = min(most, sum(self.open[level].values()))
            if tiles:
                yield level, tiles
            most -= tiles

    def take(self, level: int, amount: int) -> dict[int, int]:
        """So many of a level, from each replicate its share."""
        waiting = self.open[level]
        total, taken = sum(waiting.values()), dict[int, int]()
        for replicate in sorted(waiting):
            share = -(-waiting[replicate] * amount // total)
            taken[replicate] = min(share, waiting[replicate], amount - sum(taken.values()))
            waiting[replicate] -= taken[replicate]
        self.open[level] = {replicate: left for replicate, left in waiting.items() if left}
        if level <= self.map.charted:
            self.out.update(taken)
        return {replicate: tiles for replicate, tiles in taken.items() if tiles}

    def draw(self, level: int, replicate: int, tiles: int, dice: random.Random) -> None:
        """These are back: the quarters through which the border passes are open."""
        self.drawn[level] += tiles
        if 0 < level <= self.map.charted:
            self.out[replicate] -= tiles
        if level < DEEPEST:
            waiting = self.open.setdefault(level + 1, {})
            waiting[replicate] = waiting.get(replicate, 0) + self._quarters(tiles, dice)

    def _quarters(self, tiles: int, dice: random.Random) -> int:
        """Each tile has one to four quarters with a border: one, and each of three more by the same chance."""
        chance = (math.exp2(self.dimension) - 1.0) / 3.0
        if tiles <= 20:
            return tiles + sum(dice.random() < chance for _ in range(3 * tiles))
        spread = math.sqrt(3 * tiles * chance * (1 - chance))
        return tiles + round(dice.gauss(3 * tiles * chance, spread))

    def is_charted(self, replicate: int) -> bool:
        """Is every tile back that the registered numbers need of this replicate?"""
        is_open = any(self.open.get(level, {}).get(replicate) for level in range(1, self.map.charted + 1))
        return not is_open and self.out[replicate] <= 0


@dataclass(frozen=True, slots=True)
class Task:
    """Tiles of one replicate; where no arm is named, those of level 0 of all arms."""

    map: int
    arm: int | None
    level: int
    replicate: int
    tiles: int
    seconds: float


@dataclass(kw_only=True)
class Host:
    """A volunteer's computer: when each core ends all it was given, and when each task begins and ends."""

    cores: int
    speed: float
    free: list[float]
    begins: list[float] = field(default_factory=list)  # of tasks that wait for a core
    ends: list[tuple[float, int, Task]] = field(default_factory=list)  # of those that were not reported


@dataclass(kw_only=True)
class World:
    """The laboratory and its hosts."""

    arms: list[list[Arm]]
    hosts: list[Host]
    dice: random.Random
    queue: deque[Task] = field(default_factory=deque)
    out: float = 0.0  # seconds that are counted for tasks which are ordered and not back
    replicates: list[int] = field(default_factory=lambda: [0] * len(MAPS))
    back: list[int] = field(default_factory=lambda: [0] * len(MAPS))  # tiles of level 0
    coarse: list[float | None] = field(default_factory=lambda: [None] * len(MAPS))
    weighed: list[list[float]] = field(default_factory=lambda: [[] for _ in MAPS])
    idle: dict[int, float] = field(default_factory=lambda: defaultdict(float))  # core seconds by day
    tasks: Counter[int] = field(default_factory=Counter)
    requests: Counter[int] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)  # tasks by the minutes that they took
    dealt: int = 0

    def issue(self, place: int) -> None:
        """Eight more replicates of a map."""
        first, declared = self.replicates[place], MAPS[place]
        self.replicates[place] += FIRST
        parts: list[int | None] = (
            [None] if sum(declared.seconds) <= limits.USUAL_SECONDS else list(range(len(declared.seconds)))
        )
        for arm in parts:
            seconds = sum(declared.seconds) if arm is None else declared.seconds[arm]
            tiles = len(declared.seconds) if arm is None else 1
            self.queue.extend(
                Task(place, arm, 0, replicate, tiles, seconds) for replicate in range(first, first + FIRST)
            )

    def order(self) -> None:
        """What a round orders, by the laboratory's own decisions."""
        cores = sum(host.cores for host in self.hosts)
        is_idle, turn = len(self.queue) < cores, limits.USUAL_SECONDS
        wanted = wanted_for(cores, PER_CORE, turn, is_idle=is_idle)
        frontiers = [
            Frontier(
                experiment_id=place,
                arm=arm.place,
                level=level,
                tiles=tiles,
                seconds=arm.seconds,
                is_needed=level <= arm.map.charted,
            )
            for place, arms in enumerate(self.arms)
            for arm in arms
            for level, tiles in arm.levels(min(MOST_AT_ONCE, 1 + int(wanted / arm.seconds)))
        ]
        orders = next_tiles(
            frontiers, wanted=wanted, deep=deep_for(cores, turn), out=self.out, is_idle=is_idle, turn=turn
        )
        length = task_length(orders, cores - len(self.queue), turn)
        for wish in orders:
            frontier = wish.frontier
            arm = self.arms[frontier.experiment_id][frontier.arm]
            taken = arm.take(frontier.level, wish.tiles)
            for replicate, tiles in task_sizes(taken, tiles_a_task(frontier.seconds, length)):
                self.queue.append(
                    Task(
                        frontier.experiment_id, frontier.arm, frontier.level, replicate, tiles, tiles * frontier.seconds
                    )
                )
                self.out += counted(tiles * frontier.seconds, turn)

    def speak(self, host: Host, now: float) -> float:
        """A host reports what is done, and takes tasks for each core; when it speaks again."""
        self.requests[int(now // DAY)] += 1
        while host.ends and host.ends[0][0] <= now:
            self._report(heapq.heappop(host.ends)[2], now)
        while host.begins and host.begins[0] <= now:
            heapq.heappop(host.begins)
        while self.queue and host.free[0] < now + BUFFER and len(host.begins) < PER_CORE_IN_HAND * host.cores:
            task = self.queue.popleft()
            free = host.free[0]
            begin, took = max(free, now), task.seconds / host.speed
            self._idle(free, begin, self.idle)
            self.lengths[int(took // 60)] += 1
            self.dealt += 1
            heapq.heapreplace(host.free, begin + took)
            heapq.heappush(host.ends, (begin + took, self.dealt, task))
            if begin > now:
                heapq.heappush(host.begins, begin)
        return now + self.dice.uniform(60.0, 120.0)

    def end(self, now: float) -> None:
        """Cores that found nothing more are idle up to here."""
        for host in self.hosts:
            for free in host.free:
                self._idle(free, now, self.idle)

    @staticmethod
    def _idle(begin: float, end: float, by_day: dict[int, float]) -> None:
        while begin < end:
            day = int(begin // DAY)
            until = min(end, (day + 1) * DAY)
            by_day[day] += until - begin
            begin = until

    def _report(self, task: Task, now: float) -> None:
        self.tasks[int(now // DAY)] += 1
        arms = self.arms[task.map]
        some = arms if task.arm is None else [arms[task.arm]]
        if task.level == 0:
            for arm in some:
                arm.draw(0, task.replicate, 1, self.dice)
                self.back[task.map] += 1
            if self.coarse[task.map] is None and self.back[task.map] >= FIRST * len(arms):
                self.coarse[task.map] = now
            return
        self.out -= counted(task.seconds, limits.USUAL_SECONDS)
        some[0].draw(task.level, task.replicate, task.tiles, self.dice)

    def weigh(self, now: float) -> None:
        """Whose replicates are all charted could be weighed, and eight more are issued."""
        for place, arms in enumerate(self.arms):
            issued = self.replicates[place]
            if len(self.weighed[place]) * FIRST == issued or self.back[place] < issued * len(arms):
                continue
            if all(arm.is_charted(replicate) for arm in arms for replicate in range(issued)):
                self.weighed[place].append(now)
                if issued < MOST_REPLICATES:
                    self.issue(place)


def world(seed: int) -> World:
    """Before anything was ordered."""
    dice = random.Random(seed)
    described = json.loads(FLEET.read_text(encoding="utf-8"))["hosts"]
    hosts = [
        Host(cores=computer["cores"], speed=dice.uniform(0.6, 1.6), free=[0.0] * computer["cores"])
        for computer in described
    ]
    arms = [
        [
            Arm(map=declared, place=place, seconds=seconds, dimension=dice.uniform(1.1, 1.7))
            for place, seconds in enumerate(declared.seconds)
        ]
        for declared in MAPS
    ]
    return World(arms=arms, hosts=hosts, dice=dice)


def play(seed: int, days: float) -> World:
    """So many days of it."""
    made = world(seed)
    for place in range(len(MAPS)):
        made.issue(place)
    speaking = [(made.dice.uniform(0.0, 60.0), number) for number in range(len(made.hosts))]
    heapq.heapify(speaking)
    due = 0.0
    while (now := speaking[0][0]) < days * DAY:
        if now >= due:
            made.weigh(now)
            made.order()
            due = now + 60.0
        _, number = speaking[0]
        heapq.heapreplace(speaking, (made.speak(made.hosts[number], now), number))
    made.end(days * DAY)
    return made


def _hours(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return f"{seconds / 60:.0f} min" if seconds < 2 * HOUR else f"{seconds / HOUR:.1f} h"


def main() -> int:
    """Play, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.process_time()
    made = play(options.seed, options.days)
    cores = sum(host.cores for host in made.hosts)
    print(f"{len(made.hosts)} hosts, {cores:,} cores, {options.days} days, seed {options.seed}")
    print("map                 seconds of a tile        level 0 in 8   8 charted   16          24          32")
    for place, declared in enumerate(MAPS):
        weighed = [_hours(seconds) for seconds in made.weighed[place]]
        costs = f"{min(declared.seconds):g} to {max(declared.seconds):g}"
        columns = "".join(f"{column:<12}" for column in weighed)
        print(f"{declared.name:<20}{costs:<25}{_hours(made.coarse[place]):<15}{columns}")
    print("day   idle     tasks   requests")
    shares = [made.idle[day] / (cores * DAY) for day in range(options.days)]
    for day in range(options.days):
        if day < 5 or day % 5 == 4 or day == options.days - 1:
            print(f"{day + 1:>3}  {shares[day]:5.1%} {made.tasks[day]:>9,} {made.requests[day]:>10,}")
    drawn: Counter[int] = Counter()
    for arms in made.arms:
        for arm in arms:
            drawn.update(arm.drawn)
    print("tiles by level: " + ", ".join(f"{level}: {drawn[level]:,}" for level in sorted(drawn) if drawn[level]))
    total, tasks = sum(drawn.values()), sum(made.tasks.values())
    lengths = [
        minutes for minutes, amount in sorted(made.lengths.items()) for _ in range(max(1, amount * 1_000 // tasks))
    ]
    tenth, middle, last = lengths[len(lengths) // 10], statistics.median(lengths), lengths[len(lengths) * 9 // 10]
    busiest = max(made.requests.values()) / (len(made.hosts) * DAY / 60)
    print(
        f"{total:,} tiles in {tasks:,} tasks, {total / options.days / DAY:.1f} tiles and "
        f"{tasks / options.days / DAY:.2f} tasks a second; a task "
        f"takes {tenth}, {middle:.0f} and {last} minutes (tenth, middle, ninth)"
    )
    print(f"requests of a host a minute on the busiest day: {busiest:.2f}")
    print(f"{time.process_time() - began:.0f} s of CPU")
    late = [
        declared.name
        for place, declared in enumerate(MAPS)
        if max(declared.seconds) <= HOUR / 2 and (made.coarse[place] or 1e9) > HOUR
    ]
    missed = [f"{max(shares):.1%} idle"] * (max(shares) > MOST_IDLE)
    missed += [f"no coarse answer within the hour: {', '.join(late)}"] * bool(late)
    missed += [f"{busiest:.2f} requests a minute"] * (busiest > 1.0)
    print(f"MISSED: {'; '.join(missed)}" if missed else "Met: every figure held")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
