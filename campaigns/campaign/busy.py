"""Puts 2,330 cores to a new laboratory, and tells how many of them are idle at once and over a simulated day.

first plan   what `axiom session plan --fleet docs/howto/fleet-of-83.json` says in a laboratory in which every preflight
             of the shipped catalogue has passed and nothing was computed yet, as if its pilots had passed: idle cores,
             and megabytes promised beyond what a host has
day          the same fleet from the moment in which its clients attach. The decisions are the real ones: what a round
             orders and when it is held, which tiles are next, how far a version is let out, what a host is given, how
             a task is cut and when a client calls again. Time passes in a simulation, and every task is valid
broken       the same first hour with some versions of which every task fails: how many tasks each cost, on how many
             hosts, until it is halted

hosts        each core as fast as 0.6 to 1.6 reference cores. A client keeps work for 0.1 to 0.6 days, as clients do by
             default, speaks after 12 to 14 seconds while a core has nothing, and else after one or two minutes
catalogue    as shipped. Borders of maps are fractals by construction. No finding gets a
             verdict before its registered end, and nothing follows from findings

One host has 100 cores and 4 GB: most of its cores have no memory for a task, whatever is ordered. Such cores count as
idle in the first plan; over the day they are told apart. Ends with 0 only if at most 5 % of all cores are idle in the
first plan, at most 1 % of the time of all cores over the day is that of idle cores with memory for what waits, no
megabyte is promised twice, and no broken version cost more than a fiftieth of the cores.

    scripts/campaign busy --hours 2 --seed 2
"""

import argparse
import heapq
import math
import random
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from streams.map_arms import MOST_AT_ONCE, Arm, PlayedMap

from axiom.cli.experiment.manifests import catalogue_files, manifests
from axiom.decisions.experiments.release_stages import ReleaseRecord, left_for, quota, release
from axiom.decisions.hosts.runners import DRILL
from axiom.decisions.hosts.speed import seconds_on
from axiom.decisions.planning.block_size import block_size
from axiom.decisions.planning.candidates import Candidate
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
from axiom.decisions.planning.plan import plan
from axiom.decisions.planning.preview import preview
from axiom.decisions.planning.stopping import Aim
from axiom.decisions.planning.task_size import length_for, task_size
from axiom.decisions.sessions.due import occasion
from axiom.decisions.tasks.assignment import (
    Allowance,
    Queue,
    TasksInHand,
    WorkWish,
    assign,
    believed_cores,
    most_in_hand,
)
from axiom.decisions.tasks.backoff import Situation, delay
from axiom.domain.estimands import Direction
from axiom.domain.fleet import Capacity, Host, Platform, Standing
from axiom.domain.planning import Supply
from axiom.domain.releases import Endings, Fleet, Place, Stage
from axiom.domain.sessions import Allotment
from axiom.lab.planning.candidates import need_of
from axiom.lab.planning.fleet_file import read_fleet
from axiom.lab.policy import Policy, policy_of
from axiom.limits import experiments as experiment_limits
from axiom.limits import registrations as registration_limits
from axiom.limits import tasks as task_limits
from axiom.settings import Settings
from axiom.signed.manifests import Manifest
from axiom_weigh.values import Grade, Verdict

FLEET = Path(__file__).resolve().parents[2] / "docs" / "howto" / "fleet-of-83.json"
NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
HOUR, DAY = 3_600.0, 86_400.0
MOST_IDLE, MOST_IDLE_OF_DAY, MOST_BROKEN = 0.05, 0.01, 0.02
LEAST_HELD, MOST_HELD = 0.1 * DAY, 0.6 * DAY  # seconds of work that a client keeps for each core
AN_ANSWER = 64  # tasks that one answer brings at most
BROKEN = ("label_scars", "reservoir_computing", "grokking_dynamics")  # light, middle and heavy
FAILS_AFTER = 5.0  # seconds until a broken task has failed
PLATFORM = Platform(system="linux", processor="x86_64", instructions="avx2")


@dataclass(frozen=True, slots=True)
class Task:
    """Some replicates of a version; or tiles of one replicate of its map, all of one arm and level."""

    version: int
    replicates: tuple[int, ...]
    seconds: float  # of a reference core
    arm: int = -1
    level: int = 0
    tiles: int = 0


