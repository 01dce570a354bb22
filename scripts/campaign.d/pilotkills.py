"""Kills pilots, their processes and their server at random moments, and checks that nothing is lost, doubled or failed.

A real laboratory that computes nothing itself, and real pilots of one core with a scratch folder each. Parts:
pilots  so many kills of a pilot's whole tree, of the pilot alone, of its runner alone and of what computes alone
server  so many kills of the server while eight pilots work; they must go on by themselves, and it serve within seconds
term    SIGTERM to all processes of a pilot, and SIGKILL 30 seconds later: CPU that was lost, and what it gave back

A pilot that was killed is started again by the same command, as a scheduler does. At the end of each part every
workunit is done, each cell's result is there once, no task failed, and all invariants hold.
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests/support"))
sys.path.append(str(Path(__file__).parent / "parts"))

from pilot_cluster import CELLS, PilotCluster, computing, kill, runners, tree
from processes import cpu_seconds

SERVING_SECONDS = 10.0
ENDING_SECONDS = 20.0
WAIT = ("--when-idle", "wait")
PILOTS = 2  # at work while pilots are killed: as many as there are cores
MANY = 8  # while servers are
_BATCH = 40  # workunits ordered at once


def pilots(cluster: PilotCluster, wanted: argparse.Namespace, moments: random.Random) -> list[str]:
    """Kill what pilots consist of."""
    cluster.start()
    at_work = [cluster.pilot(*WAIT, scratch=f"scratch{number}") for number in range(PILOTS)]
    whom = ("tree", "pilot", "runner", "child")
    ordered, done = 0, dict.fromkeys(whom, 0)
    for number in range(wanted.kills):
        ordered += more(cluster)
        time.sleep(moments.uniform(0.0, wanted.longest))
        place, what = number % PILOTS, whom[number % len(whom)]
        pids = tree(at_work[place].pid)
        choices = {"tree": pids, "pilot": pids[:1], "runner": runners(pids[0]), "child": computing(pids[0])}
        chosen = choices[what]
        kill(*chosen)
        done[what] += bool(chosen)
        if at_work[place].pid in chosen:
            at_work[place].wait()
            at_work[place] = cluster.pilot(*WAIT, scratch=f"scratch{place}")
        tell(number, cluster)
    print(f"kills that met somebody: {', '.join(f'{name} {amount}' for name, amount in done.items())}")
    return settled(cluster, ordered)


def server(cluster: PilotCluster, wanted: argparse.Namespace, moments: random.Random) -> list[str]:
    """Kill the server."""
    cluster.start()
    at_work = [cluster.pilot(*WAIT, scratch=f"scratch{number}") for number in range(MANY)]
    ordered, serving = 0, list[float]()
    for number in range(wanted.server_kills):
        ordered += more(cluster)
        time.sleep(moments.uniform(0.0, wanted.longest))
        cluster.kill_server()
        serving.append(cluster.start())
        tell(number, cluster)
    print(f"serving again after {max(serving):.1f} s at most (at most {SERVING_SECONDS:g})")
    broken = settled(cluster, ordered)
    if max(serving) > SERVING_SECONDS:
        broken.append(f"serving again took {max(serving):.1f} s")
    if gone := [pilot.returncode for pilot in at_work if pilot.poll() is not None]:
        broken.append(f"{len(gone)} pilots ended: {gone}")
    return broken


def term(cluster: PilotCluster, wanted: argparse.Namespace, moments: random.Random) -> list[str]:
    """End pilots as a scheduler does."""
    cluster.start()
    ordered, ending, lost, broken = 0, list[float](), list[float](), list[str]()
    for _ in range(wanted.terms):
        ordered += more(cluster)
        pilot = cluster.pilot(*WAIT)
        cluster.wait(lambda: cluster.states().get("sent", 0) >= 1)
        time.sleep(moments.uniform(0.0, wanted.longest))
        before, used = spent(cluster), sum(map(cpu_seconds, computing(pilot.pid)))
        began = time.monotonic()
        kill(*tree(pilot.pid), by=signal.SIGTERM)
        try:
            pilot.wait(30)
        except subprocess.TimeoutExpired:
            kill(*tree(pilot.pid))
            pilot.wait()
        ending.append(time.monotonic() - began)
        lost.append(max(0.0, used - (spent(cluster) - before)))
        if (out := cluster.states().get("sent", 0)) > 1:
            broken.append(f"{out} tasks are out to a pilot of one core that ended")
    cluster.pilot(*WAIT)
    print(f"SIGTERM to the end: {max(ending):.1f} s at most (at most {ENDING_SECONDS:g})")
    print(f"CPU of a computing process when it was told, an upper bound of what was lost: {max(lost):.1f} s at most")
    if max(ending) > ENDING_SECONDS:
        broken.append(f"a pilot took {max(ending):.1f} s to end")
    return broken + settled(cluster, ordered)


def spent(cluster: PilotCluster) -> float:
    """CPU seconds of everything that came back."""
    return float(cluster.rows("SELECT coalesce(sum(cpu_seconds), 0) FROM result")[0][0])


def more(cluster: PilotCluster) -> int:
    """Order more where little waits; how many."""
    if cluster.states().get("unsent", 0) > _BATCH // 2:
        return 0
    cluster.order(_BATCH)
    return _BATCH


def tell(number: int, cluster: PilotCluster) -> None:
    """How far it is, now and then."""
    if number % 10 == 9:
        print(f"{number + 1} kills: {cluster.results()} results, {cluster.states()}", flush=True)


def settled(cluster: PilotCluster, workunits: int) -> list[str]:
    """Wait until all is done; which promises do not hold."""
    cluster.wait(lambda: cluster.workunits().keys() <= {"done", "failed"})
    states, broken = cluster.states(), cluster.broken()
    print(f"{workunits} workunits: {cluster.workunits()}, tasks {states}, {cluster.results()} results")
    if cluster.workunits() != {"done": workunits}:
        broken.append(f"not every workunit is done: {cluster.workunits()}")
    if cluster.results() != workunits * CELLS:
        broken.append(f"{cluster.results()} results of {workunits * CELLS} cells")
    broken += [f"{states[bad]} tasks are {bad}" for bad in ("failed", "invalid", "expired") if bad in states]
    return broken


Part = Callable[[PilotCluster, argparse.Namespace, random.Random], list[str]]
PARTS: dict[str, Part] = {"pilots": pilots, "server": server, "term": term}


def main() -> int:
    """0 when every promise held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(PARTS), help="some of them, comma separated")
    parser.add_argument("--kills", type=int, default=100, help="of pilots and their processes")
    parser.add_argument("--server-kills", type=int, default=40)
    parser.add_argument("--terms", type=int, default=10)
    parser.add_argument("--longest", type=float, default=4.0, help="seconds of work before a kill, at most")
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    broken: list[str] = []
    for name in wanted.parts.split(","):
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="axiom-pilots-") as place:
            cluster = PilotCluster.make(Path(place))
            try:
                problems = PARTS[name](cluster, wanted, random.Random(wanted.seed))
            finally:
                cluster.end()
        print(f"{name}: {len(problems)} promises broken, {time.monotonic() - began:.0f} s", flush=True)
        broken += [f"{name}: {problem}" for problem in problems]
    for problem in broken:
        print(f"BROKEN {problem}")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
