"""What a plan costs, and whether it leaves a core idle: 83 hosts, 2,000 hosts, and many random fleets.

fleet      the old laboratory's 83 hosts with 60 experiments: the whole preview, of which a session's plan is a part
large      2,000 hosts with as many experiments, ordered in full: plan and preview. Of more hosts the laboratory plans
           one by one for so many, on pages as in sessions
random     random fleets with random experiments, each planned and dealt: an idle core on a host that has room for
           something that may still be ordered and is worth it counts as a fault, and so does memory that is promised
           twice, a GPU given twice, a task for a host that cannot run it, and, of one in ten, a plan that is
           another the second time

Ends with 0 only if in the median round either takes at most 1 s of CPU, for which somebody at a terminal waits, and no
fleet has a fault.

    .venv/bin/python scripts/bench.d/planner.py --fleets 2000 --hosts 100000
"""

import argparse
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from axiom.decisions.experiments.release_stages import Stage
from axiom.decisions.planning.candidates import Candidate, obstacle
from axiom.decisions.planning.capacity import left_of, put, room_for
from axiom.decisions.planning.eligible import works_of
from axiom.decisions.planning.fill import Filling, fill
from axiom.decisions.planning.plan import plan
from axiom.decisions.planning.preview import preview
from axiom.decisions.planning.stopping import Aim
from axiom.decisions.planning.value_of_information import worths
from axiom.domain.evidence import Grade, Verdict
from axiom.domain.fleet import Gpu
from axiom.domain.planning import FLOOR, Need, Supply
from axiom.domain.registrations import Stopping
from axiom.domain.sessions import Plan
from axiom.lab.planning.capacity import MOST_HOSTS
from axiom.server.http.uvicorn_limits import spare_the_collector

SECONDS = 1.0
LIMIT = """The limit was 10 s for 100,000 hosts, and 12.87 s were measured on 26 November 2026. It went because above
2,000 hosts pages and sessions plan for 2,000. The price: who names 100,000 hosts in a file for `axiom session plan
--fleet` waits that long."""
EXPERIMENTS = 60
DEADLINE = 48 * 3_600.0
REPLICATES = 16  # of a task, at most: a whole block
OLD = [  # cores, GPUs, memory in GB, and how many of these hosts: seed-spec.md, section 7
    (240, 0, 512, 1),
    (192, 2, 384, 1),
    (128, 1, 256, 1),
    (80, 0, 128, 3),
    (72, 2, 128, 1),
    (64, 1, 128, 1),
    (36, 0, 64, 1),
    (32, 0, 64, 23),
    (24, 0, 32, 6),
    (20, 0, 32, 6),
    (16, 0, 32, 10),
    (8, 0, 16, 17),
    (4, 0, 8, 10),
    (100, 0, 4, 1),
    (2, 0, 3, 1),
]


def supply(number: int, cores: int, gpus: int, memory_mb: int, **facts: object) -> Supply:
    """A host; those of 32 cores are one volunteer's."""
    described: dict[str, object] = {
        "host_id": number,
        "name": f"host-{number}",
        "volunteer": "fleet" if cores == 32 else f"volunteer-{number % 37}",
        "cores": cores,
        "memory_mb": memory_mb,
        "gpus": (Gpu(kind="NVIDIA", count=gpus, memory_mb=16_000),) if gpus else (),
        "platform": ("linux-x86_64-avx2", "windows-x86_64-avx2")[number % 2],
    }
    return Supply(**(described | facts))  # type: ignore[arg-type]


def old_fleet() -> list[Supply]:
    """The 83 hosts."""
    sizes = [(cores, gpus, gigabytes) for cores, gpus, gigabytes, hosts in OLD for _ in range(hosts)]
    return [supply(place, cores, gpus, 1_000 * memory) for place, (cores, gpus, memory) in enumerate(sizes, start=1)]