@dataclass(kw_only=True)
class Version:
    """A version of the catalogue, and how far it has come."""

    id: int
    manifest: Manifest
    block: int
    arms: list[Arm]
    is_broken: bool = False
    stage: Stage = Stage.PILOT
    reason: str = ""
    issued: int = 0
    waiting: deque[Task] = field(default_factory=deque)
    out: int = 0
    back: set[int] = field(default_factory=set)
    closed: int = 0  # replicates in closed blocks
    weighed: int = 0
    by_source: dict[Place, Endings] = field(default_factory=dict)
    by_volunteer: Counter[int] = field(default_factory=Counter)
    had: Counter[int] = field(default_factory=Counter)  # tasks of each host
    well: int = 0
    badly: int = 0
    latest: datetime | None = None

    def facts(self) -> ReleaseRecord:
        """What came of its tasks while it was let out."""
        return ReleaseRecord(
            by_source=self.by_source,
            by_volunteer=self.by_volunteer,
            out=self.out,
            theirs_out=self.out,
            theirs_well=self.well,
            theirs_badly=self.badly,
            latest=self.latest,
        )

    def look(self, fleet: Fleet) -> None:
        """Whether it may go further, from what came back."""
        if self.stage not in {Stage.OPEN, Stage.PAUSED}:
            let = release(self.facts(), fleet, self.stage)
            self.stage, self.reason = let.stage, let.reason

    def is_charted(self, replicate: int) -> bool:
        """Is every tile back that its numbers need of this replicate?"""
        return all(arm.is_charted(replicate) for arm in self.arms)

    def close(self) -> None:
        """Close the blocks of which all is back, down to where a map is charted."""
        while all(n in self.back and self.is_charted(n) for n in range(self.closed, self.closed + self.block)):
            self.closed += self.block

    def candidate(self, fleet: Fleet) -> Candidate:
        """As a planner sees it."""
        facts, unsent = self.facts(), len(self.waiting)
        lacks = (
            max(0, experiment_limits.PILOT_TASKS - self.well - self.out - unsent) if self.stage is Stage.PILOT else 0
        )
        level = min((level for arm in self.arms if (level := arm.coarsest()) is not None), default=DEEP)
        is_charting = bool(self.arms) and self.issued % self.block == 0 and level <= self.arms[0].map.charted
        return Candidate(
            experiment_id=self.id,
            registration_id=self.id,
            name=self.manifest.name,
            stage=self.stage,
            stage_reason=self.reason,
            replicate_seconds=self.manifest.seconds,
            issued=self.issued,
            unsent=unsent,
            in_progress=self.out,
            aims=aims_of(self.manifest, self.weighed),
            block=self.block,
            theirs=left_for(facts, fleet, self.stage),
            pilot_missing=lacks,
            fault="the deeper tiles of the replicates that it has come first" if is_charting else "",
            need=need_of(self.manifest),
            waiting_seconds=sum(task.seconds for task in self.waiting),
            weighed=self.weighed,
        )


DEEP = 1_000  # below every level


def aims_of(manifest: Manifest, seeds: int) -> tuple[Aim, ...]:
    """Its findings, all of them undecided."""
    return tuple(
        Aim(
            verdict=Verdict.UNDECIDED,
            grade=Grade.AWAITING,
            estimate=None,
            low=None,
            high=None,
            smallest=estimand["smallest"],
            seeds=seeds,
            is_positive=estimand["expects"] == Direction.MORE,
        )
        for estimand in manifest.estimands
    )


@dataclass(kw_only=True)
class Computer:
    """A volunteer's computer: what the laboratory knows of it, and when each of its cores has done all it was given."""

    host: Host
    speed: float
    free: list[float]
    hand: list[tuple[float, int, Task]] = field(default_factory=list)  # by when they end
    memory: Counter[int] = field(default_factory=Counter)  # tasks in hand by the megabytes that each takes
    is_known: bool = False

    def idle(self, now: float) -> int:
        """How many cores have nothing to do."""
        return sum(free <= now for free in self.free)

    def took(self) -> int:
        """Megabytes of what runs at once, if it is the largest that is in hand."""
        left, taken = self.host.capacity.cores, 0
        for size in sorted(self.memory, reverse=True):
            here = min(left, self.memory[size])
            left, taken = left - here, taken + here * size
        return taken


