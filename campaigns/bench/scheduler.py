"""What volunteers cost the server: requests, dispatch, uploads, judging and credit, under a fleet on the same cores.

Real laboratories in fresh folders, started as operators start them, every commit on the disk; no cores of their own
compute, so every processor second is the server's. There is one for deploy and turn, one for each round of steady, one
for back and memory, since an operator may order no more than 100,000 workunits a day in one. The fleet
(campaigns/loadgen, 200 hosts of 8 processors, 16 of which ask at once) sends real outputs. Parts:
deploy    from the command to the moment a host can have the last of 10,000 workunits
ping      CPU of a request that asks nothing and reports nothing
turn      CPU of a request that reports 8 and fetches 8. Its outputs were uploaded before, and judging rests meanwhile
          (campaigns/loadgen/pausing.py); beside it stands what such a turn costs with uploads, judging and credit.
steady    tasks a second sent, uploaded, reported, judged and paid for 20 seconds, in three rounds
back      1,000 hosts that come back within a minute, each with 50 outputs to upload and report
memory    of the server after 100,000 requests

CPU is of the server and all its processes, by the kernel's count. Each figure counts in its median round. Ends with 0
only if every figure holds that has a limit, which are those that volunteers or an operator notice. `--quick` makes a
smaller round of each.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from loadgen.benches import LANES, Bench, Figure, begin, ping, rest, turn
from loadgen.hosts import fleet
from loadgen.laboratory import MOST_AT_ONCE, Laboratory
from loadgen.lane import Mode
from loadgen.play import Load, play, share
from loadgen.processes import cost, memory_mb

from axiom.domain.work import TaskState

HOSTS, ACCOUNTS = 200, 40
RATE, STEADY_SECONDS = 1_000.0, 20.0
ANSWER_MS = 1_000.0  # in which a client answers whoever pressed its button
DEPLOY_SECONDS = 2.0
MEMORY_MB, REQUESTS = 200.0, 100_000
BACK_HOSTS, BACK_REPORTS, BACK_OVER, BACK_SECONDS = 1_000, 50, 60.0, 600.0
SECOND_S_WORTH = 1  # of judging that may lie waiting when a steady round ends
LIMIT = """The limits were 0.5 ms of CPU for a ping, 1.2 ms for a request that reports 8 and fetches 8, and 1,500
tasks a second; on 26 November 2026 0.56 ms, 2.12 ms and 1,174 to 1,184 tasks were measured. The first two went because
people notice them only by the rate and by how long an answer takes, which now has a limit. The rate is now 1,000: the
record `reach` says that ten thousand computers bring 1,184 tasks a second of experiments that are no maps. The price: a
server feeds a fifth fewer computers than was wanted. What was tried for more stands in the record `requests`."""


Part = Callable[[Bench, argparse.Namespace], None]


def deploy(bench: Bench, wanted: argparse.Namespace) -> None:
    """From the command to a host that has a task of it."""
    for _ in range(rounds(wanted)):
        began = time.monotonic()
        bench.lab.deploy(MOST_AT_ONCE)
        plan = replace(bench.plan, mode=Mode.FETCH, uploads=False, turns=1, ask=1)
        played = play(plan, bench.hosts[:1], lanes=1)
        took = time.monotonic() - began
        bench.hosts = [*played.hosts, *bench.hosts[1:]]
        waiting = bench.lab.tasks()[TaskState.UNSENT]
        if not played.score.tasks or waiting < MOST_AT_ONCE - 1:
            sys.exit(f"after ordering {MOST_AT_ONCE} workunits, {waiting} tasks wait: {played.score.messages}")
        bench.note(f"{MOST_AT_ONCE:,} workunits dispatchable after", took, "s", DEPLOY_SECONDS)


def ping_and_turn(bench: Bench, wanted: argparse.Namespace) -> None:
    """The two requests, alternating."""
    bench.enough(4 * 8 * HOSTS * (rounds(wanted) + 1))
    for _ in range(rounds(wanted)):
        bench.note("cores in use while nobody asks", rest(bench), "")
        bench.note("CPU of a ping", ping(bench).ms(), "ms")
        alone, whole = turn(bench)
        bench.note("CPU of a request reporting 8, fetching 8", alone.ms(), "ms")
        bench.note("the same with uploads, judging and credit", whole.ms(), "ms")
    bench.play(Mode.REPORT)
    bench.lab.settle()


def steady(bench: Bench, wanted: argparse.Namespace) -> None:
    """One round of everything at once, with the generator on the same cores."""
    seconds = 5.0 if wanted.quick else STEADY_SECONDS
    bench.enough(int(1.4 * RATE * seconds) + 20_000)
    bench.play(Mode.FETCH, turns=1)
    steady_round(bench, seconds)
    bench.play(Mode.REPORT)
    bench.lab.settle()


def steady_round(bench: Bench, seconds: float) -> None:
    """Rates between two looks at the books, and what lay unjudged at both."""
    lab, plan = bench.lab, replace(bench.plan, mode=Mode.CYCLE, seconds=seconds + 3.0)
    load = Load(plan, bench.hosts, lanes=LANES)
    time.sleep(2.0)  # the first turns find an idle server
    began, tasks, paid = time.monotonic(), lab.tasks(), lab.credited()
    time.sleep(seconds)
    took, later, later_paid = time.monotonic() - began, lab.tasks(), lab.credited()
    played = load.finish()
    bench.take_in(plan, played)
    sent = _sent(later) - _sent(tasks)
    valid = later[TaskState.VALID] - tasks[TaskState.VALID]
    for name, amount in (("sent", sent), ("judged", valid), ("paid", later_paid - paid)):
        bench.note(f"tasks {name} a second, steady", amount / took, "/s", RATE, at_least=True)
    rate = len(played.score.acknowledged) / played.seconds
    bench.note("tasks uploaded and reported a second, steady", rate, "/s", RATE, at_least=True)
    waiting = later[TaskState.RETURNED] + later[TaskState.VALID] - later_paid
    bench.note("seconds of judging that lie waiting", waiting / max(1.0, valid / took), "s", SECOND_S_WORTH)
    empty = played.score.empty / max(1, played.score.wishes)
    bench.note("empty answers while there is work", 100 * empty, "%", 0.0)
    bench.note("request p99, steady", 1e3 * share(sorted(played.score.latencies), 0.99), "ms", ANSWER_MS)
    own = 1e3 * played.score.cpu / max(1, played.score.uploads)
    bench.note("CPU of the load generator, a task", own, "ms", 0.25)


def back(bench: Bench, wanted: argparse.Namespace) -> None:
    """Many hosts that come back at once, each with a pile of finished tasks."""
    amount = BACK_HOSTS // 10 if wanted.quick else BACK_HOSTS
    over = BACK_OVER / 10 if wanted.quick else BACK_OVER
    bench.enough(amount * BACK_REPORTS + 10_000)
    usual, keys = bench.hosts, sorted({host.key for host in bench.hosts})
    bench.hosts = fleet(amount, keys, salt="back")
    bench.play(Mode.REGISTER)
    bench.play(Mode.FETCH, turns=1, ask=1)
    bench.play(Mode.REPORT)  # with nothing to show, they would have a few tasks together
    bench.lab.settle()
    bench.play(Mode.FETCH, turns=1, ask=BACK_REPORTS, uploads=False)
    if (piled := sum(len(host.hand) for host in bench.hosts)) < amount * BACK_REPORTS:
        sys.exit(f"{amount} hosts were to have {BACK_REPORTS} tasks each, and have {piled}")
    plan = replace(bench.plan, mode=Mode.REPORT, over=over, seconds=BACK_SECONDS, patient=True, polite=True)
    played = play(plan, bench.hosts, lanes=2 * LANES)
    bench.take_in(plan, played)
    if (left := sum(len(host.hand) for host in bench.hosts)) or not played.score.acknowledged:
        sys.exit(f"{left} tasks of hosts that came back were not taken: {played.score.messages.most_common(3)}")
    took = bench.lab.settle(seconds=BACK_SECONDS)
    bench.note(f"{amount:,} hosts back with {BACK_REPORTS} each, all served", played.seconds, "s", BACK_SECONDS)
    bench.note("and all judged and paid after", played.seconds + took, "s", BACK_SECONDS)
    bench.hosts = usual


def memory(bench: Bench, wanted: argparse.Namespace) -> None:
    """What lies in memory after everything, topped up with pings."""
    least = REQUESTS // 10 if wanted.quick else REQUESTS
    while bench.requests < least:
        bench.play(Mode.EMPTY, turns=0, requests=(least - bench.requests) // LANES + 1, seconds=120.0)
    alone = memory_mb(bench.lab.pid)
    bench.note(f"memory of the server after {bench.requests:,} requests", alone, "MB", MEMORY_MB)
    whole = cost(bench.lab.pid).memory_mb
    bench.note("the same with all its processes", whole, "MB")


PARTS: dict[str, Part] = {
    "deploy": deploy,
    "turn": ping_and_turn,
    "steady": steady,
    "back": back,
    "memory": memory,
}


def rounds(wanted: argparse.Namespace) -> int:
    """How often each figure is measured."""
    return 1 if wanted.quick else int(wanted.rounds)


def laboratories(wanted: argparse.Namespace) -> Iterator[list[str]]:
    """The parts that are measured in one laboratory after the other."""
    together = [["deploy", "turn"], *[["steady"]] * rounds(wanted), ["back", "memory"]]
    chosen = wanted.parts.split(",")
    yield from filter(None, ([name for name in names if name in chosen] for names in together))


def measure(names: list[str], wanted: argparse.Namespace, figures: dict[str, Figure]) -> None:
    """Measure these parts in a laboratory of their own, and add to the figures."""
    with tempfile.TemporaryDirectory(prefix="axiom-bench-") as place, Laboratory.make(Path(place) / "lab") as lab:
        bench = begin(lab, hosts=HOSTS, accounts=ACCOUNTS)
        bench.figures = figures
        for name in names:
            PARTS[name](bench, wanted)
        print(f"{' and '.join(names)}: {bench.requests:,} requests, {cost(lab.pid).cpu:.1f} CPU seconds of the server")


def _sent(tasks: dict[TaskState, int]) -> int:
    return sum(amount for state, amount in tasks.items() if state is not TaskState.UNSENT)


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(PARTS), help="some of them, comma separated")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one small round of each")
    wanted = parser.parse_args()
    if unknown := set(wanted.parts.split(",")) - PARTS.keys():
        parser.error(f"--parts knows {', '.join(PARTS)}, not {', '.join(sorted(unknown))}")
    loads, figures = [os.getloadavg()[0]], dict[str, Figure]()
    for names in laboratories(wanted):
        measure(names, wanted, figures)
        loads.append(os.getloadavg()[0])
    for figure in figures.values():
        print(figure)
    print(f"load {min(loads):.2f} to {max(loads):.2f}; {os.cpu_count()} cores; {HOSTS} hosts over {ACCOUNTS} accounts")
    print(LIMIT)
    return int(not all(figure.is_met for figure in figures.values()))


if __name__ == "__main__":
    sys.exit(main())