def aim(chance: random.Random) -> Aim:
    """A finding as it may stand: not asked yet, undecided, or decided and wide."""
    seeds = chance.choice([0, 0, 16, 48, 96])
    if not seeds:
        return Aim(
            verdict=Verdict.UNDECIDED, grade=Grade.AWAITING, estimate=None, low=None, high=None, smallest=0.1, seeds=0
        )
    half = chance.choice([8, 40, 200, None])
    return Aim(
        verdict=chance.choice([Verdict.UNDECIDED, Verdict.POSITIVE, Verdict.NEGATIVE]),
        grade=chance.choice([Grade.AWAITING, Grade.MODERATE, Grade.STRONG]),
        estimate=0.5,
        low=0.5 - chance.uniform(0.05, 1.0),
        high=0.5 + chance.uniform(0.05, 1.0),
        smallest=0.1,
        seeds=seeds,
        more=(half, None if half is None else half * 4),
    )


def candidate(number: int, chance: random.Random, *, most: int, needs: Sequence[Need]) -> Candidate:
    """An experiment as light or heavy as those of the catalogue are."""
    issued = chance.choice([0, 16, 32, 37, 64])
    stage = chance.choice([Stage.OPEN] * 12 + [Stage.WIDER, Stage.PILOT, Stage.PAUSED])
    return Candidate(
        experiment_id=number,
        registration_id=number,
        name=f"experiment_{number}",
        stage=stage,
        stage_reason="so it stands",
        replicate_seconds=chance.choice([2.0, 12.0, 60.0, 300.0, 1_100.0, 3_000.0]),
        issued=issued,
        unsent=chance.choice([0, 0, 0, 5, 9_000]),
        theirs=None if stage is Stage.OPEN else chance.choice([0, 3, 10]),
        in_progress=chance.choice([0, 0, 8]),
        aims=tuple(aim(chance) for _ in range(chance.randint(1, 3))),
        block=16,
        pilot_missing=3,
        stopping=Stopping(replicates=most),
        need=chance.choice(needs),
    )


NEEDS = [
    *[Need(memory_mb=memory, disk_mb=100) for memory in (300, 350, 400, 450)] * 3,
    Need(memory_mb=900, avx=True),
    Need(memory_mb=4_000),
    Need(memory_mb=16_000, avx=True),
    Need(memory_mb=1_000, gpu=True, gpu_memory_mb=8_000),
]


def random_fleet(chance: random.Random) -> tuple[list[Supply], list[Candidate]]:
    """Hosts and experiments of any shape."""
    hosts = []
    for number in range(1, chance.randint(2, 9)):
        cores = chance.choice([1, 2, 4, 8, 24, 64, 100])
        hosts.append(
            supply(
                number,
                cores,
                chance.choice([0, 0, 0, 1, 2]),
                chance.randint(200, 3_000) * chance.choice([1, cores]),
                is_avx=chance.random() < 0.8,
                disk_mb=chance.choice([None, None, 50, 5_000]),
                speed=chance.choice([0.3, 1.0, 2.5]),
                availability=chance.choice([0.2, 1.0]),
                busy_cores=chance.randint(0, cores),
                used_memory_mb=chance.randint(0, 800),
                in_hand_seconds=chance.choice([0.0, 1e3, 1e6]),
                most_tasks=chance.choice([None, None, None, 0, 3]),
                obstacle=chance.choice(["", "", "", "", "its volunteer is on holiday"]),
            )
        )
    many = chance.randint(1, 6)
    most = chance.choice([64, 256, 2_048])
    return hosts, [candidate(number, chance, most=most, needs=NEEDS) for number in range(1, many + 1)]