@dataclass(kw_only=True)
class World:
    """The laboratory and the computers that compute for it."""

    versions: dict[int, Version]
    computers: list[Computer]
    policy: Policy
    dice: random.Random
    fleet: Fleet = field(default_factory=Fleet)
    last: float | None = None  # when a round was held
    ordered: float = 0.0  # when something was ordered
    idle_before: float = 0.0
    dealt: int = 0
    rounds: int = 0
    tasks: int = 0
    busy: Counter[int] = field(default_factory=Counter)  # core seconds by minute
    without: Counter[int] = field(default_factory=Counter)  # idle cores without memory, as seen in each minute
    too_much: int = 0  # megabytes beyond what a host has, at the worst

    @property
    def allowance(self) -> Allowance:
        """What a volunteer's computer may have."""
        return Allowance(
            deadline=timedelta(seconds=self.policy.deadline_seconds or 0.0),
            tasks_per_core=self.policy.tasks_per_core,
            daily_per_core=self.policy.daily_per_core,
        )

    @property
    def waiting(self) -> int:
        """Tasks that wait."""
        return sum(len(version.waiting) for version in self.versions.values())

    @property
    def heard_from(self) -> list[Computer]:
        """The computers that have spoken."""
        return [computer for computer in self.computers if computer.is_known]

    def note_without(self, now: float) -> None:
        """How many idle cores have no memory for the lightest that waits, or for any where nothing waits."""
        needs = [version.manifest.memory_mb for version in self.versions.values() if version.waiting]
        least = min(needs or [version.manifest.memory_mb for version in self.versions.values()])
        for computer in self.heard_from:
            fits = max(0, computer.host.capacity.memory_mb - computer.took()) // least
            self.without[int(now // 60)] += max(0, computer.idle(now) - fits)

    # Rounds

    def attend(self, now: float) -> None:
        """Hold a round, if there is a reason."""
        for version in self.versions.values():
            version.look(self.fleet)
            version.close()
        cores, waiting = self.fleet.cores, self.waiting
        planned = self.planned(now)
        why = occasion(
            has_session=self.last is not None,
            publishing_seconds=None,
            closed_blocks_unweighed=sum(
                (version.closed - version.weighed) // version.block
                for version in self.versions.values()
                if version.closed > version.weighed
            ),
            waiting=waiting,
            cores=cores,
            stage_changed=bool(planned),
            seconds_since_last=now - (self.last or 0.0),
            idle_before_last=self.idle_before,
            age_seconds=now,
            tiles_open=any(
                version.stage not in {Stage.PILOT, Stage.PAUSED} and arm.coarsest() is not None
                for version in self.versions.values()
                for arm in version.arms
            ),
        )
        if not why:
            return
        self.rounds += 1
        self.idle_before, self.last = now - self.ordered, now
        if any(version.closed > version.weighed for version in self.versions.values()):
            for version in self.versions.values():
                version.weighed = version.closed
            planned = self.planned(now)
        for allotment in planned:
            self._order(allotment, now)
        self._order_tiles(now)

    def planned(self, now: float) -> Sequence[Allotment]:
        """What would be ordered now."""
        supplies = [self._supply(computer, now) for computer in self.heard_from]
        if not supplies:
            return ()
        return plan(
            [version.candidate(self.fleet) for version in self.versions.values()],
            cores=self.fleet.cores,
            per_core=self.policy.per_core,
            task_seconds=self.policy.task_seconds,
            supplies=supplies,
            floor=self.policy.floor,
            deadline_seconds=self.policy.deadline_seconds,
        ).allotments

    def _supply(self, computer: Computer, now: float) -> Supply:
        host = computer.host
        return Supply(
            host_id=host.id,
            name=host.name,
            volunteer=str(host.volunteer_id),
            cores=host.capacity.cores,
            memory_mb=host.capacity.memory_mb,
            speed=computer.speed,
            busy_cores=min(host.capacity.cores, len(computer.hand)),
            used_memory_mb=computer.took(),
            in_hand_seconds=sum(max(0.0, free - now) for free in computer.free) * computer.speed,
            most_tasks=max(0, most_in_hand(host, self.allowance) - len(computer.hand)),
        )

    def _order(self, allotment: Allotment, now: float) -> None:
        version, replicates = self.versions[allotment.experiment_id], allotment.replicates_each
        for _ in range(allotment.workunits):
            numbers = tuple(range(version.issued, version.issued + replicates))
            version.issued += replicates
            version.waiting.append(Task(version.id, numbers, replicates * version.manifest.seconds))
        self.ordered = now

    def _order_tiles(self, now: float) -> None:
        drawn = {version.id: version for version in self.versions.values() if version.arms}
        is_idle = self.waiting < self.fleet.cores
        wanted = wanted_for(self.fleet.cores, self.policy.per_core, task_limits.USUAL_SECONDS, is_idle=is_idle)
        frontiers = [
            Frontier(
                experiment_id=version.id,
                arm=arm.place,
                level=level,
                tiles=tiles,
                seconds=arm.seconds,
                is_needed=level <= arm.map.charted,
            )
            for version in drawn.values()
            if version.stage not in {Stage.PILOT, Stage.PAUSED}
            for arm in version.arms
            for level, tiles in arm.levels(min(MOST_AT_ONCE, 1 + int(wanted / arm.seconds)))
        ]
        out = sum(self._stands_for(version) for version in drawn.values())
        deep = deep_for(self.fleet.cores, task_limits.USUAL_SECONDS)
        orders = next_tiles(
            frontiers, wanted=wanted, deep=deep, out=out, is_idle=is_idle, turn=task_limits.USUAL_SECONDS
        )
        length = task_length(orders, self.fleet.cores - self.waiting, task_limits.USUAL_SECONDS)
        for wish in orders:
            frontier = wish.frontier
            version = drawn[frontier.experiment_id]
            taken = version.arms[frontier.arm].take(frontier.level, wish.tiles)
            for replicate, tiles in task_sizes(taken, tiles_a_task(frontier.seconds, length)):
                version.waiting.append(
                    Task(
                        version.id,
                        (replicate,),
                        tiles * frontier.seconds,
                        arm=frontier.arm,
                        level=frontier.level,
                        tiles=tiles,
                    )
                )
            self.ordered = now

    def _stands_for(self, version: Version) -> float:
        waits = sum(counted(task.seconds, task_limits.USUAL_SECONDS) for task in version.waiting)
        return waits + sum(
            counted(task.seconds, task_limits.USUAL_SECONDS)
            for computer in self.computers
            for _, _, task in computer.hand
            if task.version == version.id
        )

    # Computers

    def speak(self, computer: Computer, now: float) -> float:
        """A client reports what is done and asks for work; when it speaks again."""
        if not computer.is_known:
            computer.is_known = True
            self._count()
        while computer.hand and computer.hand[0][0] <= now:
            self._report(computer, heapq.heappop(computer.hand)[2])
        instances = computer.idle(now)
        seconds = sum(max(0.0, MOST_HELD - max(0.0, free - now)) for free in computer.free)
        is_asking = min(computer.free) - now < LEAST_HELD
        before = len(computer.hand)
        if is_asking:
            self._serve(computer, WorkWish(seconds=seconds, instances=instances, most=AN_ANSWER), now)
        self.too_much = max(self.too_much, computer.took() - computer.host.capacity.memory_mb)
        served = len(computer.hand) - before
        if served:
            lasts = (
                sum(task.seconds for _, _, task in computer.hand[-served:])
                / computer.speed
                / computer.host.capacity.cores
            )
            is_calm = computer.host.standing.valid_in_row
            return now + delay(Situation.SERVED, spread=self.dice.random(), busy_for=lasts if is_calm else 0.0).least
        if computer.idle(now) and is_asking:
            pause = delay(Situation.COMPUTING if computer.hand else Situation.EMPTY, spread=self.dice.random()).least
            ends = computer.hand[0][0] if computer.hand else math.inf
            return now + min(60.0, max(pause, ends - now))
        return now + self.dice.uniform(60.0, 120.0)

    def _count(self) -> None:
        hosts = [computer.host for computer in self.heard_from]
        volunteers = len({host.volunteer_id for host in hosts})
        self.fleet = Fleet(volunteers=volunteers, hosts=len(hosts), cores=sum(map(believed_cores, hosts)))

    def _serve(self, computer: Computer, wish: WorkWish, now: float) -> None:
        staged = [version for version in self.versions.values() if version.waiting and version.stage is not Stage.OPEN]
        for version in staged:
            version.look(self.fleet)
        rooms = {
            version.id: self._room(version, computer, now) for version in self.versions.values() if version.waiting
        }
        self._deal(computer, rooms, wish, now)

    def _room(self, version: Version, computer: Computer, now: float) -> int | None:
        if version.stage is Stage.OPEN:
            return None
        let = release(version.facts(), self.fleet, version.stage)
        place, at = (computer.host.volunteer_id, str(PLATFORM)), NOW + timedelta(seconds=now)
        return quota(version.facts(), self.fleet, let, place=place, is_ours=False, now=at).most

    def _deal(self, computer: Computer, rooms: Mapping[int, int | None], wish: WorkWish, now: float) -> WorkWish:
        """Give out what the decision says, as the dispatcher does, until it gives no more; what is still wished."""
        rooms = dict(rooms)
        while wish.is_any and wish.most > 0:
            queues = [
                self._queue(self.versions[number], computer, most)
                for number, most in rooms.items()
                if self.versions[number].waiting and most != 0
            ]
            in_hand = [
                TasksInHand(tasks=tasks, seconds=0.0, memory_mb=size, disk_mb=0)
                for size, tasks in computer.memory.items()
            ]
            beside = sum(
                len(other.hand)
                for other in self.heard_from
                if other is not computer
                and other.host.volunteer_id == computer.host.volunteer_id
                and not other.host.standing.valid_in_row
            )
            decided = assign(
                computer.host,
                queues,
                in_hand=in_hand,
                wish=wish,
                allowance=replace(self.allowance, beside=beside),
                sent_today=0,
            )
            if not decided.shares:
                return wish
            for share in decided.shares:
                version = self.versions[share.experiment_id]
                for _ in range(share.tasks):
                    if not version.waiting or (wish.seconds <= 0 and wish.instances <= 0):
                        break
                    task = self._cut(version, computer)
                    lasts = self._give(computer, version, task, now)
                    wish = replace(wish, seconds=wish.seconds - lasts, instances=wish.instances - 1, most=wish.most - 1)
                    left = rooms[version.id]
                    rooms[version.id] = None if left is None else left - 1
        return wish

    def _queue(self, version: Version, computer: Computer, most: int | None) -> Queue:
        first, manifest = version.waiting[0], version.manifest
        unsent = sum(len(task.replicates) for task in version.waiting) if len(version.waiting) < 100 else 1_000
        parts = (
            max(1, len(first.replicates) // self._replicates_for(version, computer, first)) if not first.tiles else 1
        )
        return Queue(
            experiment_id=version.id,
            name=manifest.name,
            unsent=unsent if most is None else min(most, unsent),
            in_progress=version.out,
            seconds=first.seconds / parts,
            memory_mb=manifest.memory_mb,
            disk_mb=manifest.disk_mb,
            avx=manifest.avx,
            room=most,
        )

    def _replicates_for(self, version: Version, computer: Computer, task: Task) -> int:
        length = length_for(
            cores=computer.host.capacity.cores,
            is_ours=False,
            is_first=not computer.host.standing.quota_day,
            task_seconds=self.policy.task_seconds,
        )
        seconds = seconds_on(computer.host, version.manifest.seconds)
        return task_size(length, replicate_seconds=seconds, there=len(task.replicates), block=version.block).replicates

    def _cut(self, version: Version, computer: Computer) -> Task:
        """The task that waits longest, or a part of it where the host should have less."""
        task = version.waiting.popleft()
        if task.tiles or len(task.replicates) == 1:
            return task
        amount = self._replicates_for(version, computer, task)
        if amount >= len(task.replicates):
            return task
        seconds = task.seconds / len(task.replicates)
        rest = task.replicates[amount:]
        version.waiting.appendleft(replace(task, replicates=rest, seconds=seconds * len(rest)))
        return replace(task, replicates=task.replicates[:amount], seconds=seconds * amount)

    def _give(self, computer: Computer, version: Version, task: Task, now: float) -> float:
        free = computer.free[0]
        began, took = max(free, now), FAILS_AFTER if version.is_broken else task.seconds / computer.speed
        heapq.heapreplace(computer.free, began + took)
        self.dealt += 1
        self.tasks += 1
        heapq.heappush(computer.hand, (began + took, self.dealt, task))
        computer.memory[version.manifest.memory_mb] += 1
        self._note_busy(began, began + took)
        version.out += 1
        version.had[computer.host.id] += 1
        version.by_volunteer[computer.host.volunteer_id] += 1
        version.latest = NOW + timedelta(seconds=now)
        computer.host = replace(computer.host, standing=replace(computer.host.standing, quota_day=1))
        return took

    def _note_busy(self, began: float, ended: float) -> None:
        minute = int(began // 60)
        while began < ended:
            until = min(ended, (minute + 1) * 60.0)
            self.busy[minute] += until - began  # type: ignore[assignment]
            began, minute = until, minute + 1

    def _report(self, computer: Computer, task: Task) -> None:
        version, host = self.versions[task.version], computer.host
        size = version.manifest.memory_mb
        computer.memory[size] -= 1
        computer.memory += Counter()  # without those of which there is none left
        version.out -= 1
        place = host.volunteer_id, str(PLATFORM)
        came = version.by_source.get(place, Endings(platform=place[1]))
        if version.is_broken:
            version.badly += 1
            version.by_source[place] = replace(came, badly=came.badly + 1, raised=came.raised + 1)
            return
        version.well += 1
        version.by_source[place] = replace(came, well=came.well + 1, is_proven=True)
        if not host.standing.valid_in_row:
            computer.host = replace(host, speed=computer.speed, standing=replace(host.standing, valid_in_row=1))
            self._count()
        if task.tiles:
            version.arms[task.arm].draw(task.level, task.replicates[0], task.tiles, self.dice)
            return
        for replicate in task.replicates:
            version.back.add(replicate)
            for arm in version.arms:
                arm.draw(0, replicate, 1, self.dice)


def catalogue() -> list[Manifest]:
    """What is shipped and concludes something."""
    return [manifest for manifest in manifests(catalogue_files()) if manifest.name != DRILL and manifest.estimands]


def computers(dice: random.Random) -> list[Computer]:
    """The old laboratory's fleet, of which nobody has heard yet."""
    names: dict[str, int] = {}
    made = []
    for member in read_fleet(FLEET.read_bytes(), FLEET.name):
        speed = dice.uniform(0.6, 1.6)
        host = Host(
            id=member.host_id,
            volunteer_id=names.setdefault(member.volunteer, len(names) + 2),
            name=member.name,
            platform=PLATFORM,
            capacity=Capacity(cores=member.cores, memory_mb=member.memory_mb),
            created_at=NOW,
            seen_at=NOW,
            speed=speed,
            standing=Standing(),
        )
        made.append(Computer(host=host, speed=speed, free=[0.0] * member.cores))
    return made


def world(shipped: Sequence[Manifest], seed: int, broken: Sequence[str] = ()) -> World:
    """Before anybody has attached."""
    dice = random.Random(seed)
    versions = {}
    for number, manifest in enumerate(shipped, start=1):
        arms = []
        if manifest.map is not None:
            drawn = PlayedMap(name=manifest.name, seconds=manifest.cell_seconds, charted=manifest.map.charted)
            arms = [
                Arm(map=drawn, place=place, seconds=seconds, dimension=dice.uniform(1.1, 1.7))
                for place, seconds in enumerate(drawn.seconds)
            ]
        block = block_size(manifest.seconds, has_address=True, has_volunteers=True).replicates
        versions[number] = Version(
            id=number, manifest=manifest, block=block, arms=arms, is_broken=manifest.name in broken
        )
    return World(versions=versions, computers=computers(dice), policy=policy_of(Settings()), dice=dice)


def play(made: World, seconds: float) -> None:
    """So long a time of it."""
    speaking = [(made.dice.uniform(0.0, 60.0), place) for place in range(len(made.computers))]
    heapq.heapify(speaking)
    due, minute = 0.0, 30.0
    while (now := speaking[0][0]) < seconds:
        if now >= due:
            made.attend(now)
            due = now + (2.0 if now < 900 else 30.0)
        if now >= minute:
            made.note_without(now)
            minute += 60.0
        _, place = speaking[0]
        heapq.heapreplace(speaking, (made.speak(made.computers[place], now), place))


def first_plan(shipped: Sequence[Manifest], policy: Policy) -> tuple[int, int, int, int, Iterator[str]]:
    """Cores, those that would be idle, those without memory, megabytes promised twice, and why cores are idle."""
    hosts = read_fleet(FLEET.read_bytes(), FLEET.name)
    fleet = Fleet(
        volunteers=len({host.volunteer for host in hosts}), hosts=len(hosts), cores=sum(h.cores for h in hosts)
    )
    versions = world(shipped, 1).versions.values()
    for version in versions:
        version.stage = Stage.OPEN
    candidates = [version.candidate(fleet) for version in versions]
    seen = preview(
        candidates,
        hosts,
        per_core=policy.per_core,
        task_seconds=policy.task_seconds,
        floor=policy.floor,
        deadline_seconds=policy.deadline_seconds,
    )
    memory = {host.host_id: host.memory_mb for host in hosts}
    needs = {version.manifest.name: version.manifest.memory_mb for version in versions}
    twice = 0
    for placed in seen.placements:
        taken = sum(needs[name] * tasks for name, tasks in placed.tasks)
        twice += max(0, taken - memory[placed.host_id])
    lightest = min(needs.values())
    without = sum(max(0, host.cores - host.memory_mb // lightest) for host in hosts)
    idle = sum(placement.idle_cores for placement in seen.placements)
    reasons = Counter(placement.reason for placement in seen.placements if placement.idle_cores)
    lines = (f"  {counts} hosts: {reason}" for reason, counts in reasons.most_common(4))
    return fleet.cores, idle, without, twice, lines


def main() -> int:
    """Play, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.process_time()
    shipped, policy = catalogue(), policy_of(Settings())
    maps = [manifest.name for manifest in shipped if manifest.map is not None]
    whole = (
        sum(manifest.seconds for manifest in shipped if manifest.map is None) * registration_limits.REPLICATES / HOUR
    )
    print(
        f"{len(shipped)} versions, {len(maps)} of them maps; all replicates of the others take {whole:.1f} core-hours"
    )
    cores, idle, without, twice, lines = first_plan(shipped, policy)
    print(
        f"first plan: {idle} of {cores:,} cores idle, {idle / cores:.1%}; {without} of these have no memory for "
        f"anything; {twice} MB promised beyond what hosts have"
    )
    print("\n".join(lines))
    made = world(shipped, options.seed)
    play(made, options.hours * HOUR)
    minutes = int(options.hours * 60)
    shares = [1.0 - (made.busy[minute] / 60.0 + made.without[minute]) / cores for minute in range(minutes)]
    share = sum(shares) / max(1, minutes)
    blocked = sum(made.without.values()) / max(1, minutes) / cores
    until = [count for count in (1, 2, 3, 5, 10, 20, 30, 60) if count <= minutes]
    print("minutes    " + "".join(f"{count:>7}" for count in until))
    print("idle so far" + "".join(f"{sum(shares[:count]) / count:>7.1%}" for count in until))
    for hour in range(math.ceil(options.hours)):
        some = shares[hour * 60 : hour * 60 + 60]
        if hour < 4 or hour % 4 == 3:
            print(f"hour {hour + 1:>2}   idle {sum(some) / max(1, len(some)):6.2%}")
    print(
        f"{options.hours:g} hours: {share:.2%} of the time of {cores:,} cores idle, beside {blocked:.2%} "
        f"without memory for what waits; {made.tasks:,} tasks, {made.rounds} rounds; "
        f"{max(0, made.too_much)} MB too much at the worst"
    )
    worst = 0
    hurt = world(shipped, options.seed, BROKEN)
    play(hurt, min(HOUR, options.hours * HOUR))
    for version in hurt.versions.values():
        if version.is_broken:
            sent = sum(version.had.values())
            worst = max(worst, sent)
            print(
                f"broken: {version.manifest.name} cost {sent} tasks on {len(version.had)} hosts, "
                f"{max(version.had.values())} on one at most; {version.stage.value}: {version.reason}"
            )
    print(f"{time.process_time() - began:.0f} s of CPU")
    missed = [f"{idle / cores:.1%} idle in the first plan"] * (idle > MOST_IDLE * cores)
    missed += [f"{share:.2%} idle over the day"] * (share > MOST_IDLE_OF_DAY)
    missed += [f"{max(twice, made.too_much)} MB promised twice"] * (max(twice, made.too_much) > 0)
    missed += [f"{worst} tasks of a broken version"] * (worst > MOST_BROKEN * cores)
    print(f"MISSED: {'; '.join(missed)}" if missed else "Met: every figure held")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
