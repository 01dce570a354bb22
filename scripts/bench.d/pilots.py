"""What pilots of a cluster cost the server and themselves, and how many tasks a second they bring.

Played pilots say over HTTP what real ones say, through the same source, and bring outputs that nobody computed. Parts:
turn    CPU of the server for a task at eight a turn: its requests alone, and with judging and credit
steady  tasks a second that 64 played pilots get, report and have judged, with the players on the same cores
pilot   CPU of a real pilot's own process for a task, its runners not counted

CPU is by the kernel's count. Each figure counts in its median round. Ends with 0 only if every figure holds.
"""

import argparse
import functools
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from loadgen.benches import NO_LIMIT, Figure
from loadgen.laboratory import AXIOM, MEASURES, Laboratory
from loadgen.outputs import axiom_maker
from loadgen.processes import cost, cpu

from axiom.domain.fleet import Capacity
from axiom.domain.work import Report, TaskState
from axiom.engines.http_work_source import HttpWorkSource
from axiom.runner.platform.host import platform_here

PILOTS, AT_ONCE = 64, 8
SERVER_MS, PILOT_MS, RATE = 2.0, 1.0, 400.0
STEADY_SECONDS = 20.0
WARM_TURNS = 4  # after which each pilot has something to show, and gets as much as it asks for