def faults(hosts: Sequence[Supply], asked: Sequence[Candidate], planned: Plan, filling: Filling) -> list[str]:
    """What is wrong with where the tasks of a plan go, looked at by itself."""
    found = [*_over_committed(hosts, asked, filling), *_wrongly_placed(asked, planned, filling)]
    for host in filling.hosts:
        if not (host.left.cores or host.left.gpus):
            continue
        found += [
            f"{host.left.cores} cores of {host.supply.name} are idle, and {one.name} would fit"
            for one in _orderable(asked, planned)
            if host.room(one.need, REPLICATES * one.costs, filling.deadline)
        ]
    return found


def _orderable(asked: Sequence[Candidate], planned: Plan) -> list[Candidate]:
    """What may still be ordered once this plan is, and is worth it."""
    after = []
    for one in asked:
        mine = [each for each in planned.allotments if each.experiment_id == one.experiment_id]
        issued = one.issued + sum(each.workunits * each.replicates_each for each in mine)
        after.append(_as_of(one, issued))
    worth = {each.experiment_id: each.per_core_hour for each in worths(after)}
    return [
        one
        for one in after
        if one.stage is Stage.OPEN and not obstacle(one) and worth[one.experiment_id] >= FLOOR * (1.0 + 1e-9)
    ]


def _as_of(one: Candidate, issued: int) -> Candidate:
    values = {name: getattr(one, name) for name in Candidate.__slots__}
    return Candidate(**(values | {"issued": issued}))


def _over_committed(hosts: Sequence[Supply], asked: Sequence[Candidate], filling: Filling) -> list[str]:
    needs = {one.key: one.need for one in asked}
    supplies = {one.host_id: one for one in hosts}
    found = []
    for host in filling.hosts:
        there = supplies[host.supply.host_id]
        on_cores = sum(n for key, n in host.given.items() if not needs[key].gpu)
        on_gpus = sum(n for key, n in host.given.items() if needs[key].gpu)
        memory = sum(needs[key].memory_mb * n for key, n in host.given.items())
        if host.given and memory > there.memory_mb - there.used_memory_mb:
            found.append(f"{there.name} has {there.memory_mb} MB, and tasks for {memory} MB besides what it has")
        if on_cores > max(0, there.cores - there.busy_cores):
            found.append(f"{there.name} is given {on_cores} tasks for {there.cores} cores")
        if on_gpus > sum(gpu.count for gpu in there.gpus):
            found.append(f"{there.name} is given {on_gpus} tasks for its GPUs")
        if there.most_tasks is not None and on_cores + on_gpus > there.most_tasks:
            found.append(f"{there.name} is given {on_cores + on_gpus} tasks and may have {there.most_tasks}")
        if there.obstacle and host.given:
            found.append(f"{there.name} is given something: {there.obstacle}")
    return found


def _wrongly_placed(asked: Sequence[Candidate], planned: Plan, filling: Filling) -> list[str]:
    """More tasks placed than wait, or one where it cannot run."""
    waits = {one.key: 0 if one.stage is Stage.PAUSED else one.unsent for one in asked}  # down to its replicates
    for each in planned.allotments:
        waits[each.experiment_id, each.registration_id or 0] += each.workunits * each.replicates_each
    needs = {one.key: one.need for one in asked}
    found = []
    for host in filling.hosts:
        left = left_of(host.supply)
        for key, tasks in host.given.items():
            waits[key] -= tasks
            there = host.supply
            room = room_for(left, needs[key], cores=there.cores, is_avx=there.is_avx, seconds=0.0, deadline=None)
            if room < tasks:
                found.append(f"{there.name} cannot take {tasks} tasks that need {needs[key]}")
            put(left, needs[key], tasks)
    return found + [f"{-left} tasks of {key} are placed and do not wait" for key, left in waits.items() if left < 0]


def planned_for(hosts: Sequence[Supply], asked: Sequence[Candidate]) -> tuple[Plan, Filling]:
    """A plan, and where it would go."""
    cores = sum(one.cores for one in hosts)
    made = plan(
        asked, cores=cores, per_core=3, task_seconds=8.0, supplies=hosts, deadline_seconds=DEADLINE, key="a bench"
    )
    return made, fill(hosts, works_of(asked, made.allotments, hosts), deadline=DEADLINE, key="a bench")