@dataclass
class Cluster:
    """A laboratory, a key, and played pilots."""

    lab: Laboratory
    name: str
    key_file: Path
    played: list[HttpWorkSource] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)

    def note(self, name: str, value: float, unit: str, limit: float = NO_LIMIT, *, at_least: bool = False) -> None:
        """One round of a figure."""
        made = Figure(name=name, unit=unit, limit=limit, at_least=at_least)
        self.figures.setdefault(name, made).rounds.append(value)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.lab.port}/"

    def enough(self, tasks: int) -> None:
        """So many tasks wait."""
        if (lacking := tasks - self.lab.tasks()[TaskState.UNSENT]) > 0:
            self.lab.deploy(lacking)

    def meet(self) -> None:
        """Every played pilot says hello."""
        key = self.key_file.read_text().strip()
        for number in range(PILOTS):
            source = HttpWorkSource(self.address, key)
            capacity = Capacity(cores=AT_ONCE, memory_mb=64_000)
            source.hello(f"node{number}", platform_here(), capacity, session=secrets.token_hex(32), before=())
            self.played.append(source)

    def play(self, is_over: Callable[[int], bool]) -> int:
        """Every played pilot takes turns until it is over for it; how many tasks they brought."""
        brought = [0] * PILOTS

        def turns(number: int) -> None:
            make, source, turn = axiom_maker(MEASURES, cpu_seconds=1.0), self.played[number], 0
            while not is_over(turn):
                orders = source.ask(frozenset(), AT_ONCE)
                finished = [
                    (
                        Report(
                            task_id=order.task,
                            host_id=order.host,
                            exit_status=0,
                            output_digest=None,
                            cpu_seconds=1.0,
                            elapsed_seconds=1.0,
                        ),
                        make(" ".join(order.argv())),
                    )
                    for order in orders
                ]
                source.report(finished)
                brought[number] += len(finished)
                turn += 1

        threads = [threading.Thread(target=turns, args=(number,)) for number in range(PILOTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(brought)


def turn(cluster: Cluster, wanted: argparse.Namespace) -> None:
    """What a task costs the server."""
    for _ in range(wanted.rounds):
        cluster.enough(2 * PILOTS * AT_ONCE * wanted.turns)
        with cluster.lab.judging_paused():
            before = cost(cluster.lab.pid).cpu
            tasks = cluster.play(lambda turn: turn >= wanted.turns)
            alone = cost(cluster.lab.pid).cpu - before
        cluster.lab.settle()
        cluster.note("tasks a request", tasks / (PILOTS * wanted.turns), "")
        cluster.note("CPU of the server for a task, its requests", 1e3 * alone / tasks, "ms")
        before = cost(cluster.lab.pid).cpu
        tasks = cluster.play(lambda turn: turn >= wanted.turns)
        cluster.lab.settle()
        whole = cost(cluster.lab.pid).cpu - before
        cluster.note("the same with judging and credit", 1e3 * whole / tasks, "ms", SERVER_MS)


def is_past(moment: float, _turn: int) -> bool:
    """Has that moment come?"""
    return time.monotonic() >= moment


def steady(cluster: Cluster, wanted: argparse.Namespace) -> None:
    """How many tasks a second."""
    for _ in range(wanted.rounds):
        cluster.enough(int(3 * RATE * wanted.seconds))
        valid, own, began = cluster.lab.tasks()[TaskState.VALID], time.process_time(), time.monotonic()
        tasks = cluster.play(functools.partial(is_past, began + wanted.seconds))
        took = time.monotonic() - began
        judged = cluster.lab.tasks()[TaskState.VALID] - valid
        cluster.note("tasks reported a second, 64 played pilots", tasks / took, "/s", RATE, at_least=True)
        cluster.note("tasks judged a second meanwhile", judged / took, "/s")
        cluster.note("CPU of the players for a task", 1e3 * (time.process_time() - own) / tasks, "ms")
        cluster.lab.settle()


def pilot(cluster: Cluster, wanted: argparse.Namespace) -> None:
    """What a task costs a real pilot."""
    for _ in range(wanted.rounds):
        cluster.enough(2_000)
        words = ("--server", cluster.address, "--lab", cluster.name, "--key-file", cluster.key_file)
        more = ("--cores", AT_ONCE, "--when-idle", "wait", "--name", "real")
        process = subprocess.Popen([str(word) for word in (AXIOM, "work", *words, *more)], stderr=subprocess.DEVNULL)
        try:
            _wait_for(cluster, 100)
            before, valid = cpu(process.pid), cluster.lab.tasks()[TaskState.VALID]
            began = time.monotonic()
            _wait_for(cluster, wanted.tasks)
            tasks = cluster.lab.tasks()[TaskState.VALID] - valid
            cluster.note(
                "CPU of a pilot's own process for a task", 1e3 * (cpu(process.pid) - before) / tasks, "ms", PILOT_MS
            )
            cluster.note("tasks a second of it, with all of its runners", tasks / (time.monotonic() - began), "/s")
        finally:
            process.terminate()
            process.wait(60)


def _wait_for(cluster: Cluster, more: int) -> None:
    """So many more tasks are valid."""
    wanted, until = cluster.lab.tasks()[TaskState.VALID] + more, time.monotonic() + 300
    while cluster.lab.tasks()[TaskState.VALID] < wanted:
        if time.monotonic() > until:
            sys.exit(f"a real pilot brought too few tasks: {cluster.lab.tasks()}")
        time.sleep(0.05)


PARTS = {"turn": turn, "steady": steady, "pilot": pilot}


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(PARTS), help="some of them, comma separated")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--turns", type=int, default=4, help="of each pilot in a round")
    parser.add_argument("--seconds", type=float, default=STEADY_SECONDS, help="of a steady round")
    parser.add_argument("--tasks", type=int, default=400, help="of a real pilot in a round")
    wanted = parser.parse_args()
    loads = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory(prefix="axiom-bench-") as place:
        lab = Laboratory.make(Path(place) / "lab")
        key_file = Path(place) / "alpha.key"
        answer = lab.ask("cluster", "add", "alpha", "--key-file", str(key_file))
        cluster = Cluster(lab=lab, name=answer["cluster"]["lab"], key_file=key_file)
        with lab:
            lab.calm()
            cluster.enough(WARM_TURNS * PILOTS * AT_ONCE)
            cluster.meet()
            for _ in range(WARM_TURNS):
                cluster.play(lambda turn: turn >= 1)
                lab.settle()
            for name in wanted.parts.split(","):
                PARTS[name](cluster, wanted)
                loads.append(os.getloadavg()[0])
            for source in cluster.played:
                with closing(source):
                    pass
    for figure in cluster.figures.values():
        print(figure)
    print(f"load {min(loads):.2f} to {max(loads):.2f}; {os.cpu_count()} cores; {PILOTS} pilots of {AT_ONCE} cores")
    return int(not all(figure.met for figure in cluster.figures.values()))


if __name__ == "__main__":
    sys.exit(main())