def cost(act: Callable[[], object]) -> float:
    """Seconds of CPU."""
    began = time.process_time()
    act()
    return time.process_time() - began


def seconds_of(hosts: Sequence[Supply], asked: Sequence[Candidate]) -> float:
    """Of a whole preview."""
    return cost(lambda: preview(asked, hosts, per_core=3, task_seconds=8.0, deadline_seconds=DEADLINE))


def large_fleet(amount: int) -> list[Supply]:
    """As the old one, many times over, and each with something in hand."""
    chance = random.Random(7)
    sizes = [(cores, gpus, gigabytes) for cores, gpus, gigabytes, hosts in OLD[6:] for _ in range(hosts)]
    found = []
    for number in range(1, amount + 1):
        cores, gpus, memory = sizes[number % len(sizes)]
        found.append(
            supply(number, cores, gpus, 1_000 * memory + number % 997, busy_cores=chance.randint(0, cores // 2))
        )
    return found


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fleets", type=int, default=100_000)
    parser.add_argument("--hosts", type=int, default=MOST_HOSTS)
    options = parser.parse_args()
    chance = random.Random(1)
    few = [candidate(number, chance, most=256, needs=NEEDS) for number in range(1, EXPERIMENTS + 1)]
    many = [candidate(number, chance, most=100_000, needs=NEEDS) for number in range(1, EXPERIMENTS + 1)]
    fleet, large = old_fleet(), large_fleet(options.hosts)
    times: dict[str, list[float]] = {"fleet": [], "large": []}
    spare_the_collector()  # as the laboratory's process does once it is up
    for _ in range(options.rounds):
        times["fleet"].append(seconds_of(fleet, few))
        times["large"].append(seconds_of(large, many))
    for name, hosts, asked in (("fleet", fleet, few), ("large", large, many)):
        made, filling = planned_for(hosts, asked)
        tasks = sum(sum(host.given.values()) for host in filling.hosts)
        idle = sum(host.left.cores for host in filling.hosts)
        listed = ", ".join(f"{value:.2f}" for value in times[name])
        print(
            f"{name:<8} {statistics.median(times[name]):7.2f} s of CPU   (rounds: {listed}); {len(hosts):,} hosts, "
            f"{sum(one.cores for one in hosts):,} cores, {len(made.allotments)} allotments, {tasks:,} tasks placed, "
            f"{idle} cores idle, on hosts without room for anything that may be ordered"
        )
        if wrong := faults(hosts, asked, made, filling):
            sys.exit(f"{name}: {wrong[0]}")
    amounts = {"idle": 0, "other": 0}
    examples: list[str] = []
    for number in range(options.fleets):
        hosts, asked = random_fleet(random.Random(number))
        made, filling = planned_for(hosts, asked)
        found = faults(hosts, asked, made, filling)
        amounts["idle"] += sum("are idle" in one for one in found)
        amounts["other"] += sum("are idle" not in one for one in found)
        if number % 10 == 0 and made != planned_for(hosts, asked)[0]:
            found.append("planned again, it is another plan")
            amounts["other"] += 1
        examples += [f"fleet {number}: {one}" for one in found][: 5 - len(examples)]
    print(f"random   {options.fleets:,} fleets: {amounts['idle']} with idle cores, {amounts['other']} other faults")
    print("\n".join(examples), end="\n" if examples else "")
    medians = {name: statistics.median(values) for name, values in times.items()}
    is_met = max(medians.values()) <= SECONDS and not any(amounts.values())
    print(f"load {os.getloadavg()[0]:.2f}; {os.cpu_count()} cores")
    print(f"{'Met' if is_met else 'MISSED'}: ≤ {SECONDS:g} s each, no fault\n{LIMIT}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
